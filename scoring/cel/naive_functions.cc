#include "scoring/cel/naive_functions.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/time.h"
#include "scoring/cel/utf8.h"

namespace portrisk::scoring::cel {
namespace {

using V = NaiveValue;
using Args = std::vector<NaiveValue>;

constexpr absl::int128 kSecond = 1'000'000'000;

V Fail(const char* text) { return {V::Error{text}}; }

// Seconds, rounded down, of a number of nanoseconds.
int64_t FloorSeconds(absl::int128 nanos) {
  absl::int128 seconds = nanos / kSecond;
  if (nanos % kSecond < 0) --seconds;
  return static_cast<int64_t>(seconds);
}

V MakeTimestamp(absl::int128 nanos) {
  const int64_t seconds = FloorSeconds(nanos);
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) {
    return Fail("time out of range");
  }
  return {V::Timestamp{nanos}};
}

V MakeDuration(absl::int128 nanos) {
  const int64_t seconds = FloorSeconds(nanos);
  if (seconds < -kDurationSecondsMax || seconds > kDurationSecondsMax) {
    return Fail("time out of range");
  }
  return {V::Duration{nanos}};
}

long double Number(const V& v) {
  if (const auto* i = v.As<int64_t>()) return *i;
  if (const auto* u = v.As<uint64_t>()) return *u;
  return *v.As<double>();
}

// Integer arithmetic in 128 bits, where nothing of it can overflow.
template <typename T>
V Integer(const std::string& name, T a, T b) {
  const absl::int128 x = a, y = b;
  if (y == 0 && name == "_/_") return Fail("divide by zero");
  if (y == 0 && name == "_%_") return Fail("modulus by zero");
  absl::int128 r = 0;
  if (name == "_+_") r = x + y;
  if (name == "_-_") r = x - y;
  if (name == "_*_") {
    // Two full unsigned factors would leave even 128 bits.
    if (x != 0 && y != 0) {
      const long double size =
          static_cast<long double>(x) * static_cast<long double>(y);
      if (std::fabs(size) > 0x1p65L) return Fail("integer overflow");
    }
    r = x * y;
  }
  if (name == "_/_") r = x / y;
  if (name == "_%_") {
    // The quotient decides: it is what does not fit.
    if (x / y > std::numeric_limits<T>::max()) return Fail("integer overflow");
    r = x % y;
  }
  if (r < std::numeric_limits<T>::min() || r > std::numeric_limits<T>::max()) {
    return Fail("integer overflow");
  }
  return {static_cast<T>(r)};
}

// Of a timestamp or a duration.
absl::int128 NanosOf(const V& v) {
  if (const auto* t = v.As<V::Timestamp>()) return t->nanos;
  const auto* d = v.As<V::Duration>();
  return d == nullptr ? absl::int128(0) : d->nanos;
}

V Times(const std::string& name, const V& a, const V& b) {
  const auto* ta = a.As<V::Timestamp>();
  const auto* tb = b.As<V::Timestamp>();
  const absl::int128 x = NanosOf(a), y = NanosOf(b);
  if (name == "_+_")
    return ta || tb ? MakeTimestamp(x + y) : MakeDuration(x + y);
  if (ta && !tb) return MakeTimestamp(x - y);
  const int64_t apart = FloorSeconds(x - y);
  if (tb && (apart > kApartSecondsMax || apart < -kApartSecondsMax)) {
    return Fail("time out of range");
  }
  return MakeDuration(x - y);
}

V Arithmetic(const std::string& name, const V& a, const V& b) {
  if (const auto* x = a.As<int64_t>()) {
    return Integer(name, *x, *b.As<int64_t>());
  }
  if (const auto* x = a.As<uint64_t>()) {
    return Integer(name, *x, *b.As<uint64_t>());
  }
  if (const auto* x = a.As<double>()) {
    const double y = *b.As<double>();
    if (name == "_+_") return {*x + y};
    if (name == "_-_") return {*x - y};
    if (name == "_*_") return {*x * y};
    return {*x / y};
  }
  if (const auto* x = a.As<std::string>()) {
    const std::string both = *x + *b.As<std::string>();
    return both.size() > kBuiltTextBytesMax ? Fail(kTextTooLong) : V{both};
  }
  if (const auto* x = a.As<V::Bytes>()) {
    const std::string both = x->bytes + b.As<V::Bytes>()->bytes;
    return both.size() > kBuiltTextBytesMax ? Fail(kTextTooLong)
                                            : V{V::Bytes{both}};
  }
  if (const auto* x = a.As<V::List>()) {
    V::List both = *x;
    const auto& more = *b.As<V::List>();
    if (both.size() + more.size() > kBuiltItemsMax) return Fail(kListTooLong);
    both.insert(both.end(), more.begin(), more.end());
    return {both};
  }
  return Times(name, a, b);
}

V Operator(const std::string& name, const Args& args) {
  if (name == "!_") return {!*args[0].As<bool>()};
  if (name == "-_") {
    if (const auto* d = args[0].As<double>()) return {-*d};
    return Integer<int64_t>("_-_", 0, *args[0].As<int64_t>());
  }
  const V& a = args[0];
  const V& b = args[1];
  if (name == "_==_") return {NaiveEquals(a, b)};
  if (name == "_!=_") return {!NaiveEquals(a, b)};
  if (name == "_<_") return {NaiveCompare(a, b) == -1};
  if (name == "_<=_")
    return {NaiveCompare(a, b) == -1 || NaiveCompare(a, b) == 0};
  if (name == "_>_") return {NaiveCompare(a, b) == 1};
  if (name == "_>=_")
    return {NaiveCompare(a, b) == 1 || NaiveCompare(a, b) == 0};
  return Arithmetic(name, a, b);
}

template <typename T>
std::string Shortest(T number) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number);
  return std::string(buffer, end.ptr);
}

