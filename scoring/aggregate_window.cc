// HOT PATH (SlideWindow). Sums are differences of whole numbers, so that what
// was added and taken away in any order is what adding up anew gives.
#include "scoring/aggregate_window.h"

#include <algorithm>
#include <array>
#include <bit>

#include "scoring/aggregate_ring.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

// Twice the hashes that a window can have, at the least.
constexpr size_t kTableSlots =
    size_t{4} * kAggregateSketchStepsMax * kAggregateExactKept;

bool HasBest(Function function) {
  return function == Function::kMin || function == Function::kMax ||
         function == Function::kTimeSince;
}

// The best of the window's buckets; 0 when none has kept any.
void RefreshBest(const AggregateShape& shape, StillRing ring) {
  int64_t* const head = ring.head;
  const bool least = shape.function == Function::kMin;
  const int64_t* entry = ring.entries() + head[kEntriesBefore];
  int64_t best = 0;
  bool found = false;
  const int64_t* const end = ring.rows + 3 * head[kSize];
  for (const int64_t* row = ring.rows + 3 * head[kFirst]; row < end; row += 3) {
    const int64_t cells = row[2];
    if (cells == 0) continue;
    best = !found  ? *entry
           : least ? std::min(best, *entry)
                   : std::max(best, *entry);
    found = true;
    entry += cells;
  }
  head[kAnswer] = best;
}

// The same into what the head keeps, `times` times.
void AddDecayed(const AggregateShape& shape, const int64_t* row,
                const int64_t* end, int times, int64_t* head) {
  Int128 count = 0;
  Int128 sum = 0;
  AddWeighted(shape, DecayBase(shape, head[kNewest]), row, end, &count, &sum);
  AddWide(times * count, head + kDecayedCount);
  AddWide(times * sum, head + kDecayedSum);
}

void RefreshDecayed(const AggregateShape& shape, StillRing ring) {
  int64_t* const head = ring.head;
  const int columns = Columns(shape.function);
  std::fill_n(head + kDecayedCount, 4, 0);
  AddDecayed(shape, ring.rows + columns * head[kFirst],
             ring.rows + columns * head[kSize], 1, head);
}

// Entries of a bucket that leaves the window are nobody's last any more.
void UnmarkLast(int64_t* entry, const int64_t* end, int64_t* answer) {
  for (; entry < end; entry += 2) {
    *answer -= entry[1] & 1;
    entry[1] &= ~int64_t{1};
  }
}

// Of equal hashes in the window, the entry of the latest bucket is the last.
void RefreshLast(const Ring& ring) {
  int64_t* const head = ring.head();
  int64_t* const entries = ring.entries();
  int64_t at = 0;
  int64_t unused = 0;
  for (int i = 0; i < ring.size(); ++i) {
    const int64_t cells = ring.row(i)[2];
    const int64_t sketch = (ring.row(i)[1] & kMarkMask) >> kMarkSketchShift;
    if (sketch == 0) {
      UnmarkLast(entries + at, entries + at + cells, &unused);
    }
    at += cells;
  }
  head[kAnswer] = 0;
  if (head[kMarked] != 0) return;
  std::array<int64_t, kTableSlots> table;
  const auto number = static_cast<size_t>(at - head[kEntriesBefore]) / 2;
  const size_t slots = std::bit_ceil(2 * number + 1);
  std::fill_n(table.begin(), slots, 0);
  while ((at -= 2) >= head[kEntriesBefore]) {
    size_t slot = static_cast<uint64_t>(entries[at]) & (slots - 1);
    while (table[slot] != 0 && table[slot] != entries[at]) {
      slot = (slot + 1) & (slots - 1);
    }
    if (table[slot] != 0) continue;
    table[slot] = entries[at];
    entries[at + 1] |= 1;
    ++head[kAnswer];
  }
}

}  // namespace

void AddWeighted(const AggregateShape& shape, int64_t base, const int64_t* row,
                 const int64_t* end, Int128* count, Int128* sum) {
  const int64_t at_zero = base + DecayPeriod(shape) - 1;
  const bool sums = HasSums(shape.function);
  for (; row < end; row += sums ? 3 : 2) {
    const auto weight = static_cast<int64_t>(shape.decay[at_zero - row[0]]);
    *count += static_cast<Int128>(row[1] >> kCountShift) * weight;
    if (sums) *sum += static_cast<Int128>(row[2]) * weight;
  }
}

