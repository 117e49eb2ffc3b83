// The value that evaluation computes with: 24 bytes, trivially copyable,
// owning nothing. Text points into the message, the programme's constants or
// the arena of the evaluation, and lives as long as they do. So do the items
// of lists, maps and optionals.
//
// Unknown and error are values like any other: an absent field is unknown and
// carries which field it was; a division by zero is an error and carries its
// text. See eval.cc for how operators treat them.
#ifndef PORTRISK_SCORING_CEL_VALUE_H_
#define PORTRISK_SCORING_CEL_VALUE_H_

#include <cstdint>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace portrisk::scoring::cel {

enum class Kind : uint8_t {
  kNull,
  kBool,
  kInt,  // Enums too.
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMessage,
  kMap,
  kType,      // What type() gives; the text is its name.
  kOptional,  // A value or none.
  kUnknown,
  kError,
  // Kinds of types only; no value has them.
  kEnum,
  kSet,      // A list declared in the rule set.
  kDyn,      // Known at evaluation only.
  kNothing,  // The element type of [], which has no element.
};

struct Value {
  Kind kind = Kind::kNull;
  // Length of text, bytes and lists, entries of a map, 0 or 1 of an optional;
  // nanoseconds of times, 0 to 999,999,999; path number of an unknown.
  uint32_t aux = 0;
  union {
    bool b;
    int64_t i;  // Also seconds of times, rounded down.
    uint64_t u;
    double d;
    const char* s;  // Text, bytes, and the static text of an error.
    const google::protobuf::Message* message;  // Also the owner of a list.
    // A list not of a message; key, value, key, value ... of a map; what an
    // optional holds.
    const Value* items;
  };
  // The repeated field of a list that is one, else null.
  const google::protobuf::FieldDescriptor* field = nullptr;

  Value() : i(0) {}

  static Value Bool(bool v) {
    Value r;
    r.kind = Kind::kBool;
    r.b = v;
    return r;
  }
  static Value Int(int64_t v) {
    Value r;
    r.kind = Kind::kInt;
    r.i = v;
    return r;
  }
  static Value Uint(uint64_t v) {
    Value r;
    r.kind = Kind::kUint;
    r.u = v;
    return r;
  }
  static Value Double(double v) {
    Value r;
    r.kind = Kind::kDouble;
    r.d = v;
    return r;
  }
  static Value Text(Kind kind, absl::string_view v) {
    Value r;
    r.kind = kind;
    r.aux = static_cast<uint32_t>(v.size());
    r.s = v.data();
    return r;
  }
  static Value String(absl::string_view v) { return Text(Kind::kString, v); }
  static Value Time(Kind kind, int64_t seconds, int32_t nanos) {
    Value r;
    r.kind = kind;
    r.aux = static_cast<uint32_t>(nanos);
    r.i = seconds;
    return r;
  }
  static Value Message(const google::protobuf::Message* v) {
    Value r;
    r.kind = Kind::kMessage;
    r.message = v;
    return r;
  }
  static Value Repeated(const google::protobuf::Message* owner,
                        const google::protobuf::FieldDescriptor* field,
                        int size) {
    Value r;
    r.kind = Kind::kList;
    r.aux = static_cast<uint32_t>(size);
    r.message = owner;
    r.field = field;
    return r;
  }
  static Value List(const Value* items, size_t size) {
    Value r;
    r.kind = Kind::kList;
    r.aux = static_cast<uint32_t>(size);
    r.items = items;
    return r;
  }
  // `items` are `size` keys, each followed by its value.
  static Value Map(const Value* items, size_t size) {
    Value r = List(items, size);
    r.kind = Kind::kMap;
    return r;
  }
  // `held` is null for none.
  static Value Optional(const Value* held) {
    Value r = List(held, held == nullptr ? 0 : 1);
    r.kind = Kind::kOptional;
    return r;
  }
  static Value Unknown(uint32_t path) {
    Value r;
    r.kind = Kind::kUnknown;
    r.aux = path;
    return r;
  }
  // `text` is a literal.
  static Value Error(const char* text) {
    Value r;
    r.kind = Kind::kError;
    r.s = text;
    return r;
  }

  absl::string_view text() const { return absl::string_view(s, aux); }
  bool is_true() const { return kind == Kind::kBool && b; }
  bool is_false() const { return kind == Kind::kBool && !b; }
  bool is_unknown() const { return kind == Kind::kUnknown; }
  bool is_error() const { return kind == Kind::kError; }
  bool is_decided() const { return !is_unknown() && !is_error(); }
  bool is_number() const {
    return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDouble;
  }
};

static_assert(sizeof(Value) == 24);
static_assert(std::is_trivially_copyable_v<Value>);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_VALUE_H_