std::string TimeText(absl::int128 nanos) {
  const int64_t seconds = FloorSeconds(nanos);
  const auto fraction = static_cast<int>(nanos - seconds * kSecond);
  const absl::CivilSecond civil =
      absl::ToCivilSecond(absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
  std::string text = absl::StrFormat(
      "%04d-%02d-%02dT%02d:%02d:%02d", civil.year(), civil.month(), civil.day(),
      civil.hour(), civil.minute(), civil.second());
  if (fraction != 0) {
    std::string digits = absl::StrFormat("%09d", fraction);
    while (digits.back() == '0') digits.pop_back();
    absl::StrAppend(&text, ".", digits);
  }
  return text + "Z";
}

std::string DurationText(absl::int128 nanos) {
  const absl::int128 size = nanos < 0 ? -nanos : nanos;
  std::string text =
      absl::StrCat(nanos < 0 ? "-" : "", static_cast<int64_t>(size / kSecond));
  if (size % kSecond != 0) {
    std::string digits =
        absl::StrFormat("%09d", static_cast<int64_t>(size % kSecond));
    while (digits.back() == '0') digits.pop_back();
    absl::StrAppend(&text, ".", digits);
  }
  return text + "s";
}

template <typename T>
V ToInteger(const V& a, const char* error) {
  if (const auto* t = a.As<V::Timestamp>()) {
    return {static_cast<T>(FloorSeconds(t->nanos))};
  }
  if (const auto* text = a.As<std::string>()) {
    T value;
    if (text->empty() || text->front() == ' ' || text->back() == ' ' ||
        !absl::SimpleAtoi(*text, &value)) {
      return Fail(error);
    }
    return {value};
  }
  const long double number = std::trunc(Number(a));
  // The smallest int is refused from double, where it may have been rounded.
  const bool edge =
      a.As<double>() != nullptr && std::is_signed_v<T> && number <= -0x1p63L;
  if (!(number >= std::numeric_limits<T>::min() &&
        number <= std::numeric_limits<T>::max()) ||
      edge) {
    return Fail(error);
  }
  return {static_cast<T>(number)};
}

V ToDouble(const V& a) {
  const auto* text = a.As<std::string>();
  if (text == nullptr) return {static_cast<double>(Number(a))};
  double value;
  if (text->empty() || text->front() == ' ' || text->back() == ' ' ||
      !absl::SimpleAtod(*text, &value)) {
    return Fail("cannot be converted to double");
  }
  return {value};
}

V ToBool(const V& a) {
  if (a.As<bool>()) return a;
  const std::string& text = *a.As<std::string>();
  if (text == "1" || text == "t" || text == "true" || text == "True" ||
      text == "TRUE") {
    return {true};
  }
  if (text == "0" || text == "f" || text == "false" || text == "False" ||
      text == "FALSE") {
    return {false};
  }
  return Fail("cannot be converted to bool");
}

V ToTime(const std::string& name, const V& a) {
  const bool timestamp = name == "timestamp";
  if (a.As<V::Timestamp>() || a.As<V::Duration>()) return a;
  if (const auto* i = a.As<int64_t>()) return MakeTimestamp(*i * kSecond);
  TimePoint time;
  const std::string& text = *a.As<std::string>();
  if (timestamp ? !ParseTimestamp(text, &time) : !ParseDuration(text, &time)) {
    return Fail(timestamp ? "cannot be converted to timestamp"
                          : "cannot be converted to duration");
  }
  const absl::int128 nanos = time.seconds * kSecond + time.nanos;
  return timestamp ? V{V::Timestamp{nanos}} : V{V::Duration{nanos}};
}

V DurationPart(const std::string& name, absl::int128 nanos) {
  absl::int128 part = nanos / kSecond;
  if (name == "getHours") part /= 3600;
  if (name == "getMinutes") part /= 60;
  if (name == "getMilliseconds") part = nanos % kSecond / 1'000'000;
  return {static_cast<int64_t>(part)};
}

V TimestampPart(const std::string& name, absl::int128 nanos,
                int64_t offset_seconds) {
  const int64_t seconds = FloorSeconds(nanos);
  const absl::CivilSecond at = absl::ToCivilSecond(
      absl::FromUnixSeconds(seconds + offset_seconds), absl::UTCTimeZone());
  const absl::CivilDay day(at);
  int64_t part = 0;
  if (name == "getFullYear") part = at.year();
  if (name == "getMonth") part = at.month() - 1;
  if (name == "getDate") part = at.day();
  if (name == "getDayOfMonth") part = at.day() - 1;
  if (name == "getDayOfYear") part = absl::GetYearDay(day) - 1;
  if (name == "getDayOfWeek") {
    part = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
  }
  if (name == "getHours") part = at.hour();
  if (name == "getMinutes") part = at.minute();
  if (name == "getSeconds") part = at.second();
  if (name == "getMilliseconds") {
    part = static_cast<int64_t>((nanos - seconds * kSecond) / 1'000'000);
  }
  return {part};
}

V Size(const V& a) {
  if (const auto* list = a.As<V::List>()) {
    return {static_cast<int64_t>(list->size())};
  }
  if (const auto* map = a.As<V::Map>()) {
    return {static_cast<int64_t>(map->keys.size())};
  }
  if (const auto* bytes = a.As<V::Bytes>()) {
    return {static_cast<int64_t>(bytes->bytes.size())};
  }
  absl::string_view rest = *a.As<std::string>();
  int64_t characters = 0;
  for (; !rest.empty(); ++characters) rest.remove_prefix(Utf8Length(rest));
  return {characters};
}

// Seconds a zone is ahead of UTC at a moment; named ones outside of rules only.
bool ZoneOffset(const std::string& zone, absl::int128 nanos, bool rules,
                int64_t* offset) {
  int minutes = 0;
  if (ParseZone(zone, &minutes)) {
    *offset = int64_t{minutes} * 60;
    return true;
  }
  absl::TimeZone named;
  if (rules || !absl::LoadTimeZone(zone, &named)) return false;
  *offset = named.At(absl::FromUnixSeconds(FloorSeconds(nanos))).offset;
  return true;
}

V Function(const std::string& name, const Args& args, bool rules) {
  const V& a = args[0];
  if (name == "size") return Size(a);
  if (name == "string") return NaiveToText(a);
  if (name == "int") {
    return ToInteger<int64_t>(a, "cannot be converted to int");
  }
  if (name == "uint") {
    return ToInteger<uint64_t>(a, "cannot be converted to uint");
  }
  if (name == "double") return ToDouble(a);
  if (name == "bool") return ToBool(a);
  if (name == "bytes") {
    if (const auto* text = a.As<std::string>()) return {V::Bytes{*text}};
    return a;
  }
  if (name == "timestamp" || name == "duration") return ToTime(name, a);
  if (const auto* d = a.As<V::Duration>()) return DurationPart(name, d->nanos);
  if (const auto* t = a.As<V::Timestamp>()) {
    int64_t offset = 0;
    if (args.size() > 1 &&
        !ZoneOffset(*args[1].As<std::string>(), t->nanos, rules, &offset)) {
      return Fail("unknown time zone");
    }
    return TimestampPart(name, t->nanos, offset);
  }
  const std::string& text = *a.As<std::string>();
  const std::string& part = *args[1].As<std::string>();
  if (name == "startsWith") return {text.compare(0, part.size(), part) == 0};
  if (name == "contains") return {text.find(part) != std::string::npos};
  return {text.size() >= part.size() &&
          text.substr(text.size() - part.size()) == part};
}

}  // namespace

