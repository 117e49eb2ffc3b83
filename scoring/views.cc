// HOT PATH, with the rules of container_history.cc.
#include "scoring/views.h"

namespace portrisk::scoring {

Scope Views::ScopeOf(const v1::Movement& movement) const {
  return {&movement,         &container_.view(), &right_.view(),
          &party_.view(),    &vessel_.view(),    &route_.view(),
          &facility_.view(), &source_.view(),    &usual_.view()};
}

void Views::Derive(const Programme::Needs& needs,
                   const JournaledMovement& input, const EntityStates& states,
                   const Reference& reference) {
  const v1::Movement& m = *input.movement;
  derived_ = needs;
  if (needs.container) {
    using Depth = ContainerViewBuffer::Depth;
    container_.Derive(states.container, input, reference,
                      needs.container_beyond ? Depth::kFull : Depth::kNear);
  }
  if (needs.right) {
    using Depth = RightViewBuffer::Depth;
    right_.Derive(states.right, input, reference,
                  needs.right_beyond ? Depth::kFull : Depth::kNear);
  }
  if (needs.party) party_.Derive(states.profiles, m);
  if (needs.vessel) vessel_.Derive(states.vessel, m, reference);
  if (needs.route) route_.Derive(states.profiles, m);
  if (needs.facility) {
    facility_.Derive(states.facility, states.container, input);
  }
  if (needs.source) source_.Derive(reference, m);
  if (needs.usual && states.spans != nullptr) {
    usual_.Derive(states.spreads, m, *states.spans);
  }
  if (!needs.finds) return;
  finds_.Derive(states.finds, m);
  if (needs.party) party_.LendFinds(&finds_);
  if (needs.route) route_.LendFinds(&finds_);
  if (needs.facility) facility_.LendFinds(&finds_);
}

void Views::Release() {
  if (derived_.container) container_.Release();
  if (derived_.right) right_.Release();
  if (derived_.party) party_.Release();
  if (derived_.vessel) vessel_.Release();
  if (derived_.route) route_.Release();
  if (derived_.facility) facility_.Release();
  if (derived_.source) source_.Release();
  if (derived_.usual) usual_.Release();
  derived_ = Programme::Needs();
}

}  // namespace portrisk::scoring
