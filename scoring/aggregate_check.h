// Whether a state of aggregates that comes from a disk can be worked on.
#ifndef PORTRISK_SCORING_AGGREGATE_CHECK_H_
#define PORTRISK_SCORING_AGGREGATE_CHECK_H_

#include "absl/types/span.h"
#include "portrisk/v1/aggregates.pb.h"
#include "scoring/aggregate.h"

namespace portrisk::scoring {

// Folding and deriving take the numbers of a state at their word: where a ring
// begins, how many rows it has, how many cells the entries of a row take. This
// proves all that they rely on, so that a state of which it says true is never
// read or written beyond its end, whatever its values are. `shapes` are the
// aggregates that it may hold; a ring of any other one makes it false. As long
// as parsing takes.
bool IsWhole(absl::Span<const AggregateShape> shapes,
             const v1::AggregateState& state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_CHECK_H_
