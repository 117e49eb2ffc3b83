// Buckets of aggregates that could not take a movement out, made anew from the
// journal, before anything else happens at the position of the correction.
//
// The first of a step costs a walk through what was recorded of the period of
// that step, and the loop waits for it (bench/README, row I). What counts in
// the step is kept, whatever its key, so that a run of corrections of one day
// reads the journal once: the next one reads what was recorded since.
#ifndef PORTRISK_SERVICE_BUCKET_REBUILD_H_
#define PORTRISK_SERVICE_BUCKET_REBUILD_H_

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "portrisk/v1/aggregates.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/aggregate_plan.h"
#include "service/entity_key.h"
#include "service/field_selection.h"
#include "service/occurrence_index.h"

namespace portrisk::service {

struct LostBucket {
  uint32_t aggregate = 0;  // In the plan.
  int64_t step = 0;
  std::string key;  // As AggregateInput::StateKeyOf gives it.
  v1::AggregateState* state = nullptr;
};

// Of one plan and one journal, in the order of its positions.
class BucketRebuilder {
 public:
  // Contributions that are kept, of all steps together. More means fewer walks
  // for corrections that go back and forth between days, and 100 bytes each.
  static constexpr size_t kKeptMax = 500'000;

  // Forgets what is kept, and works with this plan.
  void Begin(const scoring::AggregatePlan& plan, const FieldSelection& fields);

  // From all records before `end` but the versions of `left_out`.
  absl::Status Rebuild(const std::vector<LostBucket>& buckets,
                       uint64_t left_out, uint64_t end, ReadOccurred read);

 private:
  struct Kept {
    EntityKey key;
    bool is_dropped = false;  // A later version has taken its place.
    scoring::AggregateContribution one;
  };
  // What is in force in one step of one aggregate.
  struct Step {
    uint32_t aggregate = 0;
    int64_t step = 0;
    Period period;
    uint64_t read_to = 1;  // Positions before it have been read.
    // Of one key only, since there was no room: for this time alone.
    bool is_partial = false;
    std::vector<Kept> kept;         // In journal order.
    std::deque<std::string> texts;  // That contributions point into.
    absl::flat_hash_map<uint64_t, size_t> by_movement;
  };

  Step* StepOf(const LostBucket& bucket);
  // Reads what the steps have not got of what lies before `end`.
  absl::Status ReadTo(uint64_t end, ReadOccurred read);
  absl::Status Take(uint64_t sequence, const StoredMovement& record);
  void Keep(const scoring::AggregateContribution& one, Step* step);
  void KeepOnly(const std::vector<EntityKey>& keys, Step* step);
  void Evict();

  const scoring::AggregatePlan* plan_ = nullptr;
  const FieldSelection* fields_ = nullptr;
  std::list<Step> steps_;      // The one that was used last comes first.
  std::vector<Step*> wanted_;  // By what is being made anew.
  std::vector<Step*> reading_;
  std::vector<EntityKey> wanted_keys_;

  // Reused.
  v1::Movement movement_;
  scoring::AggregateInput input_;
  std::vector<scoring::AggregateContribution> contributions_;
  std::vector<scoring::AggregateContribution> all_;
  std::string key_;
  std::string selected_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_BUCKET_REBUILD_H_
