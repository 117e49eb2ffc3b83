// The rules in force, compiled.
//
// Lifecycle: CheckRuleSet parses and tests one YAML document; Programme joins
// several into one immutable object that is swapped whole. Both are thread
// compatible; a Programme is const after Compile and may be read by any number
// of threads, each with its own EvalScratch.
#ifndef PORTRISK_SCORING_PROGRAMME_H_
#define PORTRISK_SCORING_PROGRAMME_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"

namespace portrisk::scoring {

// What a condition may read. The pointers outlive the call; none is null.
struct Scope {
  const v1::Movement* movement;
  const v1::ContainerView* container;
  const v1::RightView* right;
};

// One parsed and checked document. Immutable.
class RuleSet;

struct CheckResult {
  std::vector<v1::Issue> issues;  // In order of position.
  std::vector<v1::RuleTestResult> tests;
  std::shared_ptr<const RuleSet> rule_set;  // Null when there is an ERROR.
};

// Parses, type-checks, lints and runs the tests of one document. Never fails
// otherwise than by issues; a failed test is an ERROR issue (TEST_FAILED).
// `file` is the name shown in issues.
CheckResult CheckRuleSet(absl::string_view yaml, absl::string_view file);

// Memory that evaluation needs, owned by the caller and reused.
class EvalScratch {
 public:
  EvalScratch();
  ~EvalScratch();
  EvalScratch(EvalScratch&&) noexcept;

 private:
  friend class Programme;
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

class Programme {
 public:
  struct Member {
    uint64_t revision;
    std::shared_ptr<const RuleSet> rule_set;
  };

  // Fails with INVALID_ARGUMENT when two members carry the same rule-set name.
  static absl::StatusOr<std::shared_ptr<const Programme>> Compile(
      std::vector<Member> members);
  ~Programme();

  // What has to be derived before a movement can be evaluated.
  struct Needs {
    bool container = false;
    bool right = false;
  };

  // HOT PATH. Begins a movement: finds, by what it says itself, the rules that
  // may hit, and tells which views they read. The views of `scope` need not be
  // derived yet, but have to stay where they are.
  Needs Select(const Scope& scope, EvalScratch* scratch) const;

  // HOT PATH. Evaluates what Select found. Appends to `out` the hits (with raw
  // contributions and evidence, in rule order) and the not-evaluated rules,
  // and the revisions in force. Touches no other field. No I/O, lock, clock,
  // log; no allocation once `scratch` and `out` are warm.
  void EvaluateSelected(const Scope& scope, EvalScratch* scratch,
                        v1::Assessment* out) const;

  // Both, with views that are derived.
  void Evaluate(const Scope& scope, EvalScratch* scratch,
                v1::Assessment* out) const {
    Select(scope, scratch);
    EvaluateSelected(scope, scratch, out);
  }

  // The most that hits of a category may add together; 1000 when undeclared.
  int32_t CategoryCap(absl::string_view category) const;

  const std::vector<Member>& members() const;
  size_t rule_count() const;

  // Memory of the compiled form, without the rule sets' own texts.
  size_t SpaceUsed() const;

 private:
  Programme();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// Facts about a document that the service shows and stores.
absl::string_view RuleSetName(const RuleSet& rule_set);
absl::string_view RuleSetOwner(const RuleSet& rule_set);
v1::Layer RuleSetLayer(const RuleSet& rule_set);
size_t RuleCount(const RuleSet& rule_set);

// Fills title and explanation of a hit of this rule set, in `language` ("en",
// "es", "pt"; falls back to "en"), from the evidence the hit carries.
void ExplainHit(const RuleSet& rule_set, absl::string_view language,
                v1::Hit* hit);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PROGRAMME_H_
