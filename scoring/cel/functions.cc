#include "scoring/cel/functions.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

constexpr Kind B = Kind::kBool, I = Kind::kInt, U = Kind::kUint,
               D = Kind::kDouble, S = Kind::kString, Y = Kind::kBytes,
               T = Kind::kTimestamp, P = Kind::kDuration, L = Kind::kList;

void AddArithmetic(std::vector<Overload>* table) {
  for (const Kind kind : {I, U, D}) {
    table->push_back({"_+_", false, Op::kAdd, kind, {kind, kind}});
    table->push_back({"_-_", false, Op::kSubtract, kind, {kind, kind}});
    table->push_back({"_*_", false, Op::kMultiply, kind, {kind, kind}});
    table->push_back({"_/_", false, Op::kDivide, kind, {kind, kind}});
    if (kind != D) {
      table->push_back({"_%_", false, Op::kModulo, kind, {kind, kind}});
    }
    if (kind != U) table->push_back({"-_", false, Op::kNegate, kind, {kind}});
  }
  for (const Kind kind : {S, Y, P}) {
    table->push_back({"_+_", false, Op::kAdd, kind, {kind, kind}});
  }
  table->push_back({"_+_", false, Op::kAdd, L, {L, L}});
  table->push_back({"_+_", false, Op::kAdd, T, {T, P}});
  table->push_back({"_+_", false, Op::kAdd, T, {P, T}});
  table->push_back({"_-_", false, Op::kSubtract, P, {T, T}});
  table->push_back({"_-_", false, Op::kSubtract, T, {T, P}});
  table->push_back({"_-_", false, Op::kSubtract, P, {P, P}});
  table->push_back({"!_", false, Op::kNot, B, {B}});
}

void AddText(std::vector<Overload>* table) {
  for (const Kind kind : {S, Y, L, Kind::kMap}) {
    table->push_back({"size", false, Op::kSize, I, {kind}});
    table->push_back({"size", true, Op::kSize, I, {kind}});
  }
  table->push_back({"contains", true, Op::kContains, B, {S, S}});
  table->push_back({"startsWith", true, Op::kStartsWith, B, {S, S}});
  table->push_back({"endsWith", true, Op::kEndsWith, B, {S, S}});
}

void AddConversions(std::vector<Overload>* table) {
  for (const Kind kind : {I, U, D, S, T}) {
    table->push_back({"int", false, Op::kToInt, I, {kind}});
  }
  for (const Kind kind : {I, U, D, S}) {
    table->push_back({"uint", false, Op::kToUint, U, {kind}});
    table->push_back({"double", false, Op::kToDouble, D, {kind}});
  }
  for (const Kind kind : {B, I, U, D, S, Y, T, P}) {
    table->push_back({"string", false, Op::kToString, S, {kind}});
  }
  for (const Kind kind : {S, Y}) {
    table->push_back({"bytes", false, Op::kToBytes, Y, {kind}});
  }
  for (const Kind kind : {B, S}) {
    table->push_back({"bool", false, Op::kToBool, B, {kind}});
  }
  for (const Kind kind : {S, I, T}) {
    table->push_back({"timestamp", false, Op::kToTimestamp, T, {kind}});
  }
  for (const Kind kind : {S, P}) {
    table->push_back({"duration", false, Op::kToDuration, P, {kind}});
  }
}

void AddTimeParts(std::vector<Overload>* table) {
  const struct {
    absl::string_view name;
    Op op;
    bool of_duration;
  } kParts[] = {{"getFullYear", Op::kGetFullYear, false},
                {"getMonth", Op::kGetMonth, false},
                {"getDate", Op::kGetDate, false},
                {"getDayOfMonth", Op::kGetDayOfMonth, false},
                {"getDayOfWeek", Op::kGetDayOfWeek, false},
                {"getDayOfYear", Op::kGetDayOfYear, false},
                {"getHours", Op::kGetHours, true},
                {"getMinutes", Op::kGetMinutes, true},
                {"getSeconds", Op::kGetSeconds, true},
                {"getMilliseconds", Op::kGetMilliseconds, true}};
  for (const auto& part : kParts) {
    table->push_back({part.name, true, part.op, I, {T}});
    if (part.of_duration) table->push_back({part.name, true, part.op, I, {P}});
  }
}

