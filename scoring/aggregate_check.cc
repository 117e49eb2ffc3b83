// In the order in which cells lie: directory, heads, rows, entries. Each step
// reads only what the steps before have proved to be there. At the end heads
// are made anew from the rows, which they always equal.
#include "scoring/aggregate_check.h"

#include <algorithm>
#include <vector>

#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_ring.h"
#include "scoring/aggregate_sketch.h"
#include "scoring/aggregate_window.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

constexpr int64_t kStepMax = int64_t{1} << 58;   // Microseconds to year 9999.
constexpr int64_t kCountMax = int64_t{1} << 44;  // Contributions of a bucket.

// One ring: rows and the room of its entries lie within its body.
struct Body {
  const AggregateShape& shape;
  const int64_t* head;
  const int64_t* rows;
  int columns;
  int64_t entries_room;

  const int64_t* row(int64_t at) const { return rows + at * columns; }
  int64_t mark(int64_t at) const { return row(at)[1] & kMarkMask; }
  int64_t count(int64_t at) const { return row(at)[1] >> kCountShift; }
  int64_t third(int64_t at) const { return row(at)[2]; }
};

bool IsWithin(int64_t value, int64_t least, int64_t most) {
  return value >= least && value <= most;
}

// Of equal values: how many there are, each at least once, no more than the
// bucket counted. One that waits to be made anew has entries of what it counts
// no more.
bool WeightsAreWhole(const Body& body, int64_t row, const int64_t* entries,
                     int64_t cells) {
  const bool waits = (body.mark(row) & kMarkNeedsRecompute) != 0;
  int64_t left = waits ? kCountMax : body.count(row);
  for (int64_t at = 1; at < cells; at += 2) {
    const int64_t weight = entries[at] >> 1;
    if (!IsWithin(weight, 1, left)) return false;
    left -= weight;
  }
  return true;
}

bool TextsAreWhole(const int64_t* entries, int64_t cells, int entry_cells) {
  for (int64_t at = 0; at < cells; at += entry_cells) {
    if (!IsWithin(entries[at + 2], 0, kAggregateTextBytesMax)) return false;
  }
  return true;
}

// How many entries a bucket keeps at most.
int64_t KeptMax(Function function, int64_t sketch) {
  if (function == Function::kQuantile && sketch != 0) return kAggregateBinsMax;
  return function == Function::kQuantile || function == Function::kDistinct
             ? kAggregateExactKept
             : kAggregateBestKept;
}

int64_t SketchMax(Function function) {
  if (function == Function::kDistinct) return 1;
  return function == Function::kQuantile ? kBinPrecision + 1 : 0;
}

// The entries of one row; `entries` has `room` cells.
bool EntriesAreWhole(const Body& body, int64_t row, const int64_t* entries,
                     int64_t room) {
  const AggregateShape& shape = body.shape;
  const int64_t cells = body.third(row);
  const int64_t sketch = body.mark(row) >> kMarkSketchShift;
  if (!IsWithin(cells, 0, room)) return false;
  if (shape.function == Function::kDistinct && sketch != 0) {
    return cells == kRegisterCells;
  }
  const int entry_cells = EntryCells(shape);
  if (cells % entry_cells != 0 ||
      cells / entry_cells > KeptMax(shape.function, sketch)) {
    return false;
  }
  if (!IsFirstOrLast(shape.function)) {
    return WeightsAreWhole(body, row, entries, cells);
  }
  return shape.unit != AggregateUnit::kText ||
         TextsAreWhole(entries, cells, entry_cells);
}

// Entries of all rows, one behind the other, and what the head says of them.
bool AllEntriesAreWhole(const Body& body) {
  const int64_t size = body.head[kSize];
  const int64_t* const begin = body.row(body.head[kRoom]);
  int64_t used = 0;
  int64_t before = 0;
  for (int64_t i = 0; i < size; ++i) {
    if (i == body.head[kFirst]) before = used;
    if (!EntriesAreWhole(body, i, begin + used, body.entries_room - used)) {
      return false;
    }
    used += body.third(i);
  }
  return used == body.head[kEntriesUsed] && before == body.head[kEntriesBefore];
}

// Rows in order of time.
bool RowsAreWhole(const Body& body) {
  const int64_t* const head = body.head;
  const int64_t size = head[kSize];
  if (size == 0) return head[kFirst] == 0;
  if (!IsWithin(head[kFirst], 0, size - 1)) return false;
  int64_t step_before = -1;
  for (int64_t i = 0; i < size; ++i) {
    const int64_t step = body.row(i)[0];
    if (!IsWithin(step, step_before + 1, kStepMax)) return false;
    step_before = step;
    if (!IsWithin(body.count(i), 0, kCountMax)) return false;
    if (body.mark(i) >> kMarkSketchShift > SketchMax(body.shape.function)) {
      return false;
    }
  }
  return head[kOldestKept] == body.row(0)[0];
}

// Whether the heads say what the rows do. All else has been proved.
bool HeadsAreWhole(const std::vector<const AggregateShape*>& shapes,
                   const Cells& cells) {
  Cells made = cells;
  for (size_t i = 0; i < shapes.size(); ++i) {
    RefreshWindow(Ring(*shapes[i], static_cast<int>(i), &made));
  }
  return std::equal(cells.begin(), cells.end(), made.begin());
}

// A ring whose body has `cells` cells.
bool RingIsWhole(const AggregateShape& shape, const int64_t* head,
                 const int64_t* rows, int64_t cells) {
  const int columns = Columns(shape.function);
  const int64_t room = head[kRoom];
  if (!IsWithin(room, 0, cells / columns) ||
      !IsWithin(head[kSize], 0, std::min<int64_t>(room, shape.buckets_max)) ||
      !IsWithin(head[kForgotten], 0, kStepMax)) {
    return false;
  }
  const Body body{shape, head, rows, columns, cells - room * columns};
  return RowsAreWhole(body) &&
         (!HasEntries(shape.function) || AllEntriesAreWhole(body));
}

}  // namespace

bool IsWhole(absl::Span<const AggregateShape> shapes,
             const v1::AggregateState& state) {
  const Cells& cells = state.cells();
  if (cells.empty()) return true;
  const int64_t* const data = cells.data();
  const int64_t size = cells.size();
  const int64_t rings = data[0];
  if (!IsWithin(rings, 0, (size - 1) / (1 + kHeadCells))) return false;
  const int64_t bodies = 1 + rings * (1 + kHeadCells);
  int64_t begin = bodies;
  std::vector<const AggregateShape*> found;
  for (int i = 0; i < rings; ++i) {
    const auto id = static_cast<uint64_t>(data[1 + i]);
    if (i > 0 && id <= static_cast<uint64_t>(data[i])) return false;
    const auto shape =
        std::find_if(shapes.begin(), shapes.end(),
                     [&](const AggregateShape& one) { return one.id == id; });
    if (shape == shapes.end()) return false;
    found.push_back(&*shape);
    const int64_t* const head = data + HeadAt(i, cells);
    const int64_t end = i + 1 == rings ? size : head[kHeadCells + kBegin];
    if (head[kBegin] != begin || !IsWithin(end, begin, size) ||
        !RingIsWhole(*shape, head, data + begin, end - begin)) {
      return false;
    }
    begin = end;
  }
  return rings == 0 ? size == 1 : HeadsAreWhole(found, cells);
}

}  // namespace portrisk::scoring
