// Mutual TLS from files that are read anew when they change.
#ifndef PORTRISK_SERVICE_TLS_H_
#define PORTRISK_SERVICE_TLS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "service/server.h"

namespace portrisk::service {

// INVALID_ARGUMENT with what to change: TLS half given, a file that cannot be
// read, or no TLS where others than this machine could connect.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
    const ServerOptions& options);

// What is wrong with the files as they are now: a pair that does not belong
// together lets nobody in until both have been renewed. OK without TLS.
absl::Status CheckTlsFiles(const ServerOptions& options);

// Of a client. `cert` and `key` may both be empty: it shows no certificate.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::string& ca, const std::string& cert, const std::string& key);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_TLS_H_
