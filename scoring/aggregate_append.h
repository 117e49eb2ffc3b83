// The common case of putting in, by itself: movements mostly come in order of
// time, to a ring that has room left, and go into its newest bucket or a new
// one behind it.
#ifndef PORTRISK_SCORING_AGGREGATE_APPEND_H_
#define PORTRISK_SCORING_AGGREGATE_APPEND_H_

#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_ring.h"

namespace portrisk::scoring {

// Does what FoldAggregate does, or nothing: then false, and it takes the long
// way.
bool FoldInOrder(const AggregateShape& shape,
                 const AggregateContribution& contribution, int64_t step,
                 Cells* cells);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_APPEND_H_
