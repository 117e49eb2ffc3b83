#include "service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

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
#include "service/gate.h"
#include "service/health_service.h"
#include "service/history_api.h"
#include "service/history_calls.h"
#include "service/library_logs.h"
#include "service/log.h"
#include "service/operator_api.h"
#include "service/outcome_api.h"
#include "service/rule_calls.h"
#include "service/scoring_calls.h"
#include "service/selection_calls.h"
#include "service/tls.h"
#include "service/unparsable_requests.h"

namespace portrisk::service {
namespace {

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

class ScoringServiceImpl final : public Gated<v1::ScoringService, ScoringBase> {
 public:
  ScoringServiceImpl(Gate* gate, const HistoryApi* api)
      : Gated(gate), api_(api) {}

  grpc::Status GetAssessment(grpc::ServerContext* context,
                             const v1::GetAssessmentRequest* request,
                             v1::GetAssessmentResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->GetAssessment(*request); });
  }

 private:
  const HistoryApi* const api_;
};

class OutcomeServiceImpl final : public Gated<v1::OutcomeService> {
 public:
  OutcomeServiceImpl(Gate* gate, OutcomeApi* api) : Gated(gate), api_(api) {}

  grpc::Status RecordOutcome(grpc::ServerContext* context,
                             const v1::RecordOutcomeRequest* request,
                             v1::RecordedOutcome* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Record(*request, caller);
    });
  }
  grpc::Status BatchRecordOutcomes(
      grpc::ServerContext* context,
      const v1::BatchRecordOutcomesRequest* request,
      v1::BatchRecordOutcomesResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->RecordBatch(*request, caller);
    });
  }
  grpc::Status ListOutcomes(grpc::ServerContext* context,
                            const v1::ListOutcomesRequest* request,
                            v1::ListOutcomesResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->List(*request); });
  }
  grpc::Status RecordDecision(grpc::ServerContext* context,
                              const v1::RecordDecisionRequest* request,
                              v1::RecordedDecision* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Record(*request, caller);
    });
  }
  grpc::Status BatchRecordDecisions(
      grpc::ServerContext* context,
      const v1::BatchRecordDecisionsRequest* request,
      v1::BatchRecordDecisionsResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->RecordBatch(*request, caller);
    });
  }
  grpc::Status ListDecisions(grpc::ServerContext* context,
                             const v1::ListDecisionsRequest* request,
                             v1::ListDecisionsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->List(*request); });
  }

 private:
  OutcomeApi* const api_;
};

class OperatorServiceImpl final : public Gated<v1::OperatorService> {
 public:
  OperatorServiceImpl(Gate* gate, OperatorApi* api) : Gated(gate), api_(api) {}

  grpc::Status CreateBackup(grpc::ServerContext* context,
                            const v1::CreateBackupRequest* request,
                            v1::Backup* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller& caller) -> absl::StatusOr<v1::Backup> {
                auto backup = api_->CreateBackup(*request);
                v1::AuditEntry entry;
                entry.set_kind(v1::BACKUP);
                entry.set_method("/portrisk.v1.OperatorService/CreateBackup");
                entry.set_result(ErrorReason(backup.status()));
                if (backup.ok())
                  entry.set_subject(absl::StrCat("backup ", backup->id(),
                                                 " up to sequence ",
                                                 backup->last_sequence()));
                const absl::Status told =
                    audit().Record(caller, std::move(entry));
                if (!told.ok()) return told;
                return backup;
              });
  }
  grpc::Status ListBackups(grpc::ServerContext* context,
                           const v1::ListBackupsRequest* request,
                           v1::ListBackupsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->ListBackups(*request); });
  }
  // These write their own entries.
  grpc::Status EraseSubject(grpc::ServerContext* context,
                            const v1::EraseSubjectRequest* request,
                            v1::EraseSubjectResponse* reply) override {
    const char* const method = __func__;
    return Do(
        context, method, *request, reply,
        [&](const Caller& caller) -> absl::StatusOr<v1::EraseSubjectResponse> {
          if (request->dry_run()) {
            // It tells of whom something is known.
            const absl::Status told = Consulted(caller, method, *request);
            if (!told.ok()) return told;
          }
          return api_->Erase(*request, caller);
        });
  }
  grpc::Status ListErasures(grpc::ServerContext* context,
                            const v1::ListErasuresRequest* request,
                            v1::ListErasuresResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->ListErasures(*request); });
  }
  grpc::Status SetRetention(grpc::ServerContext* context,
                            const v1::SetRetentionRequest* request,
                            v1::Retention* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->SetRetention(*request, caller);
    });
  }
  grpc::Status GetRetention(grpc::ServerContext* context,
                            const v1::GetRetentionRequest* request,
                            v1::Retention* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->GetRetention(); });
  }

 private:
  OperatorApi* const api_;
};

class AuditServiceImpl final : public Gated<v1::AuditService> {
 public:
  AuditServiceImpl(Gate* gate, const AuditApi* api) : Gated(gate), api_(api) {}

  grpc::Status ListAuditRecords(grpc::ServerContext* context,
                                const v1::ListAuditRecordsRequest* request,
                                v1::ListAuditRecordsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->List(*request); });
  }

 private:
  const AuditApi* const api_;
};

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
        history_service(&gate, &history, &exports),
        rule_service(&gate, &rules, &lists, &explain),
        outcome_service(&gate, &outcomes),
        evaluation_service(&gate, &evaluations),
        audit_service(&gate, &audit),
        operator_service(&gate, &operations),
        selection_service(&gate, engine, &history, server_options.development) {
  }

  const ServerOptions options;
  Engine* const engine;
  StreamCounts streams;
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
  // It goes past the gate and holds a thread, so it is for trying things out.
  if (options.tls_cert.empty()) {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  }
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  Limit(options.connections, &builder);
  auto interceptors = ObserversFor(options.metrics);
  interceptors.insert(interceptors.begin(), ExplainUnparsable());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  int port = 0;
  if (!options.listen.empty()) {
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
  rep.server = builder.BuildAndStart();
  if (rep.server == nullptr || (!options.listen.empty() && port == 0)) {
    if (rep.queue) rep.queue->Shutdown();
    rep.server.reset();
    return Error(absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
                 absl::StrCat("cannot listen on ", options.listen,
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
  Caller service("portriskd");
  service.roles = Roles();
  v1::AuditEntry entry;
  entry.set_kind(v1::CONFIGURATION);
  entry.set_result("OK");
  entry.set_detail(what);
  const absl::Status status =
      rep_->gate.audit().Record(service, std::move(entry));
  if (!status.ok()) LogError("writing to the audit log", status);
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
    rep_->evaluation_service.Stop();
    // They would go on for ever.
    rep_->selection_service.watchers().Stop();
    rep_->server->Shutdown(std::chrono::system_clock::now() +
                           absl::ToChronoNanoseconds(rep_->options.drain_max));
    // From here on no call is accepted; those that were are cancelled and end.
    rep_->live.WaitForNone();
    rep_->queue->Shutdown();
    if (rep_->polling.joinable()) rep_->polling.join();
  });
}

}  // namespace portrisk::service
