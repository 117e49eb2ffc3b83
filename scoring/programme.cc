// HOT PATH (Evaluate). Budget: what the common rule sets cost, about 3 µs a
// movement. Forbidden: I/O, locks, clocks, logs, and the heap once scratch and
// assessment are warm; tests/cel/programme_test.cc counts allocations.
//
// A movement pays for the rules that could match it (rule_index.h). All
// conditions are one cel::Program: a field is read once a movement whatever
// number of rules read it, and so is an equal sub-expression. Strings are
// written into the fields of cleared messages, which keep their capacity.
#include "scoring/programme.h"

#include <algorithm>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "scoring/aggregate_parser.h"
#include "scoring/aggregate_plan.h"
#include "scoring/cel/conjunctions.h"
#include "scoring/cel/declared_values.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"
#include "scoring/limits.h"
#include "scoring/programme_evidence.h"
#include "scoring/roots.h"
#include "scoring/rule_index.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {
namespace {

constexpr absl::string_view kOccurrenceTime = "movement.occurrence_time";

void Assign(absl::string_view text, std::string* out) {
  out->assign(text.data(), text.size());
}

}  // namespace

struct EvalScratch::Rep {
  // A field as text, written once a movement however many hits read it.
  struct Text {
    uint64_t movement = 0;
    bool known = false;
    std::string text;
  };

  cel::EvalState state;
  Candidates candidates;
  uint64_t movement = 0;    // Counted up; which texts are of this one.
  std::vector<Text> texts;  // By slot.
};

EvalScratch::EvalScratch() : rep_(std::make_unique<Rep>()) {}
EvalScratch::~EvalScratch() = default;
EvalScratch::EvalScratch(EvalScratch&&) noexcept = default;

struct Programme::Rep {
  struct CompiledRule {
    const Rule* rule;
    const RuleSet* rule_set;
    uint64_t revision;
    uint32_t member;
    uint32_t root;
    uint32_t evidence_begin;  // Into `evidence`.
    uint32_t evidence_end;
    uint16_t roots_read;  // Bits as of RootsOf.
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

  void AddAll(cel::Compiler* compiler);
  void Add(uint32_t index, const std::vector<uint32_t>& at,
           cel::Compiler* compiler);
  void AddSuppressions(cel::Compiler* compiler);
  void BuildIndex(const v1::Statistics& statistics);
  void PlanAggregates();
  // The compiled rules of a member.
  std::pair<uint32_t, uint32_t> RulesOf(uint32_t member) const;
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
  std::vector<uint32_t> evidence;                 // Slots.
  cel::Conjunctions conditions;                   // By rule.
  RuleIndex index;
  std::shared_ptr<const AggregatePlan> aggregates;
  absl::flat_hash_map<std::string, std::vector<Cap>> category_caps;
  size_t rule_count = 0;
  uint16_t roots_read = 0;  // Of all rules.
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

Programme::Programme() = default;
Programme::~Programme() = default;

absl::StatusOr<std::shared_ptr<const Programme>> Programme::Compile(
    std::vector<Member> members, const v1::Statistics& statistics) {
  absl::flat_hash_map<absl::string_view, std::vector<const Member*>> by_name;
  for (const Member& member : members) {
    if (member.shadow) continue;
    auto& same = by_name[member.rule_set->name];
    for (const Member* other : same) {
      if (member.units_begin < other->units_end &&
          other->units_begin < member.units_end) {
        return absl::InvalidArgumentError(
            absl::StrCat("two revisions of rule set ", member.rule_set->name));
      }
    }
    same.push_back(&member);
  }
  auto rep = std::make_shared<Rep>();
  const cel::Environment environment = cel::RuleEnvironment();
  cel::Compiler compiler(environment);
  rep->members = std::move(members);
  rep->AddAll(&compiler);
  rep->AddSuppressions(&compiler);
  rep->program = compiler.Finish();
  rep->BuildIndex(statistics);
  rep->PlanAggregates();
  std::shared_ptr<Programme> programme(new Programme);
  programme->rep_ = std::move(rep);
  return programme->With({});
}

void Programme::Rep::AddAll(cel::Compiler* compiler) {
  std::vector<uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0);
  const auto size = [&](uint32_t member) {
    return members[member].rule_set->program->instructions.size();
  };
  // The largest comes first: it is taken over without being looked at.
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return size(a) > size(b); });
  std::vector<std::vector<uint32_t>> at(members.size());
  for (const uint32_t i : order) {
    at[i] = compiler->AddAll(*members[i].rule_set->program);
  }
  for (uint32_t i = 0; i < members.size(); ++i) Add(i, at[i], compiler);
}

