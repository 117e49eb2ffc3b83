// HOT PATH. Movements mostly come in order, so a bucket is looked for, and
// what is added goes, at the end of the columns. No column is ever given up,
// only emptied: a state that has been full once does not allocate.
#include "scoring/aggregate_bucket.h"

#include <algorithm>
#include <cstring>

#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;
using Function = AggregateFunction;

template <typename T>
void InsertAt(int index, T value, RepeatedField<T>* column) {
  column->Add(value);
  T* const data = column->mutable_data();
  std::copy_backward(data + index, data + column->size() - 1,
                     data + column->size());
  data[index] = value;
}

template <typename T>
void EraseAt(int index, int number, RepeatedField<T>* column) {
  T* const data = column->mutable_data();
  std::copy(data + index + number, data + column->size(), data + index);
  column->Truncate(column->size() - number);
}

// The texts themselves stay, for the next to be added.
void EraseTexts(int index, int number, RepeatedPtrField<std::string>* texts) {
  for (int i = index; i + number < texts->size(); ++i) {
    texts->SwapElements(i, i + number);
  }
  for (int i = 0; i < number; ++i) texts->RemoveLast();
}

void InsertText(int index, absl::string_view text,
                RepeatedPtrField<std::string>* texts) {
  texts->Add()->assign(text.data(), text.size());
  for (int i = texts->size() - 1; i > index; --i) texts->SwapElements(i, i - 1);
}

// The first bucket whose step is not below `step`.
int Position(const v1::AggregateRing& ring, int64_t step) {
  int at = ring.steps_size();
  while (at > 0 && ring.steps(at - 1) >= step) --at;
  return at;
}

int Order(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

void EraseEntries(const AggregateShape& shape, int index, int number,
                  v1::AggregateRing* ring) {
  if (number == 0) return;
  if (IsFirstOrLast(shape.function)) {
    EraseAt(index, number, ring->mutable_times());
    EraseAt(index, number, ring->mutable_tags());
    if (shape.unit == AggregateUnit::kText) {
      EraseTexts(index, number, ring->mutable_texts());
    } else {
      EraseAt(index, number, ring->mutable_numbers());
    }
    return;
  }
  EraseAt(index, number, ring->mutable_weights());
  if (shape.function == Function::kDistinct) {
    EraseAt(index, number, ring->mutable_tags());
  } else {
    EraseAt(index, number, ring->mutable_numbers());
  }
}

// Takes `number` buckets from `at` on out of the columns of buckets.
void EraseBuckets(const AggregateShape& shape, int at, int number,
                  v1::AggregateRing* ring) {
  EraseAt(at, number, ring->mutable_steps());
  EraseAt(at, number, ring->mutable_counts());
  if (HasMarks(shape.function)) EraseAt(at, number, ring->mutable_marks());
  if (HasSums(shape.function)) EraseAt(at, number, ring->mutable_sums());
  if (HasEntries(shape.function)) EraseAt(at, number, ring->mutable_kept());
}

bool HasRegisters(const AggregateShape& shape, uint32_t mark) {
  return shape.function == Function::kDistinct && mark >> 2 != 0;
}

}  // namespace

Bucket::Bucket(const AggregateShape& shape, v1::AggregateRing* ring, int at)
    : shape_(&shape), ring_(ring), at_(at) {
  if (!HasEntries(shape.function)) return;
  int all = std::max(ring->weights_size(), ring->times_size());
  for (int i = ring->kept_size(); i > at; --i) {
    all -= static_cast<int>(ring->kept(i - 1));
  }
  begin_ = all;
}

bool Bucket::Find(const AggregateShape& shape, int64_t step,
                  v1::AggregateRing* ring, Bucket* bucket) {
  const int at = Position(*ring, step);
  if (at == ring->steps_size() || ring->steps(at) != step) return false;
  *bucket = Bucket(shape, ring, at);
  return true;
}

Bucket Bucket::Obtain(const AggregateShape& shape, int64_t step,
                      v1::AggregateRing* ring) {
  const int at = Position(*ring, step);
  if (at == ring->steps_size() || ring->steps(at) != step) {
    InsertAt(at, step, ring->mutable_steps());
    InsertAt(at, uint32_t{0}, ring->mutable_counts());
    if (HasMarks(shape.function)) {
      InsertAt(at, uint32_t{0}, ring->mutable_marks());
    }
    if (HasSums(shape.function)) {
      InsertAt(at, int64_t{0}, ring->mutable_sums());
    }
    if (HasEntries(shape.function)) {
      InsertAt(at, uint32_t{0}, ring->mutable_kept());
    }
  }
  return Bucket(shape, ring, at);
}

