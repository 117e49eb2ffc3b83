// HOT PATH, under the rules of core.cc.
#include "service/entity_keys.h"

#include "portrisk/v1/history_service.pb.h"
#include "scoring/consignment.h"
#include "scoring/container_history.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

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

EntityKeys KeysOf(const v1::Movement& movement) {
  EntityKeys keys;
  const std::string& number = movement.container().number();
  const std::string& right_id = movement.pickup_right().id();
  if (!number.empty()) {
    keys.container = ContainerKey(number);
    keys.right = RightKey(number);
  } else if (!right_id.empty()) {
    keys.right = RightKeyOfId(right_id);
  }
  const std::string& reference = scoring::ReferenceOf(movement);
  if (!reference.empty() &&
      (number.empty() || !scoring::IsPhysical(movement.event()))) {
    keys.consignment = ConsignmentKey(reference);
  }
  if (!scoring::IsFact(movement)) return keys;
  const std::string& imo = movement.transport().vessel_imo();
  if (!imo.empty()) keys.vessel = VesselKey(imo);
  if (NamesFacility(movement)) {
    keys.facility = FacilityKey(movement.location().locode(),
                                movement.location().facility());
  }
  VisitProfiles(movement, [&](ProfileSlot slot, const EntityKey& key) {
    keys.profiles.emplace_back(slot, key);
  });
  return keys;
}

void SpreadKeysOf(const v1::Movement& movement, const scoring::Spans& spans,
                  SpreadKeys* out) {
  out->clear();
  if (!scoring::IsFact(movement)) return;
  for (const scoring::SpreadUse& use : scoring::SpreadsOf(movement, spans)) {
    out->emplace_back(use.slot, SpreadKey(use.name));
  }
}

void EntityKeys::Append(std::vector<EntityKey>* keys) const {
  for (const auto& one : {container, right, consignment, vessel, facility}) {
    if (one) keys->push_back(*one);
  }
  for (const auto& [slot, key] : profiles) keys->push_back(key);
}

}  // namespace portrisk::service
