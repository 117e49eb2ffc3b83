// EvaluationService: its methods and what they work with.
#ifndef PORTRISK_SERVICE_EVALUATION_CALLS_H_
#define PORTRISK_SERVICE_EVALUATION_CALLS_H_

#include <atomic>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "portrisk/v1/evaluation_service.grpc.pb.h"
#include "service/evaluation_api.h"
#include "service/gate.h"

namespace portrisk::service {

class EvaluationServiceImpl final : public Gated<v1::EvaluationService> {
 public:
  // Both outlive this.
  EvaluationServiceImpl(Gate* gate, EvaluationApi* api)
      : Gated(gate), api_(api) {}

  grpc::Status StartEvaluation(grpc::ServerContext* context,
                               const v1::StartEvaluationRequest* request,
                               v1::Evaluation* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Start(*request, caller);
    });
  }
  grpc::Status GetEvaluation(grpc::ServerContext* context,
                             const v1::GetEvaluationRequest* request,
                             v1::GetEvaluationResponse* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Get(*request, caller);
    });
  }
  grpc::Status ListEvaluations(grpc::ServerContext* context,
                               const v1::ListEvaluationsRequest* request,
                               v1::ListEvaluationsResponse* reply) override {
    return Do(context, __func__, *request, reply,
              [&](const Caller&) { return api_->List(*request); });
  }
  grpc::Status CancelEvaluation(grpc::ServerContext* context,
                                const v1::CancelEvaluationRequest* request,
                                v1::Evaluation* reply) override {
    return Do(context, __func__, *request, reply, [&](const Caller& caller) {
      return api_->Cancel(*request, caller);
    });
  }
  grpc::Status WatchEvaluation(
      grpc::ServerContext* context, const v1::GetEvaluationRequest* request,
      grpc::ServerWriter<v1::Evaluation>* writer) override {
    const auto caller = Enter(context, __func__);
    if (!caller.ok()) return ToGrpc(caller.status());
    const Counted watcher(&watchers_);
    if (watcher.number > kWatchersMax) {
      return ToGrpc(Error(absl::StatusCode::kResourceExhausted,
                          "TOO_MANY_WATCHERS",
                          absl::StrCat(kWatchersMax,
                                       " calls watch evaluations already; ask "
                                       "with GetEvaluation")));
    }
    const char* const method = __func__;
    uint64_t book = 0;
    std::string last;
    absl::Time written = absl::InfinitePast();
    while (!context->IsCancelled()) {
      if (stopped_) {
        return ToGrpc(Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                            "the server stops; watch again when it is back: "
                            "the evaluation goes on then"));
      }
      const absl::Status still = StillMay(*caller, method, &book);
      if (!still.ok()) return ToGrpc(still);
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

  EvaluationApi* const api_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> watchers_{0};
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_CALLS_H_
