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

  // HOT PATH. Appends to `out` the hits (with raw contributions and evidence,
  // in rule order) and the not-evaluated rules, and the revisions in force.
  // Touches no other field. No I/O, lock, clock, log; no allocation once
  // `scratch` and `out` are warm.
  void Evaluate(const Scope& scope, EvalScratch* scratch,
                v1::Assessment* out) const;

  // The most that hits of a category may add together; 1000 when undeclared.
  int32_t CategoryCap(absl::string_view category) const;

  // Whether a rule for this event reads `container` or `right`: what no rule
  // reads need not be derived.
  bool ReadsContainer(v1::Event event) const;
  bool ReadsRight(v1::Event event) const;

  const std::vector<Member>& members() const;
  size_t rule_count() const;

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
