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

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/value_set.h"

namespace portrisk::scoring::cel {

// An expression that statements are about: a field, or something computed.
struct Term {
  bool is_path = false;
  Path path;
  ValueSet::Domain domain = ValueSet::Domain::kOther;
  // Terms of the fields without which it has no value.
  std::vector<uint32_t> needs;
  // Of `x in declared_list`: the list and the term of x.
  const EntrySet* set = nullptr;
  uint32_t subject = 0;
};

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

// Every expression met so far, numbered, equal ones alike. Conditions that are
// to be compared share one. What is given to it outlives it.
class Terms {
 public:
  // Lists may be consulted for what they hold.
  explicit Terms(const Environment& environment);

  uint32_t Intern(absl::string_view key, Term term);
  uint32_t OfPath(const Path& path);
  // The expression, when all of it is understood: then `needs` has its fields.
  bool AppendKey(const Expr& expr, std::string* key,
                 std::vector<uint32_t>* needs);

  const Term& operator[](uint32_t term) const { return terms_[term]; }
  size_t size() const { return terms_.size(); }
  const Environment& environment() const { return environment_; }
  // Text that lives as long as this.
  absl::string_view Keep(std::string text);

 private:
  const Environment& environment_;
  std::deque<Term> terms_;
  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::deque<std::string> texts_;
  std::string key_;  // Scratch of OfPath.
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
