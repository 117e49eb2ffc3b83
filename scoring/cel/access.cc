// Reaching into what is only known at evaluation: fields and keys of dyn
// values, optionals, type() and dyn(). Every function here takes whatever it
// is given and answers with an error where that makes no sense.
#include <cstring>

#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using google::protobuf::FieldDescriptor;
using Args = absl::Span<const Value>;

constexpr const char* kNoKey = "no such key";
constexpr const char* kNoField = "no such field";

Value None() { return Value::Optional(nullptr); }

Value Some(const Value& value, const CallContext& context) {
  return Value::Optional(context.arena->Keep(value));
}

const FieldDescriptor* FieldOf(const google::protobuf::Message& message,
                               absl::string_view name) {
  const auto* type = message.GetDescriptor();
  const std::string text(name);
  const FieldDescriptor* field = type->FindFieldByName(text);
  if (field != nullptr) return field;
  field = type->file()->pool()->FindExtensionByName(text);
  return field != nullptr && field->containing_type() == type ? field : nullptr;
}

// a.b
Value Select(Args args, const CallContext& context) {
  const Value& a = args[0];
  if (a.kind == Kind::kMap) {
    const Value* found = FindKey(a, args[1]);
    return found == nullptr ? Value::Error(kNoKey) : *found;
  }
  if (a.kind != Kind::kMessage || context.types == nullptr) {
    return Value::Error(kNoOverload);
  }
  const FieldDescriptor* field = FieldOf(*a.message, args[1].text());
  if (field == nullptr) return Value::Error(kNoField);
  return ReadFieldOrDefault(*a.message, *field, *context.types, context.arena);
}

// has(a.b)
Value Has(Args args, const CallContext& context) {
  const Value& a = args[0];
  if (a.kind == Kind::kOptional) {
    if (a.aux == 0) return Value::Bool(false);
    const Value inner[] = {*a.items, args[1]};
    return Has(inner, context);
  }
  if (a.kind == Kind::kMap) {
    return Value::Bool(FindKey(a, args[1]) != nullptr);
  }
  if (a.kind != Kind::kMessage || context.types == nullptr) {
    return Value::Error(kNoOverload);
  }
  const FieldDescriptor* field = FieldOf(*a.message, args[1].text());
  if (field == nullptr) return Value::Error(kNoField);
  return Value::Bool(HasField(*a.message, *field));
}

// a.?b
Value SelectOptional(Args args, const CallContext& context) {
  const Value& a = args[0];
  if (a.kind == Kind::kOptional) {
    if (a.aux == 0) return None();
    const Value inner[] = {*a.items, args[1]};
    return SelectOptional(inner, context);
  }
  const Value has = Has(args, context);
  if (!has.is_true()) return has.is_error() ? has : None();
  const Value value = Select(args, context);
  return value.is_error() ? value : Some(value, context);
}

// a.b where a may be an optional; then the answer is one too.
Value SelectOrChain(Args args, const CallContext& context) {
  return args[0].kind == Kind::kOptional ? SelectOptional(args, context)
                                         : Select(args, context);
}

// a[?b]
Value IndexOptional(Args args, const CallContext& context) {
  const Value& a = args[0];
  if (a.kind == Kind::kOptional) {
    if (a.aux == 0) return None();
    const Value inner[] = {*a.items, args[1]};
    return IndexOptional(inner, context);
  }
  if (a.kind == Kind::kMap) {
    const Value* found = FindKey(a, args[1]);
    return found == nullptr ? None() : Some(*found, context);
  }
  const Value value = ApplyStrict(Op::kIndex, args[0], args[1], context.arena);
  if (!value.is_error()) return Some(value, context);
  // Outside of a list is none; an index that is no number stays an error.
  const bool no_overload = std::strcmp(value.s, kNoOverload) == 0;
  return no_overload ? value : None();
}

