// HOT PATH. Budget: 80 ns an aggregate (bench/aggregate_bench). Forbidden: the
// heap once the buffers are warm. Counting and adding up run over columns of
// numbers; what has to put values of several buckets together uses buffers.
#include "scoring/aggregate_value.h"

#include <algorithm>

#include "absl/types/span.h"
#include "scoring/aggregate_bucket.h"
#include "scoring/aggregate_ring.h"
#include "scoring/aggregate_sketch.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using cel::Value;
using Function = AggregateFunction;

// What decay weights are parts of.
constexpr auto kDecayOne = static_cast<double>(int64_t{1} << kDecayPoint);

// The buckets of a window: from begin to end, and their entries.
struct Window {
  const v1::AggregateRing* ring;
  int64_t last_step;
  int begin;
  int end;
  int entries_begin = 0;
  int entries_end = 0;
};

Window WindowOf(const AggregateShape& shape, const v1::AggregateRing& ring,
                int64_t last_step) {
  const int64_t* const steps = ring.steps().data();
  Window window{&ring, last_step, 0, ring.steps_size()};
  while (window.end > 0 && steps[window.end - 1] > last_step) --window.end;
  const int64_t first_step = last_step - shape.steps + 1;
  window.begin = window.end;
  while (window.begin > 0 && steps[window.begin - 1] >= first_step) {
    --window.begin;
  }
  if (!HasEntries(shape.function)) return window;
  int at = std::max(ring.weights_size(), ring.times_size());
  for (int i = ring.kept_size(); i > window.end; --i) {
    at -= static_cast<int>(ring.kept(i - 1));
  }
  window.entries_end = at;
  for (int i = window.end; i > window.begin; --i) {
    at -= static_cast<int>(ring.kept(i - 1));
  }
  window.entries_begin = at;
  return window;
}

uint64_t CountOf(const Window& window) {
  const uint32_t* const counts = window.ring->counts().data();
  uint64_t count = 0;
  for (int i = window.begin; i < window.end; ++i) count += counts[i];
  return count;
}

uint32_t MarksOf(const Window& window) {
  const uint32_t* const marks = window.ring->marks().data();
  uint32_t all = 0;
  for (int i = window.begin; i < window.end; ++i) all |= marks[i];
  return all;
}

__int128 SumOf(const Window& window) {
  const int64_t* const sums = window.ring->sums().data();
  __int128 sum = 0;
  for (int i = window.begin; i < window.end; ++i) sum += sums[i];
  return sum;
}

// The sum of a column, each bucket weighing less the older it is; in parts of
// 2^-kDecayPoint.
template <typename T>
__int128 Decayed(const AggregateShape& shape, const Window& window,
                 const T* column) {
  const int64_t* const steps = window.ring->steps().data();
  __int128 sum = 0;
  for (int i = window.begin; i < window.end; ++i) {
    sum += static_cast<__int128>(column[i]) *
           static_cast<__int128>(
               shape.decay[static_cast<size_t>(window.last_step - steps[i])]);
  }
  return sum;
}

double UnitSize(AggregateUnit unit) {
  return unit == AggregateUnit::kMillionths ? kMillionthsOfOne : 1;
}

void Count(const AggregateShape& shape, const Window& window,
           AggregateResult* out) {
  out->known = true;
  out->value =
      shape.decay.empty()
          ? Value::Int(static_cast<int64_t>(out->count))
          : Value::Double(static_cast<double>(Decayed(
                              shape, window, window.ring->counts().data())) /
                          kDecayOne);
}

void Sum(const AggregateShape& shape, const Window& window,
         AggregateResult* out) {
  out->known = true;
  if (!shape.decay.empty()) {
    const __int128 sum = Decayed(shape, window, window.ring->sums().data());
    out->value = Value::Double(static_cast<double>(sum) / kDecayOne /
                               UnitSize(shape.unit));
    return;
  }
  const __int128 sum = SumOf(window);
  const __int128 most = INT64_MAX;
  const bool fits = sum <= most && sum >= -most;
  out->approximate |= !fits;
  const int64_t number = fits ? static_cast<int64_t>(sum)
                         : sum > 0 ? INT64_MAX
                                   : -INT64_MAX;
  out->value = UnitValue(shape.unit, number);
}

void Mean(const AggregateShape& shape, const Window& window,
          AggregateResult* out) {
  if (out->count == 0) return;
  if (!shape.decay.empty()) {
    const __int128 weight =
        Decayed(shape, window, window.ring->counts().data());
    if (weight == 0) return;  // All of it is too long ago.
    out->known = true;
    const __int128 sum = Decayed(shape, window, window.ring->sums().data());
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
    out->value = Value::Double(static_cast<double>(sum) /
                               static_cast<double>(out->count) /
                               UnitSize(shape.unit));
  }
}

// The best of the buckets' best entries.
void Best(const AggregateShape& shape, const Window& window, int64_t time_us,
          AggregateResult* out) {
  if (out->count == 0) return;
  const v1::AggregateRing& ring = *window.ring;
  const bool least = shape.function == Function::kMin;
  int best = window.entries_begin;
  int at = window.entries_begin;
  for (int i = window.begin; i < window.end; ++i) {
    if (least ? ring.numbers(at) < ring.numbers(best)
              : ring.numbers(at) > ring.numbers(best)) {
      best = at;
    }
    at += static_cast<int>(ring.kept(i));
  }
  out->known = true;
  out->value =
      shape.function == Function::kTimeSince
          ? UnitValue(AggregateUnit::kDuration,
                      std::max<int64_t>(0, time_us - ring.numbers(best)))
          : UnitValue(shape.unit, ring.numbers(best));
}

