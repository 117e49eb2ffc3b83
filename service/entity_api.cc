// GetEntity: from what an entity is called to its key, and its state.
//
// Who asks for a party or an account says who it is; that becomes a pseudonym
// here and is neither stored nor logged.
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scoring/iso6346.h"
#include "scoring/profile.h"
#include "service/aggregate_readings.h"
#include "service/errors.h"
#include "service/history_api.h"
#include "service/keys.h"
#include "service/spread_readings.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using Name = v1::GetEntityRequest;
using Kind = Pseudonyms::Kind;

absl::Status Bad(absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "BAD_ENTITY_NAME", what);
}

std::string Code(const std::string& text) {
  return absl::AsciiStrToUpper(absl::StripAsciiWhitespace(text));
}

std::string Digits(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  return digits;
}

class KeyMaker {
 public:
  explicit KeyMaker(const Pseudonyms& pseudonyms) : pseudonyms_(pseudonyms) {}

  absl::StatusOr<EntityKey> Of(const Name& request) const {
    switch (request.name_case()) {
      case Name::kContainerNumber:
        return ContainerOrRight(request.container_number(), ContainerKey);
      case Name::kRight:
        return Right(request.right());
      case Name::kParty:
        return Party(request.party());
      case Name::kAccount:
        return AccountKey(Text(Kind::kAccount, request.account()));
      case Name::kDevice:
        return DeviceKey(Text(Kind::kDevice, request.device()));
      case Name::kCredential:
        return Credential(request.credential());
      case Name::kTrade:
        return Trade(request.trade());
      case Name::kPortUse:
        return PortUse(request.port_use());
      case Name::kVesselImo:
        return VesselKey(Digits(request.vessel_imo()).substr(0, 7));
      case Name::kFacility:
        return FacilityKey(Code(request.facility().locode()).substr(0, 5),
                           request.facility().facility());
      case Name::kRoute:
        return RouteOf(request.route());
      case Name::NAME_NOT_SET:
        break;
    }
    return Bad(
        "say which entity: a container, right, party, account, device, "
        "credential, trade, port_use, vessel, facility or route");
  }

 private:
  uint64_t Text(Kind kind, const std::string& text) const {
    return pseudonyms_.Of(kind, absl::StripAsciiWhitespace(text));
  }

  std::optional<uint64_t> Who(const v1::PartyName& party) const {
    return pseudonyms_.OfParty(absl::StripAsciiWhitespace(party.id()),
                               party.name());
  }

  static absl::StatusOr<EntityKey> ContainerOrRight(
      const std::string& number, EntityKey (*key)(absl::string_view)) {
    const std::string normal = scoring::NormaliseContainerNumber(number);
    if (normal.empty() || normal.size() >= EntityKey::kSize) {
      return Bad("give a container number, such as MSKU1234565");
    }
    return key(normal);
  }

  static absl::StatusOr<EntityKey> Right(const v1::RightName& right) {
    if (!right.container_number().empty()) {
      return ContainerOrRight(right.container_number(), RightKey);
    }
    if (right.id().empty()) {
      return Bad(
          "give the container of the right or, where none is known, the "
          "id of the right");
    }
    return RightKeyOfId(right.id());
  }

  absl::StatusOr<EntityKey> Party(const v1::PartyName& party) const {
    const auto who = Who(party);
    if (!v1::PartyRole_IsValid(party.role()) ||
        party.role() == v1::PARTY_ROLE_UNSPECIFIED || !who) {
      return Bad("give the role of the party and its id or name");
    }
    return PartyKey(static_cast<char>(party.role()), *who);
  }

  absl::StatusOr<EntityKey> Credential(const v1::CredentialName& one) const {
    if (one.id().empty() || one.device().empty() == one.plate().empty()) {
      return Bad("give an identity and its device, or a haulier and a plate");
    }
    const uint64_t identity = Text(Kind::kParty, one.id());
    if (one.plate().empty()) {
      return CredentialKey(identity, Text(Kind::kDevice, one.device()));
    }
    return PlateKey(identity, Text(Kind::kPlate, one.plate()));
  }

