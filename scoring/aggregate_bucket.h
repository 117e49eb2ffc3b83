// One bucket of a ring, over the columns of v1::AggregateRing. For
// aggregate_ring.cc and aggregate_value.cc.
#ifndef PORTRISK_SCORING_AGGREGATE_BUCKET_H_
#define PORTRISK_SCORING_AGGREGATE_BUCKET_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "portrisk/v1/aggregates.pb.h"
#include "scoring/aggregate.h"

namespace portrisk::scoring {

// Which columns a function has.
inline bool HasSums(AggregateFunction f) {
  return f == AggregateFunction::kSum || f == AggregateFunction::kMean;
}
inline bool HasEntries(AggregateFunction f) {
  return f != AggregateFunction::kCount && !HasSums(f);
}
inline bool HasMarks(AggregateFunction f) {
  return f != AggregateFunction::kCount;
}
inline bool IsFirstOrLast(AggregateFunction f) {
  return f == AggregateFunction::kFirst || f == AggregateFunction::kLast;
}
inline bool HasWeights(AggregateFunction f) {
  return HasEntries(f) && !IsFirstOrLast(f);
}

// What a bucket keeps of a contribution, or of several equal ones.
struct KeptEntry {
  int64_t number = 0;
  uint32_t weight = 1;
  uint64_t tag = 0;
  int64_t time_us = 0;
  absl::string_view text;
};

// A view of one bucket. Valid while no other bucket of the ring is added or
// taken away.
class Bucket {
 public:
  // The bucket of `step`; added, empty, when there is none.
  static Bucket Obtain(const AggregateShape& shape, int64_t step,
                       v1::AggregateRing* ring);
  // False when there is none.
  static bool Find(const AggregateShape& shape, int64_t step,
                   v1::AggregateRing* ring, Bucket* bucket);

  uint32_t count() const { return ring_->counts(at_); }
  void set_count(uint32_t count) { ring_->set_counts(at_, count); }
  uint32_t mark() const { return ring_->marks(at_); }
  void set_mark(uint32_t mark) { ring_->set_marks(at_, mark); }
  int64_t sum() const { return ring_->sums(at_); }
  void set_sum(int64_t sum) { ring_->set_sums(at_, sum); }

  // Entries are numbered from begin to end, in the order of the function: what
  // comes first is the least, the greatest, the earliest, the latest.
  int begin() const { return begin_; }
  int end() const { return begin_ + static_cast<int>(ring_->kept(at_)); }
  uint32_t kept() const { return ring_->kept(at_); }
  // The first entry that `entry` does not come behind.
  int Seek(const KeptEntry& entry) const;
  bool Equals(const KeptEntry& entry, int index) const {
    return Compare(entry, index) == 0;
  }
  uint32_t KeptWeight() const;  // Contributions that the entries stand for.
  uint32_t weight(int index) const { return ring_->weights(index); }
  void set_weight(int index, uint32_t weight) {
    ring_->set_weights(index, weight);
  }
  int64_t number(int index) const { return ring_->numbers(index); }
  void set_number(int index, int64_t number) {
    ring_->set_numbers(index, number);
  }
  uint64_t tag(int index) const { return ring_->tags(index); }
  void Insert(int index, const KeptEntry& entry);
  void Erase(int index, int number = 1);

  // Registers, when the mark says that it has them.
  uint8_t* registers();
  // Gives it registers, all zero, and the mark.
  void AddRegisters();

  // Takes everything out of it, so that it is as new.
  void Clear();
  // Takes it out of the ring; it must not be used any more.
  void Remove();

 private:
  Bucket(const AggregateShape& shape, v1::AggregateRing* ring, int at);

  int Compare(const KeptEntry& entry, int index) const;
  size_t RegistersOffset() const;

  const AggregateShape* shape_ = nullptr;
  v1::AggregateRing* ring_ = nullptr;
  int at_ = 0;
  int begin_ = 0;

 public:
  Bucket() = default;
};

// Lets go of the oldest buckets beyond the limits of the shape.
void Evict(const AggregateShape& shape, v1::AggregateRing* ring);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_BUCKET_H_
