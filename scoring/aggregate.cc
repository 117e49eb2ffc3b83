#include "scoring/aggregate.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

using cel::Kind;
using cel::Value;

constexpr int64_t kSecond = 1'000'000;  // In microseconds.
constexpr int64_t kDay = 86400;
// How late a movement may come at the least and still find its window whole.
constexpr int64_t kLateSecondsMin = 8 * kDay;
// Lengths that people think in.
constexpr int64_t kResolutions[] = {
    1,        2,         5,         10,        15,       30,       60,
    120,      300,       600,       900,       1800,     3600,     7200,
    10800,    21600,     43200,     kDay,      2 * kDay, 3 * kDay, 5 * kDay,
    7 * kDay, 10 * kDay, 14 * kDay, 30 * kDay, 60 * kDay};

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

using Wide = unsigned __int128;

uint64_t SquareRoot(Wide square) {
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << 63; bit != 0; bit >>= 1) {
    const uint64_t tried = root | bit;
    if (Wide{tried} * tried <= square) root = tried;
  }
  return root;
}

// The square roots of 1/2, of that, and so on, each in kPoint bits after the
// point.
constexpr int kPoint = 62;
const std::array<uint64_t, kDecayPoint>& RootsOfHalf() {
  static const auto roots = [] {
    std::array<uint64_t, kDecayPoint> all;
    uint64_t root = uint64_t{1} << (kPoint - 1);
    for (uint64_t& one : all) one = root = SquareRoot(Wide{root} << kPoint);
    return all;
  }();
  return roots;
}

// 2^kDecayPoint * 2^(-num / den), by whole numbers alone: the fraction's bits
// choose among the roots.
uint64_t HalvedBy(int64_t num, int64_t den) {
  const int64_t halvings = num / den;
  if (halvings > kDecayPoint) return 0;
  const auto fraction = static_cast<uint64_t>(
      (Wide{static_cast<uint64_t>(num % den)} << kDecayPoint) /
      static_cast<Wide>(den));
  uint64_t value = uint64_t{1} << kPoint;
  for (int i = 0; i < kDecayPoint; ++i) {
    if ((fraction >> (kDecayPoint - 1 - i) & 1) != 0) {
      value = static_cast<uint64_t>(Wide{value} * RootsOfHalf()[i] >> kPoint);
    }
  }
  return value >> (kPoint - kDecayPoint) >> halvings;
}

int64_t Saturate(__int128 number, bool* saturated) {
  if (number > INT64_MAX || number < -INT64_MAX) {
    *saturated = true;
    return number > 0 ? INT64_MAX : -INT64_MAX;
  }
  return static_cast<int64_t>(number);
}

bool MillionthsOf(double d, int64_t* number, bool* saturated) {
  if (!std::isfinite(d)) return false;
  const double scaled = d * kMillionthsOfOne;
  // The largest double below 2^63.
  if (std::fabs(scaled) >= 9223372036854774784.0) {
    *saturated = true;
    *number = scaled > 0 ? INT64_MAX : -INT64_MAX;
  } else {
    *number = std::llround(scaled);
  }
  return true;
}

