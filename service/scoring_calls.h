// The hot calls, on one completion queue.
//
// One thread polls the queue: it parses and admits, submits to the engine and
// goes on. The engine answers from its commit thread. Measured on the machine
// this was written on, that costs about half the server CPU of the callback
// API (README, "Choice of gRPC API").
#ifndef PORTRISK_SERVICE_SCORING_CALLS_H_
#define PORTRISK_SERVICE_SCORING_CALLS_H_

#include <grpcpp/grpcpp.h>

#include "service/completion.h"
#include "service/engine.h"
#include "service/history_api.h"

namespace portrisk::service {

struct CallContext {
  ScoringBase* service;
  grpc::ServerCompletionQueue* queue;
  Engine* engine;
  const HistoryApi* history;  // Explains in the caller's language.
};

// Begin to accept calls; each accepted call posts its successor, and frees
// itself in the end. The context outlives the queue.
void PostUnaryCall(const CallContext* context);
void PostBatchCall(const CallContext* context);
void PostStreamCall(const CallContext* context);

// Most movements in one BatchScoreMovements.
inline constexpr int kBatchMovementsMax = 1000;
// Most results one stream may wait for; reading pauses beyond.
inline constexpr size_t kStreamWindow = 512;

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SCORING_CALLS_H_
