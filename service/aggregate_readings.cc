#include "service/aggregate_readings.h"

#include <string>

#include "absl/strings/ascii.h"
#include "scoring/aggregate_view.h"
#include "scoring/iso6346.h"
#include "scoring/programme_evidence.h"
#include "scoring/rule_set.h"

namespace portrisk::service {
namespace {

using Name = v1::GetEntityRequest;

std::string Trimmed(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

std::string Code(const std::string& text) {
  return absl::AsciiStrToUpper(Trimmed(text));
}

void SetParty(const v1::PartyName& name, v1::Party* party) {
  if (!name.id().empty()) party->set_id(Trimmed(name.id()));
  if (!name.name().empty()) party->set_name(Trimmed(name.name()));
}

void SetPartyOfRole(const v1::PartyName& name, v1::Movement* m) {
  switch (name.role()) {
    case v1::ROLE_HAULIER:
      return SetParty(name, m->mutable_haulier());
    case v1::ROLE_CARRIER:
      return SetParty(name, m->mutable_carrier());
    case v1::ROLE_SHIPPER:
      return SetParty(name, m->mutable_shipper());
    case v1::ROLE_CONSIGNEE:
      return SetParty(name, m->mutable_consignee());
    case v1::ROLE_NOTIFY_PARTY:
      return SetParty(name, m->mutable_notify_party());
    case v1::ROLE_DECLARANT:
      return SetParty(name, m->mutable_declarant());
    case v1::ROLE_FORWARDER:
      return SetParty(name, m->mutable_forwarder());
    case v1::ROLE_ACTOR:
      return SetParty(name, m->mutable_pickup_right()->mutable_actor());
    default:
      return;
  }
}

void SetCredential(const v1::CredentialName& name, v1::Movement* m) {
  if (!name.plate().empty()) {
    m->mutable_haulier()->set_id(Trimmed(name.id()));
    m->mutable_transport()->set_plate(Trimmed(name.plate()));
    return;
  }
  v1::Party* const actor = m->mutable_pickup_right()->mutable_actor();
  actor->set_id(Trimmed(name.id()));
  actor->set_device(Trimmed(name.device()));
}

void SetRoute(const v1::RouteName& name, v1::Consignment* consignment) {
  consignment->set_loading_locode(Code(name.from_locode()));
  consignment->set_discharge_locode(Code(name.to_locode()));
  if (!name.commodity().empty()) {
    consignment->set_commodity(Trimmed(name.commodity()));
  }
}

void SetFacility(const v1::FacilityName& name, v1::Location* location) {
  location->set_locode(Code(name.locode()));
  if (!name.facility().empty())
    location->set_facility(Trimmed(name.facility()));
}

void SetName(const Name& name, v1::Movement* m) {
  switch (name.name_case()) {
    case Name::kContainerNumber:
      return m->mutable_container()->set_number(
          scoring::NormaliseContainerNumber(name.container_number()));
    case Name::kRight:
      return m->mutable_container()->set_number(
          scoring::NormaliseContainerNumber(name.right().container_number()));
    case Name::kParty:
      return SetPartyOfRole(name.party(), m);
    case Name::kAccount:
      return m->mutable_pickup_right()->mutable_actor()->set_account(
          Trimmed(name.account()));
    case Name::kDevice:
      return m->mutable_pickup_right()->mutable_actor()->set_device(
          Trimmed(name.device()));
    case Name::kCredential:
      return SetCredential(name.credential(), m);
    case Name::kTrade:
      SetParty(name.trade().shipper(), m->mutable_shipper());
      SetParty(name.trade().consignee(), m->mutable_consignee());
      return m->mutable_consignment()->set_commodity(
          Trimmed(name.trade().commodity()));
    case Name::kPortUse:
      SetPartyOfRole(name.port_use().party(), m);
      return m->mutable_location()->set_locode(Code(name.port_use().locode()));
    case Name::kVesselImo:
      return m->mutable_transport()->set_vessel_imo(Trimmed(name.vessel_imo()));
    case Name::kFacility:
      return SetFacility(name.facility(), m->mutable_location());
    case Name::kRoute:
      return SetRoute(name.route(), m->mutable_consignment());
    case Name::NAME_NOT_SET:
      return;
  }
}

}  // namespace

v1::Movement MovementLike(const v1::GetEntityRequest& name,
                          const Pseudonyms& pseudonyms) {
  v1::Movement movement;
  SetName(name, &movement);
  pseudonyms.Fill(&movement);
  return movement;
}

absl::Status ReadAggregates(
    const scoring::Programme& programme, const v1::Movement& like,
    const google::protobuf::Timestamp& time, Aggregates* aggregates,
    google::protobuf::RepeatedPtrField<v1::AggregateReading>* out) {
  v1::Movement asked = like;
  *asked.mutable_occurrence_time() = time;
  const Aggregates::Found found = aggregates->Find(asked);
  absl::Status status = aggregates->Load();
  if (!status.ok()) return status;
  const auto states = aggregates->States(found);
  const scoring::AggregatePlan& plan = programme.aggregates();
  scoring::AggregateView view;
  view.Begin(plan, asked, states);
  for (const scoring::Programme::Member& member : programme.members()) {
    const auto& names = member.rule_set->aggregates;
    if (names == nullptr) continue;
    for (size_t i = 0; i < names->declarations().size(); ++i) {
      const auto* const binding = plan.Find(*names->ValueField(i));
      if (binding == nullptr) continue;
      const uint32_t group = plan.GroupOf(binding->aggregate);
      if (!states[group].has_key) continue;
      v1::AggregateReading* const reading = out->Add();
      reading->set_rule_set(
          std::string(scoring::RuleSetName(*member.rule_set)));
      reading->set_revision(member.revision);
      reading->set_name(names->declarations()[i].name);
      reading->set_key(names->declarations()[i].key_source);
      const auto& result = view.Derive(binding->aggregate);
      if (result.count_known) reading->set_count(result.count);
      if (!result.known) continue;
      scoring::FormatEvidence(result.value, *names->ValueField(i),
                              reading->mutable_value());
      reading->set_approximate(result.approximate);
    }
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
