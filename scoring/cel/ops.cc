// HOT PATH: called for every strict node. The checker has settled types, so an
// operation only asks which of its kinds it was given. Overflow is found by
// the compiler's checked arithmetic, never by wrapping.
#include "scoring/cel/ops.h"

#include <cmath>
#include <cstring>

#include "absl/strings/match.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/message_types.h"
#include "scoring/cel/time.h"
#include "scoring/cel/utf8.h"

namespace portrisk::scoring::cel {
namespace {

constexpr const char* kIntegerOverflow = "integer overflow";
constexpr const char* kTimeRange = "time out of range";

template <typename T>
Order OrderOf(T a, T b) {
  return a < b ? Order::kLess : a == b ? Order::kEqual : Order::kGreater;
}

Order Reverse(Order order) {
  if (order == Order::kLess) return Order::kGreater;
  return order == Order::kGreater ? Order::kLess : order;
}

Order CompareDoubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order::kUnordered;
  return OrderOf(a, b);
}

// An integer against a double without rounding the integer.
Order CompareIntDouble(int64_t a, double b) {
  if (std::isnan(b)) return Order::kUnordered;
  if (b >= 0x1p63) return Order::kLess;
  if (b < -0x1p63) return Order::kGreater;
  const int64_t whole = static_cast<int64_t>(b);
  if (a != whole) return OrderOf(a, whole);
  return OrderOf(0.0, b - static_cast<double>(whole));
}

Order CompareUintDouble(uint64_t a, double b) {
  if (std::isnan(b)) return Order::kUnordered;
  if (b >= 0x1p64) return Order::kLess;
  if (b < 0) return Order::kGreater;
  const uint64_t whole = static_cast<uint64_t>(b);
  if (a != whole) return OrderOf(a, whole);
  return OrderOf(0.0, b - static_cast<double>(whole));
}

Order CompareNumbers(const Value& a, const Value& b) {
  if (a.kind == Kind::kInt) {
    if (b.kind == Kind::kDouble) return CompareIntDouble(a.i, b.d);
    return a.i < 0 ? Order::kLess : OrderOf(static_cast<uint64_t>(a.i), b.u);
  }
  if (a.kind == Kind::kUint && b.kind == Kind::kDouble) {
    return CompareUintDouble(a.u, b.d);
  }
  return Reverse(CompareNumbers(b, a));
}

bool EqualLists(const Value& a, const Value& b) {
  if (a.aux != b.aux) return false;
  for (uint32_t i = 0; i < a.aux; ++i) {
    if (!Equals(ListElement(a, i), ListElement(b, i))) return false;
  }
  return true;
}

// seconds and nanos with nanos within (-1e9, 2e9), brought to normal form.
Value MakeTime(Kind kind, int64_t seconds, int64_t nanos) {
  if (nanos < 0) {
    nanos += 1'000'000'000;
    --seconds;
  } else if (nanos >= 1'000'000'000) {
    nanos -= 1'000'000'000;
    ++seconds;
  }
  const bool fits =
      kind == Kind::kTimestamp
          ? seconds >= kTimestampSecondsMin && seconds <= kTimestampSecondsMax
          : seconds >= -kDurationSecondsMax && seconds <= kDurationSecondsMax;
  if (!fits) return Value::Error(kTimeRange);
  return Value::Time(kind, seconds, static_cast<int32_t>(nanos));
}

Value AddLists(const Value& a, const Value& b, Arena* arena) {
  const size_t size = size_t{a.aux} + b.aux;
  if (size > kBuiltItemsMax) return Value::Error(kListTooLong);
  Value* items = arena->Values(size);
  for (uint32_t i = 0; i < a.aux; ++i) items[i] = ListElement(a, i);
  for (uint32_t i = 0; i < b.aux; ++i) items[a.aux + i] = ListElement(b, i);
  return Value::List(items, size);
}

Value Add(const Value& a, const Value& b, Arena* arena) {
  switch (a.kind) {
    case Kind::kInt: {
      int64_t sum;
      if (__builtin_add_overflow(a.i, b.i, &sum)) break;
      return Value::Int(sum);
    }
    case Kind::kUint: {
      uint64_t sum;
      if (__builtin_add_overflow(a.u, b.u, &sum)) break;
      return Value::Uint(sum);
    }
    case Kind::kDouble:
      return Value::Double(a.d + b.d);
    case Kind::kString:
    case Kind::kBytes:
      return ArenaString(a.kind, a.text(), b.text(), arena);
    case Kind::kList:
      return AddLists(a, b, arena);
    default: {
      const bool timestamp =
          a.kind == Kind::kTimestamp || b.kind == Kind::kTimestamp;
      return MakeTime(timestamp ? Kind::kTimestamp : Kind::kDuration, a.i + b.i,
                      int64_t{a.aux} + b.aux);
    }
  }
  return Value::Error(kIntegerOverflow);
}

Value Subtract(const Value& a, const Value& b) {
  switch (a.kind) {
    case Kind::kInt: {
      int64_t rest;
      if (__builtin_sub_overflow(a.i, b.i, &rest)) break;
      return Value::Int(rest);
    }
    case Kind::kUint: {
      uint64_t rest;
      if (__builtin_sub_overflow(a.u, b.u, &rest)) break;
      return Value::Uint(rest);
    }
    case Kind::kDouble:
      return Value::Double(a.d - b.d);
    default: {
      const bool timestamp =
          a.kind == Kind::kTimestamp && b.kind == Kind::kDuration;
      const Value time =
          MakeTime(timestamp ? Kind::kTimestamp : Kind::kDuration, a.i - b.i,
                   int64_t{a.aux} - b.aux);
      const bool apart =
          b.kind == Kind::kTimestamp && !time.is_error() &&
          (time.i > kApartSecondsMax || time.i < -kApartSecondsMax);
      return apart ? Value::Error(kTimeRange) : time;
    }
  }
  return Value::Error(kIntegerOverflow);
}

Value Multiply(const Value& a, const Value& b) {
  if (a.kind == Kind::kDouble) return Value::Double(a.d * b.d);
  if (a.kind == Kind::kInt) {
    int64_t product;
    if (!__builtin_mul_overflow(a.i, b.i, &product)) return Value::Int(product);
  } else {
    uint64_t product;
    if (!__builtin_mul_overflow(a.u, b.u, &product)) {
      return Value::Uint(product);
    }
  }
  return Value::Error(kIntegerOverflow);
}

Value Divide(Op op, const Value& a, const Value& b) {
  if (a.kind == Kind::kDouble) return Value::Double(a.d / b.d);
  const bool divide = op == Op::kDivide;
  if (b.u == 0) {
    return Value::Error(divide ? "divide by zero" : "modulus by zero");
  }
  if (a.kind == Kind::kUint) return Value::Uint(divide ? a.u / b.u : a.u % b.u);
  if (a.i == INT64_MIN && b.i == -1) return Value::Error(kIntegerOverflow);
  return Value::Int(divide ? a.i / b.i : a.i % b.i);
}

Value Negate(const Value& a) {
  if (a.kind == Kind::kDouble) return Value::Double(-a.d);
  if (a.i == INT64_MIN) return Value::Error(kIntegerOverflow);
  return Value::Int(-a.i);
}

bool EqualMaps(const Value& a, const Value& b) {
  if (a.aux != b.aux) return false;
  for (uint32_t i = 0; i < a.aux; ++i) {
    const Value* other = FindKey(b, a.items[2 * i]);
    if (other == nullptr || !Equals(a.items[2 * i + 1], *other)) return false;
  }
  return true;
}

// Of two values of one kind that holds others, or of messages.
bool EqualInside(const Value& a, const Value& b) {
  switch (a.kind) {
    case Kind::kNull:
      return true;
    case Kind::kMessage:
      return EqualMessages(*a.message, *b.message);
    case Kind::kList:
      return EqualLists(a, b);
    case Kind::kMap:
      return EqualMaps(a, b);
    case Kind::kType:
      return a.text() == b.text();
    default:  // kOptional
      return a.aux == b.aux && (a.aux == 0 || Equals(*a.items, *b.items));
  }
}

Value In(const Value& a, const Value& list) {
  if (list.kind == Kind::kMap) return Value::Bool(FindKey(list, a) != nullptr);
  if (list.kind != Kind::kList) return Value::Error(kNoOverload);
  for (uint32_t i = 0; i < list.aux; ++i) {
    if (Equals(a, ListElement(list, i))) return Value::Bool(true);
  }
  return Value::Bool(false);
}

// A number that is whole, as an index; false for anything else.
bool WholeNumber(const Value& number, int64_t* whole) {
  if (number.kind == Kind::kDouble) {
    if (!(number.d > -0x1p63 && number.d < 0x1p63)) return false;
    *whole = static_cast<int64_t>(number.d);
    return static_cast<double>(*whole) == number.d;
  }
  *whole = number.i;
  return number.kind == Kind::kInt ||
         (number.kind == Kind::kUint && number.u <= INT64_MAX);
}

Value IndexDynamic(const Value& container, const Value& index) {
  if (container.kind == Kind::kMap) {
    const Value* found = FindKey(container, index);
    return found == nullptr ? Value::Error("no such key") : *found;
  }
  int64_t whole;
  if (container.kind != Kind::kList || !WholeNumber(index, &whole)) {
    return Value::Error(kNoOverload);
  }
  if (whole < 0 || whole >= container.aux) {
    return Value::Error("index out of range");
  }
  return ListElement(container, static_cast<uint32_t>(whole));
}

Value Index(const Value& list, const Value& index) {
  if (list.kind != Kind::kList || index.kind != Kind::kInt) {
    return IndexDynamic(list, index);
  }
  if (index.i < 0 || index.i >= list.aux) {
    return Value::Error("index out of range");
  }
  return ListElement(list, static_cast<uint32_t>(index.i));
}

Value Size(const Value& a) {
  return Value::Int(a.kind == Kind::kString ? CountCharacters(a.text())
                                            : int64_t{a.aux});
}

// Durations count whole units, rounded toward zero.
Value DurationPart(Op op, const Value& a) {
  const int64_t seconds = a.i < 0 && a.aux > 0 ? a.i + 1 : a.i;
  const int64_t millis = a.aux / 1'000'000;
  switch (op) {
    case Op::kGetHours:
      return Value::Int(seconds / 3600);
    case Op::kGetMinutes:
      return Value::Int(seconds / 60);
    case Op::kGetSeconds:
      return Value::Int(seconds);
    default:
      if (a.i >= 0) return Value::Int(millis);
      return Value::Int(
          -((1'000'000'000 - int64_t{a.aux}) % 1'000'000'000 / 1'000'000));
  }
}

Value TimestampPart(Op op, const Value& a, const Value& zone) {
  return PartOfTimestamp(op, a, zone.kind == Kind::kInt ? zone.i * 60 : 0);
}

Value ApplyOrdering(Op op, const Value& a, const Value& b) {
  const Order order = Compare(a, b);
  switch (op) {
    case Op::kLess:
      return Value::Bool(order == Order::kLess);
    case Op::kLessEqual:
      return Value::Bool(order == Order::kLess || order == Order::kEqual);
    case Op::kGreater:
      return Value::Bool(order == Order::kGreater);
    default:
      return Value::Bool(order == Order::kGreater || order == Order::kEqual);
  }
}

}  // namespace

Value ArenaString(Kind kind, absl::string_view a, absl::string_view b,
                  Arena* arena) {
  const size_t size = a.size() + b.size();
  if (size > kBuiltTextBytesMax) return Value::Error(kTextTooLong);
  char* memory = arena->Allocate(size);
  if (!a.empty()) std::memcpy(memory, a.data(), a.size());
  if (!b.empty()) std::memcpy(memory + a.size(), b.data(), b.size());
  return Value::Text(kind, absl::string_view(memory, size));
}

Order Compare(const Value& a, const Value& b) {
  if (a.kind != b.kind) return CompareNumbers(a, b);
  switch (a.kind) {
    case Kind::kBool:
      return OrderOf(a.b, b.b);
    case Kind::kInt:
      return OrderOf(a.i, b.i);
    case Kind::kUint:
      return OrderOf(a.u, b.u);
    case Kind::kDouble:
      return CompareDoubles(a.d, b.d);
    case Kind::kString:
    case Kind::kBytes:
      return OrderOf(a.text(), b.text());
    default:
      return a.i != b.i ? OrderOf(a.i, b.i) : OrderOf(a.aux, b.aux);
  }
}

Value PartOfTimestamp(Op op, const Value& a, int64_t offset_seconds) {
  const Civil civil = ToCivil(a.i + offset_seconds, 0);
  switch (op) {
    case Op::kGetFullYear:
      return Value::Int(civil.year);
    case Op::kGetMonth:
      return Value::Int(civil.month - 1);
    case Op::kGetDate:
      return Value::Int(civil.day);
    case Op::kGetDayOfMonth:
      return Value::Int(civil.day - 1);
    case Op::kGetDayOfWeek:
      return Value::Int(civil.weekday);
    case Op::kGetDayOfYear:
      return Value::Int(civil.day_of_year);
    case Op::kGetHours:
      return Value::Int(civil.hour);
    case Op::kGetMinutes:
      return Value::Int(civil.minute);
    case Op::kGetSeconds:
      return Value::Int(civil.second);
    default:
      return Value::Int(a.aux / 1'000'000);
  }
}

bool Equals(const Value& a, const Value& b) {
  if (a.kind != b.kind && !(a.is_number() && b.is_number())) return false;
  switch (a.kind) {
    case Kind::kNull:
    case Kind::kMessage:
    case Kind::kList:
    case Kind::kMap:
    case Kind::kType:
    case Kind::kOptional:
      return EqualInside(a, b);
    default:
      return Compare(a, b) == Order::kEqual;
  }
}

bool IsKey(const Value& value) {
  return value.kind == Kind::kBool || value.kind == Kind::kInt ||
         value.kind == Kind::kUint || value.kind == Kind::kString;
}

const Value* FindKey(const Value& map, const Value& key) {
  for (uint32_t i = 0; i < map.aux; ++i) {
    if (Equals(map.items[2 * i], key)) return &map.items[2 * i + 1];
  }
  return nullptr;
}

const char* AddEntry(const Value& key, const Value& value, Value* items,
                     size_t* entries) {
  if (!IsKey(key)) return "unsupported key type";
  if (FindKey(Value::Map(items, *entries), key) != nullptr) {
    return "repeated key";
  }
  items[2 * *entries] = key;
  items[2 * *entries + 1] = value;
  ++*entries;
  return nullptr;
}

Value ApplyStrict(Op op, const Value& a, const Value& b, Arena* arena) {
  switch (op) {
    case Op::kNot:
      return Value::Bool(!a.b);
    case Op::kNegate:
      return Negate(a);
    case Op::kEqual:
      return Value::Bool(Equals(a, b));
    case Op::kNotEqual:
      return Value::Bool(!Equals(a, b));
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return ApplyOrdering(op, a, b);
    case Op::kAdd:
      return Add(a, b, arena);
    case Op::kSubtract:
      return Subtract(a, b);
    case Op::kMultiply:
      return Multiply(a, b);
    case Op::kDivide:
    case Op::kModulo:
      return Divide(op, a, b);
    case Op::kIn:
      return In(a, b);
    case Op::kIndex:
      return Index(a, b);
    case Op::kSize:
      return Size(a);
    case Op::kStartsWith:
      return Value::Bool(absl::StartsWith(a.text(), b.text()));
    case Op::kEndsWith:
      return Value::Bool(absl::EndsWith(a.text(), b.text()));
    case Op::kContains:
      return Value::Bool(absl::StrContains(a.text(), b.text()));
    default:
      break;
  }
  if (op < Op::kGetFullYear) return Convert(op, a, arena);
  return a.kind == Kind::kDuration ? DurationPart(op, a)
                                   : TimestampPart(op, a, b);
}

}  // namespace portrisk::scoring::cel
