#include "service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "portrisk/v1/audit_service.grpc.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/operator_service.grpc.pb.h"
#include "portrisk/v1/outcome_service.grpc.pb.h"
#include "service/audit_api.h"
#include "service/call_observer.h"
#include "service/errors.h"
#include "service/evaluation_calls.h"
#include "service/fold_version.h"
#include "service/health_service.h"
#include "service/history_api.h"
#include "service/history_calls.h"
#include "service/library_logs.h"
#include "service/log.h"
#include "service/methods.h"
#include "service/operator_api.h"
#include "service/outcome_api.h"
#include "service/rule_calls.h"
#include "service/scoring_calls.h"
#include "service/selection_calls.h"
#include "service/tls.h"

namespace portrisk::service {
namespace {

// Reflection is part of every server that gRPC makes, goes past the gate, and
// holds threads: it is for trying things out, where all is open anyway.
class WithoutReflection : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*
                         plugins) override {
    plugins->erase(std::remove_if(plugins->begin(), plugins->end(),
                                  [](const auto& plugin) {
                                    return plugin->name() ==
                                           "proto_server_reflection";
                                  }),
                   plugins->end());
  }
};

// gRPC takes the rest of a port that is too large, and 443 where there is none.
absl::Status CheckAddress(absl::string_view listen) {
  const size_t colon = listen.rfind(':');
  uint32_t port = 0;
  if (colon != absl::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(listen.substr(colon + 1), &port) && port <= 65'535) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kInvalidArgument, "BAD_ADDRESS",
               absl::StrCat("cannot listen on ", listen,
                            "; --listen takes an address and a port of at most "
                            "65535, as in 127.0.0.1:50071"));
}

constexpr int kMessageBytesMax = static_cast<int>(kRequestBytesMax);

// Of requests that are on their way in, whoever sends them.
constexpr size_t kMemoryBytesMax = size_t{512} << 20;

int MillisecondsOf(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

// Whoever is slow, silent or greedy holds little, and not for ever.
void Limit(const ConnectionLimits& limits, grpc::ServerBuilder* builder) {
  const std::pair<const char*, int> arguments[] = {
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.calls_max},
      {GRPC_ARG_MAX_METADATA_SIZE, limits.metadata_bytes_max},
      {GRPC_ARG_KEEPALIVE_TIME_MS, MillisecondsOf(limits.keepalive_after)},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
       MillisecondsOf(limits.keepalive_answer_max)},
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
       MillisecondsOf(limits.client_ping_min)},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
       MillisecondsOf(limits.handshake_max)},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, MillisecondsOf(limits.idle_max)}};
  for (const auto& [name, value] : arguments) {
    builder->AddChannelArgument(name, value);
  }
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(limits.threads_max);
  quota.Resize(kMemoryBytesMax);
  builder->SetResourceQuota(quota);
  builder->SetMaxReceiveMessageSize(kMessageBytesMax);
}

class OutcomeServiceImpl final : public Methods {
 public:
  OutcomeServiceImpl(Gate* gate, OutcomeApi* api)
      : Methods(gate, v1::OutcomeService::service_full_name()) {
    Unary("RecordOutcome",
          [api](const v1::RecordOutcomeRequest& request, const Caller& caller) {
            return api->Record(request, caller);
          });
    Unary("BatchRecordOutcomes",
          [api](const v1::BatchRecordOutcomesRequest& request,
                const Caller& caller) {
            return api->RecordBatch(request, caller);
          });
    Unary("ListOutcomes", [api](const v1::ListOutcomesRequest& request,
                                const Caller&) { return api->List(request); });
    Unary("RecordDecision",
          [api](const v1::RecordDecisionRequest& request,
                const Caller& caller) { return api->Record(request, caller); });
    Unary("BatchRecordDecisions",
          [api](const v1::BatchRecordDecisionsRequest& request,
                const Caller& caller) {
            return api->RecordBatch(request, caller);
          });
    Unary("ListDecisions", [api](const v1::ListDecisionsRequest& request,
                                 const Caller&) { return api->List(request); });
  }
};