template <typename T>
void AppendLittle(T value, std::string* out) {
  char bytes[sizeof(value)];
  for (size_t i = 0; i < sizeof(value); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
  out->append(bytes, sizeof(value));
}

uint64_t LittleEndian(const uint8_t* bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

// Public: distinct values are told apart, nothing is kept secret.
constexpr std::array<uint8_t, 16> kHashKey = {'p', 'o', 'r', 't', 'r', 'i',
                                              's', 'k', ' ', 'd', 'i', 's',
                                              't', 'i', 'n', 'c'};
static_assert(kHashKey.size() == crypto_shorthash_KEYBYTES);

}  // namespace

const std::vector<std::string>& AggregateFunctionNames() {
  static const auto* const names = new std::vector<std::string>{
      "count",    "sum",   "min",  "max",        "mean",
      "distinct", "first", "last", "time_since", "quantile"};
  return *names;
}

int64_t StepsMax(AggregateFunction function) {
  switch (function) {
    case AggregateFunction::kCount:
    case AggregateFunction::kSum:
    case AggregateFunction::kMean:
      return kAggregateStepsMax;
    default:
      return kAggregateSketchStepsMax;
  }
}

int64_t DefaultResolution(int64_t window_s, int64_t half_life_s) {
  const int64_t most =
      half_life_s > 0 ? kAggregateStepsMax : kAggregateSketchStepsMax;
  for (const int64_t resolution : kResolutions) {
    if (CeilDiv(window_s, resolution) <= most) return resolution;
  }
  return kResolutions[std::size(kResolutions) - 1];
}

void SetRing(AggregateDeclaration* declaration) {
  AggregateShape& shape = declaration->shape;
  const int64_t resolution = declaration->resolution_s;
  shape.step_us = resolution * kSecond;
  // Not a power of two, so UINT64_MAX has the same quotient as 2^64.
  shape.per_step = UINT64_MAX / static_cast<uint64_t>(shape.step_us);
  shape.steps = CeilDiv(declaration->window_s, resolution);
  const int64_t late = std::max(kLateSecondsMin, declaration->window_s / 4);
  shape.steps_kept = shape.steps + CeilDiv(late, resolution);
  shape.buckets_max = static_cast<int32_t>(shape.steps + shape.steps / 4 + 16);
  shape.decay.clear();
  if (declaration->half_life_s == 0) return;
  const int64_t half_life = declaration->half_life_s;
  // At most what doubles a weight.
  const int64_t period =
      std::clamp(half_life / resolution, int64_t{1}, shape.steps);
  for (int64_t age = 1 - period; age < shape.steps + period; ++age) {
    shape.decay.push_back(
        age < 0 ? 2 * HalvedBy(half_life + age * resolution, half_life)
                : HalvedBy(age * resolution, half_life));
  }
}

Value UnitValue(AggregateUnit unit, int64_t number) {
  switch (unit) {
    case AggregateUnit::kUnsigned:
      return Value::Uint(static_cast<uint64_t>(number));
    case AggregateUnit::kMillionths:
      return Value::Double(static_cast<double>(number) / kMillionthsOfOne);
    case AggregateUnit::kTruth:
      return Value::Bool(number != 0);
    case AggregateUnit::kTimestamp:
    case AggregateUnit::kDuration: {
      const int64_t seconds = StepOf(number, kSecond);
      return Value::Time(
          unit == AggregateUnit::kTimestamp ? Kind::kTimestamp
                                            : Kind::kDuration,
          seconds, static_cast<int32_t>(number - seconds * kSecond) * 1000);
    }
    default:
      return Value::Int(number);
  }
}

bool UnitNumber(const Value& value, AggregateUnit unit, int64_t* number,
                bool* saturated) {
  switch (value.kind) {
    case Kind::kBool:
      *number = value.b ? 1 : 0;
      return true;
    case Kind::kInt:
      *number = Saturate(value.i, saturated);
      return true;
    case Kind::kUint:
      *number = Saturate(static_cast<__int128>(value.u), saturated);
      return true;
    case Kind::kDouble:
      return MillionthsOf(value.d, number, saturated);
    case Kind::kTimestamp:
    case Kind::kDuration:
      *number =
          Saturate(__int128{value.i} * kSecond + value.aux / 1000, saturated);
      return true;
    default:
      return false;
  }
}

uint64_t AggregateHash(const Value& value) {
  uint8_t hash[crypto_shorthash_BYTES];
  uint8_t number[16] = {};
  const uint8_t* bytes = number;
  size_t size = sizeof(number);
  if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
    bytes = reinterpret_cast<const uint8_t*>(value.s);
    size = value.aux;
  } else {
    uint64_t low = value.kind == Kind::kBool ? uint64_t{value.b} : value.u;
    if (value.kind == Kind::kDouble) {
      const double d = value.d == 0 ? 0 : value.d;  // One zero.
      std::memcpy(&low, &d, sizeof(low));
    }
    const bool time =
        value.kind == Kind::kTimestamp || value.kind == Kind::kDuration;
    for (int i = 0; i < 8; ++i) {
      number[i] = static_cast<uint8_t>(low >> (8 * i));
      if (time && i < 4) {
        number[8 + i] = static_cast<uint8_t>(value.aux >> (8 * i));
      }
    }
  }
  crypto_shorthash(hash, bytes, size, kHashKey.data());
  const uint64_t result = LittleEndian(hash);
  return result == 0 ? 1 : result;
}

void AppendCanonical(const Value& value, std::string* out) {
  out->push_back(static_cast<char>(value.kind));
  switch (value.kind) {
    case Kind::kString:
    case Kind::kBytes:
      AppendLittle(value.aux, out);
      out->append(value.s, value.aux);
      break;
    case Kind::kBool:
      out->push_back(value.b ? 1 : 0);
      break;
    default:
      AppendLittle(value.u, out);
      if (value.kind == Kind::kTimestamp || value.kind == Kind::kDuration) {
        AppendLittle(value.aux, out);
      }
  }
}

uint64_t AggregateIdentity(absl::string_view canonical) {
  uint8_t hash[crypto_generichash_BYTES_MIN];
  crypto_generichash(hash, sizeof(hash),
                     reinterpret_cast<const uint8_t*>(canonical.data()),
                     canonical.size(), nullptr, 0);
  return LittleEndian(hash);
}

}  // namespace portrisk::scoring
