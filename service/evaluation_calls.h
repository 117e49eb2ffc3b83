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
#include "service/methods.h"

namespace portrisk::service {

class EvaluationServiceImpl final : public Methods {
 public:
  // Both outlive this.
  EvaluationServiceImpl(Gate* gate, EvaluationApi* api)
      : Methods(gate, v1::EvaluationService::service_full_name()), api_(api) {
    Unary("StartEvaluation",
          [api](const v1::StartEvaluationRequest& request,
                const Caller& caller) { return api->Start(request, caller); });
    Unary("GetEvaluation",
          [api](const v1::GetEvaluationRequest& request, const Caller& caller) {
            return api->Get(request, caller);
          });
    Unary("ListEvaluations",
          [api](const v1::ListEvaluationsRequest& request, const Caller&) {
            return api->List(request);
          });
    Unary("CancelEvaluation",
          [api](const v1::CancelEvaluationRequest& request,
                const Caller& caller) { return api->Cancel(request, caller); });
    Stream("WatchEvaluation",
           [this](grpc::ServerContext* context,
                  const v1::GetEvaluationRequest& request, const Caller& caller,
                  grpc::ServerWriter<v1::Evaluation>* writer) {
             return Watch(context, request, caller, writer);
           });
  }
  // Ends what watches.
  void Stop() { stopped_ = true; }

 private:
  // Each takes a thread.
  static constexpr int kWatchersMax = 16;
  static constexpr absl::Duration kWatchEvery = absl::Seconds(1);
  static constexpr absl::Duration kWatchPoll = absl::Milliseconds(50);

  absl::Status Watch(grpc::ServerContext* context,
                     const v1::GetEvaluationRequest& request,
                     const Caller& caller,
                     grpc::ServerWriter<v1::Evaluation>* writer) {
    const Counted watcher(&watchers_);
    if (watcher.number > kWatchersMax) {
      return Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                   absl::StrCat(kWatchersMax,
                                " calls watch evaluations already; ask with "
                                "GetEvaluation"));
    }
    uint64_t book = 0;
    std::string last;
    absl::Time written = absl::InfinitePast();
    while (!context->IsCancelled()) {
      if (stopped_) {
        return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                     "the server stops; watch again when it is back: the "
                     "evaluation goes on then");
      }
      const absl::Status still =
          gate().StillMay(caller, RuleOf("WatchEvaluation"), &book);
      if (!still.ok()) return still;
      const auto state = api_->State(request.evaluation());
      if (!state.ok()) return state.status();
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
    return absl::OkStatus();
  }

  EvaluationApi* const api_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> watchers_{0};
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_CALLS_H_
