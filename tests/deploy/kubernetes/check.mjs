// Checks deploy/kubernetes: each manifest against the schema of its kind, pods
// against what the Pod Security level "restricted" demands, names that have to
// agree with one another, and arguments against the programs' own help.
//
//   node check.mjs FOLDER PORTRISKD_HELP PORTRISK_HELP
//
// The helps are files. Runs in the folder of its node_modules. Prints every fault; exit code 1 when there is one.
import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {parseAllDocuments} from 'yaml';

const require = createRequire(import.meta.url);
const [folder, serverHelp, commandHelp] = process.argv.slice(2);
const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);

const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const manifests = files
  .filter((name) => name !== 'kustomization.yaml')
  .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
    .map((document) => {
      for (const error of document.errors) fault(file, error.message);
      return {file, content: document.toJS()};
    }));
const named = (kind, name) =>
  manifests.find(({content}) =>
    content.kind === kind && content.metadata.name === name)?.content;

// The schema of its kind: types, and what must be there.
function checkSchema({file, content}) {
  let Kind;
  try {
    Kind = require(`kubernetes-models/${content.apiVersion}`)[content.kind];
  } catch {
    // Said below.
  }
  if (Kind === undefined) {
    fault(file, `there is no ${content.apiVersion} ${content.kind}`);
    return;
  }
  try {
    new Kind(content).validate();
  } catch (error) {
    fault(file, `${content.kind}: ${error.message}`);
  }
}

// A schema lets fields pass that it does not know; the type of a literal does
// not.
function checkFields() {
  const lines = manifests.map(({content}, i) =>
    `import type {I${content.kind} as T${i}} from `
    + `'kubernetes-models/${content.apiVersion}';\n`
    + `export const c${i}: T${i} = ${JSON.stringify(content)};\n`);
  writeFileSync('manifests.ts', lines.join(''));
  const {stdout} = spawnSync(process.execPath, [
    'node_modules/typescript/bin/tsc', '--noEmit', '--strict', '--skipLibCheck',
    '--module', 'nodenext', '--moduleResolution', 'nodenext', 'manifests.ts'],
    {encoding: 'utf8'});
  for (const line of stdout.trim().split('\n').filter(Boolean)) {
    const at = Number(/\((\d+),/.exec(line)?.[1] ?? 1);
    fault(manifests[(at - 1) >> 1].file, line.replace(/^.*?: /, ''));
  }
}

// https://kubernetes.io/docs/concepts/security/pod-security-standards
function checkRestricted(file, pod) {
  const must = (held, what) => held || fault(file, `restricted: ${what}`);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) {
    must(!pod[field], `${field} must not be set`);
  }
  must(pod.securityContext?.runAsNonRoot === true, 'runAsNonRoot');
  must(pod.securityContext?.runAsUser > 0, 'runAsUser must not be 0');
  must(['RuntimeDefault', 'Localhost'].includes(
    pod.securityContext?.seccompProfile?.type), 'seccompProfile');
  must(pod.automountServiceAccountToken === false,
       'no token of the cluster is needed');
  for (const volume of pod.volumes ?? []) {
    must(['configMap', 'secret', 'emptyDir', 'persistentVolumeClaim',
          'projected', 'csi', 'ephemeral', 'downwardAPI']
      .some((kind) => kind in volume), `volume ${volume.name}`);
  }
  for (const {name, ports, securityContext: own} of [
    ...pod.containers, ...(pod.initContainers ?? [])]) {
    must(own?.allowPrivilegeEscalation === false,
         `${name}: allowPrivilegeEscalation`);
    must(own?.readOnlyRootFilesystem === true,
         `${name}: readOnlyRootFilesystem`);
    must(own?.capabilities?.drop?.includes('ALL') && !own.capabilities.add,
         `${name}: capabilities`);
    must(!own?.privileged, `${name}: privileged`);
    must(!(ports ?? []).some((port) => port.hostPort), `${name}: hostPort`);
  }
}

