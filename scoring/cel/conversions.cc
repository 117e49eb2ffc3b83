// int(), uint(), double(), bool(), string(), bytes(), timestamp(),
// duration(). A conversion that would change the value (a fraction aside,
// which int() and uint() cut off) is an error.
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/time.h"
#include "scoring/cel/utf8.h"

namespace portrisk::scoring::cel {
namespace {

constexpr const char* kNoInt = "cannot be converted to int";
constexpr const char* kNoUint = "cannot be converted to uint";

// Surrounding blanks are no part of a number.
bool IsTight(absl::string_view text) {
  return !text.empty() && !absl::ascii_isspace(text.front()) &&
         !absl::ascii_isspace(text.back());
}

Value ToInt(const Value& a) {
  switch (a.kind) {
    case Kind::kInt:
    case Kind::kTimestamp:
      return Value::Int(a.i);
    case Kind::kUint:
      return a.u > INT64_MAX ? Value::Error(kNoInt)
                             : Value::Int(static_cast<int64_t>(a.u));
    case Kind::kDouble:
      // NaN fails both comparisons.
      if (a.d > -0x1p63 && a.d < 0x1p63) {
        return Value::Int(static_cast<int64_t>(a.d));
      }
      return Value::Error(kNoInt);
    default: {
      int64_t value;
      const bool good = IsTight(a.text()) && absl::SimpleAtoi(a.text(), &value);
      return good ? Value::Int(value) : Value::Error(kNoInt);
    }
  }
}

Value ToUint(const Value& a) {
  switch (a.kind) {
    case Kind::kUint:
      return a;
    case Kind::kInt:
      return a.i < 0 ? Value::Error(kNoUint)
                     : Value::Uint(static_cast<uint64_t>(a.i));
    case Kind::kDouble:
      if (a.d > -1.0 && a.d < 0x1p64) {
        return Value::Uint(static_cast<uint64_t>(a.d));
      }
      return Value::Error(kNoUint);
    default: {
      uint64_t value;
      const bool good = IsTight(a.text()) && absl::SimpleAtoi(a.text(), &value);
      return good ? Value::Uint(value) : Value::Error(kNoUint);
    }
  }
}

Value ToDouble(const Value& a) {
  switch (a.kind) {
    case Kind::kDouble:
      return a;
    case Kind::kInt:
      return Value::Double(static_cast<double>(a.i));
    case Kind::kUint:
      return Value::Double(static_cast<double>(a.u));
    default: {
      double value;
      const bool good = IsTight(a.text()) && absl::SimpleAtod(a.text(), &value);
      return good ? Value::Double(value)
                  : Value::Error("cannot be converted to double");
    }
  }
}

Value ToBool(const Value& a) {
  if (a.kind == Kind::kBool) return a;
  for (absl::string_view yes : {"true", "True", "TRUE", "t", "1"}) {
    if (a.text() == yes) return Value::Bool(true);
  }
  for (absl::string_view no : {"false", "False", "FALSE", "f", "0"}) {
    if (a.text() == no) return Value::Bool(false);
  }
  return Value::Error("cannot be converted to bool");
}

Value ToString(const Value& a, Arena* arena) {
  char buffer[kTimeTextMax];
  char* const end = buffer + sizeof(buffer);
  size_t size = 0;
  switch (a.kind) {
    case Kind::kString:
      return a;
    case Kind::kBytes:
      return IsUtf8(a.text()) ? Value::String(a.text())
                              : Value::Error("bytes are not UTF-8");
    case Kind::kBool:
      return Value::String(a.b ? "true" : "false");
    case Kind::kInt:
      size = std::to_chars(buffer, end, a.i).ptr - buffer;
      break;
    case Kind::kUint:
      size = std::to_chars(buffer, end, a.u).ptr - buffer;
      break;
    case Kind::kDouble:
      if (std::isnan(a.d)) return Value::String("NaN");
      if (std::isinf(a.d)) {
        return Value::String(a.d < 0 ? "-Infinity" : "Infinity");
      }
      size = std::to_chars(buffer, end, a.d).ptr - buffer;
      break;
    case Kind::kTimestamp:
      size = FormatTimestamp({a.i, static_cast<int32_t>(a.aux)}, buffer);
      break;
    default:
      size = FormatDuration({a.i, static_cast<int32_t>(a.aux)}, buffer);
      break;
  }
  return ArenaString(Kind::kString, absl::string_view(buffer, size), "", arena);
}

Value ToTimestamp(const Value& a) {
  if (a.kind == Kind::kTimestamp) return a;
  TimePoint time;
  if (a.kind == Kind::kInt) {
    time.seconds = a.i;
    if (a.i < kTimestampSecondsMin || a.i > kTimestampSecondsMax) {
      return Value::Error("time out of range");
    }
  } else if (!ParseTimestamp(a.text(), &time)) {
    return Value::Error("cannot be converted to timestamp");
  }
  return Value::Time(Kind::kTimestamp, time.seconds, time.nanos);
}

Value ToDuration(const Value& a) {
  if (a.kind == Kind::kDuration) return a;
  TimePoint time;
  if (!ParseDuration(a.text(), &time)) {
    return Value::Error("cannot be converted to duration");
  }
  return Value::Time(Kind::kDuration, time.seconds, time.nanos);
}

}  // namespace

Value Convert(Op op, const Value& a, Arena* arena) {
  switch (op) {
    case Op::kToInt:
      return ToInt(a);
    case Op::kToUint:
      return ToUint(a);
    case Op::kToDouble:
      return ToDouble(a);
    case Op::kToBool:
      return ToBool(a);
    case Op::kToString:
      return ToString(a, arena);
    case Op::kToBytes:
      return Value::Text(Kind::kBytes, a.text());
    case Op::kToTimestamp:
      return ToTimestamp(a);
    default:
      return ToDuration(a);
  }
}

}  // namespace portrisk::scoring::cel
