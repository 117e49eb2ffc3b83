// Types of macros, cel.bind, and list and map literals.
#ifndef PORTRISK_SCORING_CEL_MACRO_CHECKER_H_
#define PORTRISK_SCORING_CEL_MACRO_CHECKER_H_

#include "scoring/cel/ast.h"
#include "scoring/cel/scope.h"

namespace portrisk::scoring::cel {

// Variables alive at once: those of macros, cel.bind and optMap.
inline constexpr size_t kVariablesMax = 16;

// These check the operands too.
bool CheckMacro(Scope* scope, Expr* expr);
bool CheckBind(Scope* scope, Expr* expr);

// The elements are checked.
bool CheckList(Scope* scope, Expr* expr);
bool CheckMap(Scope* scope, Expr* expr);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_MACRO_CHECKER_H_
