// Makes the syntax tree of a condition.
#ifndef PORTRISK_SCORING_CEL_PARSER_H_
#define PORTRISK_SCORING_CEL_PARSER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/lexer.h"
#include "scoring/cel/tree.h"

namespace portrisk::scoring::cel {

// Keeps its memory from one condition to the next.
class TreeParser {
 public:
  // The whole syntax of CEL, macros expanded into nodes of their own, in
  // `tree`, which forgets what it held. Null, with at least one diagnostic,
  // when `source` is not of it or beyond limits.h.
  ExprPtr Parse(absl::string_view source, Tree* tree, Diagnostics* diagnostics);

 private:
  std::vector<Lexeme> lexemes_;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_PARSER_H_
