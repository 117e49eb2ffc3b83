// An aggregate that a rule set declares: a value over a window of an entity's
// own past. scoring/AGGREGATES.md is the mathematics.
//
// Who does what:
//   aggregate_parser.h    YAML to declarations, with issues
//   aggregate_names.h     their names and types for conditions
//   aggregate_plan.h      those in force, compiled: keys and contributions
//   aggregate_ring.h      the state: fold, undo, rebuild
//   aggregate_append.h    folding in order of time, the short way
//   aggregate_window.h    what a ring remembers of its latest window
//   aggregate_value.h     the value as of a time (and aggregate_buckets.h)
//   aggregate_view.h      what conditions read, lazily
//   aggregate_check.h     whether a state from a disk can be worked on
#ifndef PORTRISK_SCORING_AGGREGATE_H_
#define PORTRISK_SCORING_AGGREGATE_H_

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/type.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring {

// In the order of AggregateFunctionNames().
enum class AggregateFunction : uint8_t {
  kCount,
  kSum,
  kMin,
  kMax,
  kMean,
  kDistinct,
  kFirst,
  kLast,
  kTimeSince,
  kQuantile,
};

// "count", "sum" ...
const std::vector<std::string>& AggregateFunctionNames();

// How values are written as whole numbers.
enum class AggregateUnit : uint8_t {
  kNothing,     // Of count and time_since, which only ask whether there is one.
  kWhole,       // int; enums too.
  kUnsigned,    // uint
  kMillionths,  // double
  kTruth,       // bool
  kTimestamp,   // Microseconds.
  kDuration,    // Microseconds.
  kText,        // As it is (first, last).
  kHash,        // Of any value (distinct).
};

// What sums of 64-bit numbers are added up in.
__extension__ using Int128 = __int128;

// Binary digits of decay weights behind the point. A sum of 64 bits times two
// such ones, added up over kAggregateStepsMax buckets, fits 128 bits.
inline constexpr int kDecayPoint = 48;

// What is needed to fold and to derive, and nothing else.
struct AggregateShape {
  // StepOf(time_us, step_us) without the division, which would be a good part
  // of what folding costs.
  int64_t StepOf(int64_t time_us) const;

  uint64_t id = 0;     // Of the content: equal declarations are one.
  uint64_t group = 0;  // Of the key expression.
  // Among the aggregates of its group in a plan, which is where its ring mostly
  // stands in a state. A hint, and nothing more.
  uint32_t position = 0;
  AggregateFunction function = AggregateFunction::kCount;
  AggregateUnit unit = AggregateUnit::kNothing;
  int64_t step_us = 0;      // The resolution.
  uint64_t per_step = 0;    // 2^64 / step_us, rounded down.
  int64_t steps = 0;        // In a window.
  int64_t steps_kept = 0;   // Older buckets are let go of.
  int32_t buckets_max = 0;  // So are the oldest beyond this number.
  uint32_t quantile_ppm = 0;
  // 2^kDecayPoint times the weight by the age in steps, from 1 - period on
  // (aggregate_window.h); empty without decay.
  std::vector<uint64_t> decay;
};

struct AggregateDeclaration {
  static constexpr int kEventsMax = 128;

  std::string name;
  AggregateShape shape;
  int64_t window_s = 0;
  int64_t resolution_s = 0;
  int64_t half_life_s = 0;  // 0: no decay.
  std::vector<cel::Checked> key;
  // Of each part, the field of a party that it is (aggregate_keys.h).
  std::vector<uint8_t> key_people;
  std::string key_source;  // For people.
  cel::Checked where;      // Without an expression: always.
  cel::Checked value;
  cel::Type type;  // Of the aggregate's value in conditions.
  // Events for which `where` can hold.
  std::bitset<kEventsMax> events;
  // What the identity is the hash of.
  std::string canonical;
};

// Fills steps, steps_kept, buckets_max and decay.
void SetRing(AggregateDeclaration* declaration);

// The resolution of a window that declares none.
int64_t DefaultResolution(int64_t window_s, int64_t half_life_s);

// The most buckets a window may have: what estimates has fewer.
int64_t StepsMax(AggregateFunction function);

// The step a time lies in.
inline int64_t StepOf(int64_t time_us, int64_t step_us) {
  const int64_t step = time_us / step_us;
  return time_us % step_us < 0 ? step - 1 : step;
}

inline int64_t AggregateShape::StepOf(int64_t time_us) const {
  if (time_us < 0) return scoring::StepOf(time_us, step_us);
  // At most one too low.
  const auto step = static_cast<int64_t>(
      Int128{time_us} * static_cast<Int128>(per_step) >> 64);
  return step + (time_us - step * step_us >= step_us ? 1 : 0);
}

inline constexpr double kMillionthsOfOne = 1e6;

// A number of a unit as conditions see it.
cel::Value UnitValue(AggregateUnit unit, int64_t number);

// A value as a number of the unit; false when it has none (NaN, infinite).
// `saturated` is set when the number does not fit 64 bits and is the nearest
// that does.
bool UnitNumber(const cel::Value& value, AggregateUnit unit, int64_t* number,
                bool* saturated);

// The fixed hash of a value, of any kind; never 0. The same on every machine.
uint64_t AggregateHash(const cel::Value& value);

// Appends kind and contents; different values append different bytes.
void AppendCanonical(const cel::Value& value, std::string* out);

// The first 8 bytes of BLAKE2b.
uint64_t AggregateIdentity(absl::string_view canonical);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_H_
