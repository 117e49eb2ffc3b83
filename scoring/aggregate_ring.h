// The state of aggregates: how a movement's contribution is put in, taken out,
// and how a bucket that could not undo is rebuilt. The only reader and writer
// of v1::AggregateState. Pure; no allocation once the state is warm.
//
// A correction is: UndoAggregate with what the old version of the movement
// contributed, then derive, then FoldAggregate with what the new one does.
#ifndef PORTRISK_SCORING_AGGREGATE_RING_H_
#define PORTRISK_SCORING_AGGREGATE_RING_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/aggregates.pb.h"
#include "scoring/aggregate.h"

namespace portrisk::scoring {

// What one movement adds to one aggregate. `text` points into the movement or
// the evaluation that made it.
struct AggregateContribution {
  uint32_t aggregate = 0;  // In the plan.
  bool saturated = false;
  int64_t time_us = 0;
  uint64_t movement_key = 0;
  int64_t number = 0;  // Of what works on numbers.
  uint64_t hash = 0;   // Of distinct.
  absl::string_view text;
};

// Bits of a bucket's mark. Above them is how it is approximated, 0 when it is
// exact: 1 for registers, the precision of bins plus 1.
inline constexpr int64_t kMarkSaturated = 1;
inline constexpr int64_t kMarkNeedsRecompute = 2;
inline constexpr int kMarkSketchShift = 2;

// Puts a contribution in. One before the oldest bucket that is kept, or before
// 1970, changes nothing.
void FoldAggregate(const AggregateShape& shape,
                   const AggregateContribution& contribution,
                   v1::AggregateState* state);

enum class UndoResult : uint8_t {
  kDone,
  kForgotten,       // Its bucket has been let go of, or was never there.
  kNeedsRecompute,  // Taken off the count; the rest is marked as wrong.
};

// Takes a contribution out that was put in before.
UndoResult UndoAggregate(const AggregateShape& shape,
                         const AggregateContribution& contribution,
                         v1::AggregateState* state);

// Makes the bucket of `step` anew from all contributions in it, in journal
// order, whatever it holds. Those of other steps are ignored.
void RebuildBucket(const AggregateShape& shape, int64_t step,
                   absl::Span<const AggregateContribution> contributions,
                   v1::AggregateState* state);

// Lets go of the rings of other aggregates than `ids`, which are ascending.
void KeepOnly(absl::Span<const uint64_t> ids, v1::AggregateState* state);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_RING_H_
