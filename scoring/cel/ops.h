// The strict operations: what they do once every operand is decided. Results
// may be errors (Kind::kError). Text they build lies in the arena.
#ifndef PORTRISK_SCORING_CEL_OPS_H_
#define PORTRISK_SCORING_CEL_OPS_H_

#include "scoring/cel/arena.h"
#include "scoring/cel/op.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

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

bool Equals(const Value& a, const Value& b);

// `text` copied into the arena.
Value ArenaString(Kind kind, absl::string_view a, absl::string_view b,
                  Arena* arena);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_OPS_H_
