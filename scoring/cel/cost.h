// What one evaluation of a condition can cost, so that what is too much is
// refused while it is written and not at the gate.
//
// The unit is an operation: one operator or function on small values. A macro
// costs its body as often as its list is long, text costs by its length. What
// is not written out is assumed: kAssumedListLength elements in a repeated
// field, kAssumedTextBytes in a text.
#ifndef PORTRISK_SCORING_CEL_COST_H_
#define PORTRISK_SCORING_CEL_COST_H_

#include <cstdint>

#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"

namespace portrisk::scoring::cel {

// Sets `cost` to the operations of one evaluation; stops counting at 10^15.
// `expr` is checked otherwise. Reports and returns false when a limit of
// limits.h is passed: operations, size of a computed value, entries of a list
// written out, or alternatives of nested || and &&. Each message has the
// estimate, the limit and the place that most of it comes from.
bool CheckCost(const Expr& expr, Diagnostics* diagnostics, int64_t* cost);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_COST_H_
