// Types of operators and function calls.
#ifndef PORTRISK_SCORING_CEL_CALL_CHECKER_H_
#define PORTRISK_SCORING_CEL_CALL_CHECKER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/environment.h"

namespace portrisk::scoring::cel {

// Fills operation and type of a call whose operands are checked. False, with
// a diagnostic, when there is no such operation for them.
bool CheckCall(const Environment& environment, Diagnostics* diagnostics,
               Expr* expr);

// A diagnostic whose caret stands at the node's name or operator.
void ReportAt(const Expr& at, bool is_error, absl::string_view code,
              std::string message, std::string suggestion,
              Diagnostics* diagnostics);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_CALL_CHECKER_H_
