// What the parts of the checker share: the environment, the variables of the
// macros around a node, and how a mistake is reported.
#ifndef PORTRISK_SCORING_CEL_SCOPE_H_
#define PORTRISK_SCORING_CEL_SCOPE_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/tree.h"

namespace portrisk::scoring::cel {

inline constexpr const char* kSetMisused =
    "a declared list is only used on the right of `in`";

class Scope {
 public:
  struct Variable {
    absl::string_view name;
    Type type;
    absl::string_view path;  // What its elements are called in messages.
  };

  // `tree` is the one whose nodes are checked.
  Scope(const Environment& environment, Tree* tree, Diagnostics* diagnostics)
      : environment_(environment), tree_(*tree), diagnostics_(diagnostics) {}
  virtual ~Scope() = default;

  // Gives a node and what is below it a type and a meaning; false with a
  // diagnostic.
  virtual bool Check(Expr* expr) = 0;
  // Notes that the value of a path is read.
  virtual void Use(const Expr& expr) = 0;

  const Environment& environment() const { return environment_; }
  bool rules() const { return environment_.is_rules(); }
  std::vector<Variable>& variables() { return variables_; }
  const std::vector<Variable>& variables() const { return variables_; }
  int macros() const { return macros_; }
  void EnterMacro() { ++macros_; }
  void LeaveMacro() { --macros_; }

  // A text that lives as long as the nodes.
  absl::string_view Keep(absl::string_view text) { return tree_.Keep(text); }

  // A mistake: in rules a diagnostic and false, otherwise an error that the
  // node evaluates to and true. The caret stands at the node's name.
  bool Fail(Expr* at, absl::string_view code, std::string message,
            std::string suggestion = "") {
    if (!rules()) {
      at->failure = Keep(message);
      return true;
    }
    Report(*at, true, code, std::move(message), std::move(suggestion));
    return false;
  }

  void Report(const Expr& at, bool is_error, absl::string_view code,
              std::string message, std::string suggestion) {
    const uint32_t begin = at.name_begin;
    diagnostics_->push_back({std::string(code), is_error, begin,
                             std::max(at.end, begin + 1), std::move(message),
                             std::move(suggestion)});
  }

 private:
  const Environment& environment_;
  Tree& tree_;
  Diagnostics* const diagnostics_;
  std::vector<Variable> variables_;
  int macros_ = 0;  // Around the node, cel.bind and optMap not counted.
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_SCOPE_H_
