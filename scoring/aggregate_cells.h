// The block of numbers that is the state under one key, and the buckets in it.
// For aggregate_ring.cc, which changes it, and aggregate_value.cc, which reads.
//
//   directory   number of rings; of each, by id: id, index of its first cell
//   ring        forgotten_before, buckets, room for buckets, cells of entries;
//               then columns, each as long as the room: steps, counts * 256 +
//               marks, and unless it only counts, sums or the number of cells
//               of a bucket's entries; then entries, bucket after bucket
//   entry       what EntryCells says; or, instead of entries, registers
//
// Room that is not taken is zero.
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

inline constexpr int kRingCells = 4;   // Before its columns.
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
inline int Columns(AggregateFunction f) {
  return f == AggregateFunction::kCount ? 2 : 3;
}
// Time, tag, number; or time, tag, length, text; or number or tag, weight.
inline int EntryCells(const AggregateShape& shape) {
  if (!IsFirstOrLast(shape.function)) return 2;
  return shape.unit == AggregateUnit::kText ? 3 + kTextCells : 3;
}

// Where a ring is. It begins there until another ring is added or taken away.
struct RingPlace {
  int number = 0;  // In the directory.
  int begin = 0;   // Cells.
  int end = 0;
};
// The columns of a ring, and how many of their cells are taken.
struct RingColumns {
  RingColumns(const int64_t* ring, AggregateFunction function)
      : size(static_cast<int>(ring[1])),
        steps(ring + kRingCells),
        counts(steps + ring[2]),
        third(counts + ring[2]),
        entries(steps + Columns(function) * ring[2]),
        entries_end(entries + ring[3]) {}

  int size;
  const int64_t* steps;
  const int64_t* counts;
  const int64_t* third;
  const int64_t* entries;
  const int64_t* entries_end;
};

bool FindRing(const AggregateShape& shape, const Cells& cells,
              RingPlace* place);
RingPlace ObtainRing(const AggregateShape& shape, Cells* cells);
void EraseRing(const RingPlace& place, Cells* cells);

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
  static Bucket Obtain(const AggregateShape& shape, const RingPlace& place,
                       int64_t step, Cells* cells, bool* added);
  // False when there is none.
  static bool Find(const AggregateShape& shape, const RingPlace& place,
                   int64_t step, Cells* cells, Bucket* bucket);
  Bucket() = default;

  int64_t count() const { return Column(1) >> kCountShift; }
  int64_t mark() const { return Column(1) & kMarkMask; }
  void Set(int64_t count, int64_t mark) {
    Column(1) = count << kCountShift | mark;
  }
  int64_t& sum() { return Column(2); }

  // Entries are numbered from 0 in the order of the function: what comes first
  // is the least, the greatest, the earliest, the latest.
  int kept() const { return static_cast<int>(Column(2)) / EntryCells(*shape_); }
  // The first entry that `entry` does not come behind.
  int Seek(const KeptEntry& entry) const;
  bool Equals(const KeptEntry& entry, int index) const {
    return Compare(entry, index) == 0;
  }
  // Contributions that the entries stand for.
  int64_t KeptWeight() const;
  // Of an entry: its number or tag, and its weight.
  int64_t& value(int index) { return *Entry(index); }
  int64_t& weight(int index) { return Entry(index)[1]; }
  void Insert(int index, const KeptEntry& entry);
  void Erase(int index, int number = 1);

  // Instead of entries: makes registers, all zero, and sets the mark.
  void AddRegisters();
  uint8_t* registers() { return reinterpret_cast<uint8_t*>(Entry(0)); }

  // Takes everything out of it, so that it is as new.
  void Clear();
  // Takes it out of the ring; it must not be used any more.
  void Remove();

 private:
  Bucket(const AggregateShape& shape, const RingPlace& place, int at,
         Cells* cells);

  // The ring stays where it is: only those behind it ever move.
  int64_t* ring() { return cells_->mutable_data() + begin_; }
  const int64_t* ring() const { return cells_->data() + begin_; }
  int64_t& Column(int column) {
    return ring()[kRingCells + column * ring()[2] + at_];
  }
  int64_t Column(int column) const {
    return ring()[kRingCells + column * ring()[2] + at_];
  }
  int EntriesBegin() const {
    return kRingCells + Columns(shape_->function) * static_cast<int>(ring()[2]);
  }
  int64_t* Entry(int index) {
    return ring() + EntriesBegin() + entries_ + index * EntryCells(*shape_);
  }
  const int64_t* Entry(int index) const {
    return ring() + EntriesBegin() + entries_ + index * EntryCells(*shape_);
  }
  void InsertEntryCells(int at, int number);
  void EraseEntryCells(int at, int number);
  int Compare(const KeptEntry& entry, int index) const;
  void Write(const KeptEntry& entry, int64_t* cells) const;

  const AggregateShape* shape_ = nullptr;
  Cells* cells_ = nullptr;
  int number_ = 0;   // Of the ring, in the directory.
  int begin_ = 0;    // Of the ring.
  int at_ = 0;       // In the columns.
  int entries_ = 0;  // Of all entries of the ring, where its own begin.
};

// Lets go of the oldest buckets when the limits of the shape are passed: of
// more than would have to be, so that it is seldom.
void Evict(const AggregateShape& shape, const RingPlace& place, Cells* cells);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_CELLS_H_
