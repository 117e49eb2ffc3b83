// HOT PATH (Evaluate). Budget: what the common rule sets cost, about 3 µs a
// movement. Forbidden: I/O, locks, clocks, logs, and the heap once scratch and
// assessment are warm; tests/cel/programme_test.cc counts allocations.
//
// A movement pays for the rules that could match it (rule_index.h). All
// conditions are one cel::Program: a field is read once a movement whatever
// number of rules read it, and so is an equal sub-expression. Strings are
// written into the fields of cleared messages, which keep their capacity.
#include <algorithm>

#include "scoring/limits.h"
#include "scoring/programme_evidence.h"
#include "scoring/programme_rep.h"

namespace portrisk::scoring {
namespace {

constexpr size_t kFewRules = 16;
constexpr absl::string_view kOccurrenceTime = "movement.occurrence_time";

void Assign(absl::string_view text, std::string* out) {
  out->assign(text.data(), text.size());
}

}  // namespace

EvalScratch::EvalScratch() : rep_(std::make_unique<Rep>()) {}
EvalScratch::~EvalScratch() = default;
EvalScratch::EvalScratch(EvalScratch&&) noexcept = default;

void Programme::Evaluate(const Scope& scope, EvalScratch* scratch,
                         v1::Assessment* out) const {
  const google::protobuf::Message* roots[cel::kRuleRoots] = {
      scope.movement, scope.container, scope.right,  scope.party, scope.vessel,
      scope.route,    scope.facility,  scope.source, scope.usual};
  cel::ListContext context;
  context.sets = now_->sets.data();
  context.declared = scope.aggregates;
  context.derived = scope.derived;
  if (scope.movement->has_occurrence_time()) {
    context.now_seconds = scope.movement->occurrence_time().seconds();
  }
  scratch->rep_->state.Begin(*rep_->program, roots, context);
  ++scratch->rep_->movement;
  EvaluateAlso(scope, scratch, out);
}

void Programme::EvaluateAlso(const Scope& scope, EvalScratch* scratch,
                             v1::Assessment* out) const {
  const Rep& rep = *rep_;
  const v1::Movement& movement = *scope.movement;
  cel::EvalState& state = scratch->rep_->state;
  Candidates& candidates = scratch->rep_->candidates;
  scratch->rep_->reported.clear();
  if (scratch->rep_->texts.size() < rep.program->slots.size()) {
    scratch->rep_->texts.resize(rep.program->slots.size());
  }
  rep.index.Select(movement.event(), &state, &candidates);
  const Rep::Pass pass{*scope.movement, scope.aggregates,    *now_,
                       &state,          scratch->rep_.get(), out};
  rep.EvaluateAll(candidates.rules(), pass);
  if (rep.apart_begin < rep.rules.size()) {
    rep.apart.Select(movement.event(), &state, &scratch->rep_->apart);
    rep.EvaluateAll(scratch->rep_->apart.rules(), pass);
  }
  rep.SetRevisions(*now_, out);
  for (const auto& [name, version] : now_->lists) {
    v1::ListRef* list = out->add_lists();
    Assign(name, list->mutable_name());
    list->set_version(version);
  }
}

// Over those of the movement before, which are mostly the same.
void Programme::Rep::SetRevisions(const Circumstances& now,
                                  v1::Assessment* out) const {
  int written = 0;
  for (uint32_t i = 0; i < members.size(); ++i) {
    if (!now.Concerns(i, out->unit().rollout_ppm())) continue;
    const Member& member = members[i];
    v1::RevisionRef* const revision = written < out->revisions_size()
                                          ? out->mutable_revisions(written)
                                          : out->add_revisions();
    ++written;
    Assign(member.rule_set->name, revision->mutable_rule_set());
    revision->set_revision(member.revision);
    revision->set_shadow(member.shadow);
  }
  while (out->revisions_size() > written) {
    out->mutable_revisions()->RemoveLast();
  }
}

void Programme::Rep::EvaluateAll(absl::Span<const uint32_t> left,
                                 const Pass& pass) const {
  while (!left.empty()) {
    const absl::Span<const uint32_t> few =
        left.first(std::min(left.size(), kFewRules));
    EvaluateFew(few, pass);
    left.remove_prefix(few.size());
  }
}

// Asks memory in rounds, since each address lies in what the round before
// brings. Not in a function of its own: GCC takes one that only prefetches for
// one without effect, and drops its calls.
void Programme::Rep::EvaluateFew(absl::Span<const uint32_t> few,
                                 const Pass& pass) const {
  for (const uint32_t rule : few) {
    conditions.PrefetchPlace(rule);
    __builtin_prefetch(&rules[rule]);
  }
  for (const uint32_t rule : few) {
    conditions.PrefetchRun(rule);
    __builtin_prefetch(rules[rule].rule);
    __builtin_prefetch(evidence.data() + rules[rule].evidence_begin);
  }
  for (const uint32_t rule : few) EvaluateRule(rule, pass);
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
  pass.scratch->reported.push_back({index, true, hit->shadow()});
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
  pass.scratch->reported.push_back(
      {rule, false, members[compiled.member].shadow});
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

}  // namespace portrisk::scoring
