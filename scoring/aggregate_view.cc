// HOT PATH: what no condition reads is not derived.
#include "scoring/aggregate_view.h"

namespace portrisk::scoring {

void AggregateView::Begin(const AggregatePlan& plan,
                          const v1::Movement& movement,
                          absl::Span<const AggregateGroupState> states) {
  if (plan_ != &plan || derived_.size() != plan.shapes().size() ||
      generation_ == UINT32_MAX) {
    derived_.assign(plan.shapes().size(), Derived());
    generation_ = 0;
  }
  plan_ = &plan;
  states_ = states;
  ++generation_;
  has_time_ = movement.has_occurrence_time();
  time_us_ = movement.occurrence_time().seconds() * 1'000'000 +
             movement.occurrence_time().nanos() / 1000;
}

const AggregateResult& AggregateView::Derive(uint32_t aggregate) {
  Derived& derived = derived_[aggregate];
  if (derived.generation == generation_) return derived.result;
  derived.generation = generation_;
  const uint32_t group = plan_->GroupOf(aggregate);
  if (!has_time_ || group >= states_.size() || !states_[group].has_key) {
    derived.result = AggregateResult();
    return derived.result;
  }
  derived.result = DeriveAggregate(plan_->shapes()[aggregate],
                                   states_[group].state, time_us_, &buffers_);
  return derived.result;
}

bool AggregateView::Read(const google::protobuf::FieldDescriptor& field,
                         cel::Value* value) {
  const auto* const binding = plan_ == nullptr ? nullptr : plan_->Find(field);
  if (binding == nullptr) return false;
  const AggregateResult& result = Derive(binding->aggregate);
  if (binding->is_count) {
    *value = cel::Value::Int(static_cast<int64_t>(result.count));
    return result.count_known;
  }
  *value = result.value;
  // An empty text is absent, as everywhere.
  return result.known && (value->kind != cel::Kind::kString || value->aux > 0);
}

bool AggregateView::IsApproximate(
    const google::protobuf::FieldDescriptor& field) {
  const auto* const binding = plan_ == nullptr ? nullptr : plan_->Find(field);
  return binding != nullptr && !binding->is_count &&
         Derive(binding->aggregate).approximate;
}

}  // namespace portrisk::scoring
