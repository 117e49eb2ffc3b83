// The block of numbers that is the state under one key, and the buckets in it.
// For aggregate_ring.cc, which changes it, and aggregate_value.cc, which reads.
//
//   directory   number of rings; of each, by id: id, index of its first cell
//   ring        forgotten_before, number of buckets, buckets, entries
//   bucket      step, count * 256 + mark, and unless it only counts, the sum
//               or the number of cells its entries have
//   entry       what EntryCells says; or, instead of entries, registers
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

inline constexpr int kRingCells = 2;   // Before its buckets.
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
inline int BucketCells(AggregateFunction f) {
  return f == AggregateFunction::kCount ? 2 : 3;
}
// Time, tag, number; or time, tag, length, text; or number or tag, weight.
inline int EntryCells(const AggregateShape& shape) {
  if (!IsFirstOrLast(shape.function)) return 2;
  return shape.unit == AggregateUnit::kText ? 3 + kTextCells : 3;
}

// Where a ring is.
struct RingPlace {
  int number = 0;  // In the directory.
  int begin = 0;   // Cells.
  int end = 0;
};
bool FindRing(uint64_t id, const Cells& cells, RingPlace* place);
RingPlace ObtainRing(uint64_t id, Cells* cells);
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
  static Bucket Obtain(const AggregateShape& shape, int64_t step, Cells* cells,
                       bool* added);
  // False when there is none.
  static bool Find(const AggregateShape& shape, int64_t step, Cells* cells,
                   Bucket* bucket);
  Bucket() = default;

  int64_t count() const { return Row(1) >> kCountShift; }
  int64_t mark() const { return Row(1) & kMarkMask; }
  void Set(int64_t count, int64_t mark) {
    Row(1) = count << kCountShift | mark;
  }
  int64_t& sum() { return Row(2); }

  // Entries are numbered from 0 in the order of the function: what comes first
  // is the least, the greatest, the earliest, the latest.
  int kept() const { return static_cast<int>(Row(2)) / EntryCells(*shape_); }
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
  Bucket(const AggregateShape& shape, const RingPlace& place, int row,
         Cells* cells);

  int64_t& Row(int column) { return cells_->begin()[row_ + column]; }
  int64_t Row(int column) const { return cells_->data()[row_ + column]; }
  int64_t* Entry(int index) {
    return cells_->mutable_data() + entries_ + index * EntryCells(*shape_);
  }
  const int64_t* Entry(int index) const {
    return cells_->data() + entries_ + index * EntryCells(*shape_);
  }
  int Compare(const KeptEntry& entry, int index) const;
  void Write(const KeptEntry& entry, int64_t* cells) const;

  const AggregateShape* shape_ = nullptr;
  Cells* cells_ = nullptr;
  int ring_ = 0;     // In the directory.
  int row_ = 0;      // Cell of the bucket.
  int entries_ = 0;  // Cell of its entries.
};

// Lets go of the oldest buckets beyond the limits of the shape.
void Evict(const AggregateShape& shape, Cells* cells);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_CELLS_H_
