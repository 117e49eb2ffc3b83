// HOT PATH (FoldAggregate): about 30 ns where nothing is kept. Forbidden: the
// heap once the state is warm.
//
// A bucket has to answer, after anything was taken out, as if it had never
// been put in. Counts and sums can do that by themselves. Of min, max, first,
// last and time_since a bucket keeps the best few; what comes behind them is
// counted and not kept, and what is kept stays better than all of that, so the
// answer is exact until the last one kept is taken out. Distinct and quantile
// keep every value with its number until there are too many; registers then
// cannot undo, bins can.
#include "scoring/aggregate_ring.h"

#include <algorithm>

#include "scoring/aggregate_bucket.h"
#include "scoring/aggregate_sketch.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using Function = AggregateFunction;

KeptEntry EntryOf(const AggregateShape& shape,
                  const AggregateContribution& contribution) {
  KeptEntry entry;
  entry.number = shape.function == Function::kTimeSince
                     ? contribution.time_us
                     : contribution.number;
  entry.tag = shape.function == Function::kDistinct ? contribution.hash
                                                    : contribution.movement_key;
  entry.time_us = contribution.time_us;
  entry.text = contribution.text;
  return entry;
}

void AddToSum(int64_t number, Bucket* bucket) {
  int64_t sum;
  if (__builtin_add_overflow(bucket->sum(), number, &sum)) {
    sum = number > 0 ? INT64_MAX : INT64_MIN;
    bucket->set_mark(bucket->mark() | kMarkSaturated);
  }
  bucket->set_sum(sum);
}

void AddToBest(const AggregateShape& shape, const KeptEntry& entry,
               Bucket* bucket) {
  const int at = bucket->Seek(entry);
  const bool better = at < bucket->end();
  if (better && HasWeights(shape.function) && bucket->Equals(entry, at)) {
    bucket->set_weight(at, bucket->weight(at) + 1);
    return;
  }
  const bool full = bucket->kept() == kAggregateBestKept;
  const bool all_kept = bucket->KeptWeight() == bucket->count();
  if (!better && (full || !all_kept)) return;
  if (full) bucket->Erase(bucket->end() - 1);
  bucket->Insert(at, entry);
}

// Counts an entry of equal ones.
void AddWeighted(const KeptEntry& entry, Bucket* bucket) {
  const int at = bucket->Seek(entry);
  if (at < bucket->end() && bucket->Equals(entry, at)) {
    bucket->set_weight(at, bucket->weight(at) + entry.weight);
  } else {
    bucket->Insert(at, entry);
  }
}

void AddToDistinct(const KeptEntry& entry, Bucket* bucket) {
  if (bucket->mark() >> kMarkSketchShift != 0) {
    return AddHash(entry.tag, bucket->registers());
  }
  AddWeighted(entry, bucket);
  if (bucket->kept() <= kAggregateExactKept) return;
  bucket->AddRegisters();
  uint8_t* const registers = bucket->registers();
  for (int i = bucket->begin(); i < bucket->end(); ++i) {
    AddHash(bucket->tag(i), registers);
  }
  bucket->Erase(bucket->begin(), static_cast<int>(bucket->kept()));
}

int BinPrecision(const Bucket& bucket) {
  return static_cast<int>(bucket.mark() >> kMarkSketchShift) - 1;
}

// Gives every entry another number, in the same order, and joins equal ones.
template <typename NumberOf>
void Renumber(NumberOf number_of, Bucket* bucket) {
  int last = bucket->begin();
  for (int i = bucket->begin(); i < bucket->end(); ++i) {
    const int64_t number = number_of(bucket->number(i));
    if (i > bucket->begin() && bucket->number(last) == number) {
      bucket->set_weight(last, bucket->weight(last) + bucket->weight(i));
      continue;
    }
    if (i > bucket->begin()) ++last;
    bucket->set_weight(last, bucket->weight(i));
    bucket->set_number(last, number);
  }
  bucket->Erase(last + 1, bucket->end() - last - 1);
}

void SetBinPrecision(int precision, Bucket* bucket) {
  const uint32_t flags = bucket->mark() & ((1u << kMarkSketchShift) - 1);
  bucket->set_mark(flags |
                   static_cast<uint32_t>(precision + 1) << kMarkSketchShift);
}

