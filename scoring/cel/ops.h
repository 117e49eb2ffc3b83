// The strict operations: what they do once every operand is decided. Results
// may be errors (Kind::kError). Text they build lies in the arena.
#ifndef PORTRISK_SCORING_CEL_OPS_H_
#define PORTRISK_SCORING_CEL_OPS_H_

#include "scoring/cel/arena.h"
#include "scoring/cel/op.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

// What an operation may build at most; beyond it the value is an error, so
// that nested joins and replacements cannot take memory without bounds.
inline constexpr size_t kBuiltTextBytesMax = 64 * 1024;
inline constexpr size_t kBuiltItemsMax = 64 * 1024;
inline constexpr const char* kTextTooLong = "text too long";
inline constexpr const char* kListTooLong = "list too long";

// `b` is ignored by unary operations. Where a part of a timestamp is asked for
// in a time zone, `b` is its offset in minutes as kInt; otherwise null.
// The operands have the types the checker allows for `op`.
Value ApplyStrict(Op op, const Value& a, const Value& b, Arena* arena);

// The conversions among them (conversions.cc).
Value Convert(Op op, const Value& a, Arena* arena);

// Of one ordered kind, or two numbers of any kinds; numbers compare by their
// mathematical value.
enum class Order : int8_t { kLess, kEqual, kGreater, kUnordered };
Order Compare(const Value& a, const Value& b);

// Values of different kinds are not equal, numbers aside.
bool Equals(const Value& a, const Value& b);

// The value of a key of a map, or null. Keys that are equal numbers are equal.
const Value* FindKey(const Value& map, const Value& key);
// Bool, int, uint, string.
bool IsKey(const Value& value);
// Appends an entry to a map under construction; an error when the key is none
// or there already, else null.
const char* AddEntry(const Value& key, const Value& value, Value* items,
                     size_t* entries);

// A part of a timestamp, for a zone `offset_seconds` ahead of UTC.
Value PartOfTimestamp(Op op, const Value& time, int64_t offset_seconds);

// `text` copied into the arena.
Value ArenaString(Kind kind, absl::string_view a, absl::string_view b,
                  Arena* arena);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_OPS_H_
