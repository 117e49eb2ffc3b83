// Numbers as the answers that conditions read: what counting from the head of
// a ring (aggregate_value.cc) and from its buckets (aggregate_buckets.cc) have
// in common.
#ifndef PORTRISK_SCORING_AGGREGATE_ANSWER_H_
#define PORTRISK_SCORING_AGGREGATE_ANSWER_H_

#include <algorithm>
#include <cstdint>

#include "scoring/aggregate.h"
#include "scoring/aggregate_value.h"
#include "scoring/aggregate_window.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring {

// What decay weights are parts of.
inline constexpr auto kDecayOne =
    static_cast<double>(int64_t{1} << kDecayPoint);

inline double UnitSize(AggregateUnit unit) {
  return unit == AggregateUnit::kMillionths ? kMillionthsOfOne : 1;
}

// The same double, mostly without a call.
inline double ToDouble(Int128 number) {
  const auto low = static_cast<int64_t>(number);
  return low == number ? static_cast<double>(low) : static_cast<double>(number);
}

inline void SetCount(AggregateResult* out) {
  out->known = true;
  out->value = cel::Value::Int(static_cast<int64_t>(out->count));
}

inline void SetSum(const AggregateShape& shape, Int128 sum,
                   AggregateResult* out) {
  const Int128 most = INT64_MAX;
  const bool fits = sum <= most && sum >= -most;
  out->known = true;
  out->approximate |= !fits;
  const int64_t number = fits      ? static_cast<int64_t>(sum)
                         : sum > 0 ? INT64_MAX
                                   : -INT64_MAX;
  out->value = UnitValue(shape.unit, number);
}

inline void SetMean(const AggregateShape& shape, Int128 sum,
                    AggregateResult* out) {
  out->known = true;
  if (shape.unit == AggregateUnit::kDuration) {
    const auto count = static_cast<Int128>(out->count);
    out->value = UnitValue(shape.unit, static_cast<int64_t>(sum / count));
  } else {
    out->value =
        cel::Value::Double(ToDouble(sum) / (static_cast<double>(out->count) *
                                            UnitSize(shape.unit)));
  }
}

// Each bucket weighing less the older it is, in parts of 2^-kDecayPoint; as of
// a step, and by how many steps that is before the movement's.
struct Decayed {
  Int128 count = 0;
  Int128 sum = 0;
  int64_t age = 0;
};

// Of count, sum and mean.
inline void SetDecayed(const AggregateShape& shape, const Decayed& decayed,
                       AggregateResult* out) {
  double value;
  if (shape.function != AggregateFunction::kMean) {
    const Int128 total = shape.function == AggregateFunction::kCount
                             ? decayed.count
                             : decayed.sum;
    const auto weight = static_cast<double>(WeightAt(shape, decayed.age));
    value = ToDouble(total) / kDecayOne * (weight / kDecayOne) /
            UnitSize(shape.unit);
  } else {
    if (decayed.count == 0) return;  // All of it is too long ago.
    value =
        ToDouble(decayed.sum) / ToDouble(decayed.count) / UnitSize(shape.unit);
  }
  out->known = true;
  out->value = cel::Value::Double(value);
}

inline void SetBest(const AggregateShape& shape, int64_t best, int64_t time_us,
                    AggregateResult* out) {
  out->known = true;
  out->value = shape.function == AggregateFunction::kTimeSince
                   ? UnitValue(AggregateUnit::kDuration,
                               std::max<int64_t>(0, time_us - best))
                   : UnitValue(shape.unit, best);
}

// What nothing counted makes: zero where that is a number of things.
inline void SetEmpty(const AggregateShape& shape, AggregateResult* out) {
  out->count_known = true;
  switch (shape.function) {
    case AggregateFunction::kCount:
    case AggregateFunction::kSum:
      out->known = true;
      out->value = shape.decay.empty() ? UnitValue(shape.unit, 0)
                                       : cel::Value::Double(0);
      break;
    case AggregateFunction::kDistinct:
      out->known = true;
      out->value = cel::Value::Int(0);
      break;
    default:
      break;
  }
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_ANSWER_H_
