#include "service/metrics.h"

#include <prometheus/counter.h>

#include <algorithm>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "portrisk/v1/scoring_service.pb.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

constexpr const char* kStageNames[kStages] = {
    "admit", "queue", "gather", "apply", "assess", "await", "commit", "reply"};
constexpr const char* kHotNames[kHotMethods] = {
    "ScoringService/ScoreMovement", "ScoringService/BatchScoreMovements",
    "ScoringService/StreamScoreMovements"};
constexpr const char* kCodeNames[] = {"OK",
                                      "CANCELLED",
                                      "UNKNOWN",
                                      "INVALID_ARGUMENT",
                                      "DEADLINE_EXCEEDED",
                                      "NOT_FOUND",
                                      "ALREADY_EXISTS",
                                      "PERMISSION_DENIED",
                                      "RESOURCE_EXHAUSTED",
                                      "FAILED_PRECONDITION",
                                      "ABORTED",
                                      "OUT_OF_RANGE",
                                      "UNIMPLEMENTED",
                                      "INTERNAL",
                                      "UNAVAILABLE",
                                      "DATA_LOSS",
                                      "UNAUTHENTICATED"};
// Those an alert watches are there from the start: a rate needs a first value.
constexpr const char* kWatchedReasons[] = {
    "QUEUE_FULL",        "DEADLINE_PASSED",   "CALLER_GONE",
    "TOO_MANY_STREAMS",  "REQUEST_TOO_LARGE", "SHUTTING_DOWN",
    "STORE_UNAVAILABLE", "INVALID_MOVEMENT"};
constexpr double kSecond = 1e9;

// 1, 2.5 and 5 of each power of ten.
std::vector<double> Buckets(double from, double until) {
  std::vector<double> buckets;
  for (double decade = from; decade < until * 0.99; decade *= 10) {
    for (const double step : {1.0, 2.5, 5.0}) buckets.push_back(step * decade);
  }
  buckets.push_back(until);
  return buckets;
}

const std::vector<double>& CallBuckets() {
  static const auto* buckets = new std::vector<double>(Buckets(1e-4, 10));
  return *buckets;
}

prometheus::Family<prometheus::Histogram>& HistogramOf(
    const Metric& metric, prometheus::Registry* registry) {
  return prometheus::BuildHistogram()
      .Name(metric.name)
      .Help(metric.help)
      .Register(*registry);
}

// The reason in a google.rpc.Status as it goes to the caller; "OTHER" where a
// library made the error.
std::string ReasonOf(absl::string_view details) {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  status.ParseFromArray(details.data(), static_cast<int>(details.size()));
  for (const auto& any : status.details()) {
    if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info)) {
      return info.reason();
    }
  }
  return "OTHER";
}

}  // namespace

Metrics::Metrics(const MetricsOptions& options)
    : counts_([this](int64_t nanoseconds) {
        Observe(Stage::kAssess, nanoseconds);
      }),
      slow_calls_(options.trace_slow) {
  auto& stages = HistogramOf(metric::kStage, &registry_);
  for (size_t i = 0; i < kStages; ++i) {
    stages_[i] = &stages.Add({{"stage", kStageNames[i]}}, Buckets(1e-6, 10));
  }
  batch_ = &HistogramOf(metric::kBatch, &registry_)
                .Add({}, prometheus::Histogram::BucketBoundaries{
                             1, 2, 4, 8, 16, 32, 64, 128, 256, 512});
  calls_ = &HistogramOf(metric::kCall, &registry_);
  refused_ = &prometheus::BuildCounter()
                  .Name(metric::kRefused.name)
                  .Help(metric::kRefused.help)
                  .Register(registry_);
  for (const char* reason : kWatchedReasons) {
    refused_->Add({{"reason", reason}});
  }
  for (size_t hot = 0; hot < kHotMethods; ++hot) {
    hot_calls_[hot][0] = CallHistogram(kHotNames[hot], 0);
  }
}

