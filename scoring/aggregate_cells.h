// The block of numbers that is the state under one key, and the buckets in it.
// For aggregate_ring.cc, which changes it, and aggregate_value.cc, which reads.
//
//   directory   number of rings, their ids in order
//   heads       of each ring, what HeadCell says
//   bodies      of each ring: rows, one a bucket in order of time and room for
//               more: step, count * 256 + marks, and unless it only counts its
//               sum or the number of cells of its entries; then entries, bucket
//               after bucket, and room for more
//   entry       what EntryCells says; or, instead of entries, registers
//
// Room that is not taken is zero. What heads say of a window is always what
// aggregate_window.h would make of the rows.
#ifndef PORTRISK_SCORING_AGGREGATE_CELLS_H_
#define PORTRISK_SCORING_AGGREGATE_CELLS_H_

#include <bit>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "scoring/aggregate.h"
#include "scoring/limits.h"

namespace portrisk::scoring {

using Cells = google::protobuf::RepeatedField<int64_t>;

// Texts and registers are bytes of cells.
static_assert(std::endian::native == std::endian::little);

// What is read at every derivation comes first. "The window" is the one that
// ends with the step of the newest bucket.
enum HeadCell : int {
  kNewest,     // Step of the newest bucket.
  kOldest,     // Step of the first bucket of the window.
  kInWindow,   // Contributions in the window.
  kForgotten,  // The step before which nothing is known; 0: nothing is lost.
  kMarked,     // Buckets with a mark.
  // By function, from here on.
  kWindowSum,                       // Two cells.
  kDecayedCount = kWindowSum,       // Two cells, as of DecayBase,
  kDecayedSum = kWindowSum + 2,     // and two.
  kAnswer = kWindowSum,             // Of the window: min, max, the latest time,
                                    // how many different values.
  kEntriesUsed = kWindowSum + 1,    // Cells of entries,
  kEntriesBefore = kWindowSum + 2,  // those before the window.
  kBegin = kWindowSum + 4,          // Index of the first cell of the body.
  kFirst,                           // The first bucket of the window.
  kOldestKept,                      // Step of the first bucket of all.
  kSize,                            // Buckets.
  kRoom,                            // Rows there is room for.
  kHeadCells,
};

inline constexpr int kCountShift = 8;  // Of a count, above the mark.
inline constexpr int64_t kMarkMask = (1 << kCountShift) - 1;
inline constexpr int kRegisterCells = kAggregateRegisters / 8;
inline constexpr int kTextCells = kAggregateTextBytesMax / 8;

inline bool HasSums(AggregateFunction f) {
  return f == AggregateFunction::kSum || f == AggregateFunction::kMean;
}
inline bool HasEntries(AggregateFunction f) {
  return f != AggregateFunction::kCount && !HasSums(f);
}
inline bool IsFirstOrLast(AggregateFunction f) {
  return f == AggregateFunction::kFirst || f == AggregateFunction::kLast;
}
// Cells of a row.
inline int Columns(AggregateFunction f) {
  return f == AggregateFunction::kCount ? 2 : 3;
}
// Time, tag, number; or time, tag, length, text; or number or tag, and twice
// the weight, plus one when the value does not come again in the window
// (distinct).
inline int EntryCells(const AggregateShape& shape) {
  if (!IsFirstOrLast(shape.function)) return 2;
  return shape.unit == AggregateUnit::kText ? 3 + kTextCells : 3;
}

inline int Rings(const Cells& cells) {
  return cells.empty() ? 0 : static_cast<int>(cells.Get(0));
}
inline int HeadAt(int ring, const Cells& cells) {
  return 1 + Rings(cells) + ring * kHeadCells;
}

// Behind the last cell of a ring's body.
inline int EndOfRing(int ring, const Cells& cells) {
  const bool is_last = ring + 1 == Rings(cells);
  return is_last
             ? cells.size()
             : static_cast<int>(cells.data()[HeadAt(ring + 1, cells) + kBegin]);
}

// The number of a ring, or -1. It keeps it until a ring is added or erased.
int SearchRing(uint64_t id, const Cells& cells);
inline int FindRing(const AggregateShape& shape, const Cells& cells) {
  const auto at = static_cast<int>(shape.position);
  const bool there = at < Rings(cells) &&
                     cells.data()[1 + at] == static_cast<int64_t>(shape.id);
  return there ? at : SearchRing(shape.id, cells);
}
int ObtainRing(const AggregateShape& shape, Cells* cells);
void EraseRing(int ring, Cells* cells);

// A ring to be read.
struct RingView {
  RingView(AggregateFunction function, const Cells& cells, int ring)
      : head(cells.data() + HeadAt(ring, cells)),
        rows(cells.data() + head[kBegin]),
        columns(Columns(function)) {}

