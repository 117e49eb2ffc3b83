// The rules in force, compiled.
//
// Lifecycle: CheckRuleSet parses and tests one YAML document; Programme joins
// several into one immutable object that is swapped whole. Both are thread
// compatible; a Programme is const after Compile and may be read by any number
// of threads, each with its own EvalScratch. What changes more often than rules
// (versions of lists, shares of a roll-out, tripped breakers) is its Standing:
// With makes another Programme of the same compiled rules.
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
#include "portrisk/v1/usual.pb.h"
#include "scoring/cel/entry_set.h"

namespace portrisk::scoring {

namespace cel {
class DeclaredValues;
class DerivedRoots;
}  // namespace cel
class AggregatePlan;

// What a condition may read, in the order of cel::RuleEnvironment. The pointers
// outlive the call; only the last may be null.
struct Scope {
  const v1::Movement* movement;
  const v1::ContainerView* container = &v1::ContainerView::default_instance();
  const v1::RightView* right = &v1::RightView::default_instance();
  const v1::PartyView* party = &v1::PartyView::default_instance();
  const v1::VesselView* vessel = &v1::VesselView::default_instance();
  const v1::RouteView* route = &v1::RouteView::default_instance();
  const v1::FacilityView* facility = &v1::FacilityView::default_instance();
  const v1::SourceView* source = &v1::SourceView::default_instance();
  const v1::UsualView* usual = &v1::UsualView::default_instance();
  // An AggregateView (aggregate_view.h); null: aggregates are unknown.
  cel::DeclaredValues* aggregates = nullptr;
  // Fills in the views as they are read; null: they are as they shall be.
  cel::DerivedRoots* derived = nullptr;
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
  // Units are told apart by their rollout_ppm, below kAllUnits.
  static constexpr uint32_t kAllUnits = 1'000'000;

  struct Member {
    uint64_t revision;
    std::shared_ptr<const RuleSet> rule_set;
    bool shadow = false;  // Its hits are recorded and add nothing.
    // It concerns the units with units_begin <= rollout_ppm < units_end.
    uint32_t units_begin = 0;
    uint32_t units_end = kAllUnits;
    // Found by an index of its own, so that how often the rules of the others
    // are looked at does not depend on it; it comes behind all others.
    bool apart = false;
  };

  // Fails with INVALID_ARGUMENT when two members that are not in shadow carry
  // the same rule-set name and concern the same units.
  // `statistics` tells what movements look like; they change cost and nothing
  // else.
  static absl::StatusOr<std::shared_ptr<const Programme>> Compile(
      std::vector<Member> members, const v1::Statistics& statistics = {});
  // Each as Compile makes it of its members, but the conditions of all are one
  // program: what one of them has evaluated of a movement, EvaluateAlso of
  // another finds. They read aggregates by one plan.
  static absl::StatusOr<std::vector<std::shared_ptr<const Programme>>>
  CompileTogether(std::vector<std::vector<Member>> programmes,
                  const v1::Statistics& statistics = {});

  // A version of a list that is loaded apart from the rule sets.
  struct List {
    std::string name;
    uint64_t version = 0;
    std::shared_ptr<const cel::EntrySet> entries;
  };
  // A rule that a tripped breaker has put in shadow.
  struct Override {
    uint64_t revision = 0;
    std::string rule;
  };
  struct Share {
    uint64_t revision = 0;
    uint32_t units_begin = 0;
    uint32_t units_end = kAllUnits;
  };
  struct Standing {
    std::vector<List> lists;  // Each name once. Those no rule uses do no harm.
    std::vector<Override> overrides;
    std::vector<Share> shares;  // Members not named stay as compiled.
  };

  // The same compiled rules in other circumstances. Costs a look at each list,
  // override and share, whatever the number of rules.
  std::shared_ptr<const Programme> With(const Standing& standing) const;
  ~Programme();

  // HOT PATH. Evaluates the rules that may hit. Appends to `out` the hits (with
  // raw contributions and evidence, in rule order) and the not-evaluated rules,
  // and the lists they use; writes anew the revisions in force. Reads the unit
  // of `out`: which revisions concern it. Touches no other field. No I/O, lock,
  // clock, log; no allocation once `scratch` and `out` are warm.
  void Evaluate(const Scope& scope, EvalScratch* scratch,
                v1::Assessment* out) const;
  // HOT PATH. The same of the movement that another programme has evaluated
  // with `scratch`, one that was compiled together with this one and has the
  // same lists. `scope` is as it was then.
  void EvaluateAlso(const Scope& scope, EvalScratch* scratch,
                    v1::Assessment* out) const;

  // Adds 1, by the number of a compiled rule, for each whose condition the last
  // movement of `scratch` came to: the index left the others out. Rules of
  // members apart are not counted. Grows `counts` as needed.
  static void CountEvaluated(const EvalScratch& scratch,
                             std::vector<uint64_t>* counts);
  // What was reported of the last movement that was evaluated with `scratch`:
  // for whoever counts by rule. Numbers are below rule_count().
  struct Reported {
    uint32_t rule;
    bool hit;  // Else not evaluated.
    bool shadow;
  };
  static const std::vector<Reported>& ReportedBy(const EvalScratch& scratch);
  // Which rule a number is.
  struct Numbered {
    const Member* member;
    const std::string* rule;
  };
  Numbered RuleAt(uint32_t number) const;

  // The most that hits of a category may add together for a unit; 1000 when
  // undeclared.
  int32_t CategoryCap(absl::string_view category,
                      uint32_t rollout_ppm = 0) const;

  // The aggregates that the rules of all members read, drafts left out, and of
  // those compiled together with them: what to read of the store before a
  // movement, and to fold it into.
  const AggregatePlan& aggregates() const;
  // HOT PATH. Whether a rule that applies to the event reads a find rate: else
  // EntityStates.finds may be left out.
  bool reads_finds(v1::Event event) const;

  const std::vector<Member>& members() const;
  size_t rule_count() const;

  // Memory of the compiled form, without the rule sets' own texts.
  size_t SpaceUsed() const;

 private:
  Programme();
  struct Rep;
  struct Circumstances;
  std::shared_ptr<const Rep> rep_;  // Compiled; shared by With.
  std::unique_ptr<const Circumstances> now_;
};

// What keeps the suppressions of a member from taking effect: an unknown
// target, one that is not suppressible, a layer that is not above. Sentences
// with a remedy; empty when all is well.
std::vector<std::string> CheckSuppressions(
    const Programme::Member& member,
    const std::vector<Programme::Member>& members);

// A list that is loaded apart, as a rule set refers to it.
struct ListUse {
  std::string name;
  cel::EntryType type;
};
std::vector<ListUse> ListsUsed(const RuleSet& rule_set);

// Rules with a breaker.
std::vector<v1::Breaker> Breakers(const RuleSet& rule_set);
// Whether the set has a rule of that id whose condition officers may not see.
bool IsRestricted(const RuleSet& rule_set, absl::string_view rule);

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
