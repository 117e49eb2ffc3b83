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

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/program.h"
#include "scoring/limits.h"
#include "scoring/programme_evidence.h"
#include "scoring/rule_index.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {
namespace {

constexpr absl::string_view kOccurrenceTime = "movement.occurrence_time";

// The roots of Scope, in the order of cel::RuleEnvironment.
constexpr uint8_t kReadsContainer = 1 << 1;
constexpr uint8_t kReadsRight = 1 << 2;

void Assign(absl::string_view text, std::string* out) {
  out->assign(text.data(), text.size());
}

}  // namespace

struct EvalScratch::Rep {
  cel::EvalState state;
  Candidates candidates;
};

EvalScratch::EvalScratch() : rep_(std::make_unique<Rep>()) {}
EvalScratch::~EvalScratch() = default;
EvalScratch::EvalScratch(EvalScratch&&) noexcept = default;

struct Programme::Rep {
  struct CompiledRule {
    const Rule* rule;
    const RuleSet* rule_set;
    uint64_t revision;
    uint32_t root;
    uint32_t evidence_begin;  // Into `evidence`.
    uint32_t evidence_end;
    uint8_t roots_read;  // Bit n: root n.
    Validity valid;
  };

  void Add(const Member& member, cel::Compiler* compiler);
  void BuildIndex();
  void EvaluateRule(const CompiledRule& compiled, const v1::Movement& movement,
                    cel::EvalState* state, v1::Assessment* out) const;
  void AddHit(const CompiledRule& compiled, cel::EvalState* state,
              v1::Assessment* out) const;
  static void AddNotEvaluated(const CompiledRule& compiled,
                              absl::string_view missing,
                              absl::string_view error, v1::Assessment* out);

  std::vector<Member> members;
  std::shared_ptr<const cel::Program> program;
  std::vector<CompiledRule> rules;  // Drafts left out.
  std::vector<uint32_t> evidence;   // Slots.
  RuleIndex index;
  absl::flat_hash_map<std::string, int32_t> category_caps;
  size_t rule_count = 0;
};

Programme::Programme() : rep_(std::make_unique<Rep>()) {}
Programme::~Programme() = default;