class OperatorServiceImpl final : public Methods {
 public:
  OperatorServiceImpl(Gate* gate, OperatorApi* api)
      : Methods(gate, v1::OperatorService::service_full_name()), api_(api) {
    Unary("CreateBackup",
          [this](const v1::CreateBackupRequest& request, const Caller& caller) {
            return CreateBackup(request, caller);
          });
    Unary("ListBackups",
          [api](const v1::ListBackupsRequest& request, const Caller&) {
            return api->ListBackups(request);
          });
    // These write their own entries.
    Unary("EraseSubject",
          [this](const v1::EraseSubjectRequest& request, const Caller& caller) {
            return EraseSubject(request, caller);
          });
    Unary("ListErasures",
          [api](const v1::ListErasuresRequest& request, const Caller&) {
            return api->ListErasures(request);
          });
    Unary("SetRetention",
          [api](const v1::SetRetentionRequest& request, const Caller& caller) {
            return api->SetRetention(request, caller);
          });
    Unary("GetRetention", [api](const v1::GetRetentionRequest&, const Caller&) {
      return api->GetRetention();
    });
  }

 private:
  absl::StatusOr<v1::Backup> CreateBackup(
      const v1::CreateBackupRequest& request, const Caller& caller) {
    auto backup = api_->CreateBackup(request);
    v1::AuditEntry entry;
    entry.set_kind(v1::BACKUP);
    entry.set_method(RuleOf("CreateBackup").method);
    entry.set_result(ErrorReason(backup.status()));
    if (backup.ok()) {
      entry.set_subject(absl::StrCat("backup ", backup->id(),
                                     " up to sequence ",
                                     backup->last_sequence()));
    }
    const absl::Status told = gate().audit().Record(caller, std::move(entry));
    if (!told.ok()) return told;
    return backup;
  }

  absl::StatusOr<v1::EraseSubjectResponse> EraseSubject(
      const v1::EraseSubjectRequest& request, const Caller& caller) {
    if (request.dry_run()) {
      // It tells of whom something is known.
      const absl::Status told = gate().Consulted(caller, RuleOf("EraseSubject"),
                                                 request, absl::OkStatus());
      if (!told.ok()) return told;
    }
    return api_->Erase(request, caller);
  }

  OperatorApi* const api_;
};

class AuditServiceImpl final : public Methods {
 public:
  AuditServiceImpl(Gate* gate, const AuditApi* api)
      : Methods(gate, v1::AuditService::service_full_name()) {
    Unary("ListAuditRecords",
          [api](const v1::ListAuditRecordsRequest& request, const Caller&) {
            return api->List(request);
          });
  }
};

void RecordConfiguration(const std::string& what, uint32_t fold_version,
                         Gate* gate) {
  Caller service("portriskd");
  service.roles = Roles();
  v1::AuditEntry entry;
  entry.set_kind(v1::CONFIGURATION);
  entry.set_result("OK");
  entry.set_detail(what);
  entry.set_fold_version(fold_version);
  const absl::Status status = gate->audit().Record(service, std::move(entry));
  if (!status.ok()) LogError("writing to the audit log", status);
}

}  // namespace

struct Server::Rep {
  Rep(Engine* one, const ServerOptions& server_options)
      : options(server_options),
        engine(one),
        streams(options.connections.caller_streams_max),
        gate(engine, options.roles, !options.tls_cert.empty()),
        history(engine),
        exports(engine),
        rules(engine, server_options.development),
        lists(engine),
        explain(engine),
        outcomes(engine),
        evaluations(engine),
        audit(engine),
        operations(engine),
        scoring_service(&gate, &history),
        history_service(&gate, &history, &exports,
                        server_options.connections.unread_max),
        rule_service(&gate, &rules, &lists, &explain),
        outcome_service(&gate, &outcomes),
        evaluation_service(&gate, &evaluations),
        audit_service(&gate, &audit),
        operator_service(&gate, &operations),
        selection_service(&gate, engine, &history, server_options.development) {
  }

  const ServerOptions options;
  Engine* const engine;
  OpenStreams streams;
  Gate gate;
  HistoryApi history;
  ExportApi exports;
  RuleApi rules;
  ListApi lists;
  ExplainApi explain;
  OutcomeApi outcomes;
  EvaluationApi evaluations;
  AuditApi audit;
  OperatorApi operations;
  ScoringServiceImpl scoring_service;
  HistoryServiceImpl history_service;
  RuleServiceImpl rule_service;
  OutcomeServiceImpl outcome_service;
  EvaluationServiceImpl evaluation_service;
  AuditServiceImpl audit_service;
  OperatorServiceImpl operator_service;
  SelectionServiceImpl selection_service;
  HealthService health_service{{v1::ScoringService::service_full_name(),
                                v1::RuleService::service_full_name(),
                                v1::HistoryService::service_full_name(),
                                v1::OutcomeService::service_full_name(),
                                v1::EvaluationService::service_full_name(),
                                v1::AuditService::service_full_name(),
                                v1::OperatorService::service_full_name(),
                                v1::SelectionService::service_full_name()},
                               [this] { return Examine(engine); }};
  LiveCalls live;
  CallContext calls;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::unique_ptr<Poller> poller;
  std::unique_ptr<grpc::Server> server;
  std::thread polling;
  std::string address;
  std::once_flag shutdown;
};

