#include "scoring/cel/functions.h"

#include <algorithm>

#include "absl/strings/ascii.h"

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
  table->push_back({"_+_", false, Op::kAdd, T, {T, P}});
  table->push_back({"_+_", false, Op::kAdd, T, {P, T}});
  table->push_back({"_-_", false, Op::kSubtract, P, {T, T}});
  table->push_back({"_-_", false, Op::kSubtract, T, {T, P}});
  table->push_back({"_-_", false, Op::kSubtract, P, {P, P}});
  table->push_back({"!_", false, Op::kNot, B, {B}});
}

void AddText(std::vector<Overload>* table) {
  for (const Kind kind : {S, Y, L}) {
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
    table->push_back({part.name, true, part.op, I, {T, S}});
    if (part.of_duration) table->push_back({part.name, true, part.op, I, {P}});
  }
}

const std::vector<Overload>& Table() {
  static const auto* const table = [] {
    auto* built = new std::vector<Overload>;
    AddArithmetic(built);
    AddText(built);
    AddConversions(built);
    AddTimeParts(built);
    return built;
  }();
  return *table;
}

}  // namespace

const Overload* FindOverload(absl::string_view name, bool member,
                             const std::vector<Kind>& args) {
  for (const Overload& overload : Table()) {
    if (overload.name == name && overload.member == member &&
        overload.args == args) {
      return &overload;
    }
  }
  return nullptr;
}

bool IsFunction(absl::string_view name) {
  const std::vector<Overload>& table = Table();
  return std::any_of(table.begin(), table.end(),
                     [&](const Overload& entry) { return entry.name == name; });
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names = {"has",        "all", "exists",
                                    "exists_one", "map", "filter"};
  for (const Overload& entry : Table()) {
    const bool word = absl::ascii_isalpha(entry.name[0]);
    if (word && names.back() != entry.name) names.emplace_back(entry.name);
  }
  return names;
}

absl::string_view LeftOutReason(absl::string_view name) {
  if (name == "matches") {
    return "regular expressions are not supported: matching one takes memory "
           "and a lock; use startsWith, endsWith, contains or a list";
  }
  if (name == "type" || name == "dyn") {
    return "every type is known before evaluation, so type() and dyn() are "
           "not supported";
  }
  return "";
}

}  // namespace portrisk::scoring::cel
