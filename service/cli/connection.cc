#include "service/cli/connection.h"

#include "absl/strings/str_cat.h"
#include "service/grpc_status.h"
#include "service/log.h"
#include "service/secrets.h"

namespace portrisk::service::cli {

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const GlobalFlags& flags) {
  auto connection = std::unique_ptr<Connection>(new Connection());
  connection->flags_ = flags;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  if (flags.store.empty()) {
    connection->channel_ = grpc::CreateCustomChannel(
        flags.server, grpc::InsecureChannelCredentials(), arguments);
    return connection;
  }
  QuietLogs();
  EngineOptions options;
  options.store.directory = flags.store;
  auto secrets = LoadSecrets(
      flags.secrets.empty() ? DefaultSecretsPath(flags.store) : flags.secrets,
      MissingSecrets::kCreate);
  if (!secrets.ok()) return secrets.status();
  options.secrets = *secrets;
  auto engine = Engine::Open(std::move(options));
  if (!engine.ok()) return engine.status();
  connection->engine_ = *std::move(engine);
  ServerOptions server_options;
  server_options.development = true;  // Whoever holds the files may.
  auto server = Server::Start(connection->engine_.get(), server_options);
  if (!server.ok()) return server.status();
  connection->server_ = *std::move(server);
  connection->channel_ = connection->server_->InProcessChannel();
  return connection;
}

Connection::~Connection() {
  channel_.reset();
  server_.reset();
  engine_.reset();
}

void Connection::Identify(grpc::ClientContext* context) const {
  context->AddMetadata("portrisk-caller", flags_.caller);
}

absl::Status Connection::Explain(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE &&
      status.error_details().empty()) {
    return absl::UnavailableError(
        absl::StrCat("cannot reach a server at ", flags_.server,
                     "; start one with portriskd, name it with --server, or "
                     "use --store DIR without a server"));
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      Describe(status));
}

}  // namespace portrisk::service::cli
