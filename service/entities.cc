// HOT PATH: Find, Load, Fold and Unfold, under the rules of core.cc.
#include "service/entities.h"

#include "absl/strings/str_cat.h"
#include "scoring/consignment.h"
#include "scoring/erased_names.h"
#include "scoring/pickup_right.h"
#include "scoring/place_history.h"
#include "service/whole_aggregates.h"

namespace portrisk::service {
template <typename Visit>
void Entities::EachFixedKind(const Visit& visit) {
  visit(&containers_);
  visit(&rights_);
  visit(&consignments_);
  visit(&vessels_);
  visit(&facilities_);
  visit(&profiles_);
  visit(&finds_);
  visit(&control_logs_);
  visit(&spreads_);
}

void Entities::Trim() {
  EachFixedKind([](auto* kind) { kind->table.Trim(); });
  aggregates_.Trim();
}

Entities::Named Entities::Find(const v1::Movement& movement,
                               const EntityKeys& keys,
                               const CountedKeys& counted) {
  Named named;
  if (keys.container) named.container = containers_.Find(*keys.container);
  if (keys.right) named.right = rights_.Find(*keys.right);
  if (keys.consignment) {
    named.consignment = consignments_.Find(*keys.consignment);
  }
  if (keys.vessel) named.vessel = vessels_.Find(*keys.vessel);
  if (keys.facility) named.facility = facilities_.Find(*keys.facility);
  for (const auto& [slot, key] : keys.profiles) {
    named.profiles[static_cast<size_t>(slot)] = profiles_.Find(key);
  }
  if (scoring::IsFact(movement)) {
    named.aggregates = aggregates_.Find(movement, counted);
  }
  return named;
}

void Entities::Prefetch(const EntityKeys& keys, const CountedKeys& counted,
                        const SpreadKeys& spreads) const {
  if (keys.container) containers_.table.Prefetch(*keys.container);
  if (keys.right) rights_.table.Prefetch(*keys.right);
  if (keys.consignment) consignments_.table.Prefetch(*keys.consignment);
  for (const auto& [slot, key] : keys.profiles) profiles_.table.Prefetch(key);
  aggregates_.Prefetch(counted);
  for (const auto& [slot, key] : spreads) spreads_.table.Prefetch(key);
}

void Entities::Prefetch(const Named& named) {
  const auto fetch = [](const auto* entry) {
    if (entry == nullptr) return;
    const char* const at = reinterpret_cast<const char*>(entry);
    for (size_t i = 0; i < sizeof(*entry); i += 64) __builtin_prefetch(at + i);
  };
  fetch(named.container);
  fetch(named.right);
  for (const auto* entry : named.profiles) fetch(entry);
}

void Entities::AppendKeys(const v1::Movement& movement,
                          std::vector<EntityKey>* keys) {
  KeysOf(movement).Append(keys);
  if (scoring::IsFact(movement)) aggregates_.AppendKeys(movement, keys);
}

absl::Status Entities::Load() {
  const std::vector<Kind<v1::RightState>::Entry*> rights =
      from_.store == nullptr || shows_erased_
          ? std::vector<Kind<v1::RightState>::Entry*>()
          : rights_.missing;
  const absl::Status status = LoadMissing(
      from_,
      [this](const auto& visit) {
        EachFixedKind(visit);
        aggregates_.EachKind(visit);
      },
      &buffers_);
  if (!status.ok() || from_.store == nullptr) return status;
  for (const auto* const entry : rights) {
    shows_erased_ |= scoring::ShowsErased(entry->state());
  }
  return CheckAggregates(buffers_, aggregates_);
}

absl::Status Entities::Renew(const v1::Movement& movement, Named* named) {
  if (aggregates_.IsCurrent(named->aggregates)) return absl::OkStatus();
  named->aggregates = scoring::IsFact(movement) ? aggregates_.Find(movement)
                                                : Aggregates::Found();
  return Load();
}

scoring::EntityStates Entities::States(const Named& named) {
  scoring::EntityStates states;
  if (named.container) states.container = &named.container->state();
  if (named.right) states.right = &named.right->state();
  if (named.consignment) states.consignment = &named.consignment->state();
  if (named.vessel) states.vessel = &named.vessel->state();
  if (named.facility) states.facility = &named.facility->state();
  for (size_t i = 0; i < named.profiles.size(); ++i) {
    if (named.profiles[i]) states.profiles[i] = &named.profiles[i]->state();
  }
  for (size_t i = 0; i < named.finds.size(); ++i) {
    if (named.finds[i]) states.finds[i] = &named.finds[i]->state();
  }
  states.spans = named.spans;
  for (size_t i = 0; i < named.spreads.size(); ++i) {
    if (named.spreads[i]) states.spreads[i] = &named.spreads[i]->state();
  }
  states.aggregates = aggregates_.States(named.aggregates);
  return states;
}

absl::Status Entities::Unfold(const scoring::JournaledMovement& input,
                              const v1::Movement& prior, const Named& named,
                              ReadOccurred read) {
  if (named.container) {
    scoring::UnfoldContainer(input, containers_.table.Mutable(named.container));
  }
  if (named.right && scoring::ConcernsRight(prior)) {
    scoring::UnfoldRight(input, rights_.table.Mutable(named.right));
  }
  // Find has named none of these unless the version was a fact.
  if (named.vessel) {
    scoring::UnfoldVessel(input, prior, vessels_.table.Mutable(named.vessel));
  }
  if (named.facility) {
    scoring::UnfoldFacility(input, prior,
                            facilities_.table.Mutable(named.facility));
  }
  for (auto* const entry : named.profiles) {
    if (entry == nullptr) continue;
    v1::ProfileState* state = profiles_.table.Mutable(entry);
    scoring::UnfoldProfile(prior.occurrence_time(), state);
    state->set_last_sequence(input.sequence);
  }
  UnfoldSpreads(prior, input.sequence, named);
  return aggregates_.Unfold(input, prior, named.aggregates, read);
}

void Entities::Fold(const scoring::JournaledMovement& input,
                    const v1::Unit& unit, const Named& named) {
  const v1::Movement& movement = *input.movement;
  if (named.container) {
    scoring::FoldContainer(input, movement.retraction() ? nullptr : &unit,
                           containers_.table.Mutable(named.container));
  }
  if (named.right && scoring::ConcernsRight(movement)) {
    v1::RightState* state = rights_.table.Mutable(named.right);
    if (state->key().empty()) {
      state->set_key(movement.container().number().empty()
                         ? absl::StrCat("right:", movement.pickup_right().id())
                         : movement.container().number());
    }
    scoring::FoldRight(input, state);
    shows_erased_ |= scoring::NamesToken(movement);
  }
  if (named.consignment && !movement.retraction() &&
      scoring::IsActual(movement) && scoring::IsConsignment(unit)) {
    scoring::FoldConsignment(unit, input.sequence,
                             consignments_.table.Mutable(named.consignment));
  }
  if (named.vessel) {
    scoring::FoldVessel(input, vessels_.table.Mutable(named.vessel));
  }
  if (named.facility) {
    scoring::FoldFacility(input, unit,
                          facilities_.table.Mutable(named.facility));
  }
  for (auto* const entry : named.profiles) {
    if (entry == nullptr) continue;
    v1::ProfileState* state = profiles_.table.Mutable(entry);
    scoring::FoldProfile(movement.occurrence_time(), state);
    state->set_last_sequence(input.sequence);
  }
  FoldSpreads(movement, input.sequence, named);
  aggregates_.Fold(input, named.aggregates);
}

template <typename State>
absl::StatusOr<State> Entities::Read(const EntityKey& key, Kind<State>* kind) {
  auto* const entry = kind->Find(key);
  absl::Status status = Load();
  if (!status.ok()) return status;
  return entry->state();
}

absl::StatusOr<v1::ContainerState> Entities::ReadContainer(
    const EntityKey& key) {
  return Read(key, &containers_);
}

absl::StatusOr<v1::RightState> Entities::ReadRight(const EntityKey& key) {
  return Read(key, &rights_);
}

absl::StatusOr<v1::VesselState> Entities::ReadVessel(const EntityKey& key) {
  return Read(key, &vessels_);
}

absl::StatusOr<v1::FacilityState> Entities::ReadFacility(const EntityKey& key) {
  return Read(key, &facilities_);
}

absl::StatusOr<v1::ProfileState> Entities::ReadProfile(const EntityKey& key) {
  return Read(key, &profiles_);
}

void Entities::Freeze(uint64_t sequence) {
  EachFixedKind([](auto* kind) { kind->table.Freeze(); });
  aggregates_.Freeze(sequence);
}

void Entities::TakeFrozen(KeyValues* out) {
  EachFixedKind([&](auto* kind) { kind->table.TakeFrozen(out); });
  aggregates_.TakeFrozen(out);
}

void Entities::Thaw() {
  EachFixedKind([](auto* kind) { kind->table.Thaw(); });
  aggregates_.Thaw();
}

}  // namespace portrisk::service