absl::StatusOr<std::shared_ptr<const Programme>> Programme::Compile(
    std::vector<Member> members) {
  absl::flat_hash_set<absl::string_view> names;
  for (const Member& member : members) {
    if (!names.insert(member.rule_set->name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two revisions of rule set ", member.rule_set->name));
    }
  }
  std::shared_ptr<Programme> programme(new Programme);
  Rep& rep = *programme->rep_;
  const cel::Environment environment = cel::RuleEnvironment();
  cel::Compiler compiler(environment);
  rep.members = std::move(members);
  for (const Member& member : rep.members) rep.Add(member, &compiler);
  rep.program = compiler.Finish();
  rep.BuildIndex();
  return std::shared_ptr<const Programme>(std::move(programme));
}

void Programme::Rep::Add(const Member& member, cel::Compiler* compiler) {
  const RuleSet& set = *member.rule_set;
  for (const auto& [name, cap] : set.categories) {
    const auto [it, added] = category_caps.emplace(name, cap);
    if (!added) it->second = std::min(it->second, cap);
  }
  rule_count += set.rules.size();
  for (const Rule& rule : set.rules) {
    if (rule.status == RuleStatus::kDraft) continue;
    CompiledRule compiled;
    compiled.rule = &rule;
    compiled.rule_set = &set;
    compiled.revision = member.revision;
    compiled.root = compiler->Add(*rule.condition.expr);
    compiled.valid = rule.valid;
    compiled.evidence_begin = static_cast<uint32_t>(evidence.size());
    compiled.roots_read = 0;
    for (const cel::Path& path : rule.evidence) {
      compiled.roots_read |= static_cast<uint8_t>(1 << path.root);
      if (!path.fields.empty()) evidence.push_back(compiler->AddSlot(path));
    }
    compiled.evidence_end = static_cast<uint32_t>(evidence.size());
    rules.push_back(compiled);
  }
}

void Programme::Rep::BuildIndex() {
  std::vector<IndexedRule> indexed;
  indexed.reserve(rules.size());
  for (const CompiledRule& compiled : rules) {
    indexed.push_back({compiled.root, compiled.rule->applies_to});
  }
  index = RuleIndex(*program, indexed);
}

Programme::Needs Programme::Select(const Scope& scope,
                                   EvalScratch* scratch) const {
  const google::protobuf::Message* roots[] = {scope.movement, scope.container,
                                              scope.right};
  cel::EvalState& state = scratch->rep_->state;
  Candidates& candidates = scratch->rep_->candidates;
  state.Begin(*rep_->program, roots);
  rep_->index.Select(scope.movement->event(), &state, &candidates);
  uint8_t read = 0;
  for (const uint32_t rule : candidates.rules()) {
    read |= rep_->rules[rule].roots_read;
  }
  if (!candidates.rules().empty()) read |= rep_->index.roots_refined();
  return {(read & kReadsContainer) != 0, (read & kReadsRight) != 0};
}

void Programme::EvaluateSelected(const Scope& scope, EvalScratch* scratch,
                                 v1::Assessment* out) const {
  cel::EvalState& state = scratch->rep_->state;
  Candidates& candidates = scratch->rep_->candidates;
  rep_->index.Refine(&state, &candidates);
  for (const uint32_t rule : candidates.rules()) {
    rep_->EvaluateRule(rep_->rules[rule], *scope.movement, &state, out);
  }
  for (const Member& member : rep_->members) {
    v1::RevisionRef* revision = out->add_revisions();
    Assign(member.rule_set->name, revision->mutable_rule_set());
    revision->set_revision(member.revision);
  }
}

void Programme::Rep::EvaluateRule(const CompiledRule& compiled,
                                  const v1::Movement& movement,
                                  cel::EvalState* state,
                                  v1::Assessment* out) const {
  const cel::Value value = state->Evaluate(compiled.root);
  // What is false needs no date: the index may not even have come here.
  if (value.is_false()) return;
  if (compiled.valid.is_limited()) {
    if (!movement.has_occurrence_time()) {
      return AddNotEvaluated(compiled, kOccurrenceTime, "", out);
    }
    if (!compiled.valid.Covers(movement.occurrence_time().seconds())) return;
  }
  if (value.is_true()) {
    AddHit(compiled, state, out);
  } else if (value.is_unknown()) {
    AddNotEvaluated(compiled, program->paths[value.aux], "", out);
  } else {
    AddNotEvaluated(compiled, "", value.s, out);
  }
}

void Programme::Rep::AddHit(const CompiledRule& compiled, cel::EvalState* state,
                            v1::Assessment* out) const {
  const Rule& rule = *compiled.rule;
  v1::Hit* hit = out->add_hits();
  Assign(compiled.rule_set->name, hit->mutable_rule_set());
  Assign(rule.id, hit->mutable_rule());
  hit->set_contribution(rule.score);
  // An untouched string field costs nothing, so the empty case is left alone.
  if (!rule.category.empty()) Assign(rule.category, hit->mutable_category());
  hit->set_lane_at_least(rule.lane_at_least);
  hit->set_control(rule.control);
  hit->set_shadow(rule.status == RuleStatus::kShadow);
  hit->set_revision(compiled.revision);
  for (uint32_t i = compiled.evidence_begin; i < compiled.evidence_end; ++i) {
    const cel::Value& value = state->ReadSlot(evidence[i]);
    if (value.is_unknown()) continue;
    const cel::Slot& slot = program->slots[evidence[i]];
    v1::Evidence* entry = hit->add_evidence();
    Assign(program->paths[slot.path], entry->mutable_field());
    FormatEvidence(value, *slot.access.field, entry->mutable_value());
  }
}

void Programme::Rep::AddNotEvaluated(const CompiledRule& compiled,
                                     absl::string_view missing,
                                     absl::string_view error,
                                     v1::Assessment* out) {
  v1::NotEvaluated* entry = out->add_not_evaluated();
  Assign(compiled.rule_set->name, entry->mutable_rule_set());
  Assign(compiled.rule->id, entry->mutable_rule());
  if (!missing.empty()) Assign(missing, entry->mutable_missing_field());
  if (!error.empty()) Assign(error, entry->mutable_error());
}

int32_t Programme::CategoryCap(absl::string_view category) const {
  const auto found = rep_->category_caps.find(category);
  return found == rep_->category_caps.end() ? kContributionMax : found->second;
}

const std::vector<Programme::Member>& Programme::members() const {
  return rep_->members;
}

size_t Programme::SpaceUsed() const {
  return rep_->program->SpaceUsed() + rep_->index.SpaceUsed() +
         rep_->rules.capacity() * sizeof(Rep::CompiledRule) +
         rep_->evidence.capacity() * sizeof(uint32_t);
}

size_t Programme::rule_count() const { return rep_->rule_count; }

}  // namespace portrisk::scoring