  absl::StatusOr<EntityKey> Trade(const v1::TradeName& trade) const {
    const auto shipper = Who(trade.shipper());
    const auto consignee = Who(trade.consignee());
    const std::string commodity = Digits(trade.commodity());
    if (!shipper || !consignee || commodity.empty()) {
      return Bad("give shipper, consignee and commodity");
    }
    return TradeKey(*shipper, *consignee, commodity);
  }

  absl::StatusOr<EntityKey> PortUse(const v1::PortUseName& use) const {
    const auto who = Who(use.party());
    const bool role = use.party().role() == v1::ROLE_CARRIER ||
                      use.party().role() == v1::ROLE_CONSIGNEE;
    if (!who || !role || use.locode().empty()) {
      return Bad("give a carrier or consignee and a port");
    }
    return PortUseKey(static_cast<char>(use.party().role()), *who,
                      Code(use.locode()));
  }

  static absl::StatusOr<EntityKey> RouteOf(const v1::RouteName& route) {
    if (route.from_locode().empty() || route.to_locode().empty() ||
        (!route.via_locode().empty() && !route.commodity().empty())) {
      return Bad("give from and to, and at most one of via and commodity");
    }
    return RouteKey(Code(route.from_locode()), Code(route.via_locode()),
                    Code(route.to_locode()),
                    Digits(route.commodity()).substr(0, 2));
  }

  const Pseudonyms& pseudonyms_;
};

// Copies the state into the reply; whether anything is known.
template <typename State>
absl::StatusOr<bool> Take(absl::StatusOr<State> read, State* out) {
  if (!read.ok()) return read.status();
  *out = *std::move(read);
  return out->last_sequence() > 0;
}

absl::StatusOr<bool> ReadState(const EntityKey& key, Entities* entities,
                               v1::GetEntityResponse* out) {
  switch (key.bytes[0]) {
    case 'C':
      return Take(entities->ReadContainer(key), out->mutable_container());
    case 'R':
    case 'r':
      return Take(entities->ReadRight(key), out->mutable_right());
    case 'V':
      return Take(entities->ReadVessel(key), out->mutable_vessel());
    case 'F':
      return Take(entities->ReadFacility(key), out->mutable_facility());
    default:
      return Take(entities->ReadProfile(key), out->mutable_profile());
  }
}

// Facilities and routes as keys have them.
v1::GetEntityRequest InNormalForm(v1::GetEntityRequest request) {
  const auto code = [](std::string* text) { *text = Code(*text); };
  if (request.has_facility()) {
    code(request.mutable_facility()->mutable_locode());
  } else if (request.has_route()) {
    code(request.mutable_route()->mutable_from_locode());
    code(request.mutable_route()->mutable_via_locode());
    code(request.mutable_route()->mutable_to_locode());
  }
  return request;
}

const v1::ProfileState* ProfileOf(const v1::GetEntityResponse& response) {
  if (response.has_profile()) return &response.profile();
  if (response.has_vessel()) return &response.vessel().profile();
  if (response.has_facility()) return &response.facility().profile();
  return nullptr;
}

}  // namespace

absl::StatusOr<v1::GetEntityResponse> HistoryApi::GetEntity(
    const v1::GetEntityRequest& request) const {
  auto key = KeyMaker(engine_->pseudonyms()).Of(request);
  if (!key.ok()) return key.status();
  v1::GetEntityResponse response;
  bool known = false;
  const v1::Movement like = MovementLike(request, engine_->pseudonyms());
  const google::protobuf::Timestamp now = ToProto(engine_->Now());
  absl::Status status = engine_->Look([&](Core& core) {
    auto read = ReadState(*key, &core.mutable_entities(), &response);
    if (!read.ok()) return read.status();
    known = *read;
    absl::Status spreads =
        ReadSpreads(InNormalForm(request), now, &core.mutable_entities(),
                    response.mutable_spreads());
    if (!spreads.ok()) return spreads;
    known |= !response.spreads().empty();
    return ReadAggregates(*core.programme(), like, now,
                          &core.mutable_entities().aggregates(),
                          response.mutable_aggregates());
  });
  if (!status.ok()) return status;
  if (!known) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 "nothing is known of it; ids are compared letter by letter");
  }
  if (const v1::ProfileState* profile = ProfileOf(response)) {
    scoring::ProfileBuffer buffer;
    *response.mutable_now() = *buffer.Derive(profile, now);
  }
  return response;
}

}  // namespace portrisk::service
