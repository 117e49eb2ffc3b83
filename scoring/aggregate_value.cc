// HOT PATH. Budget: 80 ns an aggregate (bench/aggregate_bench). Forbidden: the
// heap. Movements mostly come in order of time: the head of a ring then says
// what is in the window, and what has left it since is taken away. All else is
// for aggregate_buckets.cc, which can do this as well.
#include "scoring/aggregate_value.h"

#include <algorithm>

#include "scoring/aggregate_answer.h"
#include "scoring/aggregate_buckets.h"
#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_window.h"

namespace portrisk::scoring {
namespace {

using cel::Value;
using Function = AggregateFunction;

// The window that the head is about without its oldest buckets.
struct Rest {
  const int64_t* first;  // The row it begins with.
  int64_t count;         // Contributions.
  Int128 third_gone;     // Total of the third column of what is left out.
};

// `first_step` is not beyond the newest bucket.
Rest RestOf(const RingView& ring, int64_t first_step) {
  const int64_t* row = ring.rows + ring.columns * ring.first();
  int64_t count = ring.head[kInWindow];
  Int128 third = 0;
  for (; row[0] < first_step; row += ring.columns) {
    count -= row[1] >> kCountShift;
    if (ring.columns > 2) third += row[2];
  }
  return {row, count, third};
}

// How many different values are left: the head's less those whose last entry
// is in a bucket that is left out.
int64_t DifferentIn(const Rest& rest, const RingView& ring) {
  int64_t different = ring.head[kAnswer];
  if (rest.third_gone == 0) return different;
  const int64_t* entry = ring.entries() + ring.head[kEntriesBefore];
  const int64_t* const end = entry + static_cast<int64_t>(rest.third_gone);
  for (; entry < end; entry += 2) different -= entry[1] & 1;
  return different;
}

// The common case, by itself: no bucket is newer than the movement and none has
// a mark, so that the head answers, and what has left the window since. Nothing
// that decays. False when it takes more than that.
bool DeriveNewest(const AggregateShape& shape, const RingView& ring,
                  int64_t first_step, int64_t time_us, AggregateResult* out) {
  const Rest rest = RestOf(ring, first_step);
  out->count_known = true;
  out->count = static_cast<uint64_t>(rest.count);
  switch (shape.function) {
    case Function::kCount:
      SetCount(out);
      return true;
    case Function::kSum:
      SetSum(shape, WideAt(ring.head + kWindowSum) - rest.third_gone, out);
      return true;
    case Function::kMean:
      SetMean(shape, WideAt(ring.head + kWindowSum) - rest.third_gone, out);
      return true;
    case Function::kTimeSince:  // The newest bucket has the latest.
      SetBest(shape, ring.head[kAnswer], time_us, out);
      return true;
    case Function::kMin:
    case Function::kMax:
      if (rest.third_gone != 0) return false;
      SetBest(shape, ring.head[kAnswer], time_us, out);
      return true;
    case Function::kDistinct:
      out->known = true;
      out->value = Value::Int(DifferentIn(rest, ring));
      return true;
    default:
      return false;
  }
}

}  // namespace

AggregateResult DeriveAggregate(const AggregateShape& shape,
                                const v1::AggregateState* state,
                                int64_t time_us, AggregateBuffers* buffers) {
  AggregateResult out;
  const int number = state == nullptr ? -1 : FindRing(shape, state->cells());
  if (number < 0) {
    SetEmpty(shape, &out);
    return out;
  }
  const RingView ring(shape.function, state->cells(), number);
  const int64_t* const head = ring.head;
  const int64_t last_step = shape.StepOf(time_us);
  const int64_t first_step = last_step - shape.steps + 1;
  if (head[kForgotten] != 0 && first_step < head[kForgotten]) return out;
  if (head[kNewest] < first_step) {
    SetEmpty(shape, &out);
  } else if (head[kNewest] > last_step || head[kMarked] != 0 ||
             head[kInWindow] == 0 || !shape.decay.empty() ||
             !DeriveNewest(shape, ring, first_step, time_us, &out)) {
    DeriveFromBuckets(shape, ring, last_step, time_us, buffers, &out);
  }
  return out;
}

void PrefetchHeads(const v1::AggregateState& state, uint32_t aggregates) {
  const Cells& cells = state.cells();
  const int most = 1 + static_cast<int>(aggregates) * (1 + kHeadCells);
  const int cells_of_line = 8;
  const int64_t* const data = cells.data();
  const int size = std::min(cells.size(), most);
  for (int i = 0; i < size; i += cells_of_line) __builtin_prefetch(data + i);
}

void PrefetchBuckets(const v1::AggregateState& state) {
  const Cells& cells = state.cells();
  const int64_t* const data = cells.data();
  const int rings = Rings(cells);
  for (int i = 0; i < rings; ++i) {
    const int64_t* const head = data + HeadAt(i, cells);
    const int64_t* const rows = data + head[kBegin];
    const int64_t* const end = data + EndOfRing(i, cells);
    // A ring that counts has no entries and two columns, all others three.
    const int64_t columns = end - rows == 2 * head[kRoom] ? 2 : 3;
    const int64_t* const entries = rows + columns * head[kRoom];
    __builtin_prefetch(rows + columns * head[kFirst]);
    __builtin_prefetch(rows + columns * head[kSize]);
    if (entries < end) __builtin_prefetch(entries + head[kEntriesUsed]);
  }
}

}  // namespace portrisk::scoring