int Bucket::Compare(const KeptEntry& entry, int index) const {
  switch (shape_->function) {
    case Function::kMax:
    case Function::kTimeSince:
      return Order(ring_->numbers(index), entry.number);
    case Function::kDistinct:
      return entry.tag < ring_->tags(index)   ? -1
             : entry.tag > ring_->tags(index) ? 1
                                              : 0;
    case Function::kFirst:
    case Function::kLast: {
      int order = Order(entry.time_us, ring_->times(index));
      if (order == 0 && entry.tag != ring_->tags(index)) {
        order = entry.tag < ring_->tags(index) ? -1 : 1;
      }
      return shape_->function == Function::kFirst ? order : -order;
    }
    default:
      return Order(entry.number, ring_->numbers(index));
  }
}

int Bucket::Seek(const KeptEntry& entry) const {
  int low = begin();
  int high = end();
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (Compare(entry, middle) > 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t Bucket::KeptWeight() const {
  if (!HasWeights(shape_->function)) return kept();
  uint32_t all = 0;
  for (int i = begin(); i < end(); ++i) all += weight(i);
  return all;
}

void Bucket::Insert(int index, const KeptEntry& entry) {
  const Function function = shape_->function;
  if (IsFirstOrLast(function)) {
    InsertAt(index, entry.time_us, ring_->mutable_times());
  } else {
    InsertAt(index, entry.weight, ring_->mutable_weights());
  }
  if (IsFirstOrLast(function) || function == Function::kDistinct) {
    InsertAt(index, entry.tag, ring_->mutable_tags());
  }
  if (shape_->unit == AggregateUnit::kText) {
    InsertText(index, entry.text, ring_->mutable_texts());
  } else if (function != Function::kDistinct) {
    InsertAt(index, entry.number, ring_->mutable_numbers());
  }
  ring_->set_kept(at_, kept() + 1);
}

void Bucket::Erase(int index, int number) {
  EraseEntries(*shape_, index, number, ring_);
  ring_->set_kept(at_, kept() - static_cast<uint32_t>(number));
}

size_t Bucket::RegistersOffset() const {
  size_t before = 0;
  for (int i = 0; i < at_; ++i) before += ring_->marks(i) >> 2 != 0 ? 1 : 0;
  return before * kAggregateRegisters;
}

uint8_t* Bucket::registers() {
  return reinterpret_cast<uint8_t*>(ring_->mutable_registers()->data()) +
         RegistersOffset();
}

void Bucket::AddRegisters() {
  ring_->mutable_registers()->insert(RegistersOffset(), kAggregateRegisters,
                                     '\0');
  set_mark(mark() | 1 << 2);
}

void Bucket::Clear() {
  set_count(0);
  if (HasSums(shape_->function)) set_sum(0);
  if (HasEntries(shape_->function)) {
    if (HasRegisters(*shape_, mark())) {
      ring_->mutable_registers()->erase(RegistersOffset(), kAggregateRegisters);
    }
    Erase(begin(), static_cast<int>(kept()));
  }
  if (HasMarks(shape_->function)) set_mark(0);
}

void Bucket::Remove() {
  Clear();
  EraseBuckets(*shape_, at_, 1, ring_);
}

void Evict(const AggregateShape& shape, v1::AggregateRing* ring) {
  const int size = ring->steps_size();
  if (size == 0) return;
  const int64_t oldest = ring->steps(size - 1) - shape.steps_kept + 1;
  int gone = std::max(0, size - shape.buckets_max);
  while (ring->steps(gone) < oldest) ++gone;
  if (gone == 0) return;
  ring->set_forgotten_before(static_cast<uint64_t>(ring->steps(gone - 1) + 1));
  if (HasEntries(shape.function)) {
    int entries = 0;
    size_t sketches = 0;
    for (int i = 0; i < gone; ++i) {
      entries += static_cast<int>(ring->kept(i));
      sketches += HasRegisters(shape, ring->marks(i)) ? 1 : 0;
    }
    EraseEntries(shape, 0, entries, ring);
    ring->mutable_registers()->erase(0, sketches * kAggregateRegisters);
  }
  EraseBuckets(shape, 0, gone, ring);
}

}  // namespace portrisk::scoring
