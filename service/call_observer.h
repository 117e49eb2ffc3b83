// Reports every call of a server to Metrics, but those of the hot methods,
// which report themselves.
#ifndef PORTRISK_SERVICE_CALL_OBSERVER_H_
#define PORTRISK_SERVICE_CALL_OBSERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "service/metrics.h"

namespace portrisk::service {

// For ServerBuilder::experimental().SetInterceptorCreators. `metrics` outlives
// the server; null: empty, and calls cost nothing more.
std::vector<
    std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
ObserversFor(Metrics* metrics);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CALL_OBSERVER_H_
