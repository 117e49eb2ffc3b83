// Reports every call of a server to Metrics, but those of the hot methods,
// which report themselves.
#ifndef PORTRISK_SERVICE_CALL_OBSERVER_H_
#define PORTRISK_SERVICE_CALL_OBSERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/metrics.h"

namespace portrisk::service {

// Whether "/portrisk.v1.ScoringService/ScoreMovement" is a hot method: those
// parse and report for themselves.
bool IsHot(absl::string_view method);

// For ServerBuilder::experimental().SetInterceptorCreators. `metrics` outlives
// the server; null: empty, and calls cost nothing more.
std::vector<
    std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
ObserversFor(Metrics* metrics);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CALL_OBSERVER_H_
