#include "service/cli/connection.h"

#include "absl/strings/str_cat.h"
#include "service/grpc_status.h"
#include "service/hardening.h"
#include "service/log.h"
#include "service/secrets.h"
#include "service/tls.h"

namespace portrisk::service::cli {

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const GlobalFlags& flags) {
  auto connection = std::unique_ptr<Connection>(new Connection());
  connection->flags_ = flags;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  if (flags.store.empty()) {
    std::shared_ptr<grpc::ChannelCredentials> credentials =
        grpc::InsecureChannelCredentials();
    if (!flags.tls_ca.empty()) {
      auto tls = ClientCredentials(flags.tls_ca, flags.tls_cert, flags.tls_key);
      if (!tls.ok()) return tls.status();
      credentials = *std::move(tls);
    } else if (!flags.tls_cert.empty() || !flags.tls_key.empty()) {
      return absl::InvalidArgumentError(
          "with --tls-cert, name with --tls-ca who signed the server's");
    }
    connection->channel_ =
        grpc::CreateCustomChannel(flags.server, credentials, arguments);
    return connection;
  }
  QuietLogs();
  absl::Status status = KeepMemoryPrivate();
  if (!status.ok()) return status;
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
  if (!flags_.purpose.empty()) {
    context->AddMetadata("portrisk-purpose", flags_.purpose);
  }
}

absl::Status Connection::Explain(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE &&
      status.error_details().empty()) {
    return absl::UnavailableError(
        absl::StrCat("cannot reach a server at ", flags_.server, " (",
                     status.error_message(),
                     "); start one with portriskd, name it with --server, give "
                     "--tls-ca, --tls-cert and --tls-key where it asks for a "
                     "certificate, or use --store DIR without a server"));
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      Describe(status));
}

}  // namespace portrisk::service::cli