// Buckets are in order of time, so it is in the first or the last of them.
void FirstOrLast(const AggregateShape& shape, const Window& window,
                 AggregateResult* out) {
  if (out->count == 0) return;
  const v1::AggregateRing& ring = *window.ring;
  int at = window.entries_begin;
  if (shape.function == Function::kLast) {
    at = window.entries_end - static_cast<int>(ring.kept(window.end - 1));
  }
  out->known = true;
  out->value = shape.unit == AggregateUnit::kText
                   ? Value::String(ring.texts(at))
                   : UnitValue(shape.unit, ring.numbers(at));
}

// How many different ones there are.
uint64_t CountDifferent(absl::Span<const uint64_t> tags,
                        std::vector<uint64_t>* table) {
  size_t slots = 16;
  while (slots < tags.size() * 2) slots *= 2;
  table->assign(slots, 0);
  uint64_t different = 0;
  for (const uint64_t tag : tags) {
    size_t slot = tag & (slots - 1);
    while ((*table)[slot] != 0 && (*table)[slot] != tag) {
      slot = (slot + 1) & (slots - 1);
    }
    different += (*table)[slot] == 0 ? 1 : 0;
    (*table)[slot] = tag;
  }
  return different;
}

void Distinct(const Window& window, uint32_t marks, AggregateBuffers* buffers,
              AggregateResult* out) {
  const v1::AggregateRing& ring = *window.ring;
  const auto tags = absl::MakeConstSpan(
      ring.tags().data() + window.entries_begin,
      static_cast<size_t>(window.entries_end - window.entries_begin));
  out->known = true;
  uint64_t different = 0;
  if (marks >> kMarkSketchShift == 0) {
    different = window.end - window.begin <= 1
                    ? tags.size()
                    : CountDifferent(tags, &buffers->table);
  } else {
    out->approximate = true;
    buffers->registers.assign(kAggregateRegisters, 0);
    uint8_t* const merged = buffers->registers.data();
    size_t sketch = 0;
    for (int i = 0; i < window.end; ++i) {
      if (ring.marks(i) >> kMarkSketchShift == 0) continue;
      const char* const own =
          ring.registers().data() + kAggregateRegisters * sketch++;
      if (i < window.begin) continue;
      for (size_t r = 0; r < kAggregateRegisters; ++r) {
        merged[r] = std::max(merged[r], static_cast<uint8_t>(own[r]));
      }
    }
    for (const uint64_t tag : tags) AddHash(tag, merged);
    different = EstimateDistinct(buffers->registers);
  }
  out->value = Value::Int(static_cast<int64_t>(different));
}

// The number at `rank`, counted from 1, of those in order; the order is made
// as far as it is needed.
int64_t NumberAt(uint64_t rank,
                 std::vector<std::pair<int64_t, uint64_t>>* weighted) {
  auto low = weighted->begin();
  auto high = weighted->end();
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    std::nth_element(low, middle, high);
    uint64_t below = 0;
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

void Quantile(const AggregateShape& shape, const Window& window, uint32_t marks,
              AggregateBuffers* buffers, AggregateResult* out) {
  if (out->count == 0) return;
  const v1::AggregateRing& ring = *window.ring;
  buffers->weighted.clear();
  int at = window.entries_begin;
  for (int i = window.begin; i < window.end; ++i) {
    const int precision =
        static_cast<int>(ring.marks(i) >> kMarkSketchShift) - 1;
    const int end = at + static_cast<int>(ring.kept(i));
    for (; at < end; ++at) {
      const int64_t number = ring.numbers(at);
      buffers->weighted.emplace_back(
          precision < 0 ? number : BinMiddle(number, precision),
          ring.weights(at));
    }
  }
  out->known = true;
  out->approximate |= marks >> kMarkSketchShift != 0;
  const unsigned __int128 scaled =
      static_cast<unsigned __int128>(out->count) * shape.quantile_ppm;
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>((scaled + 999'999) /
                                                  1'000'000));
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
      out.value = shape.decay.empty() ? UnitValue(shape.unit, 0)
                                      : Value::Double(0);
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
  const v1::AggregateRing* const ring =
      state == nullptr ? nullptr : FindRing(shape, *state);
  if (ring == nullptr) return Empty(shape);
  const int64_t last_step = StepOf(time_us, shape.step_us);
  AggregateResult out;
  if (ring->forgotten_before() != 0 &&
      last_step - shape.steps + 1 <
          static_cast<int64_t>(ring->forgotten_before())) {
    return out;
  }
  const Window window = WindowOf(shape, *ring, last_step);
  if (window.begin == window.end) return Empty(shape);
  out.count_known = true;
  out.count = CountOf(window);
  if (shape.function == Function::kCount) {
    Count(shape, window, &out);
    return out;
  }
  const uint32_t marks = MarksOf(window);
  out.approximate = (marks & kMarkSaturated) != 0;
  out.needs_recompute = (marks & kMarkNeedsRecompute) != 0;
  if (out.needs_recompute) return out;
  switch (shape.function) {
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