Server::Server() = default;

Server::~Server() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    Engine* engine, const ServerOptions& options) {
  auto server = std::unique_ptr<Server>(new Server());
  server->rep_ = std::make_unique<Rep>(engine, options);
  Rep& rep = *server->rep_;

  TameLibraryLogs();
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!options.tls_cert.empty()) {
    builder.SetOption(std::make_unique<WithoutReflection>());
  }
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  Limit(options.connections, &builder);
  builder.experimental().SetInterceptorCreators(ObserversFor(options.metrics));
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  int port = 0;
  if (!options.listen.empty()) {
    const absl::Status address = CheckAddress(options.listen);
    if (!address.ok()) return address;
    auto credentials = CredentialsOf(options);
    if (!credentials.ok()) return credentials.status();
    builder.AddListeningPort(options.listen, *credentials, &port);
  }
  builder.RegisterService(&rep.scoring_service);
  builder.RegisterService(&rep.history_service);
  builder.RegisterService(&rep.rule_service);
  builder.RegisterService(&rep.outcome_service);
  builder.RegisterService(&rep.evaluation_service);
  builder.RegisterService(&rep.audit_service);
  builder.RegisterService(&rep.operator_service);
  builder.RegisterService(&rep.selection_service);
  builder.RegisterService(&rep.health_service);
  rep.queue = builder.AddCompletionQueue();
  const HeldLibraryLogs held;
  rep.server = builder.BuildAndStart();
  if (rep.server == nullptr || (!options.listen.empty() && port == 0)) {
    const std::string why = HeldLibraryLogs::SystemError();
    if (rep.queue) rep.queue->Shutdown();
    rep.server.reset();
    return Error(absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
                 absl::StrCat("cannot listen on ", options.listen,
                              why.empty() ? "" : ": ", why,
                              "; is another server running there?"));
  }
  const std::string host = options.listen.substr(0, options.listen.rfind(':'));
  rep.address = absl::StrCat(host, ":", port);
  rep.poller = std::make_unique<Poller>(rep.queue.get());
  rep.calls = {
      &rep.scoring_service, rep.queue.get(), engine,          &rep.gate,
      &rep.history,         &rep.live,       options.metrics, &rep.streams,
      rep.poller.get()};
  PostUnaryCall(&rep.calls);
  PostBatchCall(&rep.calls);
  PostStreamCall(&rep.calls);
  rep.selection_service.watchers().Start(&rep.selection_service,
                                         rep.queue.get(), &rep.live);
  rep.polling = std::thread([&rep] { rep.poller->Run(); });
  return server;
}

void Server::SetRoles(std::shared_ptr<const RoleBook> roles) {
  rep_->gate.SetBook(std::move(roles));
}

void Server::Configured(const std::string& what) {
  RecordConfiguration(what, 0, &rep_->gate);
}

void Server::Started(const std::string& keys) {
  RecordConfiguration(absl::StrCat("started; ", keys, "; fold ", kFoldVersion),
                      kFoldVersion, &rep_->gate);
}

const std::string& Server::address() const { return rep_->address; }

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  return rep_->server->InProcessChannel(arguments);
}

void Server::Shutdown() {
  if (rep_ == nullptr || rep_->server == nullptr) return;
  std::call_once(rep_->shutdown, [&] {
    rep_->health_service.Stop();
    if (rep_->options.drain_notice > absl::ZeroDuration()) {
      rep_->engine->Refuse();
      absl::SleepFor(rep_->options.drain_notice);
    }
    rep_->evaluation_service.Stop();
    // They would go on for ever.
    rep_->selection_service.watchers().Stop();
    rep_->streams.EndAll();
    rep_->server->Shutdown(std::chrono::system_clock::now() +
                           absl::ToChronoNanoseconds(rep_->options.drain_max));
    // From here on no call is accepted; those that were are cancelled and end.
    rep_->live.WaitForNone();
    rep_->queue->Shutdown();
    if (rep_->polling.joinable()) rep_->polling.join();
  });
}

}  // namespace portrisk::service