// `at` says where the instructions of its conditions are.
void Programme::Rep::Add(uint32_t index, const std::vector<uint32_t>& at,
                         cel::Compiler* compiler) {
  const Member& member = members[index];
  const RuleSet& set = *member.rule_set;
  if (!member.shadow) {
    for (const auto& [name, cap] : set.categories) {
      category_caps[name].push_back({index, cap});
    }
  }
  first_rule.push_back(static_cast<uint32_t>(rules.size()));
  rule_count += set.rules.size();
  for (const Rule& rule : set.rules) {
    if (rule.status == RuleStatus::kDraft) continue;
    CompiledRule compiled;
    compiled.rule = &rule;
    compiled.rule_set = &set;
    compiled.revision = member.revision;
    compiled.member = index;
    compiled.root = at[rule.root];
    compiler->AddRoot(compiled.root);
    compiled.valid = rule.valid;
    compiled.roots_read = RootsOf(rule.evidence);
    compiled.evidence_begin = static_cast<uint32_t>(evidence.size());
    for (const cel::Path& path : rule.evidence) {
      if (!path.fields.empty()) evidence.push_back(compiler->AddSlot(path));
    }
    compiled.evidence_end = static_cast<uint32_t>(evidence.size());
    rules.push_back(compiled);
  }
}

std::pair<uint32_t, uint32_t> Programme::Rep::RulesOf(uint32_t member) const {
  return {first_rule[member], member + 1 < first_rule.size()
                                  ? first_rule[member + 1]
                                  : static_cast<uint32_t>(rules.size())};
}

// What a target does not allow has no effect; activation has refused it, or
// the target has changed since.
void Programme::Rep::AddSuppressions(cel::Compiler* compiler) {
  absl::flat_hash_map<absl::string_view, std::vector<uint32_t>> by_name;
  for (uint32_t i = 0; i < members.size(); ++i) {
    by_name[members[i].rule_set->name].push_back(i);
  }
  absl::flat_hash_map<uint32_t, std::vector<CompiledSuppression>> by_rule;
  for (uint32_t i = 0; i < members.size(); ++i) {
    if (members[i].shadow) continue;
    for (const Suppression& one : members[i].rule_set->suppressions) {
      const uint32_t root = one.when.expr == nullptr
                                ? cel::kNoOperand
                                : compiler->Add(*one.when.expr);
      for (const uint32_t target : by_name[one.rule_set]) {
        const RuleSet& set = *members[target].rule_set;
        const auto found = set.rule_index.find(one.rule);
        if (found == set.rule_index.end() ||
            !set.rules[found->second].suppressible ||
            members[i].rule_set->layer <= set.layer) {
          continue;
        }
        const auto [begin, end] = RulesOf(target);
        const Rule* const rule = &set.rules[found->second];
        const auto at = std::lower_bound(
            rules.begin() + begin, rules.begin() + end, rule,
            [](const CompiledRule& a, const Rule* b) { return a.rule < b; });
        if (at == rules.begin() + end || at->rule != rule) continue;
        at->roots_read |= RootsOf(one.when.fields);
        by_rule[static_cast<uint32_t>(at - rules.begin())].push_back(
            {&one, i, root});
      }
    }
  }
  for (uint32_t i = 0; !by_rule.empty() && i < rules.size(); ++i) {
    const auto found = by_rule.find(i);
    if (found == by_rule.end()) continue;
    rules[i].suppressions_begin = static_cast<uint32_t>(suppressions.size());
    suppressions.insert(suppressions.end(), found->second.begin(),
                        found->second.end());
    rules[i].suppressions_end = static_cast<uint32_t>(suppressions.size());
  }
}

