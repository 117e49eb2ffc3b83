// The one mapper from our errors to gRPC's, and back for clients.
#ifndef PORTRISK_SERVICE_GRPC_STATUS_H_
#define PORTRISK_SERVICE_GRPC_STATUS_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "service/errors.h"

namespace portrisk::service {

inline grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()),
                      ToRpcStatus(status).SerializeAsString());
}

// What a client received, for people.
inline std::string Describe(const grpc::Status& status) {
  google::rpc::Status rpc;
  if (!rpc.ParseFromString(status.error_details()) || rpc.code() == 0) {
    return status.error_message();
  }
  return Describe(rpc);
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_GRPC_STATUS_H_
