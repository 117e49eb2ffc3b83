// Runs the public conformance suite of CEL against `portrisk expr batch`.
//
//   node run.mjs MODULES PORTRISK WORK
//
// MODULES is the node_modules folder that holds @bufbuild/cel-spec; WORK is a
// folder for the files this writes. Prints a table by section and every
// failure. Exit code 0: none failed and the core sections pass nearly whole.
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const [modules, portrisk, work] = process.argv.slice(2);
if (work === undefined) {
  console.error('usage: node run.mjs MODULES PORTRISK WORK');
  process.exit(2);
}
const spec = join(modules, '@bufbuild/cel-spec/dist/esm');
const load = (path) => import(pathToFileURL(path).href);

// Sections of the core language, and how much of each must pass rather than
// be skipped.
const CORE = [
  'basic', 'comparisons', 'conversions', 'fields', 'fp_math', 'integer_math',
  'lists', 'logic', 'macros', 'parse', 'string', 'timestamps',
];
const CORE_PASSED_MIN = 0.95;

// Why a case is not run; by the beginning of its path.
const SKIPPED = [
  ['enums/strong_', 'enum values are ints here, as the specification allows; ' +
      'types of their own are optional'],
  ['proto2_ext/', 'proto.hasExt and proto.getExt belong to an extension that ' +
      'is not there'],
  ['proto2/extensions_', 'extensions of proto2 messages are not read from JSON'],
  ...['lt_literal/not_lt_dyn_int_big_lossy_double',
      'gt_literal/not_gt_dyn_big_double_int',
      'lte_literal/lte_dyn_big_double_int',
      'gte_literal/gte_dyn_int_big_lossy_double',
  ].map((name) => [`comparisons/${name}`,
                   'wants the largest int rounded to a double first; here ' +
                       'numbers compare by their mathematical value']),
  ['block_ext/', 'cel.block is the output of an optimiser, not for people'],
  ['network_ext/', 'the network extension is not there'],
];

function* cases(suite, path) {
  for (const inner of suite.suites ?? []) {
    yield* cases(inner, [...path, inner.name]);
  }
  for (const test of suite.tests ?? []) {
    yield {path: [...path, test.original.name].join('/'), section: path[0],
           test: test.original};
  }
}

function skipReason({path, test}) {
  if (test.checkOnly) {
    return 'asks only for the type a checker deduces; variables are dyn here';
  }
  for (const [begin, reason] of SKIPPED) {
    if (path.startsWith(begin)) return reason;
  }
  for (const key of Object.keys(test)) {
    if (/^(unknown|anyUnknowns|anyEvalErrors)$/.test(key)) {
      return 'asks for unknown values, which bindings cannot state';
    }
  }
  for (const binding of Object.values(test.bindings ?? {})) {
    if (binding.value === undefined) {
      return 'a binding is an error or unknown';
    }
  }
  return null;
}

// A batch line.
function line(id, test) {
  const bindings = {};
  for (const [name, binding] of Object.entries(test.bindings ?? {})) {
    bindings[name] = binding.value;
  }
  return JSON.stringify(
      {id, expr: test.expr, bindings, container: test.container ?? ''});
}

const number = (value) =>
    typeof value === 'string' && /^(-?Infinity|NaN|-?[\d.]+(e[-+]?\d+)?)$/i
        .test(value) ? Number(value) : value;

// JSON of a message: fields in any order, numbers with or without quotes,
// floats as precise as a float is, fractions of seconds with or without zeros.
function sameJson(a, b) {
  if (a !== null && typeof a === 'object') {
    if (b === null || typeof b !== 'object') return false;
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return Array.isArray(a) === Array.isArray(b) &&
        [...names].every((name) => sameJson(a[name], b[name]));
  }
  if (a === b) return true;
  const [x, y] = [number(a), number(b)];
  if (typeof x === 'number' && typeof y === 'number') {
    return Object.is(x, y) || Math.fround(x) === Math.fround(y);
  }
  const time = (text) => String(text).replace(/\.?0*(Z|s)$/, '$1');
  return typeof a === 'string' && typeof b === 'string' && time(a) === time(b);
}

// Two values in the JSON form of cel.expr.Value.
function same(a, b) {
  const form = Object.keys(a)[0];
  if (form !== Object.keys(b)[0]) return false;
  const [x, y] = [a[form], b[form]];
  switch (form) {
    case 'doubleValue':
      return Object.is(Number(x), Number(y)) || Number(x) === Number(y);
    case 'listValue': {
      const [p, q] = [x.values ?? [], y.values ?? []];
      return p.length === q.length && p.every((one, i) => same(one, q[i]));
    }
    case 'mapValue': {
      const [p, q] = [x.entries ?? [], y.entries ?? []];
      return p.length === q.length &&
          p.every((one) => q.some(
              (other) => same(one.key, other.key) &&
                  same(one.value, other.value)));
    }
    case 'objectValue':
      return sameJson(x, y);
    default:
      return x === y;
  }
}

