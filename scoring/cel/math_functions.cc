// The math extension. Integers that do not fit are errors; a shift by 64 bits
// or more leaves nothing.
#include <cmath>

#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using Args = absl::Span<const Value>;

constexpr Kind B = Kind::kBool, I = Kind::kInt, U = Kind::kUint,
               D = Kind::kDouble, L = Kind::kList, any = Kind::kDyn;

// The first of the extreme ones. `wanted` is what a better one compares as.
Value Extreme(Args args, Order wanted) {
  if (args.empty()) return Value::Error("the list is empty");
  Value best = args[0];
  for (const Value& one : args) {
    if (!one.is_number()) return Value::Error(kNoOverload);
    if (Compare(one, best) == wanted) best = one;
  }
  return best;
}

Value ExtremeOf(Args args, Order wanted, const CallContext& context) {
  if (args.size() != 1 || args[0].kind != L) return Extreme(args, wanted);
  Value* items = context.arena->Values(args[0].aux);
  for (uint32_t i = 0; i < args[0].aux; ++i) {
    items[i] = ListElement(args[0], i);
  }
  return Extreme(Args(items, args[0].aux), wanted);
}

Value Greatest(Args args, const CallContext& context) {
  return ExtremeOf(args, Order::kGreater, context);
}

Value Least(Args args, const CallContext& context) {
  return ExtremeOf(args, Order::kLess, context);
}

template <double (*function)(double)>
Value Rounded(Args args, const CallContext&) {
  return Value::Double(function(args[0].d));
}

Value Abs(Args args, const CallContext&) {
  const Value& a = args[0];
  if (a.kind == D) return Value::Double(std::fabs(a.d));
  if (a.kind == U) return a;
  if (a.i == INT64_MIN) return Value::Error("integer overflow");
  return Value::Int(a.i < 0 ? -a.i : a.i);
}

Value Sign(Args args, const CallContext&) {
  const Value& a = args[0];
  if (a.kind == U) return Value::Uint(a.u == 0 ? 0 : 1);
  if (a.kind == I) return Value::Int(a.i < 0 ? -1 : a.i == 0 ? 0 : 1);
  if (std::isnan(a.d)) return a;
  return Value::Double(a.d < 0 ? -1 : a.d == 0 ? 0 : 1);
}

Value Sqrt(Args args, const CallContext&) {
  const Value& a = args[0];
  const double number = a.kind == D   ? a.d
                        : a.kind == I ? static_cast<double>(a.i)
                                      : static_cast<double>(a.u);
  return Value::Double(std::sqrt(number));
}

Value IsNan(Args args, const CallContext&) {
  return Value::Bool(std::isnan(args[0].d));
}

Value IsInf(Args args, const CallContext&) {
  return Value::Bool(std::isinf(args[0].d));
}

Value IsFinite(Args args, const CallContext&) {
  return Value::Bool(std::isfinite(args[0].d));
}

// Bits of an int or a uint, by the kind of `like`.
Value Bits(const Value& like, uint64_t bits) {
  return like.kind == U ? Value::Uint(bits)
                        : Value::Int(static_cast<int64_t>(bits));
}

Value BitAnd(Args args, const CallContext&) {
  return Bits(args[0], args[0].u & args[1].u);
}

Value BitOr(Args args, const CallContext&) {
  return Bits(args[0], args[0].u | args[1].u);
}

Value BitXor(Args args, const CallContext&) {
  return Bits(args[0], args[0].u ^ args[1].u);
}

Value BitNot(Args args, const CallContext&) {
  return Bits(args[0], ~args[0].u);
}

constexpr const char* kNegativeShift = "negative shift";

Value ShiftLeft(Args args, const CallContext&) {
  if (args[1].i < 0) return Value::Error(kNegativeShift);
  return Bits(args[0], args[1].i > 63 ? 0 : args[0].u << args[1].i);
}

// Logical: the bits of a negative int move like any others.
Value ShiftRight(Args args, const CallContext&) {
  if (args[1].i < 0) return Value::Error(kNegativeShift);
  return Bits(args[0], args[1].i > 63 ? 0 : args[0].u >> args[1].i);
}

}  // namespace

void AddMathFunctions(std::vector<Overload>* table) {
  const auto add = [&](absl::string_view name, Kind result,
                       std::vector<Kind> args, Function function,
                       bool variadic = false) {
    table->push_back({name, false, Op::kCall, result, std::move(args), function,
                      Result::kFixed, variadic});
  };
  for (const auto& [name, function] :
       {std::make_pair("math.greatest", &Greatest),
        std::make_pair("math.least", &Least)}) {
    for (const Kind kind : {I, U, D})
      add(name, kind, {kind, kind}, function, true);
    for (const Kind kind : {I, U, D}) add(name, kind, {kind}, function);
    add(name, any, {L}, function);
    add(name, any, {any, any}, function, true);
  }
  add("math.ceil", D, {D}, Rounded<std::ceil>);
  add("math.floor", D, {D}, Rounded<std::floor>);
  add("math.round", D, {D}, Rounded<std::round>);
  add("math.trunc", D, {D}, Rounded<std::trunc>);
  add("math.isNaN", B, {D}, IsNan);
  add("math.isInf", B, {D}, IsInf);
  add("math.isFinite", B, {D}, IsFinite);
  for (const Kind kind : {I, U, D}) {
    add("math.abs", kind, {kind}, Abs);
    add("math.sign", kind, {kind}, Sign);
    add("math.sqrt", D, {kind}, Sqrt);
  }
  for (const Kind kind : {I, U}) {
    add("math.bitAnd", kind, {kind, kind}, BitAnd);
    add("math.bitOr", kind, {kind, kind}, BitOr);
    add("math.bitXor", kind, {kind, kind}, BitXor);
    add("math.bitNot", kind, {kind}, BitNot);
    add("math.bitShiftLeft", kind, {kind, I}, ShiftLeft);
    add("math.bitShiftRight", kind, {kind, I}, ShiftRight);
  }
}

}  // namespace portrisk::scoring::cel
