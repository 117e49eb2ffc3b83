// Gives every node of a tree its type and its meaning.
#ifndef PORTRISK_SCORING_CEL_CHECKER_H_
#define PORTRISK_SCORING_CEL_CHECKER_H_

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/environment.h"

namespace portrisk::scoring::cel {

// A checked expression. Immutable.
struct Checked {
  std::shared_ptr<const Expr> expr;
  // Fields it reads, each once, in source order.
  std::vector<Path> fields;
  int64_t cost = 0;  // Estimated operations of one evaluation.
};

// Parses and checks. `expr` is null, with at least one error among the
// diagnostics, when the expression cannot be used; warnings may come either
// way.
Checked CheckExpression(absl::string_view source,
                        const Environment& environment,
                        Diagnostics* diagnostics);

// The same for what must be true or false.
Checked CheckCondition(absl::string_view source, const Environment& environment,
                       Diagnostics* diagnostics);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_CHECKER_H_
