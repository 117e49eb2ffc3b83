// HOT PATH. Budget: 80 ns an aggregate (bench/aggregate_bench). Forbidden: the
// heap once the buffers are warm. Counting and adding up run over columns of
// numbers; what has to put values of several buckets together uses buffers.
#include "scoring/aggregate_value.h"

#include <algorithm>

#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_ring.h"
#include "scoring/aggregate_sketch.h"

namespace portrisk::scoring {
namespace {

using cel::Value;
using Function = AggregateFunction;

// What decay weights are parts of.
constexpr auto kDecayOne = static_cast<double>(int64_t{1} << kDecayPoint);

// A table is not worth clearing for so few.
constexpr size_t kFewEntries = 16;

// The buckets of a window, and their entries.
struct Window {
  RingColumns ring;
  int64_t last_step;
  int begin;
  int end;
  const int64_t* entries;
  const int64_t* entries_end;
};

// The first bucket behind `step`.
int Behind(const RingColumns& ring, int64_t step) {
  return static_cast<int>(
      std::upper_bound(ring.steps, ring.steps + ring.size, step) - ring.steps);
}

Window WindowOf(const AggregateShape& shape, const RingColumns& ring,
                int64_t last_step) {
  Window window{ring, last_step, 0, ring.size, ring.entries, ring.entries_end};
  if (ring.size > 0 && ring.steps[ring.size - 1] > last_step) {
    window.end = Behind(ring, last_step);
  }
  window.begin = Behind(ring, last_step - shape.steps);
  if (!HasEntries(shape.function)) return window;
  for (int i = 0; i < window.begin; ++i) window.entries += ring.third[i];
  for (int i = window.end; i < ring.size; ++i) {
    window.entries_end -= ring.third[i];
  }
  return window;
}

// Count and marks of all buckets together.
int64_t CountOf(const Window& window, int64_t* marks) {
  int64_t count = 0;
  int64_t all = 0;
  for (int i = window.begin; i < window.end; ++i) {
    // As unsigned the processor can shift several at once.
    count += static_cast<int64_t>(
        static_cast<uint64_t>(window.ring.counts[i]) >> kCountShift);
    all |= window.ring.counts[i];
  }
  *marks = all & kMarkMask;
  return count;
}

__int128 SumOf(const Window& window) {
  __int128 sum = 0;
  for (int i = window.begin; i < window.end; ++i) sum += window.ring.third[i];
  return sum;
}

enum class Decaying : uint8_t { kCounts, kSums };

// Their sum, each bucket weighing less the older it is; in parts of
// 2^-kDecayPoint.
__int128 Decayed(const AggregateShape& shape, const Window& window,
                 Decaying what) {
  __int128 sum = 0;
  for (int i = window.begin; i < window.end; ++i) {
    const int64_t number = what == Decaying::kCounts
                               ? window.ring.counts[i] >> kCountShift
                               : window.ring.third[i];
    const auto age =
        static_cast<size_t>(window.last_step - window.ring.steps[i]);
    sum +=
        static_cast<__int128>(number) * static_cast<__int128>(shape.decay[age]);
  }
  return sum;
}

double UnitSize(AggregateUnit unit) {
  return unit == AggregateUnit::kMillionths ? kMillionthsOfOne : 1;
}

void Count(const AggregateShape& shape, const Window& window,
           AggregateResult* out) {
  out->known = true;
  out->value = shape.decay.empty()
                   ? Value::Int(static_cast<int64_t>(out->count))
                   : Value::Double(static_cast<double>(Decayed(
                                       shape, window, Decaying::kCounts)) /
                                   kDecayOne);
}

void Sum(const AggregateShape& shape, const Window& window,
         AggregateResult* out) {
  out->known = true;
  if (!shape.decay.empty()) {
    const __int128 sum = Decayed(shape, window, Decaying::kSums);
    out->value = Value::Double(static_cast<double>(sum) / kDecayOne /
                               UnitSize(shape.unit));
    return;
  }
  const __int128 sum = SumOf(window);
  const __int128 most = INT64_MAX;
  const bool fits = sum <= most && sum >= -most;
  out->approximate |= !fits;
  const int64_t number = fits      ? static_cast<int64_t>(sum)
                         : sum > 0 ? INT64_MAX
                                   : -INT64_MAX;
  out->value = UnitValue(shape.unit, number);
}

void Mean(const AggregateShape& shape, const Window& window,
          AggregateResult* out) {
  if (!shape.decay.empty()) {
    const __int128 weight = Decayed(shape, window, Decaying::kCounts);
    if (weight == 0) return;  // All of it is too long ago.
    out->known = true;
    const __int128 sum = Decayed(shape, window, Decaying::kSums);
    out->value =
        Value::Double(static_cast<double>(sum) / static_cast<double>(weight) /
                      UnitSize(shape.unit));
    return;
  }
  out->known = true;
  const __int128 sum = SumOf(window);
  if (shape.unit == AggregateUnit::kDuration) {
    const auto count = static_cast<__int128>(out->count);
    out->value = UnitValue(shape.unit, static_cast<int64_t>(sum / count));
  } else {
    out->value =
        Value::Double(static_cast<double>(sum) /
                      static_cast<double>(out->count) / UnitSize(shape.unit));
  }
}

// The best of the buckets' best entries.
void Best(const AggregateShape& shape, const Window& window, int64_t time_us,
          AggregateResult* out) {
  const bool least = shape.function == Function::kMin;
  int64_t best = *window.entries;
  const int64_t* entry = window.entries;
  for (int i = window.begin; i < window.end; ++i) {
    best = least ? std::min(best, *entry) : std::max(best, *entry);
    entry += window.ring.third[i];
  }
  out->known = true;
  out->value = shape.function == Function::kTimeSince
                   ? UnitValue(AggregateUnit::kDuration,
                               std::max<int64_t>(0, time_us - best))
                   : UnitValue(shape.unit, best);
}

// Buckets are in order of time, so it is in the first or the last of them.
void FirstOrLast(const AggregateShape& shape, const Window& window,
                 AggregateResult* out) {
  const int64_t* entry = window.entries;
  if (shape.function == Function::kLast) {
    entry = window.entries_end - window.ring.third[window.end - 1];
  }
  out->known = true;
  out->value = shape.unit == AggregateUnit::kText
                   ? Value::String(absl::string_view(
                         reinterpret_cast<const char*>(entry + 3),
                         static_cast<size_t>(entry[2])))
                   : UnitValue(shape.unit, entry[2]);
}

// Calls `visit` with every bucket's mark, entries and their end.
template <typename Visitor>
void ForEachBucket(const Window& window, Visitor visit) {
  const int64_t* entries = window.entries;
  for (int i = window.begin; i < window.end; ++i) {
    const int64_t* const end = entries + window.ring.third[i];
    visit((window.ring.counts[i] & kMarkMask) >> kMarkSketchShift, entries,
          end);
    entries = end;
  }
}

// The same for few entries: each is looked for among those before it.
int64_t CountFewDifferent(const Window& window) {
  int64_t different = 0;
  for (const int64_t* entry = window.entries; entry < window.entries_end;
       entry += 2) {
    bool seen = false;
    for (const int64_t* other = window.entries; other < entry; other += 2) {
      seen |= *other == *entry;
    }
    different += seen ? 0 : 1;
  }
  return different;
}

// How many different hashes the entries have.
int64_t CountDifferent(const Window& window, std::vector<uint64_t>* table) {
  const auto entries =
      static_cast<size_t>(window.entries_end - window.entries) / 2;
  if (window.end - window.begin == 1) {
    return static_cast<int64_t>(entries);
  }
  if (entries <= kFewEntries) return CountFewDifferent(window);
  size_t slots = 16;
  while (slots < entries * 2) slots *= 2;
  table->assign(slots, 0);
  uint64_t* const at = table->data();
  int64_t different = 0;
  for (const int64_t* entry = window.entries; entry < window.entries_end;
       entry += 2) {
    const auto tag = static_cast<uint64_t>(*entry);
    size_t slot = tag & (slots - 1);
    while (at[slot] != 0 && at[slot] != tag) slot = (slot + 1) & (slots - 1);
    different += at[slot] == 0 ? 1 : 0;
    at[slot] = tag;
  }
  return different;
}

void Distinct(const Window& window, int64_t marks, AggregateBuffers* buffers,
              AggregateResult* out) {
  out->known = true;
  if (marks >> kMarkSketchShift == 0) {
    out->value = Value::Int(CountDifferent(window, &buffers->table));
    return;
  }
  out->approximate = true;
  buffers->registers.assign(kAggregateRegisters, 0);
  uint8_t* const merged = buffers->registers.data();
  ForEachBucket(
      window, [&](int64_t sketch, const int64_t* entries, const int64_t* end) {
        if (sketch == 0) {
          for (; entries < end; entries += 2) {
            AddHash(static_cast<uint64_t>(*entries), merged);
          }
          return;
        }
        const auto* const own = reinterpret_cast<const uint8_t*>(entries);
        for (size_t i = 0; i < kAggregateRegisters; ++i) {
          merged[i] = std::max(merged[i], own[i]);
        }
      });
  out->value =
      Value::Int(static_cast<int64_t>(EstimateDistinct(buffers->registers)));
}

// The number at `rank`, counted from 1, of those in order; the order is made
// as far as it is needed.
int64_t NumberAt(int64_t rank,
                 std::vector<std::pair<int64_t, int64_t>>* weighted) {
  auto low = weighted->begin();
  auto high = weighted->end();
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    std::nth_element(low, middle, high);
    int64_t below = 0;
    for (auto it = low; it != middle; ++it) below += it->second;
    if (rank <= below) {
      high = middle;
    } else {
      rank -= below;
      low = middle;
    }
  }
  return low->first;
}

void Quantile(const AggregateShape& shape, const Window& window, int64_t marks,
              AggregateBuffers* buffers, AggregateResult* out) {
  buffers->weighted.clear();
  ForEachBucket(
      window, [&](int64_t sketch, const int64_t* entries, const int64_t* end) {
        const int precision = static_cast<int>(sketch) - 1;
        for (; entries < end; entries += 2) {
          buffers->weighted.emplace_back(
              precision < 0 ? *entries : BinMiddle(*entries, precision),
              entries[1]);
        }
      });
  out->known = true;
  out->approximate |= marks >> kMarkSketchShift != 0;
  const unsigned __int128 scaled =
      static_cast<unsigned __int128>(out->count) * shape.quantile_ppm;
  const auto rank = std::max<int64_t>(
      1, static_cast<int64_t>((scaled + 999'999) / 1'000'000));
  out->value = UnitValue(shape.unit, NumberAt(rank, &buffers->weighted));
}

// What nothing counted makes: zero where that is a number of things.
AggregateResult Empty(const AggregateShape& shape) {
  AggregateResult out;
  out.count_known = true;
  switch (shape.function) {
    case Function::kCount:
    case Function::kSum:
      out.known = true;
      out.value =
          shape.decay.empty() ? UnitValue(shape.unit, 0) : Value::Double(0);
      break;
    case Function::kDistinct:
      out.known = true;
      out.value = Value::Int(0);
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

AggregateResult DeriveAggregate(const AggregateShape& shape,
                                const v1::AggregateState* state,
                                int64_t time_us, AggregateBuffers* buffers) {
  RingPlace place;
  if (state == nullptr || !FindRing(shape, state->cells(), &place)) {
    return Empty(shape);
  }
  const int64_t last_step = StepOf(time_us, shape.step_us);
  AggregateResult out;
  const int64_t forgotten_before = state->cells(place.begin);
  if (forgotten_before != 0 && last_step - shape.steps + 1 < forgotten_before) {
    return out;
  }
  const RingColumns ring(state->cells().data() + place.begin, shape.function);
  const Window window = WindowOf(shape, ring, last_step);
  if (window.begin == window.end) return Empty(shape);
  int64_t marks = 0;
  out.count_known = true;
  out.count = static_cast<uint64_t>(CountOf(window, &marks));
  out.approximate = (marks & kMarkSaturated) != 0;
  out.needs_recompute = (marks & kMarkNeedsRecompute) != 0;
  if (out.needs_recompute) return out;
  switch (shape.function) {
    case Function::kCount:
      Count(shape, window, &out);
      break;
    case Function::kSum:
      Sum(shape, window, &out);
      break;
    case Function::kMean:
      Mean(shape, window, &out);
      break;
    case Function::kDistinct:
      Distinct(window, marks, buffers, &out);
      break;
    case Function::kQuantile:
      Quantile(shape, window, marks, buffers, &out);
      break;
    case Function::kFirst:
    case Function::kLast:
      FirstOrLast(shape, window, &out);
      break;
    default:
      Best(shape, window, time_us, &out);
  }
  return out;
}

}  // namespace portrisk::scoring
