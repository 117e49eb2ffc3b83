// A client of portrisk in Node, from the published protos and nothing else.
//
//   import {connect, errorDetails} from './client.mjs';
//   const client = connect('127.0.0.1:50071', 'PATH/TO/proto');
//   const assessment = await client.scoring.scoreMovement({movement});
//
// Messages are plain objects: names in camelCase, enum values by name, 64-bit
// numbers as decimal strings, and what a message leaves out is not there.
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import protobuf from 'protobufjs';

const SERVICES = {
  scoring: 'ScoringService',
  rules: 'RuleService',
  evaluations: 'EvaluationService',
  selection: 'SelectionService',
  history: 'HistoryService',
  outcomes: 'OutcomeService',
};
const DETAILS_KEY = 'grpc-status-details-bin';

// Calls of one answer as promises; streams stay as grpc-js has them.
function promised(stub) {
  return new Proxy(stub, {
    get(target, name) {
      const method = target[name];
      if (typeof method !== 'function') return method;
      if (method.requestStream !== false || method.responseStream !== false) {
        return method.bind(target);
      }
      return (request, metadata = new grpc.Metadata(), options = {}) =>
        new Promise((resolve, reject) => {
          target[name](request, metadata, options, (error, reply) =>
            error ? reject(error) : resolve(reply));
        });
    },
  });
}

// Error details come as bytes in a trailer, so their types are loaded apart.
function detailTypes(proto) {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) =>
    target.startsWith('/') ? target : join(proto, target);
  root.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto']);
  return root;
}

// One channel with all services on it. `credentials` default to none, which
// only a server in development mode accepts.
export function connect(address, proto,
                        credentials = grpc.credentials.createInsecure()) {
  const folder = 'portrisk/v1';
  const files = readdirSync(join(proto, folder))
    .filter((name) => name.endsWith('.proto'))
    .map((name) => join(folder, name));
  const loaded = grpc.loadPackageDefinition(protoLoader.loadSync(
    [...files, 'grpc/health/v1/health.proto'],
    {includeDirs: [proto], longs: String, enums: String, oneofs: true}));
  const channel = new grpc.Channel(address, credentials, {});
  const open = (Service) => promised(
    new Service(address, credentials, {channelOverride: channel}));
  const client = {close: () => channel.close(), types: detailTypes(proto)};
  for (const [name, service] of Object.entries(SERVICES)) {
    client[name] = open(loaded.portrisk.v1[service]);
  }
  client.health = open(loaded.grpc.health.v1.Health);
  return client;
}

// The caller's name as metadata.
export function caller(name) {
  const metadata = new grpc.Metadata();
  metadata.set('portrisk-caller', name);
  return metadata;
}

// What an error says beyond its code: {ErrorInfo, BadRequest, RetryInfo},
// those that it has.
export function errorDetails(client, error) {
  const found = {};
  const [bytes] = error.metadata?.get(DETAILS_KEY) ?? [];
  if (bytes === undefined) return found;
  const status = client.types.lookupType('google.rpc.Status').decode(bytes);
  for (const detail of status.details) {
    const name = detail.type_url.split('.').pop();
    const type = client.types.lookupType(`google.rpc.${name}`);
    found[name] = type.toObject(type.decode(detail.value), {longs: String});
  }
  return found;
}

export {grpc};
