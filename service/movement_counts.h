// What is counted of every movement: by rule, lane, channel, source.
//
// The apply thread alone counts, into plain arrays by rule number: a relaxed
// load and store each, no lock, no look-up by name. Names are joined to numbers
// when somebody reads. When other rules come into force, what was counted moves
// into totals by name, so that no counter ever falls.
#ifndef PORTRISK_SERVICE_MOVEMENT_COUNTS_H_
#define PORTRISK_SERVICE_MOVEMENT_COUNTS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/programme.h"
#include "service/exposition.h"

namespace portrisk::service {

class MovementCounts {
 public:
  // More share a series.
  static constexpr size_t kSourcesMax = 64;
  static constexpr char kOtherSources[] = "(others)";
  // Of each rule metric: those with the highest counts.
  static constexpr size_t kRuleSeriesMax = 2000;

  // `on_assessed` gets the nanoseconds that one movement took to be assessed.
  explicit MovementCounts(
      std::function<void(int64_t nanoseconds)> on_assessed = {});

  // --- Apply thread.

  // Numbers of rules are those of this programme from now on.
  void Use(std::shared_ptr<const scoring::Programme> programme);
  // Around the assessment of a movement that is to be measured.
  void BeginSample();
  void EndSample();
  // HOT PATH. A scored movement and its assessment; `evaluation`
  // is what assessed it.
  void Count(const v1::Movement& movement, const v1::Assessment& assessment,
             const scoring::EvalScratch& evaluation);
  // A repeat, or one that got an error.
  void CountUnscored(const absl::Status& status);

  // --- Any thread.

  void Show(Exposition* out) const;

 private:
  using Counter = std::atomic<uint64_t>;
  enum Kind { kNew, kCorrection, kRetraction, kPlan, kRepeat, kRefused };
  static constexpr int kKinds = 6;
  static constexpr int kLanes = v1::Lane_ARRAYSIZE;
  static constexpr int kChannels = v1::Channel_ARRAYSIZE;

  // Hits, hits in shadow, not evaluated, not evaluated in shadow.
  static constexpr size_t kOfRule = 4;
  using RuleCounts = std::array<uint64_t, kOfRule>;
  using RuleName = std::pair<std::string, std::string>;  // Set and rule.
  using Totals = std::map<RuleName, RuleCounts>;
  struct Table {
    std::shared_ptr<const scoring::Programme> programme;
    size_t size = 0;
    std::unique_ptr<Counter[]> counts;  // kOfRule for each rule.
  };

  struct Source {
    std::string name;  // Written before it is counted in sources_.
    Counter count{0};
    Counter lag_us{0};
    std::atomic<int64_t> last_us{0};
  };

  // One thread writes.
  static void Raise(Counter* counter, uint64_t by = 1) {
    counter->store(counter->load(std::memory_order_relaxed) + by,
                   std::memory_order_relaxed);
  }
  void CountSource(const v1::Movement& movement,
                   const v1::Assessment& assessment);
  Source* SourceOf(const std::string& name);
  static void AddTo(const Table& table, Totals* totals);
  void ShowRules(Exposition* out) const;
  void ShowSources(Exposition* out) const;

  const std::function<void(int64_t)> on_assessed_;
  // Apply thread only.
  int64_t sample_begun_ns_ = 0;
  absl::flat_hash_map<std::string, size_t> source_index_;

  std::array<Counter, kKinds> kinds_{};
  std::array<std::array<Counter, kChannels>, kLanes> assessments_{};
  std::array<Source, kSourcesMax + 1> source_list_;  // The last: all others.
  std::atomic<size_t> sources_{0};

  mutable std::mutex mutex_;
  Totals totals_;                 // Of earlier tables. Guarded by mutex_.
  std::unique_ptr<Table> table_;  // Replaced by the apply thread, under mutex_.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_MOVEMENT_COUNTS_H_