std::shared_ptr<const Programme> Programme::With(
    const Standing& standing) const {
  const Rep& rep = *rep_;
  auto now = std::make_unique<Circumstances>();
  for (const Member& member : rep.members) {
    now->units.push_back({member.units_begin, member.units_end});
  }
  for (uint32_t i = 0; i < rep.members.size(); ++i) {
    const uint64_t revision = rep.members[i].revision;
    for (const Share& share : standing.shares) {
      if (share.revision != revision) continue;
      now->units[i] = {share.units_begin, share.units_end};
    }
    now->all_units &=
        now->units[i].begin == 0 && now->units[i].end == kAllUnits;
    for (const Override& one : standing.overrides) {
      if (one.revision != revision) continue;
      const RuleSet& set = *rep.members[i].rule_set;
      const auto found = set.rule_index.find(one.rule);
      if (found == set.rule_index.end()) continue;
      const Rule* const rule = &set.rules[found->second];
      const auto [begin, end] = rep.RulesOf(i);
      const auto at = std::lower_bound(
          rep.rules.begin() + begin, rep.rules.begin() + end, rule,
          [](const Rep::CompiledRule& a, const Rule* b) { return a.rule < b; });
      if (at == rep.rules.begin() + end || at->rule != rule) continue;
      now->overridden.push_back(static_cast<uint32_t>(at - rep.rules.begin()));
    }
  }
  std::sort(now->overridden.begin(), now->overridden.end());
  for (const auto& set : rep.program->sets) {
    now->sets.push_back(set->source().empty() ? set.get() : nullptr);
    for (const List& list : standing.lists) {
      if (list.name != set->source() || list.entries->type() != set->type()) {
        continue;
      }
      now->sets.back() = list.entries.get();
      now->owned.push_back(list.entries);
      now->lists.emplace_back(list.name, list.version);
    }
  }
  std::sort(now->lists.begin(), now->lists.end());
  std::shared_ptr<Programme> programme(new Programme);
  programme->rep_ = rep_;
  programme->now_ = std::move(now);
  return programme;
}

void Programme::Rep::PlanAggregates() {
  std::vector<AggregatePlan::Use> uses;
  for (const Member& member : members) {
    const RuleSet& set = *member.rule_set;
    if (set.aggregates == nullptr) continue;
    uses.push_back(
        {set.aggregates, AggregatesRead(set, AggregateReaders::kNoDrafts)});
  }
  aggregates = AggregatePlan::Make(uses);
}

void Programme::Rep::BuildIndex(const v1::Statistics& statistics) {
  std::vector<IndexedRule> indexed;
  std::vector<uint32_t> roots;
  indexed.reserve(rules.size());
  roots.reserve(rules.size());
  for (const CompiledRule& compiled : rules) {
    roots_read |= compiled.roots_read;
    indexed.push_back({compiled.root, compiled.rule->applies_to});
    roots.push_back(compiled.root);
  }
  conditions = cel::Conjunctions(*program, roots);
  index = RuleIndex(*program, indexed, statistics);
}

Programme::Needs Programme::Select(const Scope& scope,
                                   EvalScratch* scratch) const {
  const google::protobuf::Message* roots[cel::kRuleRoots] = {
      scope.movement, scope.container, scope.right,    scope.party,
      scope.vessel,   scope.route,     scope.facility, scope.source};
  const v1::Movement& movement = *scope.movement;
  cel::EvalState& state = scratch->rep_->state;
  Candidates& candidates = scratch->rep_->candidates;
  cel::ListContext lists;
  lists.sets = now_->sets.data();
  lists.declared = scope.aggregates;
  if (movement.has_occurrence_time()) {
    lists.now_seconds = movement.occurrence_time().seconds();
  }
  state.Begin(*rep_->program, roots, lists);
  ++scratch->rep_->movement;
  if (scratch->rep_->texts.size() < rep_->program->slots.size()) {
    scratch->rep_->texts.resize(rep_->program->slots.size());
  }
  rep_->index.Select(movement.event(), &state, &candidates);
  uint16_t read = 0;
  for (const uint32_t rule : candidates.rules()) {
    read |= rep_->rules[rule].roots_read;
  }
  if (!candidates.rules().empty() && rep_->index.roots_refined() != 0) {
    // Which fields of these roots the index reads is not told.
    read |= rep_->index.roots_refined() | (rep_->roots_read & kBeyond);
  }
  return NeedsOf(read);
}