// a[b] where a may be an optional.
Value IndexOrChain(Args args, const CallContext& context) {
  if (args[0].kind == Kind::kOptional) return IndexOptional(args, context);
  return ApplyStrict(Op::kIndex, args[0], args[1], context.arena);
}

bool IsZero(const Value& a) {
  switch (a.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return !a.b;
    case Kind::kDouble:
      return a.d == 0;
    case Kind::kInt:
    case Kind::kUint:
      return a.u == 0;
    case Kind::kTimestamp:
    case Kind::kDuration:
      return a.i == 0 && a.aux == 0;
    case Kind::kMessage:
      return IsEmptyMessage(*a.message);
    case Kind::kType:
      return false;
    default:
      return a.aux == 0;
  }
}

Value OptionalOf(Args args, const CallContext& context) {
  return Some(args[0], context);
}

Value OptionalOfNonZero(Args args, const CallContext& context) {
  return IsZero(args[0]) ? None() : Some(args[0], context);
}

Value OptionalNone(Args, const CallContext&) { return None(); }

Value HasValue(Args args, const CallContext&) {
  return Value::Bool(args[0].aux != 0);
}

Value ValueOf(Args args, const CallContext&) {
  return args[0].aux == 0 ? Value::Error("optional.none() has no value")
                          : *args[0].items;
}

absl::string_view TypeNameOf(const Value& a) {
  switch (a.kind) {
    case Kind::kNull:
      return "null_type";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kList:
      return "list";
    case Kind::kMap:
      return "map";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kMessage:
      return a.message->GetDescriptor()->full_name();
    default:
      return "type";
  }
}

Value TypeOf(Args args, const CallContext&) {
  return Value::Text(Kind::kType, TypeNameOf(args[0]));
}

Value Dyn(Args args, const CallContext&) { return args[0]; }

// <, <=, >, >= of values whose kinds are only known now.
template <Op op>
Value Ordered(Args args, const CallContext& context) {
  const Value& a = args[0];
  const Value& b = args[1];
  const bool comparable = (a.is_number() && b.is_number()) ||
                          (a.kind == b.kind && HasOrder(a.kind));
  if (!comparable) return Value::Error(kNoOverload);
  return ApplyStrict(op, a, b, context.arena);
}

}  // namespace

void AddAccessFunctions(std::vector<Overload>* table) {
  constexpr Kind any = Kind::kDyn, S = Kind::kString, B = Kind::kBool,
                 O = Kind::kOptional;
  const auto add = [&](absl::string_view name, bool member, Kind result,
                       std::vector<Kind> args, Function function,
                       Result rule = Result::kFixed) {
    table->push_back(
        {name, member, Op::kCall, result, std::move(args), function, rule});
  };
  add("_._", false, any, {any, S}, SelectOrChain);
  add("has", false, B, {any, S}, Has);
  add("_?._", false, O, {any, S}, SelectOptional);
  add("_[_]", false, any, {any, any}, IndexOrChain);
  add("_[?_]", false, O, {any, any}, IndexOptional);
  add("_<_", false, B, {any, any}, Ordered<Op::kLess>);
  add("_<=_", false, B, {any, any}, Ordered<Op::kLessEqual>);
  add("_>_", false, B, {any, any}, Ordered<Op::kGreater>);
  add("_>=_", false, B, {any, any}, Ordered<Op::kGreaterEqual>);
  add("optional.of", false, O, {any}, OptionalOf, Result::kOptionalOfArg);
  add("optional.ofNonZeroValue", false, O, {any}, OptionalOfNonZero,
      Result::kOptionalOfArg);
  add("optional.none", false, O, {}, OptionalNone);
  add("hasValue", true, B, {O}, HasValue);
  add("value", true, any, {O}, ValueOf, Result::kElementOfArg);
  add("type", false, Kind::kType, {any}, TypeOf);
  add("dyn", false, any, {any}, Dyn);
}

}  // namespace portrisk::scoring::cel
