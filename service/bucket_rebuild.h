// Buckets of aggregates that could not take a movement out, made anew from the
// journal, before anything else happens at the position of the correction.
//
// Costs a walk through what was recorded of the period of the bucket's step: a
// parse and a look at the key for each movement of it.
#ifndef PORTRISK_SERVICE_BUCKET_REBUILD_H_
#define PORTRISK_SERVICE_BUCKET_REBUILD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "portrisk/v1/aggregates.pb.h"
#include "scoring/aggregate_plan.h"
#include "service/occurrence_index.h"

namespace portrisk::service {

struct LostBucket {
  uint32_t aggregate = 0;  // In the plan.
  int64_t step = 0;
  std::string key;  // As AggregateInput::StateKeyOf gives it.
  v1::AggregateState* state = nullptr;
};

// From all records before `end` but the versions of `left_out`.
absl::Status RebuildBuckets(const scoring::AggregatePlan& plan,
                            const std::vector<LostBucket>& buckets,
                            uint64_t left_out, uint64_t end, ReadOccurred read);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_BUCKET_REBUILD_H_
