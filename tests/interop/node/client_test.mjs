// What a client in Node can do with a real server, from the protos alone.
//
//   node --test client_test.mjs
//
// PORTRISK_ADDRESS and PORTRISK_PROTO are set, and PORTRISK_FULL_ADDRESS: a
// server in whose queue one movement may wait.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {caller, connect, errorDetails, grpc} from './client.mjs';

const ME = 'development';
const GOOD = 'QZAU5014757';
const BAD = 'QZAU5014750';
const RULES = (score) => `
rule_set: interop.node
layer: port
owner: TEST
rules:
  - id: gate.bad-check-digit
    title: {en: The check digit is wrong, es: "Dígito erróneo"}
    applies_to: [GATE_OUT]
    when: movement.container.number_status == NUMBER_BAD_CHECK_DIGIT
    score: ${score}
    explain: {en: "Number {movement.container.number}."}
    tests:
      - given: {movement: {event: GATE_OUT, container: {number_status: NUMBER_BAD_CHECK_DIGIT}}}
        expect: hit
`;

let client;
before(async () => {
  client = connect(process.env.PORTRISK_ADDRESS, process.env.PORTRISK_PROTO);
  await publish(400);
});
after(() => client.close());

// Create, try on history, approve on the strength of that, activate.
async function publish(score) {
  const created = await client.rules.createRevision(
    {yaml: RULES(score), file: 'node.yaml'}, caller(ME));
  const revision = created.revision;
  const started = await client.evaluations.startEvaluation(
    {plan: {candidates: [{revisions: [revision]}]}}, caller(ME));
  const states = [];
  for await (const state of client.evaluations.watchEvaluation(
    {evaluation: started.evaluation})) {
    states.push(state.state);
  }
  assert.equal(states.at(-1), 'EVALUATION_FINISHED');
  const approved = await client.rules.approveRevision(
    {revision, note: 'tried'}, caller(ME));
  assert.equal(approved.state, 'APPROVED');
  const active = await client.rules.activateRevision({revision}, caller(ME));
  assert.equal(active.state, 'ACTIVE');
  return revision;
}

function movement(id, number, seconds = 1773144000) {
  return {
    source: 'interop-node',
    id,
    event: 'GATE_OUT',
    occurrenceTime: {seconds: String(seconds)},
    container: {number},
    location: {locode: 'NLRTM', facility: 'NODE'},
  };
}

async function refused(call) {
  const error = await call.then(
    () => assert.fail('the call was not refused'), (caught) => caught);
  return {code: error.code, details: errorDetails(client, error)};
}

test('the server says that it serves', async () => {
  const reply = await client.health.check(
    {service: 'portrisk.v1.ScoringService'});
  assert.equal(reply.status, 'SERVING');
});

test('a hit says why, in the language asked for', async () => {
  const scored = await client.scoring.scoreMovement(
    {movement: movement('unary-1', BAD), language: 'en'});
  assert.equal(scored.score, 400);
  assert.deepEqual(
    scored.hits.map(({rule, title, explanation}) => [rule, title, explanation]),
    [['gate.bad-check-digit', 'The check digit is wrong', `Number ${BAD}.`]]);
  const again = await client.scoring.scoreMovement(
    {movement: movement('unary-1', BAD), language: 'es'});
  assert.equal(again.hits[0].title, 'Dígito erróneo');
  assert.equal(again.sequence, scored.sequence, 'a repeat is harmless');
});

test('a bad movement spoils only its own part of a batch', async () => {
  const movements = [
    movement('batch-1', GOOD), movement('batch-2', GOOD, 1773144001),
    movement('batch-3', BAD, 1773144002)];
  delete movements[1].event;
  const {results} = await client.scoring.batchScoreMovements({movements});
  assert.deepEqual(results.map((one) => one.result),
                   ['assessment', 'error', 'assessment']);
  assert.equal(results[1].error.code, grpc.status.INVALID_ARGUMENT);
  assert.equal(results[2].assessment.hits.length, 1);
});

test('a stream answers in the order of its requests', async () => {
  const count = 300;
  const stream = client.scoring.streamScoreMovements();
  const answered = (async () => {
    const ids = [];
    for await (const result of stream) ids.push(result.assessment.movementId);
    return ids;
  })();
  for (let i = 0; i < count; ++i) {
    const request = {movement: movement(`stream-${i}`, GOOD, 1773150000 + i)};
    // A full window is said by false; the stream drains when it has room.
    if (!stream.write(request)) {
      await new Promise((resolve) => stream.once('drain', resolve));
    }
  }
  stream.end();
  assert.deepEqual(await answered,
                   Array.from({length: count}, (_, i) => `stream-${i}`));
});