// null, or what is wrong.
function fault(test, answer) {
  if (answer === undefined) return 'no answer';
  if (test.evalError !== undefined) {
    return answer.error !== undefined ? null
        : `an error is wanted, got ${JSON.stringify(answer.value)}`;
  }
  const wanted = test.value ?? test.typedResult?.result ?? {boolValue: true};
  if (answer.error !== undefined) {
    return `${JSON.stringify(wanted)} is wanted, got error ${answer.error}`;
  }
  return same(wanted, answer.value) ? null
      : `${JSON.stringify(wanted)} is wanted, got ` +
          JSON.stringify(answer.value);
}

async function writeDescriptors(path) {
  const {toBinary, create} =
      await load(join(modules, '@bufbuild/protobuf/dist/esm/index.js'));
  const {FileDescriptorSetSchema} =
      await load(join(modules, '@bufbuild/protobuf/dist/esm/wkt/index.js'));
  const files = new Map();
  const add = (file) => {
    file.dependencies.forEach(add);
    files.set(file.proto.name, file.proto);
  };
  const base = join(spec, 'gen/cel/expr/conformance');
  for (const name of ['proto2/test_all_types', 'proto2/test_all_types_extensions',
                      'proto3/test_all_types']) {
    const generated = await load(join(base, `${name}_pb.js`));
    for (const [key, value] of Object.entries(generated)) {
      if (key.startsWith('file_')) add(value);
    }
  }
  const set = create(FileDescriptorSetSchema, {file: [...files.values()]});
  writeFileSync(path, toBinary(FileDescriptorSetSchema, set));
}

function evaluate(engine, input, descriptors) {
  const output = execFileSync(
      portrisk,
      ['expr', 'batch', input, '--engine', engine, '--descriptors', descriptors],
      {encoding: 'utf8', maxBuffer: 1 << 28});
  const answers = new Map();
  for (const text of output.split('\n')) {
    if (text === '') continue;
    const answer = JSON.parse(text);
    answers.set(answer.id, answer);
  }
  return answers;
}

const {tests} = await load(join(spec, 'testdata/conformance.js'));
const all = [...cases(tests, [])];
const descriptors = join(work, 'conformance.binpb');
const input = join(work, 'conformance.jsonl');
await writeDescriptors(descriptors);
const run = all.map((one, id) => ({...one, id, skip: skipReason(one)}));
writeFileSync(input, run.filter((one) => one.skip === null)
                         .map((one) => line(one.id, one.test) + '\n').join(''));

const sections = new Map();
const reasons = new Map();
for (const one of run) {
  if (!sections.has(one.section)) {
    sections.set(one.section, {cases: 0, skipped: 0, passed: 0, failed: 0});
  }
  const row = sections.get(one.section);
  ++row.cases;
  if (one.skip === null) continue;
  ++row.skipped;
  const key = `${one.section}: ${one.skip}`;
  reasons.set(key, (reasons.get(key) ?? 0) + 1);
}
const failures = [];
const bad = new Set();
for (const engine of ['compiled', 'naive']) {
  const answers = evaluate(engine, input, descriptors);
  for (const one of run) {
    if (one.skip !== null) continue;
    const wrong = fault(one.test, answers.get(one.id));
    if (wrong === null) continue;
    bad.add(one.id);
    failures.push(`${engine} ${one.path}\n  ${one.test.expr}\n  ${wrong}`);
  }
}
for (const one of run) {
  if (one.skip !== null) continue;
  ++sections.get(one.section)[bad.has(one.id) ? 'failed' : 'passed'];
}

const total = {cases: 0, passed: 0, skipped: 0, failed: 0};
const print = (name, row) => console.log(
    name.padEnd(18) + [row.cases, row.passed, row.skipped, row.failed]
                          .map((n) => String(n).padStart(9)).join(''));
console.log('section'.padEnd(18) +
            ['cases', 'passed', 'skipped', 'failed']
                .map((name) => name.padStart(9)).join(''));
const short = [];
for (const [name, row] of sections) {
  print(name, row);
  for (const key of Object.keys(total)) total[key] += row[key];
  if (CORE.includes(name) && row.passed < CORE_PASSED_MIN * row.cases) {
    short.push(`${name}: ${row.passed} of ${row.cases} pass; ` +
               `${CORE_PASSED_MIN * 100} % must`);
  }
}
for (const name of CORE) {
  if (!sections.has(name)) short.push(`${name}: the suite has no such section`);
}
print('total', total);
console.log('\npassed: with both engines. Skipped, and why:');
for (const [reason, count] of reasons) console.log(`  ${count} ${reason}`);
for (const failure of failures) console.log(`\nFAILED ${failure}`);
for (const one of short) console.log(`\nFAILED ${one}`);
process.exit(failures.length + short.length > 0 ? 1 : 0);
