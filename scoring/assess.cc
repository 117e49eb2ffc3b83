// HOT PATH. Budget: derive, evaluate and decide together a few microseconds
// with the common rule sets; bench/score_bench guards it, and a test asserts
// that a warm call allocates nothing.
#include "scoring/assess.h"

#include <utility>

namespace portrisk::scoring {
namespace {

// Clear() would free the sub-messages; this keeps them.
void Reset(v1::Assessment* out) {
  out->clear_hits();
  out->clear_not_evaluated();
  out->clear_lists();
  out->set_score(0);
  out->set_lane(v1::GREEN);
  out->set_control(v1::NO_CONTROL);
  out->set_channel(v1::CHANNEL_UNSPECIFIED);
  out->set_corrects_sequence(0);
  out->clear_corrected_container_number();
}

bool IsEvaluated(const v1::Movement& m) {
  return !m.retraction() && IsActual(m);
}

// What the version that is replaced was about.
void TakeCorrected(const v1::Assessment& corrected, v1::Assessment* out) {
  const std::string& number = corrected.container_number();
  if (out->retraction()) {
    if (out->container_number().empty()) out->set_container_number(number);
    *out->mutable_unit() = corrected.unit();
    out->mutable_unit()->clear_lane_before();
  }
  if (out->container_number() != number) {
    out->set_corrected_container_number(number);
  }
}

}  // namespace

void Assessor::Assess(const AssessContext& context,
                      const JournaledMovement& input,
                      const EntityStates& states, v1::Assessment* out) {
  Begin(input, states, *context.reference);
  is_only_ = true;
  AssessBy(context, out);
  End();  // States may change as soon as this returns.
}

void Assessor::Begin(const JournaledMovement& input, const EntityStates& states,
                     const Reference& reference) {
  input_ = &input;
  states_ = &states;
  is_only_ = false;
  is_first_ = true;
  if (IsEvaluated(*input.movement)) views_.Begin(input, states, reference);
}

void Assessor::AssessBy(const AssessContext& context, v1::Assessment* out) {
  const v1::Movement& m = *input_->movement;
  Reset(out);
  out->set_sequence(input_->sequence);
  out->set_source(m.source());
  out->set_movement_id(m.id());
  out->set_container_number(m.container().number());
  out->set_reference_version(context.reference->version());
  out->set_retraction(m.retraction());
  out->set_not_actual(!IsActual(m));
  const bool is_first = std::exchange(is_first_, false);
  if (is_first) {
    AssignUnit(m, states_->container, *context.draw_key, out->mutable_unit(),
               states_->consignment);
    if (!is_only_) unit_ = out->unit();
  } else {
    *out->mutable_unit() = unit_;
  }
  if (input_->corrected != nullptr) TakeCorrected(*input_->corrected, out);
  const SelectionProfile& profile =
      TermsOf(*context.profiles, m, states_->container, out->unit());
  out->set_profile(profile.name);
  out->set_control_to_sender(profile.control_to_sender);
  if (!IsEvaluated(m)) return out->clear_revisions();
  const Programme& programme = *context.programme;
  Scope scope = views_.scope();
  scope.aggregates = &aggregates_;
  if (is_first) {
    aggregates_.Begin(programme.aggregates(), m, states_->aggregates);
    programme.Evaluate(scope, &scratch_, out);
  } else {
    programme.EvaluateAlso(scope, &scratch_, out);
  }
  Decide(programme, profile, out);
}

}  // namespace portrisk::scoring
