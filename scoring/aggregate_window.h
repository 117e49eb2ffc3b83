// What the head of a ring says of the window that ends with its newest bucket,
// so that a movement in order of time finds counts, sums and answers ready.
// Each time comes into the window once and leaves it once: the cost does not
// grow with the buckets of a window, except of decay and of corrections.
#ifndef PORTRISK_SCORING_AGGREGATE_WINDOW_H_
#define PORTRISK_SCORING_AGGREGATE_WINDOW_H_

#include "scoring/aggregate_cells.h"

namespace portrisk::scoring {

// Numbers of 128 bits in two cells, the low one first.
inline Int128 WideAt(const int64_t* cells) {
  return static_cast<Int128>(cells[1]) << 64 | static_cast<uint64_t>(cells[0]);
}
inline void AddWide(Int128 number, int64_t* cells) {
  const Int128 sum = WideAt(cells) + number;
  cells[0] = static_cast<int64_t>(sum);
  cells[1] = static_cast<int64_t>(sum >> 64);
}

// A ring while none of its cells move: pointers in the place of indices, few
// enough to be handed on in registers.
struct StillRing {
  explicit StillRing(const Ring& ring) : head(ring.head()), rows(ring.row(0)) {}
  StillRing(int number, Cells* cells)
      : head(cells->mutable_data() + HeadAt(number, *cells)),
        rows(cells->mutable_data() + head[kBegin]) {}

  // Of a ring with three columns.
  int64_t* entries() const { return rows + 3 * head[kRoom]; }

  int64_t* head;
  int64_t* rows;
};

// With decay, what heads keep is weighted as of a step that stays the same for
// a period of steps, about a half-life, so that nothing has to be added up anew
// with each step: the last before the newest that begins a period.
inline int64_t DecayPeriod(const AggregateShape& shape) {
  return (static_cast<int64_t>(shape.decay.size()) - shape.steps + 1) / 2;
}
inline int64_t DecayBase(const AggregateShape& shape, int64_t newest) {
  return newest - newest % DecayPeriod(shape);
}
// Of what is `age` steps older than the base; behind it the age is below zero.
inline uint64_t WeightAt(const AggregateShape& shape, int64_t age) {
  return shape.decay[static_cast<size_t>(age + DecayPeriod(shape) - 1)];
}

// Adds rows from `row` to before `end`, weighted as of `base`. `sum` stays
// where rows have none.
void AddWeighted(const AggregateShape& shape, int64_t base, const int64_t* row,
                 const int64_t* end, Int128* count, Int128* sum);

// After an empty bucket was appended: the window moves up to it.
void SlideWindow(const AggregateShape& shape, StillRing ring);

// After an empty bucket was inserted at row `at`, not the last.
void NoteInserted(const Ring& ring, int at);

// Makes it anew from the rows and entries.
void RefreshWindow(const Ring& ring);

// Lets go of the oldest buckets when the limits of the shape are passed: of
// more than would have to be, so that it is seldom. They are before the window.
void EvictOldest(const Ring& ring);
inline void Evict(const Ring& ring) {
  const AggregateShape& shape = ring.shape();
  const int64_t* const head = ring.head();
  const int64_t kept_most = shape.steps_kept + shape.steps_kept / 8;
  if (head[kSize] > shape.buckets_max ||
      (head[kSize] > 0 && head[kOldestKept] <= head[kNewest] - kept_most)) {
    EvictOldest(ring);
  }
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_WINDOW_H_
