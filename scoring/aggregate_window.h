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

// After an empty bucket was appended: the window moves up to it.
void SlideWindow(const Ring& ring);

// After an empty bucket was inserted at row `at`, not the last.
void NoteInserted(const Ring& ring, int at);

// Makes it anew from the rows and entries.
void RefreshWindow(const Ring& ring);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_WINDOW_H_