NaiveValue NaiveToText(const NaiveValue& a) {
  if (a.As<std::string>()) return a;
  if (const auto* x = a.As<bool>()) return {std::string(*x ? "true" : "false")};
  if (const auto* x = a.As<int64_t>()) return {absl::StrCat(*x)};
  if (const auto* x = a.As<uint64_t>()) return {absl::StrCat(*x)};
  if (const auto* x = a.As<double>()) {
    if (*x != *x) return {std::string("NaN")};
    if (std::isinf(*x)) {
      return {std::string(*x < 0 ? "-Infinity" : "Infinity")};
    }
    return {Shortest(*x)};
  }
  if (const auto* x = a.As<V::Timestamp>()) return {TimeText(x->nanos)};
  if (const auto* x = a.As<V::Duration>()) return {DurationText(x->nanos)};
  const std::string& bytes = a.As<V::Bytes>()->bytes;
  return IsUtf8(bytes) ? V{bytes} : Fail("bytes are not UTF-8");
}

NaiveValue NaiveCall(const std::string& name,
                     const std::vector<NaiveValue>& args,
                     const NaiveContext& context) {
  NaiveValue result;
  if (NaiveAccess(name, args, context, &result) ||
      NaiveText(name, args, &result) || NaiveMath(name, args, &result)) {
    return result;
  }
  const bool is_operator = name.find('_') != std::string::npos;
  return is_operator ? Operator(name, args)
                     : Function(name, args, context.types == nullptr);
}

