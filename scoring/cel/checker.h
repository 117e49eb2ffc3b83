// Gives every node of a tree its type and its meaning.
#ifndef PORTRISK_SCORING_CEL_CHECKER_H_
#define PORTRISK_SCORING_CEL_CHECKER_H_

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/parser.h"
#include "scoring/cel/tree.h"

namespace portrisk::scoring::cel {

// A checked expression. Immutable.
struct Checked {
  std::shared_ptr<const Expr> expr;
  // Fields it reads, each once, in source order.
  std::vector<Path> fields;
  int64_t cost = 0;  // Estimated operations of one evaluation.
};

// Parses and checks one expression after the other, and keeps its memory where
// the one before is no longer looked at: for many of them.
class ConditionChecker {
 public:
  // `environment` outlives this.
  explicit ConditionChecker(const Environment& environment);

  // `expr` is null, with at least one error among the diagnostics, when the
  // expression cannot be used; warnings may come either way.
  Checked CheckExpression(absl::string_view source, Diagnostics* diagnostics);
  // The same for what must be true or false.
  Checked CheckCondition(absl::string_view source, Diagnostics* diagnostics);

 private:
  const Environment& environment_;
  TreeParser parser_;
  std::shared_ptr<Tree> tree_;
};

// For a single one.
Checked CheckExpression(absl::string_view source,
                        const Environment& environment,
                        Diagnostics* diagnostics);

Checked CheckCondition(absl::string_view source, const Environment& environment,
                       Diagnostics* diagnostics);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_CHECKER_H_
