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

// The window that the head is about, less its oldest buckets.
struct Rest {
  int64_t count;    // Contributions.
  Int128 gone = 0;  // Total of the third column of what is left out,
  const int64_t* row = nullptr;  // and its end; null: nothing is.
};

// `first_step` is not beyond the newest bucket. Rows are read only when some
// have left: they mostly have to come from memory.
Rest RestOf(const RingView& ring, int64_t first_step) {
  Rest rest{ring.head[kInWindow]};
  if (ring.head[kOldest] >= first_step) return rest;
  const int64_t* row = ring.rows + ring.columns * ring.first();
  for (; row[0] < first_step; row += ring.columns) {
    rest.count -= row[1] >> kCountShift;
    if (ring.columns > 2) rest.gone += row[2];
  }
  rest.row = row;
  return rest;
}

// With decay, what the head says less what is left out.
Decayed DecayedIn(const Rest& rest, const AggregateShape& shape,
                  const RingView& ring, int64_t last_step) {
  const int64_t* const head = ring.head;
  const int64_t base = DecayBase(shape, head[kNewest]);
  Decayed gone;
  if (rest.row != nullptr) {
    AddWeighted(shape, base, ring.rows + ring.columns * ring.first(), rest.row,
                &gone.count, &gone.sum);
  }
  return {WideAt(head + kDecayedCount) - gone.count,
          WideAt(head + kDecayedSum) - gone.sum, last_step - base};
}

// How many different values are left: the head's less those whose last entry
// is in a bucket that is left out.
int64_t DifferentIn(const Rest& rest, const RingView& ring) {
  int64_t different = ring.head[kAnswer];
  if (rest.gone == 0) return different;
  const int64_t* entry = ring.entries() + ring.head[kEntriesBefore];
  const int64_t* const end = entry + static_cast<int64_t>(rest.gone);
  for (; entry < end; entry += 2) different -= entry[1] & 1;
  return different;
}

// The common case, by itself: no bucket is newer than the movement and none has
// a mark, so that the head answers, and what has left the window since. False
// when it takes more than that.
bool DeriveNewest(const AggregateShape& shape, const RingView& ring,
                  int64_t last_step, int64_t time_us, AggregateResult* out) {
  const int64_t* const head = ring.head;
  const Rest rest = RestOf(ring, last_step - shape.steps + 1);
  out->count_known = true;
  out->count = static_cast<uint64_t>(rest.count);
  if (!shape.decay.empty()) {
    SetDecayed(shape, DecayedIn(rest, shape, ring, last_step), out);
    return true;
  }
  switch (shape.function) {
    case Function::kCount:
      SetCount(out);
      return true;
    case Function::kSum:
      SetSum(shape, WideAt(head + kWindowSum) - rest.gone, out);
      return true;
    case Function::kMean:
      SetMean(shape, WideAt(head + kWindowSum) - rest.gone, out);
      return true;
    case Function::kTimeSince:  // The newest bucket has the latest.
      SetBest(shape, head[kAnswer], time_us, out);
      return true;
    case Function::kMin:
    case Function::kMax:
      if (rest.gone != 0) return false;
      SetBest(shape, head[kAnswer], time_us, out);
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
  const int64_t before = last_step - shape.steps;
  if (head[kForgotten] != 0 && before + 1 < head[kForgotten]) return out;
  if (head[kNewest] <= before) {
    SetEmpty(shape, &out);
  } else if (head[kNewest] > last_step || head[kMarked] != 0 ||
             head[kInWindow] == 0 ||
             !DeriveNewest(shape, ring, last_step, time_us, &out)) {
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
  const int64_t* head = data + HeadAt(0, cells);
  for (int i = 1; i <= rings; ++i, head += kHeadCells) {
    const int64_t* const rows = data + head[kBegin];
    const int64_t* const end =
        data + (i == rings ? cells.size() : head[kHeadCells + kBegin]);
    // A ring that counts has no entries and two columns, all others three.
    const int64_t columns = end - rows == 2 * head[kRoom] ? 2 : 3;
    const int64_t* const entries = rows + columns * head[kRoom];
    __builtin_prefetch(rows + columns * head[kFirst]);
    __builtin_prefetch(rows + columns * head[kSize]);
    if (entries < end) __builtin_prefetch(entries + head[kEntriesUsed]);
  }
}

}  // namespace portrisk::scoring
