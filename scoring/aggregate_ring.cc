// HOT PATH (FoldAggregate; bench/aggregate_bench). Forbidden: the heap once the
// state is warm.
//
// A bucket has to answer, after anything was taken out, as if it had never
// been put in. Counts and sums can do that by themselves. Of min, max, first,
// last and time_since a bucket keeps the best few; what comes behind them is
// counted and not kept, and what is kept stays better than all of that, so the
// answer is exact until the last one kept is taken out. Distinct and quantile
// keep every value with its number until there are too many; registers then
// cannot undo, bins can while there are many.
#include "scoring/aggregate_ring.h"

#include <algorithm>
#include <iterator>

#include "scoring/aggregate_append.h"
#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_sketch.h"
#include "scoring/aggregate_window.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

KeptEntry EntryOf(const AggregateShape& shape,
                  const AggregateContribution& contribution) {
  KeptEntry entry;
  entry.number = shape.function == Function::kTimeSince ? contribution.time_us
                                                        : contribution.number;
  entry.tag = shape.function == Function::kDistinct ? contribution.hash
                                                    : contribution.movement_key;
  entry.time_us = contribution.time_us;
  entry.text = contribution.text;
  return entry;
}

void AddMark(int64_t mark, Bucket* bucket) {
  bucket->Set(bucket->count(), bucket->mark() | mark);
}

void AddToSum(int64_t number, Bucket* bucket) {
  int64_t sum;
  if (__builtin_add_overflow(bucket->sum(), number, &sum)) {
    sum = number > 0 ? INT64_MAX : INT64_MIN;
    AddMark(kMarkSaturated, bucket);
  }
  bucket->SetSum(sum);
}

void AddToBest(const AggregateShape& shape, const KeptEntry& entry,
               Bucket* bucket) {
  const int kept = bucket->kept();
  const int at = bucket->Seek(entry);
  const bool better = at < kept;
  if (better && !IsFirstOrLast(shape.function) && bucket->Equals(entry, at)) {
    bucket->AddWeight(at, 1);
    return;
  }
  const bool full = kept == static_cast<int>(kAggregateBestKept);
  if (!better && (full || bucket->KeptWeight() != bucket->count())) return;
  if (full) bucket->Erase(kept - 1);
  bucket->Insert(at, entry);
  if (at == 0 && !IsFirstOrLast(shape.function)) bucket->ImproveAnswer();
}

// Counts an entry of equal ones. Where it was inserted, or -1.
int AddWeighted(const KeptEntry& entry, Bucket* bucket) {
  const int at = bucket->Seek(entry);
  if (at < bucket->kept() && bucket->Equals(entry, at)) {
    bucket->AddWeight(at, 1);
    return -1;
  }
  bucket->Insert(at, entry);
  return at;
}

void AddToDistinct(const KeptEntry& entry, Bucket* bucket) {
  if (bucket->mark() >> kMarkSketchShift != 0) {
    return AddHash(entry.tag, bucket->registers());
  }
  const int at = AddWeighted(entry, bucket);
  if (at < 0) return;
  const int kept = bucket->kept();
  if (kept <= static_cast<int>(kAggregateExactKept)) {
    return bucket->MarkLast(at);
  }
  uint8_t registers[kAggregateRegisters] = {};
  for (int i = 0; i < kept; ++i) {
    AddHash(static_cast<uint64_t>(bucket->value(i)), registers);
  }
  bucket->AddRegisters();
  std::copy(std::begin(registers), std::end(registers), bucket->registers());
  AddMark(1 << kMarkSketchShift, bucket);
  RefreshWindow(bucket->ring());
}

int BinPrecision(const Bucket& bucket) {
  return static_cast<int>(bucket.mark() >> kMarkSketchShift) - 1;
}

// Gives every entry another number, in the same order, and joins equal ones.
template <typename NumberOf>
void Renumber(NumberOf number_of, Bucket* bucket) {
  const int kept = bucket->kept();
  int last = 0;
  for (int i = 0; i < kept; ++i) {
    const int64_t number = number_of(bucket->value(i));
    if (i > 0 && bucket->value(last) == number) {
      bucket->AddWeight(last, bucket->weight(i));
      continue;
    }
    if (i > 0) ++last;
    bucket->AddWeight(last, bucket->weight(i) - bucket->weight(last));
    bucket->value(last) = number;
  }
  bucket->Erase(last + 1, kept - last - 1);
}

void SetBinPrecision(int precision, Bucket* bucket) {
  const int64_t flags = bucket->mark() & ((1 << kMarkSketchShift) - 1);
  bucket->Set(bucket->count(),
              flags | int64_t{precision + 1} << kMarkSketchShift);
}

void AddToQuantile(KeptEntry entry, Bucket* bucket) {
  int precision = BinPrecision(*bucket);
  if (precision >= 0) entry.number = BinOf(entry.number, precision);
  AddWeighted(entry, bucket);
  if (precision < 0) {
    if (bucket->kept() <= static_cast<int>(kAggregateExactKept)) return;
    precision = kBinPrecision;
    SetBinPrecision(precision, bucket);
    Renumber([&](int64_t number) { return BinOf(number, precision); }, bucket);
  }
  while (bucket->kept() > static_cast<int>(kAggregateBinsMax)) {
    Renumber([&](int64_t bin) { return CoarserBin(bin, precision); }, bucket);
    SetBinPrecision(--precision, bucket);
  }
}

