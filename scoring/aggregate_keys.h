// Keys that name people: under what a state is stored may not say who it is of.
//
// A part of a key that is a field of a party, account, device or plate stands
// in the key of the state as the pseudonym that admission has journaled with
// the movement (Movement.pseudonyms), so that the key can be made again from
// the movement alone: live, when the journal is folded again, when an aggregate
// is filled from history, and all without the secret behind the pseudonym. Any
// other expression over such a field has no pseudonym, and is refused as a key.
#ifndef PORTRISK_SCORING_AGGREGATE_KEYS_H_
#define PORTRISK_SCORING_AGGREGATE_KEYS_H_

#include <cstdint>
#include <optional>

#include "portrisk/v1/movement.pb.h"
#include "scoring/cel/ast.h"

namespace portrisk::scoring {

// A field with a pseudonym, by its place in a table; kNobody for expressions
// that name nobody.
using KeyPerson = uint8_t;
inline constexpr KeyPerson kNobody = 0;

// What the expression as a whole is.
KeyPerson PersonOf(const cel::Expr& key);

// The part of a key that says who somebody is and has no pseudonym; null when
// there is none. True, false and enums say nothing of the kind.
const cel::Expr* NamesWithoutPseudonym(const cel::Expr& key);

// What stands for the field in this movement; nothing when it names nobody.
std::optional<uint64_t> PseudonymOf(KeyPerson person,
                                    const v1::Movement& movement);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_KEYS_H_
