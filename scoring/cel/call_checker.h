// Types of operators and function calls.
#ifndef PORTRISK_SCORING_CEL_CALL_CHECKER_H_
#define PORTRISK_SCORING_CEL_CALL_CHECKER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/scope.h"

namespace portrisk::scoring::cel {

// Fills operation and type of a call whose operands are checked. False, with
// a diagnostic, when there is no such operation for them.
bool CheckCall(Scope* scope, Expr* expr);

// How an operator is written: "+" for "_+_", "in" for "@in", which like all of
// them is no name that a condition could hold. Other names stay as they are.
std::string AsWritten(absl::string_view name);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_CALL_CHECKER_H_