void AddTo(const AggregateShape& shape, const AggregateContribution& one,
           Bucket* bucket) {
  switch (shape.function) {
    case Function::kCount:
      break;
    case Function::kSum:
    case Function::kMean:
      AddToSum(one.number, bucket);
      break;
    case Function::kDistinct:
      AddToDistinct(EntryOf(shape, one), bucket);
      break;
    case Function::kQuantile:
      AddToQuantile(EntryOf(shape, one), bucket);
      break;
    default:
      AddToBest(shape, EntryOf(shape, one), bucket);
  }
  bucket->Set(bucket->count() + 1,
              bucket->mark() | (one.saturated ? kMarkSaturated : 0));
}

// True when there was such an entry.
bool TakeEntry(const AggregateShape& shape, const KeptEntry& entry,
               Bucket* bucket) {
  const int at = bucket->Seek(entry);
  if (at == bucket->kept() || !bucket->Equals(entry, at)) return false;
  if (!IsFirstOrLast(shape.function) && bucket->weight(at) > 1) {
    bucket->AddWeight(at, -1);
  } else {
    bucket->Erase(at);
  }
  return true;
}

// Bins can be taken from, unless the values may be few enough again to be kept,
// or for finer bins.
bool TakeFromQuantile(const AggregateShape& shape, KeptEntry entry,
                      Bucket* bucket) {
  const int precision = BinPrecision(*bucket);
  if (precision < 0) return TakeEntry(shape, entry, bucket);
  entry.number = BinOf(entry.number, precision);
  return TakeEntry(shape, entry, bucket) && precision == kBinPrecision &&
         bucket->kept() > static_cast<int>(kAggregateExactKept);
}

// False when the bucket cannot know what is left. Its count is lower already.
bool TakeFrom(const AggregateShape& shape, const AggregateContribution& one,
              Bucket* bucket) {
  // Others may have passed the limit, too.
  if (one.saturated) return false;
  KeptEntry entry = EntryOf(shape, one);
  switch (shape.function) {
    case Function::kCount:
      return true;
    case Function::kSum:
    case Function::kMean:
      if ((bucket->mark() & kMarkSaturated) != 0) return false;
      // Not INT64_MIN: see UnitNumber.
      AddToSum(-one.number, bucket);
      return true;
    case Function::kDistinct:
      if (bucket->mark() >> kMarkSketchShift != 0) return false;
      return TakeEntry(shape, entry, bucket);
    case Function::kQuantile:
      return TakeFromQuantile(shape, entry, bucket);
    default:
      // One that is not among the best was only counted.
      TakeEntry(shape, entry, bucket);
      return bucket->kept() > 0;
  }
}

// Whatever the order, and making room.
[[gnu::noinline]] void FoldAnywhere(const AggregateShape& shape,
                                    const AggregateContribution& contribution,
                                    int64_t step, Cells* cells) {
  const Ring ring(shape, ObtainRing(shape, cells), cells);
  if (step < ring.head()[kForgotten]) return;
  bool added = false;
  Bucket bucket = Bucket::Obtain(ring, step, &added);
  AddTo(shape, contribution, &bucket);
  if (added) Evict(ring);
}

}  // namespace

void FoldAggregate(const AggregateShape& shape,
                   const AggregateContribution& contribution,
                   v1::AggregateState* state) {
  const int64_t step = shape.StepOf(contribution.time_us);
  if (step < 0) return;
  state->set_group(shape.group);
  Cells* const cells = state->mutable_cells();
  if (!FoldInOrder(shape, contribution, step, cells)) {
    FoldAnywhere(shape, contribution, step, cells);
  }
}

UndoResult UndoAggregate(const AggregateShape& shape,
                         const AggregateContribution& contribution,
                         v1::AggregateState* state) {
  const int64_t step = shape.StepOf(contribution.time_us);
  Cells* const cells = state->mutable_cells();
  const int number = FindRing(shape, *cells);
  if (number < 0) return UndoResult::kForgotten;
  const Ring ring(shape, number, cells);
  Bucket bucket;
  if (!Bucket::Find(ring, step, &bucket)) return UndoResult::kForgotten;
  UndoResult result = UndoResult::kDone;
  if (bucket.count() <= 1) {
    bucket.Remove();
  } else {
    bucket.Set(bucket.count() - 1, bucket.mark());
    if (!TakeFrom(shape, contribution, &bucket)) {
      AddMark(kMarkNeedsRecompute, &bucket);
    }
    if ((bucket.mark() & kMarkNeedsRecompute) != 0) {
      result = UndoResult::kNeedsRecompute;
    }
  }
  RefreshWindow(ring);
  return result;
}

void RebuildBucket(const AggregateShape& shape, int64_t step,
                   absl::Span<const AggregateContribution> contributions,
                   v1::AggregateState* state) {
  if (step < 0) return;
  Cells* const cells = state->mutable_cells();
  const Ring ring(shape, ObtainRing(shape, cells), cells);
  if (step < ring.head()[kForgotten]) return;
  bool added = false;
  Bucket bucket = Bucket::Obtain(ring, step, &added);
  bucket.Clear();
  RefreshWindow(ring);
  for (const AggregateContribution& one : contributions) {
    if (shape.StepOf(one.time_us) == step) AddTo(shape, one, &bucket);
  }
  if (bucket.count() == 0) bucket.Remove();
  RefreshWindow(ring);
  Evict(ring);
}

void KeepOnly(absl::Span<const uint64_t> ids, v1::AggregateState* state) {
  Cells* const cells = state->mutable_cells();
  for (int ring = Rings(*cells); ring-- > 0;) {
    const auto id = static_cast<uint64_t>(cells->Get(1 + ring));
    if (!std::binary_search(ids.begin(), ids.end(), id)) EraseRing(ring, cells);
  }
}

}  // namespace portrisk::scoring
