// What a caller sees of a request that does not parse: gRPC answers it by
// itself, before any handler, with INTERNAL and no word. From here it says that
// the request is at fault, as every other refusal does. The hot methods and
// watches parse for themselves and are left alone.
#ifndef PORTRISK_SERVICE_UNPARSABLE_REQUESTS_H_
#define PORTRISK_SERVICE_UNPARSABLE_REQUESTS_H_

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/status/status.h"

namespace portrisk::service {

// INVALID_ARGUMENT (UNPARSABLE_REQUEST).
absl::Status UnparsableRequest();

// For ServerBuilder::experimental().SetInterceptorCreators, before those that
// read statuses.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
ExplainUnparsable();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_UNPARSABLE_REQUESTS_H_
