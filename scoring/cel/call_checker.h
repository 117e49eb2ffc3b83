// Types of operators and function calls.
#ifndef PORTRISK_SCORING_CEL_CALL_CHECKER_H_
#define PORTRISK_SCORING_CEL_CALL_CHECKER_H_

#include "scoring/cel/ast.h"
#include "scoring/cel/scope.h"

namespace portrisk::scoring::cel {

// Fills operation and type of a call whose operands are checked. False, with
// a diagnostic, when there is no such operation for them.
bool CheckCall(Scope* scope, Expr* expr);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_CALL_CHECKER_H_
