// How the command line reaches an engine: a server, or a store opened in this
// process. Both are a gRPC channel, so every command is written once.
#ifndef PORTRISK_SERVICE_CLI_CONNECTION_H_
#define PORTRISK_SERVICE_CLI_CONNECTION_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace portrisk::service {
class Engine;
class Server;
}  // namespace portrisk::service

namespace portrisk::service::cli {

struct GlobalFlags {
  std::string server = "127.0.0.1:50071";
  std::string store;    // When set, used instead of a server.
  std::string secrets;  // Of that store.
  std::string caller = "development";
  std::string purpose;
  std::string language = "en";
  // PEM files. With tls_ca the server is reached by TLS.
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
};

class Connection {
 public:
  // NOT_FOUND where there is no store, or its secrets are missing: a command
  // that looks would make an empty one of a misspelt name and find nothing in
  // it, or look for parties under other pseudonyms.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const GlobalFlags& flags);
  // Makes both: for commands that bring in what a store begins with.
  static absl::StatusOr<std::unique_ptr<Connection>> OpenOrMake(
      const GlobalFlags& flags);
  ~Connection();

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  // Puts the caller's identity on a call.
  void Identify(grpc::ClientContext* context) const;

  // Calls a method and turns its error into text: "cannot reach ..." where
  // the server is not there.
  template <typename Stub, typename Request, typename Reply>
  absl::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                 const Request&, Reply*),
                    const Request& request, Reply* reply) const {
    grpc::ClientContext context;
    Identify(&context);
    return Explain((stub.*method)(&context, request, reply));
  }

  absl::Status Explain(const grpc::Status& status) const;

 private:
  Connection() = default;
  static std::unique_ptr<Connection> Over(
      const GlobalFlags& flags, std::shared_ptr<grpc::Channel> channel);
  static absl::StatusOr<std::unique_ptr<Connection>> Serve(
      const GlobalFlags& flags, absl::StatusOr<std::unique_ptr<Engine>> engine);

  GlobalFlags flags_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_CONNECTION_H_
