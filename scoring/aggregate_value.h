// The value of an aggregate as of a time. Pure; does not allocate once the
// buffers are warm.
#ifndef PORTRISK_SCORING_AGGREGATE_VALUE_H_
#define PORTRISK_SCORING_AGGREGATE_VALUE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "portrisk/v1/aggregates.pb.h"
#include "scoring/aggregate.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring {

struct AggregateResult {
  // False: nothing was counted and the function needs something, the window
  // reaches back to what has been let go of, or a bucket waits to be rebuilt.
  bool known = false;
  bool count_known = false;  // False: the window reaches too far back.
  bool approximate = false;  // Estimated, or a limit of the number was passed.
  bool needs_recompute = false;
  uint64_t count = 0;  // Contributions in the window.
  cel::Value value;    // Text points into the state.
};

// Memory that deriving needs; reused.
struct AggregateBuffers {
  std::vector<uint64_t> table;  // Hashes met.
  std::vector<uint8_t> registers;
  std::vector<std::pair<int64_t, int64_t>> weighted;  // Number, weight.
};

// The window is the `steps` steps that end with the one `time_us` lies in.
// `state` may be null: nothing is known under this key yet.
AggregateResult DeriveAggregate(const AggregateShape& shape,
                                const v1::AggregateState* state,
                                int64_t time_us, AggregateBuffers* buffers);

// Asks the processor for what deriving and folding will read of a state, which
// mostly comes from far away: a movement or two ahead, as soon as it is known
// which states those will read. First the heads of its rings, so many; when
// they are there, what they point to.
void PrefetchHeads(const v1::AggregateState& state, uint32_t aggregates);
void PrefetchBuckets(const v1::AggregateState& state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_VALUE_H_
