#include "service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "portrisk/v1/evaluation_service.grpc.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/outcome_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/call_observer.h"
#include "service/errors.h"
#include "service/evaluation_api.h"
#include "service/explain_api.h"
#include "service/grpc_status.h"
#include "service/health_service.h"
#include "service/history_api.h"
#include "service/list_api.h"
#include "service/outcome_api.h"
#include "service/rule_api.h"
#include "service/scoring_calls.h"
#include "service/selection_calls.h"

namespace portrisk::service {
namespace {

// A list of 64 MiB, and what is around it.
constexpr int kMessageBytesMax = 66 << 20;

// Gives a result or an error to gRPC.
template <typename Reply>
grpc::Status Answer(absl::StatusOr<Reply> result, Reply* reply) {
  if (!result.ok()) return ToGrpc(result.status());
  *reply = *std::move(result);
  return grpc::Status::OK;
}

class ScoringServiceImpl final : public ScoringBase {
 public:
  explicit ScoringServiceImpl(const HistoryApi* api) : api_(api) {}

  grpc::Status GetAssessment(grpc::ServerContext*,
                             const v1::GetAssessmentRequest* request,
                             v1::GetAssessmentResponse* reply) override {
    return Answer(api_->GetAssessment(*request), reply);
  }

 private:
  const HistoryApi* const api_;
};

class HistoryServiceImpl final : public v1::HistoryService::Service {
 public:
  explicit HistoryServiceImpl(const HistoryApi* api) : api_(api) {}

  grpc::Status GetContainer(grpc::ServerContext*,
                            const v1::GetContainerRequest* request,
                            v1::GetContainerResponse* reply) override {
    return Answer(api_->GetContainer(*request), reply);
  }
  grpc::Status GetEntity(grpc::ServerContext*,
                         const v1::GetEntityRequest* request,
                         v1::GetEntityResponse* reply) override {
    return Answer(api_->GetEntity(*request), reply);
  }
  grpc::Status ListMovements(grpc::ServerContext*,
                             const v1::ListMovementsRequest* request,
                             v1::ListMovementsResponse* reply) override {
    return Answer(api_->ListMovements(*request), reply);
  }

 private:
  const HistoryApi* const api_;
};

class RuleServiceImpl final : public v1::RuleService::Service {
 public:
  RuleServiceImpl(RuleApi* api, ListApi* lists, const ExplainApi* explain)
      : api_(api), lists_(lists), explain_(explain) {}

  grpc::Status ValidateRuleSet(grpc::ServerContext*,
                               const v1::ValidateRuleSetRequest* request,
                               v1::ValidateRuleSetResponse* reply) override {
    *reply = api_->Validate(*request);
    return grpc::Status::OK;
  }
  grpc::Status CreateRevision(grpc::ServerContext* context,
                              const v1::CreateRevisionRequest* request,
                              v1::Revision* reply) override {
    return Answer(api_->Create(*request, CallerOf(*context)), reply);
  }
  grpc::Status GetRevision(grpc::ServerContext*,
                           const v1::GetRevisionRequest* request,
                           v1::Revision* reply) override {
    return Answer(api_->Get(*request), reply);
  }
  grpc::Status ListRevisions(grpc::ServerContext*,
                             const v1::ListRevisionsRequest* request,
                             v1::ListRevisionsResponse* reply) override {
    return Answer(api_->List(*request), reply);
  }
  grpc::Status ApproveRevision(grpc::ServerContext* context,
                               const v1::ChangeRevisionRequest* request,
                               v1::Revision* reply) override {
    return Answer(api_->Approve(*request, CallerOf(*context)), reply);
  }
  grpc::Status ActivateRevision(grpc::ServerContext* context,
                                const v1::ChangeRevisionRequest* request,
                                v1::Revision* reply) override {
    return Answer(api_->Activate(*request, CallerOf(*context)), reply);
  }
  grpc::Status RetireRevision(grpc::ServerContext* context,
                              const v1::ChangeRevisionRequest* request,
                              v1::Revision* reply) override {
    return Answer(api_->Retire(*request, CallerOf(*context)), reply);
  }
  grpc::Status LoadReference(grpc::ServerContext* context,
                             const v1::LoadReferenceRequest* request,
                             v1::LoadReferenceResponse* reply) override {
    return Answer(api_->LoadReference(*request, CallerOf(*context)), reply);
  }
  grpc::Status ShadowRevision(grpc::ServerContext* context,
                              const v1::ChangeRevisionRequest* request,
                              v1::Revision* reply) override {
    return Answer(api_->Shadow(*request, CallerOf(*context)), reply);
  }
  grpc::Status ShareRevision(grpc::ServerContext* context,
                             const v1::ChangeRevisionRequest* request,
                             v1::Revision* reply) override {
    return Answer(api_->Share(*request, CallerOf(*context)), reply);
  }
  grpc::Status RollbackRuleSet(grpc::ServerContext* context,
                               const v1::RollbackRuleSetRequest* request,
                               v1::Revision* reply) override {
    return Answer(api_->Rollback(*request, CallerOf(*context)), reply);
  }
  grpc::Status ResetBreaker(grpc::ServerContext* context,
                            const v1::ResetBreakerRequest* request,
                            v1::Revision* reply) override {
    return Answer(api_->ResetBreaker(*request, CallerOf(*context)), reply);
  }
  grpc::Status LoadList(grpc::ServerContext* context,
                        const v1::LoadListRequest* request,
                        v1::LoadListResponse* reply) override {
    return Answer(lists_->Load(*request, CallerOf(*context)), reply);
  }
  grpc::Status DiffRevisions(grpc::ServerContext*,
                             const v1::DiffRevisionsRequest* request,
                             v1::DiffRevisionsResponse* reply) override {
    return Answer(api_->Diff(*request), reply);
  }
  grpc::Status ListLists(grpc::ServerContext*,
                         const v1::ListListsRequest* request,
                         v1::ListListsResponse* reply) override {
    return Answer(lists_->List(*request), reply);
  }
  grpc::Status GetList(grpc::ServerContext*, const v1::GetListRequest* request,
                       v1::GetListResponse* reply) override {
    return Answer(lists_->Get(*request), reply);
  }
  grpc::Status LookUpListValue(grpc::ServerContext*,
                               const v1::LookUpListValueRequest* request,
                               v1::LookUpListValueResponse* reply) override {
    return Answer(lists_->LookUp(*request), reply);
  }
  grpc::Status Explain(grpc::ServerContext*, const v1::ExplainRequest* request,
                       v1::ExplainResponse* reply) override {
    return Answer(explain_->Explain(*request), reply);
  }