function checkMounts(file, pod, claims = []) {
  const volumes = new Set([...(pod.volumes ?? []), ...claims.map(
    ({metadata}) => metadata)].map(({name}) => name));
  const mounted = new Set(pod.containers.flatMap(
    ({volumeMounts}) => volumeMounts.map(({name}) => name)));
  for (const name of mounted) {
    if (!volumes.has(name)) fault(file, `no volume ${name}`);
  }
  for (const name of volumes) {
    if (!mounted.has(name)) fault(file, `volume ${name} is not mounted`);
  }
  for (const {configMap} of pod.volumes ?? []) {
    if (configMap && !named('ConfigMap', configMap.name)) {
      fault(file, `no ConfigMap ${configMap.name}`);
    }
  }
}

// Each flag must be one of the program, each path below something mounted.
function checkArguments(file, container, help) {
  const known = new Set(readFileSync(help, 'utf8').match(/--[a-z-]+/g));
  for (const argument of container.args) {
    if (!argument.startsWith('--')) continue;
    const [flag, value] = argument.split('=');
    if (!known.has(flag)) fault(file, `${container.name} knows no ${flag}`);
    if (value?.startsWith('/') && !container.volumeMounts.some(
      ({mountPath}) => value === mountPath ||
        value.startsWith(`${mountPath}/`))) {
      fault(file, `${argument}: nothing is mounted there`);
    }
  }
}

manifests.forEach(checkSchema);
checkFields();
for (const {file, content} of manifests) {
  if (content.kind !== 'Namespace' &&
      content.metadata.namespace !== 'portrisk') {
    fault(file, `${content.metadata.name} is in no namespace of ours`);
  }
}
const set = named('StatefulSet', 'portrisk').spec;
const job = named('CronJob', 'portrisk-backup').spec.jobTemplate.spec.template;
checkRestricted('statefulset.yaml', set.template.spec);
checkRestricted('backup.yaml', job.spec);
checkMounts('statefulset.yaml', set.template.spec, set.volumeClaimTemplates);
checkMounts('backup.yaml', job.spec);
checkArguments('statefulset.yaml', set.template.spec.containers[0], serverHelp);
const [command] = job.spec.containers;
checkArguments('backup.yaml', {...command, args: command.args.filter(
  (one) => !one.startsWith('--keep'))}, commandHelp);

const labels = JSON.stringify(set.template.metadata.labels);
const service = named('Service', 'portrisk');
const policy = named('NetworkPolicy', 'portrisk');
if (set.replicas !== 1) fault('statefulset.yaml', 'a store has one writer');
if (set.serviceName !== service.metadata.name) {
  fault('statefulset.yaml', `no Service ${set.serviceName}`);
}
for (const [what, selector] of [
  ['statefulset.yaml', set.selector.matchLabels],
  ['service.yaml', service.spec.selector],
  ['networkpolicy.yaml', policy.spec.podSelector.matchLabels]]) {
  if (JSON.stringify(selector) !== labels) {
    fault(what, `selects ${JSON.stringify(selector)}, the pod is ${labels}`);
  }
}
const ports = set.template.spec.containers[0].ports;
for (const [what, port] of [
  ['service.yaml', service.spec.ports[0].targetPort],
  ['networkpolicy.yaml', policy.spec.ingress[0].ports[0].port]]) {
  if (!ports.some(({name}) => name === port)) fault(what, `no port ${port}`);
}
const listed = parseAllDocuments(readFileSync(
  join(folder, 'kustomization.yaml'), 'utf8'))[0].toJS().resources;
for (const file of files.filter((name) => name !== 'kustomization.yaml')) {
  if (!listed.includes(file)) fault('kustomization.yaml', `leaves out ${file}`);
}

faults.forEach((one) => console.error(one));
console.log(`${manifests.length} manifests, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