test('an error names its reason and every bad field', async () => {
  const bad = movement('bad-1', GOOD);
  bad.location.locode = 'ROTTERDAM';
  bad.weights = {grossKg: -1};
  const {code, details} = await refused(
    client.scoring.scoreMovement({movement: bad}));
  assert.equal(code, grpc.status.INVALID_ARGUMENT);
  assert.equal(details.ErrorInfo.reason, 'INVALID_MOVEMENT');
  assert.equal(details.ErrorInfo.domain, 'portrisk');
  const fields = details.BadRequest.fieldViolations.map((one) => one.field);
  assert.equal(fields.length, 2, fields);
  assert.match(fields[0], /location\.locode$/);
  assert.match(fields[1], /weights\.gross_kg$/);
});

test('the same id with other content is a conflict', async () => {
  await client.scoring.scoreMovement({movement: movement('conflict', GOOD)});
  const {code, details} = await refused(
    client.scoring.scoreMovement({movement: movement('conflict', BAD)}));
  assert.equal(code, grpc.status.ALREADY_EXISTS);
  assert.equal(details.ErrorInfo.reason, 'MOVEMENT_CONFLICT');
});

test('a rule set with a mistake is refused with its place', async () => {
  const {code, details} = await refused(client.rules.createRevision(
    {yaml: RULES(400).replace('number_status ==', 'number_state =='),
     file: 'node.yaml'}, caller(ME)));
  assert.equal(code, grpc.status.INVALID_ARGUMENT);
  assert.equal(details.ErrorInfo.reason, 'INVALID_RULE_SET');
  assert.ok(details.BadRequest.fieldViolations.some(
    (one) => `${one.field} ${one.description}`.includes('number_state')));
});

test('a full queue says when to try again', async () => {
  const full = connect(process.env.PORTRISK_FULL_ADDRESS,
                       process.env.PORTRISK_PROTO);
  const movements = ['full-1', 'full-2', 'full-3'].map(
    (id) => movement(id, GOOD));
  const {code, details} = await refused(
    full.scoring.batchScoreMovements({movements}));
  full.close();
  assert.equal(code, grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(details.ErrorInfo.reason, 'QUEUE_FULL');
  const { seconds, nanos } = details.RetryInfo.retryDelay;
  assert.ok(Number(seconds) > 0 || nanos > 0);
});

test('a call whose deadline has passed may be repeated', async () => {
  const request = {movement: movement('deadline', GOOD, 1773160000)};
  const {code} = await refused(client.scoring.scoreMovement(
    request, caller(ME), {deadline: Date.now() - 1}));
  assert.equal(code, grpc.status.DEADLINE_EXCEEDED);
  const scored = await client.scoring.scoreMovement(request);
  assert.equal(scored.movementId, 'deadline');
});

// Reads a watch until `wanted` selections came: their movements' ids, and the
// position after which to go on.
async function watch(afterPosition, wanted) {
  const stream = client.selection.watchAssessments(
    {locode: 'NLRTM', facility: 'NODE', afterPosition});
  const ids = [];
  let position = afterPosition;
  try {
    for await (const message of stream) {
      ({position} = message);
      ids.push(...(message.selections ?? []).map((one) => one.movement.id));
      if (ids.length >= wanted) break;
    }
  } catch (error) {
    if (error.code !== grpc.status.CANCELLED) throw error;
  }
  stream.cancel();
  return {ids, position};
}

test('a watch goes on where it was', async () => {
  const number = 'QZAU5014761';  // Its check digit is wrong, too.
  const first = await client.scoring.scoreMovement(
    {movement: movement('watch-1', number, 1773200000)});
  const begin = String(BigInt(first.sequence) - 1n);
  const seen = await watch(begin, 1);
  assert.deepEqual(seen.ids, ['watch-1']);
  // Nobody watches now.
  await client.scoring.scoreMovement(
    {movement: movement('watch-2', 'QZAU5014772', 1773200100)});
  const resumed = await watch(seen.position, 1);
  assert.deepEqual(resumed.ids, ['watch-2']);
  assert.ok(BigInt(resumed.position) > BigInt(seen.position));
});

test('a new revision comes into force between two calls', async () => {
  const before = await client.scoring.scoreMovement(
    {movement: movement('life-1', BAD, 1773300000)});
  const revision = await publish(450);
  const now = await client.scoring.scoreMovement(
    {movement: movement('life-2', BAD, 1773300100)});
  assert.deepEqual([before.score, now.score], [400, 450]);
  assert.equal(now.hits[0].ruleSet, 'interop.node');
  const kept = await client.rules.getRevision({revision});
  assert.deepEqual(kept.events.map((event) => event.caller),
                   kept.events.map(() => ME));
});