void Metrics::Observe(Stage stage, int64_t duration_ns) {
  stages_[static_cast<size_t>(stage)]->Observe(
      static_cast<double>(std::max<int64_t>(duration_ns, 0)) / kSecond);
}

void Metrics::Submitted(absl::Span<Task* const> tasks) {
  const int64_t now = SteadyNow();
  for (Task* task : tasks) task->submitted_ns = now;
  if (!tasks.empty() && tasks[0]->accepted_ns != 0) {
    Observe(Stage::kAdmit, now - tasks[0]->accepted_ns);
  }
}

void Metrics::Taken(absl::Span<Task* const> tasks, BatchTimes* times) {
  const int64_t now = SteadyNow();
  for (Task* task : tasks) {
    task->times = times;
    times->queue_ns = std::max(times->queue_ns, now - task->submitted_ns);
  }
}

void Metrics::Answered(const Batch& batch, int64_t reply_ns) {
  const BatchTimes& times = batch.times;
  Observe(Stage::kQueue, times.queue_ns);
  Observe(Stage::kGather, times.gather_ns);
  Observe(Stage::kApply, times.apply_ns);
  Observe(Stage::kAwait, times.await_ns);
  if (batch.record_count > 0) Observe(Stage::kCommit, times.commit_ns);
  Observe(Stage::kReply, reply_ns);
  batch_->Observe(static_cast<double>(batch.tasks.size()));
}

prometheus::Histogram* Metrics::CallHistogram(const std::string& method,
                                              int code) {
  return &calls_->Add({{"method", method}, {"code", kCodeNames[code]}},
                      CallBuckets());
}

void Metrics::Ended(HotMethod method, const absl::Status& status,
                    const MovementTask& task) {
  if (task.accepted_ns == 0) return;
  const int64_t duration_ns = SteadyNow() - task.accepted_ns;
  const size_t hot = static_cast<size_t>(method);
  const int code = std::min<int>(static_cast<int>(status.code()), kCodes - 1);
  auto& known = hot_calls_[hot][code];
  prometheus::Histogram* histogram = known.load(std::memory_order_acquire);
  if (histogram == nullptr) {
    histogram = CallHistogram(kHotNames[hot], code);
    known.store(histogram, std::memory_order_release);
  }
  histogram->Observe(static_cast<double>(duration_ns) / kSecond);
  if (!status.ok()) Refused(status);
  if (slow_calls_.IsSlow(duration_ns)) {
    slow_calls_.Tell(kHotNames[hot], kCodeNames[code], duration_ns, &task);
  }
}

void Metrics::Ended(const std::string& method, bool is_stream, int code,
                    absl::string_view details, int64_t duration_ns) {
  code = std::clamp<int>(code, 0, kCodes - 1);
  CallHistogram(method, code)
      ->Observe(static_cast<double>(duration_ns) / kSecond);
  if (code != 0) CountReason(ReasonOf(details));
  if (!is_stream && slow_calls_.IsSlow(duration_ns)) {
    slow_calls_.Tell(method, kCodeNames[code], duration_ns, nullptr);
  }
}

void Metrics::Refused(const absl::Status& status) {
  CountReason(ErrorReason(status));
}

// Reasons are constants of errors.h's callers: their number is bounded.
void Metrics::CountReason(const std::string& reason) {
  refused_->Add({{"reason", reason}}).Increment();
}

void Metrics::Publish(std::function<void(Exposition*)> show) {
  const std::lock_guard<std::mutex> lock(mutex_);
  show_ = std::move(show);
}

std::string Metrics::Text() {
  Exposition out;
  out.Append(registry_.Collect());
  counts_.Show(&out);
  out.Add(metric::kSlowCalls, slow_calls_.slow());
  out.Add(metric::kSlowUntold, slow_calls_.untold());
  out.Add(metric::kCommitFailures, commit_failures_);
  out.Add(metric::kCheckpointFailures, checkpoint_failures_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (show_) show_(&out);
  }
  return out.Text();
}

}  // namespace portrisk::service
