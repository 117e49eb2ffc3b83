// Makes the syntax tree of a condition.
#ifndef PORTRISK_SCORING_CEL_PARSER_H_
#define PORTRISK_SCORING_CEL_PARSER_H_

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"

namespace portrisk::scoring::cel {

// The whole syntax of CEL, macros expanded into nodes of their own. Null, with
// at least one diagnostic, when `source` is not of it or beyond limits.h.
ExprPtr Parse(absl::string_view source, Diagnostics* diagnostics);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_PARSER_H_
