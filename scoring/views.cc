// HOT PATH, with the rules of container_history.cc.
#include "scoring/views.h"

#include "scoring/roots.h"

namespace portrisk::scoring {
namespace {

// Sets a root's bit; false when it was set.
bool Mark(uint32_t root, uint16_t* bits) {
  const auto bit = static_cast<uint16_t>(1 << root);
  if ((*bits & bit) != 0) return false;
  *bits |= bit;
  return true;
}

}  // namespace

void Views::Begin(const JournaledMovement& input, const EntityStates& states,
                  const Reference& reference) {
  Release();
  input_ = &input;
  states_ = &states;
  reference_ = &reference;
  container_.Begin(states.container, input, reference);
  right_.Begin(states.right, input, reference, states.container);
}

Scope Views::scope() {
  return {input_->movement,
          &container_.view(),
          &right_.view(),
          &party_.view(),
          &vessel_.view(),
          &route_.view(),
          &facility_.view(),
          &source_.view(),
          &usual_.view(),
          nullptr,
          this};
}

void Views::Derive(uint32_t root,
                   const google::protobuf::FieldDescriptor& field) {
  switch (root) {
    case kMovementRoot:
      return;
    case kContainerRoot:
      return container_.Derive(field.number());
    case kRightRoot:
      return right_.Derive(field.number());
    default:
      DeriveWhole(root);
      if (IsFindRate(root, field)) LendFinds(root);
  }
}

void Views::DeriveAll(uint32_t root) {
  if (root == kContainerRoot) return container_.DeriveAll();
  if (root == kRightRoot) return right_.DeriveAll();
  DeriveWhole(root);
  if (HasFindRates(root)) LendFinds(root);
}

void Views::DeriveWhole(uint32_t root) {
  if (!Mark(root, &derived_)) return;
  const v1::Movement& m = *input_->movement;
  switch (root) {
    case kPartyRoot:
      return party_.Derive(states_->profiles, m);
    case kVesselRoot:
      return vessel_.Derive(states_->vessel, m, *reference_);
    case kRouteRoot:
      return route_.Derive(states_->profiles, m);
    case kFacilityRoot:
      return facility_.Derive(states_->facility, states_->container, *input_);
    case kSourceRoot:
      return source_.Derive(*reference_, m);
    case kUsualRoot:
      if (states_->spans == nullptr) return;
      return usual_.Derive(states_->spreads, m, *states_->spans);
    default:
      return;
  }
}

void Views::LendFinds(uint32_t root) {
  const bool first = lent_ == 0;
  if (!Mark(root, &lent_)) return;
  if (first) finds_.Derive(states_->finds, *input_->movement);
  if (root == kPartyRoot) party_.LendFinds(&finds_);
  if (root == kRouteRoot) route_.LendFinds(&finds_);
  if (root == kFacilityRoot) facility_.LendFinds(&finds_);
}

void Views::Release() {
  container_.Release();
  right_.Release();
  const auto has = [this](Root root) { return (derived_ >> root & 1) != 0; };
  if (has(kPartyRoot)) party_.Release();
  if (has(kVesselRoot)) vessel_.Release();
  if (has(kRouteRoot)) route_.Release();
  if (has(kFacilityRoot)) facility_.Release();
  if (has(kSourceRoot)) source_.Release();
  if (has(kUsualRoot)) usual_.Release();
  derived_ = lent_ = 0;
}

}  // namespace portrisk::scoring
