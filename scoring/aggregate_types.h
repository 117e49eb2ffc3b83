// What the expressions of an aggregate say about it before any movement comes:
// types, the events that can count, and what identity is made of.
#ifndef PORTRISK_SCORING_AGGREGATE_TYPES_H_
#define PORTRISK_SCORING_AGGREGATE_TYPES_H_

#include <bitset>
#include <string>

#include "absl/strings/string_view.h"
#include "scoring/aggregate.h"
#include "scoring/cel/ast.h"

namespace portrisk::scoring {

// Sets the unit and the type of the aggregate by the type of its value.
// Returns "" or what the function takes instead: "a number or a duration".
std::string TypeAggregate(const cel::Type& value,
                          AggregateDeclaration* declaration);

// Whether a key may have a part of this type.
bool CanBeKey(const cel::Type& type);

// The events for which the condition can be true; all it cannot exclude.
std::bitset<AggregateDeclaration::kEventsMax> EventsOf(const cel::Expr& expr);

// Whether those events are all it asks about: it is true for them, false for
// others.
bool AsksForEventAlone(const cel::Expr& expr);

// The first part that reads more than is fixed with the movement; null when
// there is none.
const cel::Expr* ReadsMoreThanMovement(const cel::Expr& expr);

// The first part that reads the name of a party; null when there is none.
const cel::Expr* ReadsName(const cel::Expr& expr);

// Appends the source, its tokens parted by single blanks, and the contents of
// the lists it uses.
void AppendNormalised(absl::string_view source, const cel::Expr& expr,
                      std::string* out);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_TYPES_H_
