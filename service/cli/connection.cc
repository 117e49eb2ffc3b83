#include "service/cli/connection.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/engine.h"
#include "service/grpc_status.h"
#include "service/hardening.h"
#include "service/log.h"
#include "service/secrets.h"
#include "service/server.h"
#include "service/store_secrets.h"
#include "service/tls.h"

namespace portrisk::service::cli {

namespace {

enum class MissingStore { kRefuse, kMake };

grpc::ChannelArguments ArgumentsOf() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return arguments;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ReachServer(
    const GlobalFlags& flags) {
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
  return grpc::CreateCustomChannel(flags.server, credentials, ArgumentsOf());
}

// Who holds a store may be the server that should have been asked.
absl::Status Remedied(const GlobalFlags& flags, const absl::Status& opened) {
  if (!absl::StrContains(opened.message(), store::kInUse)) return opened;
  return absl::FailedPreconditionError(absl::StrCat(
      "the store in ", flags.store, " cannot be opened: ", store::kInUse,
      "; where that is portriskd, leave --store out and the command asks it "
      "(at ",
      flags.server,
      ", or name it with --server); else wait until that process has ended"));
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const GlobalFlags& flags,
                                                   MissingStore missing) {
  LogInWords();
  absl::Status status = KeepMemoryPrivate();
  if (!status.ok()) return status;
  const bool makes = missing == MissingStore::kMake;
  std::error_code unseen;
  if (!makes && !std::filesystem::is_directory(flags.store, unseen)) {
    return absl::NotFoundError(absl::StrCat(
        "there is no store in ", flags.store, "; name the directory of one"));
  }
  EngineOptions options;
  options.is_of_command = true;
  options.store.directory = flags.store;
  options.store.create_if_missing = makes;
  const std::string path =
      flags.secrets.empty() ? DefaultSecretsPath(flags.store) : flags.secrets;
  auto secrets = LoadSecrets(
      path, makes ? MissingSecrets::kCreate : MissingSecrets::kRefuse);
  if (!secrets.ok()) return secrets.status();
  options.secrets = *secrets;
  // Nobody waits for one movement of a file, and a refused one would come back
  // behind others.
  QueueTimes times;
  times.gate_wait_max = times.bulk_wait_max = absl::Hours(24);
  auto engine = Engine::Open(options, times);
  if (!engine.ok()) return Remedied(flags, engine.status());
  const auto store = (*engine)->store();
  if (!store.ok()) return engine;  // What is asked of it says why.
  status = CheckSecretsOf(**store, options.secrets);
  if (status.ok()) status = KeepSecrets(path, options.secrets);
  if (!status.ok()) return status;
  return engine;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const GlobalFlags& flags) {
  if (flags.store.empty()) {
    auto channel = ReachServer(flags);
    if (!channel.ok()) return channel.status();
    return Over(flags, *std::move(channel));
  }
  return Serve(flags, OpenEngine(flags, MissingStore::kRefuse));
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::OpenOrMake(
    const GlobalFlags& flags) {
  if (flags.store.empty()) return Open(flags);
  return Serve(flags, OpenEngine(flags, MissingStore::kMake));
}

std::unique_ptr<Connection> Connection::Over(
    const GlobalFlags& flags, std::shared_ptr<grpc::Channel> channel) {
  auto connection = std::unique_ptr<Connection>(new Connection());
  connection->flags_ = flags;
  connection->channel_ = std::move(channel);
  return connection;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Serve(
    const GlobalFlags& flags, absl::StatusOr<std::unique_ptr<Engine>> engine) {
  if (!engine.ok()) return engine.status();
  auto connection = Over(flags, nullptr);
  connection->engine_ = *std::move(engine);
  ServerOptions options;
  options.development = true;  // Whoever holds the files may.
  auto server = Server::Start(connection->engine_.get(), options);
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
  const auto say = [&](absl::string_view key, const std::string& text) {
    // Metadata of any other name is printable ASCII.
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
      return absl::ascii_isprint(static_cast<unsigned char>(c));
    });
    context->AddMetadata(absl::StrCat(key, plain ? "" : "-bin"), text);
  };
  say("portrisk-caller", flags_.caller);
  if (!flags_.purpose.empty()) say("portrisk-purpose", flags_.purpose);
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
