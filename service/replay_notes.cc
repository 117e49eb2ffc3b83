#include "service/replay_notes.h"

#include <algorithm>

namespace portrisk::service {

void ReplayNotes::AddVariants(
    const std::vector<uint64_t>& revisions,
    std::vector<scoring::Programme::Member>* members) {
  size_t left = kThresholdsMax;
  const size_t count = members->size();
  for (size_t i = 0; i < count; ++i) {
    if (std::find(revisions.begin(), revisions.end(), (*members)[i].revision) ==
        revisions.end()) {
      continue;
    }
    scoring::SensitivityPlan plan =
        scoring::PlanSensitivity(*(*members)[i].rule_set, left);
    left -= plan.thresholds.size();
    left_out_ += plan.left_out;
    if (plan.variants == nullptr) continue;
    const uint64_t revision = kVariantRevisions + variants_.size();
    members->push_back({revision, plan.variants, /*shadow=*/true});
    members->back().apart = true;
    variants_.emplace_back(std::move(plan), revision);
  }
}

void ReplayNotes::Take(const scoring::EvalScratch& evaluation,
                       v1::Assessment* assessment, SensitivityPoints* points) {
  ++assessed_;
  // A plan or a retraction is not evaluated, nor is what was not taken.
  if (!assessment->source().empty() && !assessment->retraction() &&
      !assessment->not_actual()) {
    scoring::Programme::CountEvaluated(evaluation, &evaluated_);
  }
  points->resize(variants_.size());
  for (size_t i = 0; i < variants_.size(); ++i) {
    (*points)[i].clear();
    variants_[i].TakeOut(assessment, &(*points)[i]);
  }
}

void ReplayNotes::Settle(const scoring::Programme& programme) {
  for (uint32_t number = 0; number < evaluated_.size(); ++number) {
    const auto rule = programme.RuleAt(number);
    const scoring::RuleSet& set = *rule.member->rule_set;
    Cost& cost = costs_[{std::string(scoring::RuleSetName(set)), *rule.rule}];
    cost.evaluated += evaluated_[number];
    cost.operations = scoring::ConditionCost(set, *rule.rule);
  }
  evaluated_.clear();
}

void ReplayNotes::Count(const SensitivityPoints& points, uint32_t unit) {
  for (size_t i = 0; i < variants_.size(); ++i) {
    for (const uint32_t point : points[i]) variants_[i].Add(unit, point);
  }
}

void ReplayNotes::AddCosts(scoring::Selection* selection) const {
  for (const auto& [rule, cost] : costs_) {
    selection->AddCost(rule.first, rule.second, cost.evaluated,
                       cost.operations);
  }
}

void ReplayNotes::Report(const scoring::UnitTable& table,
                         const scoring::Selection& selection,
                         v1::VariantReport* out) {
  out->set_replayed(assessed_);
  out->set_thresholds_left_out(left_out_);
  for (scoring::Sensitivity& one : variants_) {
    one.Report(table, selection, out);
  }
}

}  // namespace portrisk::service
