// HOT PATH. Nothing here makes room or meets a mark: that is for the long way
// (aggregate_ring.cc), which can do all this as well. What the two leave behind
// is the same, cell by cell.
#include "scoring/aggregate_append.h"

#include <algorithm>

#include "scoring/aggregate_window.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

// A ring where nothing moves any more.
struct Place {
  Place(const AggregateShape& shape, int ring, Cells* all)
      : cells(all),
        number(ring),
        columns(Columns(shape.function)),
        head(cells->mutable_data() + HeadAt(ring, *cells)),
        rows(cells->mutable_data() + head[kBegin]) {}

  int64_t* entries() const { return rows + columns * head[kRoom]; }
  int64_t* newest() const { return rows + columns * (head[kSize] - 1); }
  // Whether so many cells of entries fit.
  bool HasRoomFor(int entry_cells) const {
    const int64_t used = entries() - cells->data() + head[kEntriesUsed];
    return used + entry_cells <= EndOfRing(number, *cells);
  }

  Cells* cells;
  int number;
  int columns;
  int64_t* head;
  int64_t* rows;
};

// Whether a bucket of `step` is added, and whether it can be.
bool IsNew(int64_t step, const int64_t* head) { return step > head[kNewest]; }
bool HasRow(const int64_t* head) { return head[kSize] < head[kRoom]; }

void Append(const AggregateShape& shape, int64_t step, const Place& place) {
  ++place.head[kSize];
  place.newest()[0] = step;
  SlideWindow(Ring(shape, place.number, place.cells));
}

// To the count of the newest bucket, which is in the window. Of none that
// decays when it has entries.
void CountOne(const AggregateShape& shape, int64_t* row, int64_t* head) {
  row[1] += int64_t{1} << kCountShift;
  ++head[kInWindow];
  if (!shape.decay.empty()) {
    AddWide(static_cast<Int128>(shape.decay[0]), head + kDecayedCount);
  }
}

bool FoldNumber(const AggregateShape& shape, int64_t number, int64_t step,
                const Place& place) {
  int64_t sum = number;
  if (IsNew(step, place.head)) {
    if (!HasRow(place.head)) return false;
    Append(shape, step, place);
  } else if (place.columns > 2 &&
             __builtin_add_overflow(place.newest()[2], number, &sum)) {
    return false;
  }
  int64_t* const row = place.newest();
  CountOne(shape, row, place.head);
  if (place.columns == 2) return true;
  row[2] = sum;
  if (shape.decay.empty()) {
    AddWide(number, place.head + kWindowSum);
  } else {
    AddWide(Int128{number} * static_cast<Int128>(shape.decay[0]),
            place.head + kDecayedSum);
  }
  return true;
}

// The entry `own` has just come in behind all others of its value.
void MarkAsLast(int64_t* own, const Place& place) {
  int64_t* const head = place.head;
  int64_t* other = place.entries() + head[kEntriesBefore];
  const int64_t hash = *own;
  own[1] |= 1;
  if (head[kAnswer] > 0) {
    int64_t* const end = place.entries() + head[kEntriesUsed];
    for (; other < end; other += 2) {
      if (*other != hash || other == own || (other[1] & 1) == 0) continue;
      other[1] &= ~int64_t{1};
      return;
    }
  }
  ++head[kAnswer];
}

bool FoldHash(const AggregateShape& shape, uint64_t hash, int64_t step,
              const Place& place) {
  const bool added = IsNew(step, place.head);
  const int64_t kept = added ? 0 : place.newest()[2];
  if (kept == 2 * int64_t{kAggregateExactKept} || !place.HasRoomFor(2)) {
    return false;
  }
  if (added) {
    if (!HasRow(place.head)) return false;
    Append(shape, step, place);
  }
  int64_t* const row = place.newest();
  int64_t* const end = place.entries() + place.head[kEntriesUsed];
  int64_t* at = end;
  while (at > end - kept && hash < static_cast<uint64_t>(at[-2])) at -= 2;
  CountOne(shape, row, place.head);
  if (at > end - kept && hash == static_cast<uint64_t>(at[-2])) {
    at[-1] += 2;
    return true;
  }
  std::copy_backward(at, end, end + 2);
  at[0] = static_cast<int64_t>(hash);
  at[1] = 2;
  row[2] += 2;
  place.head[kEntriesUsed] += 2;
  MarkAsLast(at, place);
  return true;
}

bool IsBetter(const AggregateShape& shape, int64_t number, int64_t than) {
  return shape.function == Function::kMin ? number < than : number > than;
}

// The latest time, least or greatest number: of a new bucket, or better than
// all that the newest one has.
bool FoldBest(const AggregateShape& shape, int64_t number, int64_t step,
              const Place& place) {
  constexpr int64_t kCellsMost = 2 * int64_t{kAggregateBestKept};
  int64_t* const head = place.head;
  const bool added = IsNew(step, head);
  const int64_t kept = added ? 0 : place.newest()[2];
  if (kept < kCellsMost && !place.HasRoomFor(2)) return false;
  if (added) {
    if (!HasRow(head)) return false;
    Append(shape, step, place);
  }
  int64_t* const entry = place.entries() + head[kEntriesUsed] - kept;
  if (!added && !IsBetter(shape, number, *entry)) return false;
  int64_t* const row = place.newest();
  if (kept < kCellsMost) {
    row[2] += 2;
    head[kEntriesUsed] += 2;
  }
  const int64_t moved = std::min(kept, kCellsMost - 2);
  std::copy_backward(entry, entry + moved, entry + moved + 2);
  entry[0] = number;
  entry[1] = 2;
  if (head[kInWindow] == 0 || IsBetter(shape, number, head[kAnswer])) {
    head[kAnswer] = number;
  }
  CountOne(shape, row, head);
  return true;
}

bool FoldInto(const AggregateShape& shape, const AggregateContribution& one,
              int64_t step, const Place& place) {
  if (!HasEntries(shape.function)) {
    return FoldNumber(shape, one.number, step, place);
  }
  if (place.head[kMarked] != 0) return false;
  switch (shape.function) {
    case Function::kDistinct:
      return FoldHash(shape, one.hash, step, place);
    case Function::kTimeSince:
      return FoldBest(shape, one.time_us, step, place);
    case Function::kMin:
    case Function::kMax:
      return FoldBest(shape, one.number, step, place);
    default:
      return false;
  }
}

}  // namespace

bool FoldInOrder(const AggregateShape& shape, const AggregateContribution& one,
                 int64_t step, Cells* cells) {
  const int ring = FindRing(shape, *cells);
  if (ring < 0 || one.saturated) return false;
  const Place place(shape, ring, cells);
  if (place.head[kSize] == 0 || step < place.head[kNewest]) return false;
  const bool added = IsNew(step, place.head);
  if (!FoldInto(shape, one, step, place)) return false;
  if (added) Evict(Ring(shape, ring, cells));
  return true;
}

}  // namespace portrisk::scoring
