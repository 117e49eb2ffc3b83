// matches() and named time zones: what rules refuse, because the one takes a
// lock and memory when it matches and the other differs between machines.
#include <memory>

#include "absl/time/time.h"
#include "re2/re2.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {
namespace {

using Args = absl::Span<const Value>;

Value Match(absl::string_view text, const re2::RE2& pattern) {
  if (!pattern.ok()) return Value::Error("this pattern cannot be read");
  const re2::StringPiece piece(text.data(), text.size());
  return Value::Bool(re2::RE2::PartialMatch(piece, pattern));
}

Value MatchesPattern(Args args, const CallContext& context) {
  if (context.pattern != nullptr)
    return Match(args[0].text(), *context.pattern);
  const absl::string_view text = args[1].text();
  const re2::RE2 pattern(re2::StringPiece(text.data(), text.size()),
                         re2::RE2::Quiet);
  return Match(args[0].text(), pattern);
}

// A part of a timestamp in a zone whose name is only known now.
template <Op op>
Value ZonedPart(Args args, const CallContext& context) {
  constexpr const char* kBadZone = "unknown time zone";
  int minutes;
  if (ParseZone(args[1].text(), &minutes)) {
    return PartOfTimestamp(op, args[0], int64_t{minutes} * 60);
  }
  if (context.types == nullptr) return Value::Error(kBadZone);
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(args[1].text(), &zone)) return Value::Error(kBadZone);
  const auto civil = zone.At(absl::FromUnixSeconds(args[0].i));
  return PartOfTimestamp(op, args[0], civil.offset);
}

}  // namespace

void AddPatternFunctions(std::vector<Overload>* table) {
  constexpr Kind S = Kind::kString, B = Kind::kBool, T = Kind::kTimestamp,
                 I = Kind::kInt;
  table->push_back({"matches", true, Op::kCall, B, {S, S}, MatchesPattern});
  table->push_back({"matches", false, Op::kCall, B, {S, S}, MatchesPattern});
  const auto add = [&](absl::string_view name, Op op, Function function) {
    table->push_back({name, true, op, I, {T, S}, function});
  };
  add("getFullYear", Op::kGetFullYear, ZonedPart<Op::kGetFullYear>);
  add("getMonth", Op::kGetMonth, ZonedPart<Op::kGetMonth>);
  add("getDate", Op::kGetDate, ZonedPart<Op::kGetDate>);
  add("getDayOfMonth", Op::kGetDayOfMonth, ZonedPart<Op::kGetDayOfMonth>);
  add("getDayOfWeek", Op::kGetDayOfWeek, ZonedPart<Op::kGetDayOfWeek>);
  add("getDayOfYear", Op::kGetDayOfYear, ZonedPart<Op::kGetDayOfYear>);
  add("getHours", Op::kGetHours, ZonedPart<Op::kGetHours>);
  add("getMinutes", Op::kGetMinutes, ZonedPart<Op::kGetMinutes>);
  add("getSeconds", Op::kGetSeconds, ZonedPart<Op::kGetSeconds>);
  add("getMilliseconds", Op::kGetMilliseconds, ZonedPart<Op::kGetMilliseconds>);
}

}  // namespace portrisk::scoring::cel
