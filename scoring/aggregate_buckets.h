// The value of an aggregate from the buckets of a window, whichever it is: of a
// movement that comes late, of buckets with marks, and of what no head says.
#ifndef PORTRISK_SCORING_AGGREGATE_BUCKETS_H_
#define PORTRISK_SCORING_AGGREGATE_BUCKETS_H_

#include <cstdint>

#include "scoring/aggregate.h"
#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_value.h"

namespace portrisk::scoring {

// Of the window that ends with `last_step`, which reaches no further back than
// what is known.
void DeriveFromBuckets(const AggregateShape& shape, const RingView& ring,
                       int64_t last_step, int64_t time_us,
                       AggregateBuffers* buffers, AggregateResult* out);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_BUCKETS_H_