void Programme::EvaluateSelected(const Scope& scope, EvalScratch* scratch,
                                 v1::Assessment* out) const {
  const Rep& rep = *rep_;
  cel::EvalState& state = scratch->rep_->state;
  Candidates& candidates = scratch->rep_->candidates;
  rep.index.Refine(&state, &candidates);
  const Rep::Pass pass{*scope.movement, scope.aggregates,    *now_,
                       &state,          scratch->rep_.get(), out};
  for (const uint32_t rule : candidates.rules()) rep.EvaluateRule(rule, pass);
  for (uint32_t i = 0; i < rep.members.size(); ++i) {
    if (!now_->Concerns(i, out->unit().rollout_ppm())) continue;
    const Member& member = rep.members[i];
    v1::RevisionRef* revision = out->add_revisions();
    Assign(member.rule_set->name, revision->mutable_rule_set());
    revision->set_revision(member.revision);
    revision->set_shadow(member.shadow);
  }
  for (const auto& [name, version] : now_->lists) {
    v1::ListRef* list = out->add_lists();
    Assign(name, list->mutable_name());
    list->set_version(version);
  }
}

void Programme::Rep::EvaluateRule(uint32_t rule, const Pass& pass) const {
  const CompiledRule& compiled = rules[rule];
  if (!pass.now.all_units &&
      !pass.now.Concerns(compiled.member, pass.out->unit().rollout_ppm())) {
    return;
  }
  const cel::Value value = conditions.Evaluate(rule, pass.state);
  // What is false needs no date: the index may not even have come here.
  if (value.is_false()) return;
  if (compiled.valid.is_limited()) {
    if (!pass.movement.has_occurrence_time()) {
      return AddNotEvaluated(rule, pass, kOccurrenceTime, "");
    }
    if (!compiled.valid.Covers(pass.movement.occurrence_time().seconds())) {
      return;
    }
  }
  if (value.is_true()) {
    AddHit(rule, pass);
  } else if (value.is_unknown()) {
    AddNotEvaluated(rule, pass, program->paths[value.aux], "");
  } else {
    AddNotEvaluated(rule, pass, "", value.s);
  }
}

bool Programme::Rep::IsShadow(uint32_t rule, const Circumstances& now) const {
  return rules[rule].rule->status == RuleStatus::kShadow ||
         members[rules[rule].member].shadow ||
         std::binary_search(now.overridden.begin(), now.overridden.end(), rule);
}

void Programme::Rep::AddHit(uint32_t index, const Pass& pass) const {
  const CompiledRule& compiled = rules[index];
  const Rule& rule = *compiled.rule;
  v1::Hit* hit = pass.out->add_hits();
  Assign(compiled.rule_set->name, hit->mutable_rule_set());
  Assign(rule.id, hit->mutable_rule());
  hit->set_contribution(rule.score);
  // An untouched string field costs nothing, so the empty case is left alone.
  if (!rule.category.empty()) Assign(rule.category, hit->mutable_category());
  hit->set_lane_at_least(rule.lane_at_least);
  hit->set_control(rule.control);
  hit->set_shadow(IsShadow(index, pass.now));
  hit->set_revision(compiled.revision);
  for (uint32_t i = compiled.evidence_begin; i < compiled.evidence_end; ++i) {
    const std::string* text = EvidenceText(evidence[i], pass);
    if (text == nullptr) continue;
    v1::Evidence* entry = hit->add_evidence();
    const cel::Slot& slot = program->slots[evidence[i]];
    Assign(program->paths[slot.path], entry->mutable_field());
    Assign(*text, entry->mutable_value());
    if (slot.access.is_declared() &&
        pass.aggregates->IsApproximate(*slot.access.field)) {
      entry->set_approximate(true);
    }
  }
  if (compiled.suppressions_begin != compiled.suppressions_end) {
    Suppress(compiled, pass, hit);
  }
}

