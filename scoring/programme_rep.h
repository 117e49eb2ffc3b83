// What a programme is made of: for programme.cc, which compiles it, and
// programme_evaluate.cc, which runs it.
#ifndef PORTRISK_SCORING_PROGRAMME_REP_H_
#define PORTRISK_SCORING_PROGRAMME_REP_H_

#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "scoring/aggregate_plan.h"
#include "scoring/cel/conjunctions.h"
#include "scoring/cel/declared_values.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"
#include "scoring/programme.h"
#include "scoring/rule_index.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {

struct EvalScratch::Rep {
  // A field as text, written once a movement however many hits read it.
  struct Text {
    uint64_t movement = 0;
    bool known = false;
    std::string text;
  };

  cel::EvalState state;
  Candidates candidates;
  Candidates apart;
  uint64_t movement = 0;    // Counted up; which texts are of this one.
  std::vector<Text> texts;  // By slot.
  std::vector<Programme::Reported> reported;
};

struct Programme::Rep {
  struct CompiledRule {
    const Rule* rule;
    const RuleSet* rule_set;
    uint64_t revision;
    uint32_t member;
    uint32_t root;
    uint32_t evidence_begin;  // Into `evidence`.
    uint32_t evidence_end;
    bool reads_finds;
    Validity valid;
    uint32_t suppressions_begin = 0;  // Into `suppressions`.
    uint32_t suppressions_end = 0;
  };

  struct CompiledSuppression {
    const Suppression* suppression;
    uint32_t member;  // Whose it is.
    uint32_t root;    // Its condition; cel::kNoOperand without one.
  };

  struct Cap {
    uint32_t member;
    int32_t most;
  };

  // What one evaluation works on.
  struct Pass {
    const v1::Movement& movement;
    cel::DeclaredValues* aggregates;
    const Circumstances& now;
    cel::EvalState* state;
    EvalScratch::Rep* scratch;
    v1::Assessment* out;
  };

  void Add(uint32_t index, const std::vector<uint32_t>& at,
           cel::Compiler* compiler);
  void AddSuppressions(cel::Compiler* compiler);
  void BuildIndex(const v1::Statistics& statistics);
  // Whether it is a set of a member, or the same list: `program` has the sets
  // of programmes compiled together with this one.
  bool Names(const cel::EntrySet& set) const;
  // The compiled rules of a member.
  std::pair<uint32_t, uint32_t> RulesOf(uint32_t member) const;
  void SetRevisions(const Circumstances& now, v1::Assessment* out) const;
  void EvaluateAll(absl::Span<const uint32_t> left, const Pass& pass) const;
  // A few rules, which wait for memory together instead of one after another.
  void EvaluateFew(absl::Span<const uint32_t> few, const Pass& pass) const;
  void EvaluateRule(uint32_t rule, const Pass& pass) const;
  void AddHit(uint32_t rule, const Pass& pass) const;
  // Null when the field is absent.
  const std::string* EvidenceText(uint32_t slot, const Pass& pass) const;
  void Suppress(const CompiledRule& compiled, const Pass& pass,
                v1::Hit* hit) const;
  bool IsShadow(uint32_t rule, const Circumstances& now) const;
  void AddNotEvaluated(uint32_t rule, const Pass& pass,
                       absl::string_view missing,
                       absl::string_view error) const;

  std::vector<Member> members;
  std::shared_ptr<const cel::Program> program;
  std::vector<CompiledRule> rules;                // By member; drafts left out.
  std::vector<uint32_t> first_rule;               // Of each member.
  std::vector<CompiledSuppression> suppressions;  // By the rule they concern.
  std::vector<const cel::EntrySet*> named;        // By suppressions.
  std::vector<uint32_t> evidence;                 // Slots.
  cel::Conjunctions conditions;                   // By rule.
  RuleIndex index;
  RuleIndex apart;           // Of the rules from `apart_begin` on.
  uint32_t apart_begin = 0;  // Of members apart.
  std::shared_ptr<const AggregatePlan> aggregates;
  absl::flat_hash_map<std::string, std::vector<Cap>> category_caps;
  size_t rule_count = 0;
  // By event, whether a rule that reads a find rate applies; the last one is of
  // events that this program does not know.
  std::bitset<v1::Event_MAX + 2> reads_finds;
};

struct Programme::Circumstances {
  struct Units {
    uint32_t begin;
    uint32_t end;
  };

  bool Concerns(uint32_t member, uint32_t rollout_ppm) const {
    return rollout_ppm >= units[member].begin &&
           rollout_ppm < units[member].end;
  }

  std::vector<Units> units;          // Of each member.
  bool all_units = true;             // Every member concerns every unit.
  std::vector<uint32_t> overridden;  // Rules in shadow, ascending.
  // By set of the program; null where not loaded, and what owns them.
  std::vector<const cel::EntrySet*> sets;
  std::vector<std::shared_ptr<const cel::EntrySet>> owned;
  // The lists that rules use, as far as loaded, by name.
  std::vector<std::pair<std::string, uint64_t>> lists;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PROGRAMME_REP_H_