  int first() const { return static_cast<int>(head[kFirst]); }
  int size() const { return static_cast<int>(head[kSize]); }
  int64_t step(int row) const { return rows[row * columns]; }
  int64_t count(int row) const {
    return rows[row * columns + 1] >> kCountShift;
  }
  int64_t mark(int row) const { return rows[row * columns + 1] & kMarkMask; }
  int64_t third(int row) const { return rows[row * columns + 2]; }
  const int64_t* entries() const { return rows + columns * head[kRoom]; }

  const int64_t* head;
  const int64_t* rows;
  int columns;
};

// A ring to be changed: indices, because cells move when one grows. Valid
// until a ring is added or erased.
class Ring {
 public:
  Ring() = default;
  Ring(const AggregateShape& shape, int number, Cells* cells)
      : shape_(&shape),
        cells_(cells),
        number_(number),
        head_(HeadAt(number, *cells)),
        columns_(Columns(shape.function)) {}

  const AggregateShape& shape() const { return *shape_; }
  int64_t* head() const { return cells_->mutable_data() + head_; }
  int size() const { return static_cast<int>(head()[kSize]); }
  int64_t* row(int index) const {
    return cells_->mutable_data() + head()[kBegin] + index * columns_;
  }
  int64_t step(int index) const { return row(index)[0]; }
  int64_t* entries() const { return row(static_cast<int>(head()[kRoom])); }

  void InsertRow(int at, int64_t step) const;
  void EraseRows(int at, int number) const;
  void InsertEntryCells(int at, int number) const;
  void EraseEntryCells(int at, int number) const;

 private:
  void Grow() const;

  const AggregateShape* shape_ = nullptr;
  Cells* cells_ = nullptr;
  int number_ = 0;
  int head_ = 0;
  int columns_ = 0;
};

// A contribution as an entry, or several equal ones.
struct KeptEntry {
  int64_t number = 0;
  uint64_t tag = 0;
  int64_t time_us = 0;
  absl::string_view text;
};

// One bucket. Valid until another one of the state is added or taken away.
class Bucket {
 public:
  // The bucket of `step`; added, empty, when there is none: then `added`.
  static Bucket Obtain(const Ring& ring, int64_t step, bool* added);
  // False when there is none.
  static bool Find(const Ring& ring, int64_t step, Bucket* bucket);
  Bucket() = default;

  const Ring& ring() const { return ring_; }
  int64_t count() const { return ring_.row(at_)[1] >> kCountShift; }
  int64_t mark() const { return ring_.row(at_)[1] & kMarkMask; }
  int64_t sum() const { return ring_.row(at_)[2]; }
  // The window's counts and sums follow.
  void Set(int64_t count, int64_t mark);
  void SetSum(int64_t sum);

  // Entries are numbered from 0 in the order of the function: what comes first
  // is the least, the greatest, the earliest, the latest.
  int kept() const {
    return static_cast<int>(ring_.row(at_)[2]) / EntryCells(ring_.shape());
  }
  // The first entry that `entry` does not come behind.
  int Seek(const KeptEntry& entry) const;
  bool Equals(const KeptEntry& entry, int index) const {
    return Compare(entry, index) == 0;
  }
  // Contributions that the entries stand for.
  int64_t KeptWeight() const;
  // Of an entry: its number or tag, and its weight.
  int64_t& value(int index) { return *Entry(index); }
  int64_t weight(int index) const { return Entry(index)[1] >> 1; }
  void AddWeight(int index, int64_t weight) { Entry(index)[1] += 2 * weight; }
  void Insert(int index, const KeptEntry& entry);
  void Erase(int index, int number = 1);

  // After entries were added, the window's answer (min, max, time_since).
  void ImproveAnswer();
  // After entry `index` was inserted: which of those with its value is the
  // window's last (distinct).
  void MarkLast(int index);

  // Instead of entries: makes registers, all zero.
  void AddRegisters();
  uint8_t* registers() { return reinterpret_cast<uint8_t*>(Entry(0)); }

  // Takes everything out of it, so that it is as new. What the head says of
  // the window is wrong until RefreshWindow; so it is after Remove.
  void Clear();
  // Takes it out of the ring; it must not be used any more.
  void Remove();

 private:
  Bucket(const Ring& ring, int at);

  bool InWindow() const { return at_ >= ring_.head()[kFirst]; }
  uint64_t Decay() const;
  int64_t* Entry(int index) const {
    return ring_.entries() + entries_ + index * EntryCells(ring_.shape());
  }
  void InsertEntryCells(int at, int number);
  void EraseEntryCells(int at, int number);
  int Compare(const KeptEntry& entry, int index) const;
  void Write(const KeptEntry& entry, int64_t* cells) const;

  Ring ring_;
  int at_ = 0;       // Its row.
  int entries_ = 0;  // Of all entries of the ring, where its own begin.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_CELLS_H_