const std::string* Programme::Rep::EvidenceText(uint32_t slot,
                                                const Pass& pass) const {
  EvalScratch::Rep::Text& kept = pass.scratch->texts[slot];
  if (kept.movement != pass.scratch->movement) {
    kept.movement = pass.scratch->movement;
    const cel::Value& value = pass.state->ReadSlot(slot);
    kept.known = !value.is_unknown();
    if (kept.known) {
      FormatEvidence(value, *program->slots[slot].access.field, &kept.text);
    }
  }
  return kept.known ? &kept.text : nullptr;
}

// A movement without a time is never suppressed, nor is one for which the
// suppression's condition is not known to hold.
void Programme::Rep::Suppress(const CompiledRule& compiled, const Pass& pass,
                              v1::Hit* hit) const {
  if (!pass.movement.has_occurrence_time()) return;
  const int64_t seconds = pass.movement.occurrence_time().seconds();
  for (uint32_t i = compiled.suppressions_begin; i < compiled.suppressions_end;
       ++i) {
    const CompiledSuppression& one = suppressions[i];
    if (seconds >= one.suppression->until ||
        !pass.now.Concerns(one.member, pass.out->unit().rollout_ppm()) ||
        (one.root != cel::kNoOperand &&
         !pass.state->Evaluate(one.root).is_true())) {
      continue;
    }
    hit->set_contribution(0);
    hit->set_lane_at_least(v1::LANE_UNSPECIFIED);
    hit->set_control(v1::CONTROL_UNSPECIFIED);
    v1::SuppressedBy* by = hit->add_suppressed_by();
    const Member& member = members[one.member];
    Assign(member.rule_set->name, by->mutable_rule_set());
    by->set_revision(member.revision);
    Assign(one.suppression->reason, by->mutable_reason());
  }
}

void Programme::Rep::AddNotEvaluated(uint32_t rule, const Pass& pass,
                                     absl::string_view missing,
                                     absl::string_view error) const {
  const CompiledRule& compiled = rules[rule];
  v1::NotEvaluated* entry = pass.out->add_not_evaluated();
  Assign(compiled.rule_set->name, entry->mutable_rule_set());
  Assign(compiled.rule->id, entry->mutable_rule());
  if (!missing.empty()) Assign(missing, entry->mutable_missing_field());
  if (!error.empty()) Assign(error, entry->mutable_error());
  if (members[compiled.member].shadow) {
    entry->set_shadow(true);
    entry->set_revision(compiled.revision);
  }
}

int32_t Programme::CategoryCap(absl::string_view category,
                               uint32_t rollout_ppm) const {
  int32_t most = kContributionMax;
  const auto found = rep_->category_caps.find(category);
  if (found == rep_->category_caps.end()) return most;
  for (const Rep::Cap& cap : found->second) {
    if (now_->Concerns(cap.member, rollout_ppm)) {
      most = std::min(most, cap.most);
    }
  }
  return most;
}

const AggregatePlan& Programme::aggregates() const { return *rep_->aggregates; }

const std::vector<Programme::Member>& Programme::members() const {
  return rep_->members;
}

size_t Programme::SpaceUsed() const {
  return rep_->program->SpaceUsed() + rep_->index.SpaceUsed() +
         rep_->rules.capacity() * sizeof(Rep::CompiledRule) +
         rep_->evidence.capacity() * sizeof(uint32_t) +
         rep_->conditions.SpaceUsed();
}

size_t Programme::rule_count() const { return rep_->rule_count; }

}  // namespace portrisk::scoring
