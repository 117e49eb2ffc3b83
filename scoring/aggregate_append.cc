// HOT PATH. Nothing here makes room or meets a mark: that is for the long way
// (aggregate_ring.cc), which can do all this as well. What the two leave behind
// is the same, cell by cell.
#include "scoring/aggregate_append.h"

#include <algorithm>

#include "scoring/aggregate_window.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

// The row of the newest bucket, which `step` goes into; of a new one, for which
// there is room, when it is later.
template <int kColumns>
int64_t* RowFor(const AggregateShape& shape, int64_t step, StillRing ring) {
  int64_t* const row = ring.rows + kColumns * (ring.head[kSize] - 1);
  if (step == ring.head[kNewest]) return row;
  ++ring.head[kSize];
  row[kColumns] = step;
  SlideWindow(shape, ring);
  return row + kColumns;
}

// To the count of the newest bucket, which is in the window.
void CountOne(int64_t* row, int64_t* head) {
  row[1] += int64_t{1} << kCountShift;
  ++head[kInWindow];
}

// What it weighs is returned.
Int128 DecayOne(const AggregateShape& shape, int64_t* head) {
  const int64_t newest = head[kNewest];
  const Int128 weight = WeightAt(shape, DecayBase(shape, newest) - newest);
  AddWide(weight, head + kDecayedCount);
  return weight;
}

bool FoldCount(const AggregateShape& shape, int64_t step, StillRing ring) {
  CountOne(RowFor<2>(shape, step, ring), ring.head);
  if (!shape.decay.empty()) DecayOne(shape, ring.head);
  return true;
}

bool FoldNumber(const AggregateShape& shape, int64_t number, int64_t step,
                StillRing ring) {
  int64_t sum;
  const int64_t before = ring.rows[3 * ring.head[kSize] - 1];
  if (step == ring.head[kNewest] &&
      __builtin_add_overflow(before, number, &sum)) {
    return false;
  }
  int64_t* const row = RowFor<3>(shape, step, ring);
  CountOne(row, ring.head);
  row[2] += number;
  if (shape.decay.empty()) {
    AddWide(number, ring.head + kWindowSum);
  } else {
    AddWide(number * DecayOne(shape, ring.head), ring.head + kDecayedSum);
  }
  return true;
}

// Cells of entries of the bucket that `step` goes into.
int64_t KeptAt(int64_t step, StillRing ring) {
  return step == ring.head[kNewest] ? ring.rows[3 * ring.head[kSize] - 1] : 0;
}

// Whether one entry more fits into a ring that ends at `end`.
bool HasRoom(StillRing ring, const int64_t* end) {
  return ring.entries() + ring.head[kEntriesUsed] + 2 <= end;
}

// The entry `own` has just come in behind all others of its value.
void MarkAsLast(int64_t* own, StillRing ring) {
  int64_t* const head = ring.head;
  int64_t* other = ring.entries() + head[kEntriesBefore];
  const int64_t hash = *own;
  own[1] |= 1;
  if (head[kAnswer] > 0) {
    int64_t* const end = ring.entries() + head[kEntriesUsed];
    for (; other < end; other += 2) {
      if (*other != hash || other == own || (other[1] & 1) == 0) continue;
      other[1] &= ~int64_t{1};
      return;
    }
  }
  ++head[kAnswer];
}

bool FoldHash(const AggregateShape& shape, uint64_t hash, int64_t step,
              StillRing ring, const int64_t* ring_end) {
  const int64_t kept = KeptAt(step, ring);
  if (kept == 2 * int64_t{kAggregateExactKept} || !HasRoom(ring, ring_end)) {
    return false;
  }
  int64_t* const row = RowFor<3>(shape, step, ring);
  int64_t* const end = ring.entries() + ring.head[kEntriesUsed];
  int64_t* at = end;
  while (at > end - kept && hash < static_cast<uint64_t>(at[-2])) at -= 2;
  CountOne(row, ring.head);
  if (at > end - kept && hash == static_cast<uint64_t>(at[-2])) {
    at[-1] += 2;
    return true;
  }
  std::copy_backward(at, end, end + 2);
  at[0] = static_cast<int64_t>(hash);
  at[1] = 2;
  row[2] += 2;
  ring.head[kEntriesUsed] += 2;
  MarkAsLast(at, ring);
  return true;
}

bool IsBetter(const AggregateShape& shape, int64_t number, int64_t than) {
  return shape.function == Function::kMin ? number < than : number > than;
}

// The latest time, least or greatest number: of a new bucket, or better than
// all that the newest one has.
bool FoldBest(const AggregateShape& shape, int64_t number, int64_t step,
              StillRing ring, const int64_t* ring_end) {
  constexpr int64_t kCellsMost = 2 * int64_t{kAggregateBestKept};
  int64_t* const head = ring.head;
  const int64_t kept = KeptAt(step, ring);
  if (kept < kCellsMost && !HasRoom(ring, ring_end)) return false;
  int64_t* const entry = ring.entries() + head[kEntriesUsed] - kept;
  if (step == head[kNewest] && !IsBetter(shape, number, *entry)) return false;
  int64_t* const row = RowFor<3>(shape, step, ring);
  if (kept < kCellsMost) {
    row[2] += 2;
    head[kEntriesUsed] += 2;
  }
  for (int64_t i = std::min(kept, kCellsMost - 2); i > 0; --i) {
    entry[i + 1] = entry[i - 1];
  }
  entry[0] = number;
  entry[1] = 2;
  if (head[kInWindow] == 0 || IsBetter(shape, number, head[kAnswer])) {
    head[kAnswer] = number;
  }
  CountOne(row, head);
  return true;
}

bool FoldInto(const AggregateShape& shape, const AggregateContribution& one,
              int64_t step, StillRing ring, const int64_t* ring_end) {
  switch (shape.function) {
    case Function::kCount:
      return FoldCount(shape, step, ring);
    case Function::kSum:
    case Function::kMean:
      return FoldNumber(shape, one.number, step, ring);
    case Function::kDistinct:
      return FoldHash(shape, one.hash, step, ring, ring_end);
    case Function::kTimeSince:
      return FoldBest(shape, one.time_us, step, ring, ring_end);
    case Function::kMin:
    case Function::kMax:
      return FoldBest(shape, one.number, step, ring, ring_end);
    default:
      return false;
  }
}

}  // namespace

bool FoldInOrder(const AggregateShape& shape, const AggregateContribution& one,
                 int64_t step, Cells* cells) {
  const int number = FindRing(shape, *cells);
  if (number < 0 || one.saturated) return false;
  const StillRing ring(number, cells);
  const int64_t* const head = ring.head;
  if (head[kSize] == 0 || step < head[kNewest] ||
      (head[kMarked] != 0 && HasEntries(shape.function))) {
    return false;
  }
  const bool added = step > head[kNewest];
  if (added && head[kSize] == head[kRoom]) return false;
  const int64_t* const end = cells->data() + EndOfRing(number, *cells);
  if (!FoldInto(shape, one, step, ring, end)) return false;
  if (added) Evict(Ring(shape, number, cells));
  return true;
}

}  // namespace portrisk::scoring
