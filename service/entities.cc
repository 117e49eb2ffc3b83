// HOT PATH: Find, Load, Fold and Unfold, under the rules of core.cc.
#include "service/entities.h"

#include "absl/strings/str_cat.h"
#include "portrisk/v1/history_service.pb.h"
#include "scoring/party_history.h"
#include "scoring/pickup_right.h"
#include "scoring/place_history.h"
#include "service/keys.h"
#include "service/whole_aggregates.h"

namespace portrisk::service {
namespace {

using scoring::IsFact;
using scoring::ProfileSlot;

template <typename Visit>
void VisitParties(const v1::Pseudonyms& who, const Visit& visit) {
  const auto party = [&](bool named, ProfileSlot slot, v1::PartyRole role,
                         uint64_t pseudonym) {
    if (named) visit(slot, PartyKey(static_cast<char>(role), pseudonym));
  };
  party(who.has_haulier(), ProfileSlot::kHaulier, v1::ROLE_HAULIER,
        who.haulier());
  party(who.has_carrier(), ProfileSlot::kCarrier, v1::ROLE_CARRIER,
        who.carrier());
  party(who.has_shipper(), ProfileSlot::kShipper, v1::ROLE_SHIPPER,
        who.shipper());
  party(who.has_consignee(), ProfileSlot::kConsignee, v1::ROLE_CONSIGNEE,
        who.consignee());
  party(who.has_notify_party(), ProfileSlot::kNotifyParty,
        v1::ROLE_NOTIFY_PARTY, who.notify_party());
  party(who.has_declarant(), ProfileSlot::kDeclarant, v1::ROLE_DECLARANT,
        who.declarant());
  party(who.has_forwarder(), ProfileSlot::kForwarder, v1::ROLE_FORWARDER,
        who.forwarder());
  party(who.has_actor(), ProfileSlot::kActor, v1::ROLE_ACTOR, who.actor());
}

template <typename Visit>
void VisitCredentials(const v1::Pseudonyms& who, const Visit& visit) {
  if (who.has_account()) {
    visit(ProfileSlot::kAccount, AccountKey(who.account()));
  }
  if (who.has_device()) {
    visit(ProfileSlot::kDevice, DeviceKey(who.device()));
    if (who.has_actor() || who.has_account() || who.has_haulier()) {
      // The account first: an announcement names it and no actor.
      const uint64_t identity = who.has_account() ? who.account()
                                : who.has_actor() ? who.actor()
                                                  : who.haulier();
      visit(ProfileSlot::kActorDevice, CredentialKey(identity, who.device()));
    }
  }
  if (who.has_haulier() && who.has_plate()) {
    visit(ProfileSlot::kHaulierPlate, PlateKey(who.haulier(), who.plate()));
  }
}

template <typename Visit>
void VisitTrade(const v1::Movement& m, const Visit& visit) {
  const v1::Pseudonyms& who = m.pseudonyms();
  const std::string& commodity = m.consignment().commodity();
  if (who.has_shipper() && who.has_consignee() && !commodity.empty()) {
    visit(ProfileSlot::kTrade,
          TradeKey(who.shipper(), who.consignee(), commodity));
  }
  const absl::string_view port = scoring::PortOf(m);
  if (port.empty()) return;
  if (who.has_carrier()) {
    visit(ProfileSlot::kCarrierPort,
          PortUseKey(static_cast<char>(v1::ROLE_CARRIER), who.carrier(), port));
  }
  if (who.has_consignee()) {
    visit(ProfileSlot::kConsigneePort,
          PortUseKey(static_cast<char>(v1::ROLE_CONSIGNEE), who.consignee(),
                     port));
  }
}

template <typename Visit>
void VisitRoute(const v1::Movement& m, const Visit& visit) {
  const scoring::Route route = scoring::RouteOf(m);
  if (route.from.empty() || route.to.empty()) return;
  visit(ProfileSlot::kRoutePair, RouteKey(route.from, "", route.to, ""));
  if (!route.chapter.empty()) {
    visit(ProfileSlot::kRouteCommodity,
          RouteKey(route.from, "", route.to, route.chapter));
  }
  if (!route.via.empty()) {
    visit(ProfileSlot::kRouteTriple,
          RouteKey(route.from, route.via, route.to, ""));
  }
}

// Each profile that a movement names, with its key.
template <typename Visit>
void VisitProfiles(const v1::Movement& m, const Visit& visit) {
  if (m.has_pseudonyms()) {
    VisitParties(m.pseudonyms(), visit);
    VisitCredentials(m.pseudonyms(), visit);
    VisitTrade(m, visit);
  }
  VisitRoute(m, visit);
}

bool NamesFacility(const v1::Movement& m) {
  return !m.location().locode().empty() || !m.location().facility().empty();
}

}  // namespace

template <typename Visit>
void Entities::EachFixedKind(const Visit& visit) {
  visit(&containers_);
  visit(&rights_);
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

Entities::Named Entities::Find(const v1::Movement& movement) {
  Named named;
  const std::string& number = movement.container().number();
  const std::string& right_id = movement.pickup_right().id();
  if (!number.empty()) {
    named.container = containers_.Find(ContainerKey(number));
    named.right = rights_.Find(RightKey(number));
  } else if (!right_id.empty()) {
    named.right = rights_.Find(RightKeyOfId(right_id));
  }
  if (!IsFact(movement)) return named;
  const std::string& imo = movement.transport().vessel_imo();
  if (!imo.empty()) named.vessel = vessels_.Find(VesselKey(imo));
  if (NamesFacility(movement)) {
    named.facility = facilities_.Find(FacilityKey(
        movement.location().locode(), movement.location().facility()));
  }
  VisitProfiles(movement, [&](ProfileSlot slot, const EntityKey& key) {
    named.profiles[static_cast<size_t>(slot)] = profiles_.Find(key);
  });
  named.aggregates = aggregates_.Find(movement);
  return named;
}

void Entities::Prefetch(const v1::Movement& movement) const {
  const std::string& number = movement.container().number();
  if (!number.empty()) {
    containers_.table.Prefetch(ContainerKey(number));
    rights_.table.Prefetch(RightKey(number));
  }
  if (!IsFact(movement)) return;
  VisitProfiles(movement, [&](ProfileSlot, const EntityKey& key) {
    profiles_.table.Prefetch(key);
  });
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
  const std::string& number = movement.container().number();
  const std::string& right_id = movement.pickup_right().id();
  if (!number.empty()) {
    keys->push_back(ContainerKey(number));
    keys->push_back(RightKey(number));
  } else if (!right_id.empty()) {
    keys->push_back(RightKeyOfId(right_id));
  }
  if (!IsFact(movement)) return;
  const std::string& imo = movement.transport().vessel_imo();
  if (!imo.empty()) keys->push_back(VesselKey(imo));
  if (NamesFacility(movement)) {
    keys->push_back(FacilityKey(movement.location().locode(),
                                movement.location().facility()));
  }
  VisitProfiles(movement, [&](ProfileSlot, const EntityKey& key) {
    keys->push_back(key);
  });
  aggregates_.AppendKeys(movement, keys);
}

absl::Status Entities::Load() {
  const absl::Status status = LoadMissing(
      from_,
      [this](const auto& visit) {
        EachFixedKind(visit);
        aggregates_.EachKind(visit);
      },
      &buffers_);
  if (!status.ok() || from_.store == nullptr) return status;
  return CheckAggregates(buffers_, aggregates_);
}

absl::Status Entities::Renew(const v1::Movement& movement, Named* named) {
  if (aggregates_.IsCurrent(named->aggregates)) return absl::OkStatus();
  named->aggregates =
      IsFact(movement) ? aggregates_.Find(movement) : Aggregates::Found();
  return Load();
}

scoring::EntityStates Entities::States(const Named& named) {
  scoring::EntityStates states;
  if (named.container) states.container = &named.container->state();
  if (named.right) states.right = &named.right->state();
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