 private:
  RuleApi* const api_;
  ListApi* const lists_;
  const ExplainApi* const explain_;
};

class OutcomeServiceImpl final : public v1::OutcomeService::Service {
 public:
  explicit OutcomeServiceImpl(OutcomeApi* api) : api_(api) {}

  grpc::Status RecordOutcome(grpc::ServerContext* context,
                             const v1::RecordOutcomeRequest* request,
                             v1::RecordedOutcome* reply) override {
    return Answer(api_->Record(*request, CallerOf(*context)), reply);
  }
  grpc::Status BatchRecordOutcomes(
      grpc::ServerContext* context,
      const v1::BatchRecordOutcomesRequest* request,
      v1::BatchRecordOutcomesResponse* reply) override {
    return Answer(api_->RecordBatch(*request, CallerOf(*context)), reply);
  }
  grpc::Status ListOutcomes(grpc::ServerContext*,
                            const v1::ListOutcomesRequest* request,
                            v1::ListOutcomesResponse* reply) override {
    return Answer(api_->List(*request), reply);
  }
  grpc::Status RecordDecision(grpc::ServerContext* context,
                              const v1::RecordDecisionRequest* request,
                              v1::RecordedDecision* reply) override {
    return Answer(api_->Record(*request, CallerOf(*context)), reply);
  }
  grpc::Status BatchRecordDecisions(
      grpc::ServerContext* context,
      const v1::BatchRecordDecisionsRequest* request,
      v1::BatchRecordDecisionsResponse* reply) override {
    return Answer(api_->RecordBatch(*request, CallerOf(*context)), reply);
  }
  grpc::Status ListDecisions(grpc::ServerContext*,
                             const v1::ListDecisionsRequest* request,
                             v1::ListDecisionsResponse* reply) override {
    return Answer(api_->List(*request), reply);
  }

 private:
  OutcomeApi* const api_;
};

class EvaluationServiceImpl final : public v1::EvaluationService::Service {
 public:
  explicit EvaluationServiceImpl(EvaluationApi* api) : api_(api) {}

