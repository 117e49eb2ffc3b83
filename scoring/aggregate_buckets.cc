// HOT PATH. Forbidden: the heap once the buffers are warm. The head of a ring
// says what is in the window that ends with its newest bucket; what has left
// that since, or was not in it yet, is taken away bucket by bucket. What has to
// put values of several buckets together uses buffers.
#include "scoring/aggregate_buckets.h"

#include <algorithm>
#include <array>

#include "scoring/aggregate_answer.h"
#include "scoring/aggregate_ring.h"
#include "scoring/aggregate_sketch.h"
#include "scoring/aggregate_window.h"

namespace portrisk::scoring {
namespace {

using cel::Value;
using Function = AggregateFunction;

// A table is not worth clearing for so few.
constexpr size_t kFewEntries = 16;
// So many from either end a rank is looked for by passing once.
constexpr int64_t kNearEnd = 8;

// The buckets of a window, and what makes it another one than the head is
// about.
struct Window {
  RingView ring;
  int64_t last_step;
  int begin;
  int end;
  int64_t count;  // Contributions.
  // Totals of the third column: before the window, less what the head has
  // there; and behind it.
  Int128 third_before;
  Int128 third_behind;
};

Window WindowOf(const AggregateShape& shape, const RingView& ring,
                int64_t last_step) {
  const int size = ring.size();
  Window window{ring, last_step, ring.first(), size, ring.head[kInWindow],
                0,    0};
  const auto third = [&](int i) {
    return ring.columns > 2 ? ring.third(i) : 0;
  };
  int& end = window.end;
  while (end > 0 && ring.step(end - 1) > last_step) {
    --end;
    window.count -= ring.count(end);
    window.third_behind += third(end);
  }
  const int64_t before = last_step - shape.steps;
  int& begin = window.begin;
  for (; begin < size && ring.step(begin) <= before; ++begin) {
    window.count -= ring.count(begin);
    window.third_before += third(begin);
  }
  while (begin > 0 && ring.step(begin - 1) > before) {
    --begin;
    window.count += ring.count(begin);
    window.third_before -= third(begin);
  }
  return window;
}

// Of all buckets together.
int64_t MarksOf(const Window& window) {
  if (window.ring.head[kMarked] == 0) return 0;
  int64_t marks = 0;
  for (int i = window.begin; i < window.end; ++i) marks |= window.ring.mark(i);
  return marks;
}

Int128 SumOf(const Window& window) {
  return WideAt(window.ring.head + kWindowSum) - window.third_before -
         window.third_behind;
}

// The window's entries.
struct Entries {
  const int64_t* begin;
  const int64_t* end;
};

Entries EntriesOf(const Window& window) {
  const int64_t* const head = window.ring.head;
  const int64_t* const all = window.ring.entries();
  return {
      all + head[kEntriesBefore] + static_cast<int64_t>(window.third_before),
      all + head[kEntriesUsed] - static_cast<int64_t>(window.third_behind)};
}

// As of the same step as the head, where the movement is not older.
Decayed DecayedOf(const AggregateShape& shape, const Window& window) {
  const int64_t newest = window.ring.head[kNewest];
  int64_t base = DecayBase(shape, newest);
  if (window.last_step < base) base = DecayBase(shape, window.last_step);
  Decayed decayed;
  decayed.age = window.last_step - base;
  const RingView& ring = window.ring;
  AddWeighted(shape, base, ring.rows + ring.columns * window.begin,
              ring.rows + ring.columns * window.end, &decayed.count,
              &decayed.sum);
  return decayed;
}

// The best of the buckets' best entries.
int64_t BestOf(const AggregateShape& shape, const Window& window) {
  const bool least = shape.function == Function::kMin;
  const int64_t* entry = EntriesOf(window).begin;
  int64_t best = *entry;
  for (int i = window.begin; i < window.end; ++i) {
    best = least ? std::min(best, *entry) : std::max(best, *entry);
    entry += window.ring.third(i);
  }
  return best;
}

// Buckets are in order of time, so it is in the first or the last of them.
void FirstOrLast(const AggregateShape& shape, const Window& window,
                 AggregateResult* out) {
  const Entries entries = EntriesOf(window);
  const int64_t* entry = entries.begin;
  if (shape.function == Function::kLast) {
    entry = entries.end - window.ring.third(window.end - 1);
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
  const RingView& ring = window.ring;
  const int64_t* entries = EntriesOf(window).begin;
  const int64_t* const rows_end = ring.rows + ring.columns * window.end;
  for (const int64_t* row = ring.rows + ring.columns * window.begin;
       row < rows_end; row += ring.columns) {
    const int64_t* const end = entries + row[2];
    visit((row[1] & kMarkMask) >> kMarkSketchShift, entries, end);
    entries = end;
  }
}

// The same for few entries: each is looked for among those before it.
int64_t CountFewDifferent(const Entries& entries) {
  int64_t different = 0;
  for (const int64_t* entry = entries.begin; entry < entries.end; entry += 2) {
    bool seen = false;
    for (const int64_t* other = entries.begin; other < entry; other += 2) {
      seen |= *other == *entry;
    }
    different += seen ? 0 : 1;
  }
  return different;
}

// How many different hashes the entries have.
int64_t CountDifferent(const Window& window, std::vector<uint64_t>* table) {
  const Entries entries = EntriesOf(window);
  const auto number = static_cast<size_t>(entries.end - entries.begin) / 2;
  if (window.end - window.begin == 1) return static_cast<int64_t>(number);
  if (number <= kFewEntries) return CountFewDifferent(entries);
  size_t slots = 16;
  while (slots < number * 2) slots *= 2;
  table->assign(slots, 0);
  uint64_t* const at = table->data();
  int64_t different = 0;
  for (const int64_t* entry = entries.begin; entry < entries.end; entry += 2) {
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

enum class End : uint8_t { kLeast, kGreatest };

// The number at `rank`, counted from an end and at most kNearEnd: what is
// nearer to it is kept on the way. Entries of a bucket are in order, so few of
// them are looked at.
int64_t NumberNear(End end, int64_t rank, const Window& window) {
  const int64_t step = end == End::kLeast ? 2 : -2;
  // The order turned round, which a minus would not do of the least number.
  const auto turned = [end](int64_t number) {
    return end == End::kLeast ? number : ~number;
  };
  std::array<std::pair<int64_t, int64_t>, kNearEnd> nearest;
  int64_t kept = 0;
  int64_t limit = 0;  // What a number has to be below, once `rank` are kept.
  ForEachBucket(
      window, [&](int64_t sketch, const int64_t* begin, const int64_t* behind) {
        const int precision = static_cast<int>(sketch) - 1;
        const int64_t* entry = end == End::kLeast ? begin : behind - 2;
        for (; entry >= begin && entry < behind; entry += step) {
          const int64_t number =
              turned(precision < 0 ? *entry : BinMiddle(*entry, precision));
          if (kept == rank && number >= limit) return;
          kept = std::min(kept + 1, rank);
          int64_t at = kept - 1;
          for (; at > 0 && nearest[at - 1].first > number; --at) {
            nearest[at] = nearest[at - 1];
          }
          nearest[at] = {number, entry[1] >> 1};
          limit = nearest[kept - 1].first;
        }
      });
  int64_t at = 0;
  while (at + 1 < kept && rank > nearest[at].second) {
    rank -= nearest[at++].second;
  }
  return turned(nearest[at].first);
}

int64_t NumberAtRank(int64_t rank, int64_t count, const Window& window,
                     AggregateBuffers* buffers) {
  if (rank <= kNearEnd) return NumberNear(End::kLeast, rank, window);
  if (count - rank < kNearEnd) {
    return NumberNear(End::kGreatest, count - rank + 1, window);
  }
  buffers->weighted.clear();
  ForEachBucket(
      window, [&](int64_t sketch, const int64_t* entries, const int64_t* end) {
        const int precision = static_cast<int>(sketch) - 1;
        for (; entries < end; entries += 2) {
          buffers->weighted.emplace_back(
              precision < 0 ? *entries : BinMiddle(*entries, precision),
              entries[1] >> 1);
        }
      });
  return NumberAt(rank, &buffers->weighted);
}

void Quantile(const AggregateShape& shape, const Window& window, int64_t marks,
              AggregateBuffers* buffers, AggregateResult* out) {
  out->known = true;
  out->approximate |= marks >> kMarkSketchShift != 0;
  const unsigned __int128 scaled =
      static_cast<unsigned __int128>(out->count) * shape.quantile_ppm;
  const auto rank = std::max<int64_t>(
      1, static_cast<int64_t>((scaled + 999'999) / 1'000'000));
  out->value = UnitValue(
      shape.unit,
      NumberAtRank(rank, static_cast<int64_t>(out->count), window, buffers));
}

}  // namespace

void DeriveFromBuckets(const AggregateShape& shape, const RingView& ring,
                       int64_t last_step, int64_t time_us,
                       AggregateBuffers* buffers, AggregateResult* out) {
  const Window window = WindowOf(shape, ring, last_step);
  if (window.begin >= window.end) return SetEmpty(shape, out);
  const int64_t marks = MarksOf(window);
  out->count_known = true;
  out->count = static_cast<uint64_t>(window.count);
  out->approximate = (marks & kMarkSaturated) != 0;
  out->needs_recompute = (marks & kMarkNeedsRecompute) != 0;
  if (out->needs_recompute) return;
  switch (shape.function) {
    case Function::kCount:
    case Function::kSum:
    case Function::kMean:
      if (!shape.decay.empty()) {
        SetDecayed(shape, DecayedOf(shape, window), out);
      } else if (shape.function == Function::kCount) {
        SetCount(out);
      } else if (shape.function == Function::kSum) {
        SetSum(shape, SumOf(window), out);
      } else {
        SetMean(shape, SumOf(window), out);
      }
      break;
    case Function::kDistinct:
      Distinct(window, marks, buffers, out);
      break;
    case Function::kQuantile:
      Quantile(shape, window, marks, buffers, out);
      break;
    case Function::kFirst:
    case Function::kLast:
      FirstOrLast(shape, window, out);
      break;
    default:
      SetBest(shape, BestOf(shape, window), time_us, out);
  }
}

}  // namespace portrisk::scoring