std::string DebugText(const NaiveValue& v) {
  if (v.As<std::monostate>()) return "null";
  if (const auto* u = v.As<uint64_t>()) return absl::StrCat(*u, "u");
  if (const auto* d = v.As<double>()) {
    // The sign of what is no number says nothing.
    const std::string text = std::isnan(*d) ? "nan" : Shortest(*d);
    const bool whole = text.find_first_not_of("-0123456789") == text.npos;
    return whole ? text + ".0" : text;
  }
  if (const auto* s = v.As<std::string>()) return absl::StrCat("'", *s, "'");
  if (const auto* y = v.As<V::Bytes>()) {
    return absl::StrCat("b'", absl::CHexEscape(y->bytes), "'");
  }
  if (const auto* list = v.As<V::List>()) {
    return absl::StrCat("[",
                        absl::StrJoin(*list, ", ",
                                      [](std::string* out, const V& item) {
                                        absl::StrAppend(out, DebugText(item));
                                      }),
                        "]");
  }
  if (const auto* map = v.As<V::Map>()) {
    std::vector<std::string> entries;
    for (size_t i = 0; i < map->keys.size(); ++i) {
      entries.push_back(absl::StrCat(DebugText(map->keys[i]), ": ",
                                     DebugText(map->values[i])));
    }
    return absl::StrCat("{", absl::StrJoin(entries, ", "), "}");
  }
  if (const auto* type = v.As<V::TypeName>()) return type->name;
  if (const auto* optional = v.As<V::Optional>()) {
    return optional->held == nullptr
               ? "optional.none()"
               : absl::StrCat("optional.of(", DebugText(*optional->held), ")");
  }
  if (const auto* m = v.As<V::Message>()) {
    return absl::StrCat((*m)->GetDescriptor()->full_name(), "{",
                        (*m)->ShortDebugString(), "}");
  }
  if (const auto* u = v.As<V::Unknown>()) {
    return absl::StrCat("unknown ", u->path);
  }
  if (const auto* e = v.As<V::Error>()) return absl::StrCat("error ", e->text);
  return *NaiveToText(v).As<std::string>();
}

}  // namespace portrisk::scoring::cel