  grpc::Status StartEvaluation(grpc::ServerContext* context,
                               const v1::StartEvaluationRequest* request,
                               v1::Evaluation* reply) override {
    return Answer(api_->Start(*request, CallerOf(*context)), reply);
  }
  grpc::Status GetEvaluation(grpc::ServerContext*,
                             const v1::GetEvaluationRequest* request,
                             v1::GetEvaluationResponse* reply) override {
    return Answer(api_->Get(*request), reply);
  }
  grpc::Status ListEvaluations(grpc::ServerContext*,
                               const v1::ListEvaluationsRequest* request,
                               v1::ListEvaluationsResponse* reply) override {
    return Answer(api_->List(*request), reply);
  }
  grpc::Status CancelEvaluation(grpc::ServerContext* context,
                                const v1::CancelEvaluationRequest* request,
                                v1::Evaluation* reply) override {
    return Answer(api_->Cancel(*request, CallerOf(*context)), reply);
  }
  grpc::Status WatchEvaluation(
      grpc::ServerContext* context, const v1::GetEvaluationRequest* request,
      grpc::ServerWriter<v1::Evaluation>* writer) override {
    const Watcher watcher(&watchers_);
    if (watcher.number > kWatchersMax) {
      return ToGrpc(Error(absl::StatusCode::kResourceExhausted,
                          "TOO_MANY_WATCHERS",
                          absl::StrCat(kWatchersMax,
                                       " calls watch evaluations already; ask "
                                       "with GetEvaluation")));
    }
    std::string last;
    absl::Time written = absl::InfinitePast();
    while (!context->IsCancelled()) {
      if (stopped_) {
        return ToGrpc(Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                            "the server stops; watch again when it is back: "
                            "the evaluation goes on then"));
      }
      const auto state = api_->State(request->evaluation());
      if (!state.ok()) return ToGrpc(state.status());
      const bool ended = state->state() != v1::EVALUATION_WAITING &&
                         state->state() != v1::EVALUATION_RUNNING;
      std::string now = state->SerializeAsString();
      const absl::Time time = absl::Now();
      if (ended || (now != last && time - written >= kWatchEvery)) {
        if (!writer->Write(*state) || ended) break;
        last = std::move(now);
        written = time;
      }
      absl::SleepFor(kWatchPoll);
    }
    return grpc::Status::OK;
  }
  // Ends what watches.
  void Stop() { stopped_ = true; }

 private:
  // Each takes a thread.
  static constexpr int kWatchersMax = 16;
  static constexpr absl::Duration kWatchEvery = absl::Seconds(1);
  static constexpr absl::Duration kWatchPoll = absl::Milliseconds(50);
  struct Watcher {
    explicit Watcher(std::atomic<int>* all) : number(++*all), watchers(all) {}
    ~Watcher() { --*watchers; }
    const int number;
    std::atomic<int>* const watchers;
  };

  EvaluationApi* const api_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> watchers_{0};
};

}  // namespace

struct Server::Rep {
  Rep(Engine* one, const ServerOptions& server_options)
      : options(server_options),
        engine(one),
        history(engine),
        rules(engine, server_options.development),
        lists(engine),
        explain(engine),
        outcomes(engine),
        evaluations(engine),
        scoring_service(&history),
        history_service(&history),
        rule_service(&rules, &lists, &explain),
        outcome_service(&outcomes),
        evaluation_service(&evaluations),
        selection_service(engine, &history, server_options.development) {}

  // Runs until the queue is shut down and empty.
  void Poll() {
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) static_cast<Tag*>(tag)->Proceed(ok);
  }

  const ServerOptions options;
  Engine* const engine;
  HistoryApi history;
  RuleApi rules;
  ListApi lists;
  ExplainApi explain;
  OutcomeApi outcomes;
  EvaluationApi evaluations;
  ScoringServiceImpl scoring_service;
  HistoryServiceImpl history_service;
  RuleServiceImpl rule_service;
  OutcomeServiceImpl outcome_service;
  EvaluationServiceImpl evaluation_service;
  SelectionServiceImpl selection_service;
  HealthService health_service{{v1::ScoringService::service_full_name(),
                                v1::RuleService::service_full_name(),
                                v1::HistoryService::service_full_name(),
                                v1::OutcomeService::service_full_name(),
                                v1::EvaluationService::service_full_name(),
                                v1::SelectionService::service_full_name()},
                               [this] { return Examine(engine); }};
  LiveCalls live;
  CallContext calls;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::unique_ptr<grpc::Server> server;
  std::thread poller;
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

  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  if (options.metrics != nullptr) {
    builder.experimental().SetInterceptorCreators(
        ObserversFor(options.metrics));
  }
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  int port = 0;
  if (!options.listen.empty()) {
    builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(),
                             &port);
  }
  builder.RegisterService(&rep.scoring_service);
  builder.RegisterService(&rep.history_service);
  builder.RegisterService(&rep.rule_service);
  builder.RegisterService(&rep.outcome_service);
  builder.RegisterService(&rep.evaluation_service);
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
  rep.calls = {&rep.scoring_service, rep.queue.get(), engine,
               &rep.history,         &rep.live,       options.metrics};
  PostUnaryCall(&rep.calls);
  PostBatchCall(&rep.calls);
  PostStreamCall(&rep.calls);
  rep.selection_service.watchers().Start(&rep.selection_service,
                                         rep.queue.get(), &rep.live);
  rep.poller = std::thread([&rep] { rep.Poll(); });
  return server;
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
    if (rep_->poller.joinable()) rep_->poller.join();
  });
}

}  // namespace portrisk::service
