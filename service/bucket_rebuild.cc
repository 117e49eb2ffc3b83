#include "service/bucket_rebuild.h"

#include <algorithm>
#include <limits>

#include "scoring/aggregate_ring.h"
#include "service/journal_walk.h"
#include "service/task.h"

namespace portrisk::service {
namespace {

using scoring::AggregateContribution;
using scoring::AggregatePlan;

constexpr int64_t kMicros = 1'000'000;

// A contribution to one bucket, with its text.
struct Kept {
  AggregateContribution one;
  std::string text;
};

// What is in force in the buckets, as the journal is read on.
class Collector {
 public:
  Collector(const AggregatePlan& plan, const std::vector<LostBucket>& buckets,
            uint64_t left_out)
      : plan_(plan),
        buckets_(buckets),
        left_out_(left_out),
        kept_(buckets.size()) {
    period_.begin_s = std::numeric_limits<int64_t>::max();
    period_.end_s = std::numeric_limits<int64_t>::min();
    for (const LostBucket& bucket : buckets) {
      const int64_t step_us = plan.shapes()[bucket.aggregate].step_us;
      const int64_t begin_us = bucket.step * step_us;
      period_.begin_s =
          std::min(period_.begin_s, scoring::StepOf(begin_us, kMicros));
      period_.end_s = std::max(
          period_.end_s, scoring::StepOf(begin_us + step_us - 1, kMicros) + 1);
    }
  }

  const Period& period() const { return period_; }

  absl::Status Take(uint64_t sequence, const StoredMovement& record) {
    if (!ParseView(record.movement, &movement_)) return RecordDamaged(sequence);
    auto corrected = CorrectedBy(sequence, record);
    if (!corrected.ok()) return corrected.status();
    const uint64_t key =
        MovementKey(IdentityOf(movement_.source(), movement_.id()));
    if (*corrected > 0) Drop(key);
    const int64_t second = movement_.occurrence_time().seconds();
    if (key == left_out_ || second < period_.begin_s ||
        second >= period_.end_s) {
      return absl::OkStatus();
    }
    input_.Begin(plan_, movement_);
    if (HasKeyOfAny()) Add(key);
    return absl::OkStatus();
  }

  void Rebuild() {
    for (size_t i = 0; i < buckets_.size(); ++i) {
      std::vector<AggregateContribution> all;
      for (const Kept& kept : kept_[i]) {
        all.push_back(kept.one);
        all.back().text = kept.text;
      }
      RebuildBucket(plan_.shapes()[buckets_[i].aggregate], buckets_[i].step,
                    all, buckets_[i].state);
    }
  }

 private:
  bool HasKeyOf(const LostBucket& bucket) {
    return input_.StateKeyOf(plan_.GroupOf(bucket.aggregate), &key_) &&
           key_ == bucket.key;
  }
  bool HasKeyOfAny() {
    return std::any_of(buckets_.begin(), buckets_.end(),
                       [&](const auto& bucket) { return HasKeyOf(bucket); });
  }

  void Add(uint64_t movement_key) {
    input_.Contributions(movement_key, &contributions_);
    for (const AggregateContribution& one : contributions_) {
      for (size_t i = 0; i < buckets_.size(); ++i) {
        const LostBucket& bucket = buckets_[i];
        const int64_t step_us = plan_.shapes()[bucket.aggregate].step_us;
        if (one.aggregate == bucket.aggregate &&
            scoring::StepOf(one.time_us, step_us) == bucket.step &&
            HasKeyOf(bucket)) {
          kept_[i].push_back({one, std::string(one.text)});
        }
      }
    }
  }

  void Drop(uint64_t movement_key) {
    for (std::vector<Kept>& kept : kept_) {
      kept.erase(std::remove_if(kept.begin(), kept.end(),
                                [&](const Kept& one) {
                                  return one.one.movement_key == movement_key;
                                }),
                 kept.end());
    }
  }

  const AggregatePlan& plan_;
  const std::vector<LostBucket>& buckets_;
  const uint64_t left_out_;
  Period period_;
  std::vector<std::vector<Kept>> kept_;  // By bucket.

  v1::Movement movement_;
  scoring::AggregateInput input_;
  std::vector<AggregateContribution> contributions_;
  std::string key_;
};

}  // namespace

absl::Status RebuildBuckets(const AggregatePlan& plan,
                            const std::vector<LostBucket>& buckets,
                            uint64_t left_out, uint64_t end,
                            ReadOccurred read) {
  Collector collector(plan, buckets, left_out);
  absl::Status status =
      read(collector.period(), end,
           [&](uint64_t sequence, const StoredMovement& record) {
             return collector.Take(sequence, record);
           });
  if (status.ok()) collector.Rebuild();
  return status;
}

}  // namespace portrisk::service