// All overloads, with those of a name and way of writing together.
struct Index {
  std::vector<Overload> table;
  absl::flat_hash_map<std::pair<absl::string_view, bool>,
                      std::vector<const Overload*>>
      by_name;
};

const Index& Functions() {
  static const auto* const index = [] {
    auto* built = new Index;
    AddArithmetic(&built->table);
    AddText(&built->table);
    AddStringFunctions(&built->table);
    AddFormatFunctions(&built->table);
    AddConversions(&built->table);
    AddTimeParts(&built->table);
    AddPatternFunctions(&built->table);
    AddMathFunctions(&built->table);
    AddAccessFunctions(&built->table);
    for (const Overload& one : built->table) {
      built->by_name[{one.name, one.member}].push_back(&one);
    }
    return built;
  }();
  return *index;
}

Match MatchOne(Kind wanted, Kind given) {
  if (wanted == given || wanted == Kind::kDyn || given == Kind::kNothing) {
    return Match::kYes;
  }
  return given == Kind::kDyn ? Match::kPerhaps : Match::kNo;
}

}  // namespace

Match Matches(const Overload& overload, absl::Span<const Kind> args) {
  const size_t named = overload.args.size();
  if (args.size() < named || (args.size() > named && !overload.variadic)) {
    return Match::kNo;
  }
  Match worst = Match::kYes;
  for (size_t i = 0; i < args.size(); ++i) {
    const Kind wanted = overload.args[std::min(i, named - 1)];
    const Match one = MatchOne(wanted, args[i]);
    if (one == Match::kNo) return Match::kNo;
    if (one == Match::kPerhaps) worst = one;
  }
  return worst;
}

absl::Span<const Overload* const> Overloads(absl::string_view name,
                                            bool member) {
  const auto& by_name = Functions().by_name;
  const auto found = by_name.find(std::make_pair(name, member));
  if (found == by_name.end()) return {};
  return found->second;
}

const Overload* FindOverload(absl::string_view name, bool member,
                             absl::Span<const Kind> args) {
  for (const Overload* overload : Overloads(name, member)) {
    if (Matches(*overload, args) == Match::kYes) return overload;
  }
  return nullptr;
}

Value Apply(const Overload& overload, absl::Span<const Value> args,
            const CallContext& context) {
  if (overload.function != nullptr) return overload.function(args, context);
  return ApplyStrict(overload.op, args[0], args.size() > 1 ? args[1] : Value(),
                     context.arena);
}

Value Dispatch(absl::Span<const Overload* const> overloads,
               absl::Span<const Value> args, const CallContext& context) {
  for (const Overload* overload : overloads) {
    const size_t named = overload->args.size();
    if (args.size() < named || (args.size() > named && !overload->variadic)) {
      continue;
    }
    bool fits = true;
    for (size_t i = 0; fits && i < args.size(); ++i) {
      const Kind wanted = overload->args[std::min(i, named - 1)];
      fits = wanted == Kind::kDyn || wanted == args[i].kind;
    }
    if (fits) return Apply(*overload, args, context);
  }
  return Value::Error(kNoOverload);
}

bool IsFunction(absl::string_view name) {
  return !Overloads(name, true).empty() || !Overloads(name, false).empty();
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names = {"has",          "all",
                                    "exists",       "exists_one",
                                    "existsOne",    "map",
                                    "filter",       "transformList",
                                    "transformMap", "transformMapEntry",
                                    "optMap",       "optFlatMap",
                                    "or",           "orValue",
                                    "cel.bind"};
  for (const Overload& entry : Functions().table) {
    const bool word = absl::ascii_isalpha(entry.name[0]);
    if (word && names.back() != entry.name) names.emplace_back(entry.name);
  }
  return names;
}

absl::string_view LeftOutReason(absl::string_view name) {
  if (name == "matches") {
    return "regular expressions are not supported in rules: matching one takes "
           "memory and a lock; use startsWith, endsWith, contains, split or a "
           "list";
  }
  return "";
}

}  // namespace portrisk::scoring::cel
