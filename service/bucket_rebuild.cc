#include "service/bucket_rebuild.h"

#include <algorithm>

#include "scoring/aggregate_ring.h"
#include "service/journal_walk.h"
#include "service/keys.h"
#include "service/task.h"
#include "service/wire_reader.h"

namespace portrisk::service {
namespace {

using scoring::AggregateContribution;

constexpr int64_t kMicros = 1'000'000;

Period PeriodOf(int64_t step, int64_t step_us) {
  const int64_t begin_us = step * step_us;
  return {scoring::StepOf(begin_us, kMicros),
          scoring::StepOf(begin_us + step_us - 1, kMicros) + 1};
}

bool Holds(const Period& period, int64_t second) {
  return second >= period.begin_s && second < period.end_s;
}

// When a serialised movement occurred, without parsing it; false where the
// bytes are damaged. A movement without a time is of no period.
bool SecondOf(absl::string_view movement, int64_t* second) {
  *second = INT64_MIN;
  WireReader in(movement);
  while (in.Next()) {
    if (!in.IsBytes(v1::Movement::kOccurrenceTimeFieldNumber)) continue;
    if (*second == INT64_MIN) *second = 0;
    WireReader time(in.bytes());
    while (time.Next()) {
      if (time.IsNumber(google::protobuf::Timestamp::kSecondsFieldNumber)) {
        *second = static_cast<int64_t>(time.number());
      }
    }
    if (!time.ok()) return false;
  }
  return in.ok();
}

// Tells values of one key expression apart as the keys of states do.
EntityKey KeyOf(absl::string_view value) { return AggregateKey(0, value); }

}  // namespace

void BucketRebuilder::Begin(const scoring::AggregatePlan& plan,
                            const FieldSelection& fields) {
  plan_ = &plan;
  fields_ = &fields;
  steps_.clear();
}

absl::Status BucketRebuilder::Rebuild(const std::vector<LostBucket>& buckets,
                                      uint64_t left_out, uint64_t end,
                                      ReadOccurred read) {
  wanted_.clear();
  wanted_keys_.clear();
  for (const LostBucket& bucket : buckets) {
    wanted_.push_back(StepOf(bucket));
    wanted_keys_.push_back(KeyOf(bucket.key));
  }
  absl::Status status = ReadTo(end, read);
  if (!status.ok()) {
    steps_.clear();
    return status;
  }
  for (size_t i = 0; i < buckets.size(); ++i) {
    const LostBucket& bucket = buckets[i];
    all_.clear();
    for (const Kept& kept : wanted_[i]->kept) {
      if (!kept.is_dropped && kept.one.movement_key != left_out &&
          kept.key == wanted_keys_[i]) {
        all_.push_back(kept.one);
      }
    }
    RebuildBucket(plan_->shapes()[bucket.aggregate], bucket.step, all_,
                  bucket.state);
  }
  Evict();
  return absl::OkStatus();
}

BucketRebuilder::Step* BucketRebuilder::StepOf(const LostBucket& bucket) {
  const auto found =
      std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) {
        return step.aggregate == bucket.aggregate && step.step == bucket.step;
      });
  if (found != steps_.end()) {
    steps_.splice(steps_.begin(), steps_, found);
    return &steps_.front();
  }
  Step& step = steps_.emplace_front();
  step.aggregate = bucket.aggregate;
  step.step = bucket.step;
  step.period =
      PeriodOf(bucket.step, plan_->shapes()[bucket.aggregate].step_us);
  return &step;
}

absl::Status BucketRebuilder::ReadTo(uint64_t end, ReadOccurred read) {
  while (true) {
    // Those that have been read equally far are read on together.
    uint64_t begin = end;
    for (const Step* step : wanted_) begin = std::min(begin, step->read_to);
    if (begin == end) return absl::OkStatus();
    reading_.clear();
    Period period{INT64_MAX, INT64_MIN};
    for (Step* const step : wanted_) {
      if (step->read_to != begin) continue;
      step->read_to = end;
      reading_.push_back(step);
      period.begin_s = std::min(period.begin_s, step->period.begin_s);
      period.end_s = std::max(period.end_s, step->period.end_s);
    }
    absl::Status status =
        read(period, {begin, end},
             [&](uint64_t sequence, const StoredMovement& record) {
               return Take(sequence, record);
             });
    if (!status.ok()) return status;
  }
}

absl::Status BucketRebuilder::Take(uint64_t sequence,
                                   const StoredMovement& record) {
  int64_t second = 0;
  if (!SecondOf(record.movement, &second)) return RecordDamaged(sequence);
  auto corrected = CorrectedBy(sequence, record);
  if (!corrected.ok()) return corrected.status();
  const bool within = std::any_of(
      reading_.begin(), reading_.end(),
      [&](const Step* step) { return Holds(step->period, second); });
  if (!within && *corrected == 0) return absl::OkStatus();
  if (!fields_->Take(record.movement, &selected_) ||
      !movement_.ParseFromString(selected_)) {
    return RecordDamaged(sequence);
  }
  const uint64_t key =
      MovementKey(IdentityOf(movement_.source(), movement_.id()));
  if (*corrected > 0) {
    for (Step* const step : reading_) {
      const auto prior = step->by_movement.find(key);
      if (prior == step->by_movement.end()) continue;
      step->kept[prior->second].is_dropped = true;
      step->by_movement.erase(prior);
    }
  }
  if (!within) return absl::OkStatus();
  input_.Begin(*plan_, movement_);
  input_.Contributions(key, &contributions_);
  for (const AggregateContribution& one : contributions_) {
    for (Step* const step : reading_) {
      if (one.aggregate == step->aggregate && Holds(step->period, second)) {
        Keep(one, step);
      }
    }
  }
  return absl::OkStatus();
}

void BucketRebuilder::Keep(const AggregateContribution& one, Step* step) {
  const int64_t step_us = plan_->shapes()[one.aggregate].step_us;
  if (scoring::StepOf(one.time_us, step_us) != step->step ||
      !input_.StateKeyOf(plan_->GroupOf(one.aggregate), &key_)) {
    return;
  }
  const EntityKey key = KeyOf(key_);
  if (step->is_partial && std::find(wanted_keys_.begin(), wanted_keys_.end(),
                                    key) == wanted_keys_.end()) {
    return;
  }
  step->by_movement[one.movement_key] = step->kept.size();
  Kept& kept = step->kept.emplace_back();
  kept.key = key;
  kept.one = one;
  if (!one.text.empty()) {
    kept.one.text = step->texts.emplace_back(std::string(one.text));
  }
  if (step->kept.size() >= kKeptMax && !step->is_partial) {
    KeepOnly(wanted_keys_, step);
  }
}

void BucketRebuilder::KeepOnly(const std::vector<EntityKey>& keys, Step* step) {
  step->is_partial = true;
  std::vector<Kept> all = std::move(step->kept);
  step->kept.clear();
  step->by_movement.clear();
  for (const Kept& kept : all) {
    if (kept.is_dropped ||
        std::find(keys.begin(), keys.end(), kept.key) == keys.end()) {
      continue;
    }
    step->by_movement[kept.one.movement_key] = step->kept.size();
    step->kept.push_back(kept);
  }
}

void BucketRebuilder::Evict() {
  size_t kept = 0;
  for (auto step = steps_.begin(); step != steps_.end();) {
    kept += step->kept.size();
    const bool goes = step->is_partial || kept > kKeptMax;
    step = goes ? steps_.erase(step) : std::next(step);
  }
}

}  // namespace portrisk::service