void AddToQuantile(KeptEntry entry, Bucket* bucket) {
  int precision = BinPrecision(*bucket);
  if (precision >= 0) entry.number = BinOf(entry.number, precision);
  AddWeighted(entry, bucket);
  if (precision < 0) {
    if (bucket->kept() <= kAggregateExactKept) return;
    precision = kBinPrecision;
    SetBinPrecision(precision, bucket);
    Renumber([&](int64_t number) { return BinOf(number, precision); }, bucket);
  }
  while (bucket->kept() > kAggregateBinsMax) {
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
  if (one.saturated) bucket->set_mark(bucket->mark() | kMarkSaturated);
  bucket->set_count(bucket->count() + 1);
}

// True when there was such an entry.
bool TakeEntry(const AggregateShape& shape, const KeptEntry& entry,
               Bucket* bucket) {
  const int at = bucket->Seek(entry);
  if (at == bucket->end() || !bucket->Equals(entry, at)) return false;
  if (HasWeights(shape.function) && bucket->weight(at) > 1) {
    bucket->set_weight(at, bucket->weight(at) - 1);
  } else {
    bucket->Erase(at);
  }
  return true;
}

// False when the bucket cannot know what is left. Its count is lower already.
bool TakeFrom(const AggregateShape& shape, const AggregateContribution& one,
              Bucket* bucket) {
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
      if (const int precision = BinPrecision(*bucket); precision >= 0) {
        entry.number = BinOf(entry.number, precision);
      }
      return TakeEntry(shape, entry, bucket);
    default:
      // One that is not among the best was only counted.
      TakeEntry(shape, entry, bucket);
      return bucket->kept() > 0;
  }
}

// The index of the first ring whose id is not below.
int RingPosition(uint64_t id, const v1::AggregateState& state) {
  int low = 0;
  int high = state.rings_size();
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (state.rings(middle).aggregate() < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

v1::AggregateRing* ObtainRing(const AggregateShape& shape,
                              v1::AggregateState* state) {
  const int at = RingPosition(shape.id, *state);
  if (at < state->rings_size() && state->rings(at).aggregate() == shape.id) {
    return state->mutable_rings(at);
  }
  state->add_rings()->set_aggregate(shape.id);
  for (int i = state->rings_size() - 1; i > at; --i) {
    state->mutable_rings()->SwapElements(i, i - 1);
  }
  return state->mutable_rings(at);
}

// False when it is out of what the ring covers.
bool Covers(const v1::AggregateRing& ring, int64_t step) {
  return step >= 0 && static_cast<uint64_t>(step) >= ring.forgotten_before();
}

}  // namespace

const v1::AggregateRing* FindRing(const AggregateShape& shape,
                                  const v1::AggregateState& state) {
  const int at = RingPosition(shape.id, state);
  return at < state.rings_size() && state.rings(at).aggregate() == shape.id
             ? &state.rings(at)
             : nullptr;
}

void FoldAggregate(const AggregateShape& shape,
                   const AggregateContribution& contribution,
                   v1::AggregateState* state) {
  const int64_t step = StepOf(contribution.time_us, shape.step_us);
  state->set_group(shape.group);
  v1::AggregateRing* const ring = ObtainRing(shape, state);
  if (!Covers(*ring, step)) return;
  const int before = ring->steps_size();
  Bucket bucket = Bucket::Obtain(shape, step, ring);
  AddTo(shape, contribution, &bucket);
  if (ring->steps_size() != before) Evict(shape, ring);
}

UndoResult UndoAggregate(const AggregateShape& shape,
                         const AggregateContribution& contribution,
                         v1::AggregateState* state) {
  const int64_t step = StepOf(contribution.time_us, shape.step_us);
  const int at = RingPosition(shape.id, *state);
  Bucket bucket;
  if (at == state->rings_size() || state->rings(at).aggregate() != shape.id ||
      !Bucket::Find(shape, step, state->mutable_rings(at), &bucket)) {
    return UndoResult::kForgotten;
  }
  if (bucket.count() <= 1) {
    bucket.Remove();
    return UndoResult::kDone;
  }
  bucket.set_count(bucket.count() - 1);
  if (!TakeFrom(shape, contribution, &bucket)) {
    bucket.set_mark(bucket.mark() | kMarkNeedsRecompute);
  }
  return HasMarks(shape.function) &&
                 (bucket.mark() & kMarkNeedsRecompute) != 0
             ? UndoResult::kNeedsRecompute
             : UndoResult::kDone;
}

void RebuildBucket(const AggregateShape& shape, int64_t step,
                   absl::Span<const AggregateContribution> contributions,
                   v1::AggregateState* state) {
  v1::AggregateRing* const ring = ObtainRing(shape, state);
  if (!Covers(*ring, step)) return;
  Bucket bucket = Bucket::Obtain(shape, step, ring);
  bucket.Clear();
  for (const AggregateContribution& one : contributions) {
    if (StepOf(one.time_us, shape.step_us) == step) {
      AddTo(shape, one, &bucket);
    }
  }
  if (bucket.count() == 0) bucket.Remove();
  Evict(shape, ring);
}

void KeepOnly(absl::Span<const uint64_t> ids, v1::AggregateState* state) {
  int kept = 0;
  for (int i = 0; i < state->rings_size(); ++i) {
    if (!std::binary_search(ids.begin(), ids.end(),
                            state->rings(i).aggregate())) {
      continue;
    }
    state->mutable_rings()->SwapElements(kept++, i);
  }
  state->mutable_rings()->DeleteSubrange(kept, state->rings_size() - kept);
}

}  // namespace portrisk::scoring
