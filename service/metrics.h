// What a running server measures of itself: one object, which the engine, the
// calls and the counts of movements report to, and which a scrape reads.
//
// Lifecycle: made before the engine, destroyed after server and engine. Where
// nobody asked for metrics there is none, and every hook sees a null pointer.
// Thread-safe. metric_names.h says what each metric is.
#ifndef PORTRISK_SERVICE_METRICS_H_
#define PORTRISK_SERVICE_METRICS_H_

#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "service/batch.h"
#include "service/exposition.h"
#include "service/movement_counts.h"
#include "service/slow_calls.h"
#include "service/steady_clock.h"
#include "service/task.h"

namespace portrisk::service {

enum class Stage {
  kAdmit,
  kQueue,
  kGather,
  kApply,
  kAssess,
  kAwait,
  kCommit,
  kReply,
};
inline constexpr size_t kStages = static_cast<size_t>(Stage::kReply) + 1;

// The methods on the completion queue, which report each call themselves; the
// others are seen by CallObserver (call_observer.h).
enum class HotMethod { kScore, kBatch, kStream };
inline constexpr size_t kHotMethods = 3;

struct MetricsOptions {
  // Calls slower than this are logged with the time of each stage. Infinite:
  // none.
  absl::Duration trace_slow = absl::InfiniteDuration();
};

// How far a store that is being opened is, or was when it was open.
struct OpeningProgress {
  bool is_renewed = false;  // States of another fold are made anew.
  uint64_t folded_to = 0;   // 0: nothing is yet.
  uint64_t last = 0;        // The end of the journal.
};

class Metrics {
 public:
  explicit Metrics(const MetricsOptions& options = {});

  // --- Of the engine.

  MovementCounts* counts() { return &counts_; }
  // Tasks are about to be queued together.
  void Submitted(absl::Span<Task* const> tasks);
  // They are about to be computed, in a batch with these times.
  static void Taken(absl::Span<Task* const> tasks, BatchTimes* times);
  // A batch has been answered, which took so long.
  void Answered(const Batch& batch, int64_t reply_ns);
  void CommitFailed() { ++commit_failures_; }
  void CheckpointFailed() { ++checkpoint_failures_; }

  void SetOpening(const OpeningProgress& opening) {
    const std::lock_guard<std::mutex> lock(opening_mutex_);
    opening_ = opening;
  }
  OpeningProgress opening() const {
    const std::lock_guard<std::mutex> lock(opening_mutex_);
    return opening_;
  }

  // --- Of calls.

  // One is about to be answered: `task` is its movement, in a batch the last.
  void Ended(HotMethod method, const absl::Status& status,
             const MovementTask& task);
  // Of another method, "RuleService/GetRevision", with the error in the form
  // that goes to the caller. A stream lasts as long as its caller likes: it is
  // not slow.
  void Ended(const std::string& method, bool is_stream, int code,
             absl::string_view details, int64_t duration_ns);
  // One movement of a batch got an error.
  void Refused(const absl::Status& status);

  // --- Of scrapes.

  // Adds what somebody else knows to every scrape, until Withdraw, which waits
  // for a scrape under way. One at a time.
  void Publish(std::function<void(Exposition*)> show);
  void Withdraw() { Publish({}); }
  std::string Text();

 private:
  static constexpr size_t kCodes = 17;
  using CallFamily = prometheus::Family<prometheus::Histogram>;

  void Observe(Stage stage, int64_t duration_ns);
  void CountReason(const std::string& reason);
  prometheus::Histogram* CallHistogram(const std::string& method, int code);

  prometheus::Registry registry_;
  std::array<prometheus::Histogram*, kStages> stages_;
  prometheus::Histogram* batch_;
  CallFamily* calls_;
  prometheus::Family<prometheus::Counter>* refused_;
  // Found once each: a look-up by labels takes a lock.
  std::array<std::array<std::atomic<prometheus::Histogram*>, kCodes>,
             kHotMethods>
      hot_calls_{};
  std::atomic<uint64_t> commit_failures_{0};
  std::atomic<uint64_t> checkpoint_failures_{0};
  MovementCounts counts_;
  SlowCalls slow_calls_;

  mutable std::mutex opening_mutex_;
  OpeningProgress opening_;  // Guarded by opening_mutex_.

  std::mutex mutex_;
  std::function<void(Exposition*)> show_;  // Guarded by mutex_.
};

// Adds the time from its making to Stop to `sum`; does nothing without metrics.
class StepTimer {
 public:
  StepTimer(const Metrics* metrics, int64_t* sum)
      : sum_(metrics == nullptr ? nullptr : sum),
        begun_ns_(sum_ == nullptr ? 0 : SteadyNow()) {}
  ~StepTimer() { Stop(); }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;
  void Stop() {
    if (sum_ != nullptr) *sum_ += SteadyNow() - begun_ns_;
    sum_ = nullptr;
  }

 private:
  int64_t* sum_;
  const int64_t begun_ns_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_METRICS_H_
