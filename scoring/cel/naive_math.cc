// The math extension of the second evaluator.
#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/naive_functions.h"

namespace portrisk::scoring::cel {
namespace {

using V = NaiveValue;
using Args = std::vector<NaiveValue>;

V Fail(const char* text) { return {V::Error{text}}; }

V Extreme(const Args& values, int wanted) {
  if (values.empty()) return Fail("the list is empty");
  V best = values[0];
  for (const V& one : values) {
    if (!NaiveIsNumber(one)) return Fail(kNoOverload);
    if (NaiveCompare(one, best) == wanted) best = one;
  }
  return best;
}

V OfDouble(const std::string& name, double x) {
  if (name == "math.ceil") return {std::ceil(x)};
  if (name == "math.floor") return {std::floor(x)};
  if (name == "math.trunc") return {std::trunc(x)};
  if (name == "math.isNaN") return {x != x};
  if (name == "math.isInf") return {x == HUGE_VAL || x == -HUGE_VAL};
  if (name == "math.isFinite") return {std::fabs(x) < HUGE_VAL};
  if (name == "math.abs") return {x < 0 ? -x : x + 0.0};
  if (name == "math.sqrt") return {std::sqrt(x)};
  if (name == "math.sign")
    return {x != x ? x : x < 0 ? -1.0 : x > 0 ? 1.0 : 0.0};
  // math.round: halves away from zero.
  const double whole = std::trunc(x);
  if (std::fabs(x - whole) < 0.5 || x != x) {
    return {x != x || whole != 0 ? whole : std::copysign(0.0, x)};
  }
  return {whole + (x < 0 ? -1.0 : 1.0)};
}

template <typename T>
V OfInteger(const std::string& name, T x, const Args& args) {
  if (name == "math.sqrt") return {std::sqrt(static_cast<double>(x))};
  if (name == "math.sign") {
    return {static_cast<T>(x == 0 ? 0 : x > 0 ? 1 : -1)};
  }
  if (name == "math.abs") {
    if (x >= 0) return {x};
    const T turned = static_cast<T>(~static_cast<uint64_t>(x) + 1);
    return turned < 0 ? Fail("integer overflow") : V{turned};
  }
  const auto bits = static_cast<uint64_t>(x);
  uint64_t out = ~bits;
  if (name == "math.bitShiftLeft" || name == "math.bitShiftRight") {
    const int64_t by = *args[1].As<int64_t>();
    if (by < 0) return Fail("negative shift");
    out = bits;
    for (int64_t i = 0; i < std::min<int64_t>(by, 64); ++i) {
      out = name == "math.bitShiftLeft" ? out * 2 : out / 2;
    }
  } else if (args.size() > 1) {
    const auto other = static_cast<uint64_t>(*args[1].As<T>());
    if (name == "math.bitAnd") out = bits & other;
    if (name == "math.bitOr") out = bits | other;
    if (name == "math.bitXor") out = (bits | other) & ~(bits & other);
  }
  return {static_cast<T>(out)};
}

}  // namespace

bool NaiveMath(const std::string& name, const Args& args, V* result) {
  if (!absl::StartsWith(name, "math.")) return false;
  if (name == "math.greatest" || name == "math.least") {
    const auto* list = args.size() == 1 ? args[0].As<V::List>() : nullptr;
    *result =
        Extreme(list != nullptr ? *list : args, name == "math.least" ? -1 : 1);
  } else if (const auto* d = args[0].As<double>()) {
    *result = OfDouble(name, *d);
  } else if (const auto* i = args[0].As<int64_t>()) {
    *result = OfInteger(name, *i, args);
  } else {
    *result = OfInteger(name, *args[0].As<uint64_t>(), args);
  }
  return true;
}

}  // namespace portrisk::scoring::cel
