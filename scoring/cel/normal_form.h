// Conditions brought to a form in which they can be compared: alternatives
// (joined by ||) of statements (joined by &&), each about one expression and
// the values it may have. What two ways of writing have in common, they have
// in common here: `5 < x`, `x > 5` and `!(x <= 5)` are one statement.
//
// The form holds exactly when the condition is true. So it knows nothing of
// what makes a condition unknown; the form of being false is asked for apart.
// A statement about an expression is only true when that has a value.
#ifndef PORTRISK_SCORING_CEL_NORMAL_FORM_H_
#define PORTRISK_SCORING_CEL_NORMAL_FORM_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/terms.h"
#include "scoring/cel/value_set.h"

namespace portrisk::scoring::cel {

// Part of a condition's source, in bytes; empty when it stands elsewhere.
struct Range {
  uint32_t begin = 0;
  uint32_t end = 0;

  bool empty() const { return begin == end; }
};

// Holds when the term's value is in the set.
struct Statement {
  uint32_t term = 0;
  ValueSet values;
  // has(): false, not unknown, when the term has no value.
  bool decided_when_absent = false;
  Range at;
};

// Holds when all its statements do; without any, always.
struct Alternative {
  std::vector<Statement> statements;  // By term, one each, once settled.
  bool contradictory = false;         // Two statements exclude each other:
  Range first, second;
};

// More alternatives than this are not looked into.
inline constexpr size_t kAlternativesKept = 16;

// Gives the text of a condition; asked for seldom. Empty when there is none.
using SourceText = absl::FunctionRef<absl::string_view()>;

// When the condition is `wanted`. False when there are too many alternatives;
// the result is then of no use. None: never.
bool Alternatives(const Expr& expr, SourceText source, bool wanted,
                  Terms* terms, std::vector<Alternative>* out);

// Brings the statements in order, joins those about one term and looks for
// contradictions. Afterwards they may be compared.
void Settle(const Terms& terms, Alternative* alternative);

// Whether `a` holding means that `b` holds. Both are settled. May say false
// where it is so; never true where it is not.
bool Implies(const Terms& terms, const Alternative& a, const Alternative& b);

// Whether the statement holds only where the field, or one below it, has a
// value.
bool Needs(const Terms& terms, const Statement& statement, const Path& path);

// Equal settled alternatives append equal bytes.
void AppendKey(const Alternative& alternative, std::string* out);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_NORMAL_FORM_H_