void SlideWindow(const AggregateShape& shape, StillRing ring) {
  const int columns = Columns(shape.function);
  int64_t* const head = ring.head;
  const int64_t newest = ring.rows[columns * (head[kSize] - 1)];
  const bool decays = !shape.decay.empty();
  const bool base_moves =
      decays && DecayBase(shape, head[kNewest]) != DecayBase(shape, newest);
  head[kNewest] = newest;
  const int64_t before = newest - shape.steps;
  const int64_t first = head[kFirst];
  if (first + 1 < head[kSize] && head[kOldest] > before) {
    // Nothing leaves.
    if (base_moves) RefreshDecayed(shape, ring);
    return;
  }
  const int64_t* row = ring.rows + columns * first;
  int64_t leaving = first;
  int64_t count = 0;
  Int128 third = 0;
  for (; row[0] <= before; row += columns, ++leaving) {
    count += row[1] >> kCountShift;
    if (columns > 2) third += row[2];
  }
  head[kFirst] = leaving;
  head[kOldest] = row[0];
  head[kInWindow] -= count;
  if (HasEntries(shape.function)) {
    int64_t* const entry = ring.entries() + head[kEntriesBefore];
    const auto cells = static_cast<int64_t>(third);
    head[kEntriesBefore] += cells;
    if (shape.function == Function::kDistinct && head[kMarked] == 0) {
      UnmarkLast(entry, entry + cells, head + kAnswer);
    } else if (leaving > first && HasBest(shape.function)) {
      RefreshBest(shape, ring);
    }
  } else if (base_moves) {
    RefreshDecayed(shape, ring);
  } else if (decays) {
    AddDecayed(shape, ring.rows + columns * first, row, -1, head);
  } else if (columns > 2) {
    AddWide(-third, head + kWindowSum);
  }
}

void NoteInserted(const Ring& ring, int at) {
  int64_t* const head = ring.head();
  const int64_t step = ring.step(at);
  if (step <= head[kNewest] - ring.shape().steps) {
    ++head[kFirst];
  } else if (at == head[kFirst]) {
    head[kOldest] = step;
  }
}

void RefreshWindow(const Ring& ring) {
  const AggregateShape& shape = ring.shape();
  int64_t* const head = ring.head();
  const bool has_entries = HasEntries(shape.function);
  const int64_t used = has_entries ? head[kEntriesUsed] : 0;
  head[kNewest] = head[kOldest] = head[kInWindow] = head[kMarked] = 0;
  head[kFirst] = 0;
  std::fill_n(head + kWindowSum, 4, 0);
  if (has_entries) head[kEntriesUsed] = used;
  const int size = ring.size();
  if (size == 0) return;
  head[kNewest] = ring.step(size - 1);
  for (int i = 0; i < size; ++i) {
    const int64_t* const row = ring.row(i);
    head[kMarked] += (row[1] & kMarkMask) != 0 ? 1 : 0;
    if (row[0] <= head[kNewest] - shape.steps) {
      head[kFirst] = i + 1;
      if (has_entries) head[kEntriesBefore] += row[2];
      continue;
    }
    head[kInWindow] += row[1] >> kCountShift;
    if (HasSums(shape.function)) AddWide(row[2], head + kWindowSum);
  }
  head[kOldest] = ring.step(static_cast<int>(head[kFirst]));
  if (!shape.decay.empty()) RefreshDecayed(shape, StillRing(ring));
  if (HasBest(shape.function)) RefreshBest(shape, StillRing(ring));
  if (shape.function == Function::kDistinct) RefreshLast(ring);
}

void EvictOldest(const Ring& ring) {
  const AggregateShape& shape = ring.shape();
  int64_t* const head = ring.head();
  const int size = ring.size();
  const int64_t oldest = head[kNewest] - shape.steps_kept + 1;
  const auto most = static_cast<int>(shape.buckets_max - shape.steps / 8);
  int gone = std::max(0, size - most);
  while (ring.step(gone) < oldest) ++gone;
  int64_t entries = 0;
  int64_t marked = 0;
  for (int i = 0; i < gone; ++i) {
    if (HasEntries(shape.function)) entries += ring.row(i)[2];
    marked += (ring.row(i)[1] & kMarkMask) != 0 ? 1 : 0;
  }
  head[kForgotten] = ring.step(gone - 1) + 1;
  head[kFirst] -= gone;
  head[kMarked] -= marked;
  if (HasEntries(shape.function)) {
    ring.EraseEntryCells(0, static_cast<int>(entries));
    head[kEntriesBefore] -= entries;
  }
  ring.EraseRows(0, gone);
  if (marked > 0 && head[kMarked] == 0) RefreshWindow(ring);
}

}  // namespace portrisk::scoring
