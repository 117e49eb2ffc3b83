// portrisk entity: what is known of a party, an account, a vessel, a route ...
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/table.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

struct EntityFlags {
  v1::GetEntityRequest request;
  std::string role;
  bool json = false;
};

std::string Seconds(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return FormatTime(time);
}

void PrintProfile(const v1::Profile& profile) {
  if (profile.has_movements()) {
    std::cout << profile.movements() << " movements";
  } else {
    std::cout << "movements";
  }
  if (profile.has_first_seen()) {
    std::cout << ", first " << FormatTime(profile.first_seen());
  }
  if (profile.has_last_seen()) {
    std::cout << ", last " << FormatTime(profile.last_seen());
  }
  if (profile.has_silence_days()) {
    std::cout << "; silent for " << profile.silence_days() << " days until "
              << profile.awake_days() << " days ago";
  }
  std::cout << "\n";
}

void PrintVessel(const v1::VesselState& vessel) {
  Table table({"PLACE", "VOYAGE", "FROM", "UNTIL", "REPORTS", "STOWED",
               "LOADED", "DISCHARGED"});
  for (const v1::VesselCall& call : vessel.calls()) {
    table.Add({call.locode(), call.voyage(), Seconds(call.first_seconds()),
               Seconds(call.last_seconds()), absl::StrCat(call.reports()),
               absl::StrCat(call.stowed()), absl::StrCat(call.loaded()),
               absl::StrCat(call.discharged())});
  }
  table.Print(std::cout);
}

void PrintFacility(const v1::FacilityState& facility) {
  if (facility.risky().empty()) return;
  Table table({"OCCURRED", "RISKY BOX", "YARD POSITION"});
  for (const v1::RiskyBox& box : facility.risky()) {
    table.Add(
        {FormatTime(box.occurrence_time()), box.number(), box.yard_position()});
  }
  table.Print(std::cout);
}

void PrintRight(const v1::RightState& right) {
  Table table({"OCCURRED", "STEP", "RIGHT", "ACTOR", "RECIPIENT", "NOMINEE",
               "HAULIER", "PIN"});
  for (const auto* events : {&right.chain(), &right.attempts()}) {
    for (const v1::RightEvent& event : *events) {
      table.Add({FormatTime(event.occurrence_time()),
                 v1::Event_Name(event.event()), event.right_id(),
                 event.actor_id(), event.recipient_id(), event.nominee_id(),
                 event.haulier_id(), event.pin_hash().empty() ? "" : "hashed"});
    }
  }
  table.Print(std::cout);
}

int Show(const GlobalFlags& global, const EntityFlags& flags) {
  v1::GetEntityRequest request = flags.request;
  if (!flags.role.empty()) {
    v1::PartyRole role = v1::PARTY_ROLE_UNSPECIFIED;
    v1::PartyRole_Parse(
        absl::StrCat("ROLE_", absl::AsciiStrToUpper(flags.role)), &role);
    (request.has_port_use() ? request.mutable_port_use()->mutable_party()
                            : request.mutable_party())
        ->set_role(role);
  }
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::HistoryService::NewStub((*connection)->channel());
  v1::GetEntityResponse response;
  absl::Status status = (*connection)
                            ->Call(*stub, &v1::HistoryService::Stub::GetEntity,
                                   request, &response);
  if (!status.ok()) return Fail(status);
  if (flags.json) {
    std::cout << ToJson(response, /*pretty=*/true);
    return kExitOk;
  }
  if (response.has_now()) PrintProfile(response.now());
  if (response.has_vessel()) PrintVessel(response.vessel());
  if (response.has_facility()) PrintFacility(response.facility());
  if (response.has_right()) PrintRight(response.right());
  return kExitOk;
}

// Adds a kind; its options write into the request.
CLI::App* AddKind(CLI::App* parent, const char* name, const char* what,
                  const std::shared_ptr<EntityFlags>& flags,
                  const GlobalFlags& global, Action* action) {
  auto* command = parent->add_subcommand(name, what);
  command->add_flag("--json", flags->json, "As JSON, with the whole state");
  command->callback([flags, &global, action] {
    *action = [flags, &global] { return Show(global, *flags); };
  });
  return command;
}

// An option that goes to a field of the request when it is given.
void AddField(CLI::App* command, const char* name, const char* what,
              std::function<void(const std::string&)> set) {
  auto* option =
      command->add_option_function<std::string>(name, std::move(set), what);
  if (name[0] != '-') option->required();
}

}  // namespace

void AddEntities(CLI::App& app, const GlobalFlags& global, Action* action) {
  const auto kind = [&](const char* name, const char* what) {
    auto flags = std::make_shared<EntityFlags>();
    CLI::App* command = AddKind(&app, name, what, flags, global, action);
    return std::make_pair(command, flags);
  };
  {
    auto [command, flags] =
        kind("party",
             "Show when a party was active in a role, or a carrier or "
             "consignee at a port");
    auto* const f = flags.get();
    command
        ->add_option("role", f->role,
                     "haulier, carrier, shipper, consignee, "
                     "notify_party, declarant, forwarder, "
                     "actor")
        ->required();
    AddField(command, "id", "Its id, letter by letter", [f](const auto& text) {
      f->request.mutable_party()->set_id(text);
    });
    AddField(command, "--at", "At this port alone (UN/LOCODE)",
             [f](const auto& text) {
               v1::PartyName party = f->request.party();
               *f->request.mutable_port_use()->mutable_party() = party;
               f->request.mutable_port_use()->set_locode(text);
             });
  }
  {
    auto [command, flags] = kind("account", "Show when an account was active");
    auto* const f = flags.get();
    AddField(command, "account", "Account",
             [f](const auto& text) { f->request.set_account(text); });
  }
  {
    auto [command, flags] = kind("device", "Show when a device was active");
    auto* const f = flags.get();
    AddField(command, "device", "Device",
             [f](const auto& text) { f->request.set_device(text); });
  }
  {
    auto [command, flags] = kind("vessel", "Show the calls of a vessel");
    auto* const f = flags.get();
    AddField(command, "imo", "IMO number",
             [f](const auto& text) { f->request.set_vessel_imo(text); });
  }
  {
    auto [command, flags] =
        kind("facility", "Show a facility and its risky boxes");
    auto* const f = flags.get();
    AddField(command, "locode", "UN/LOCODE", [f](const auto& text) {
      f->request.mutable_facility()->set_locode(text);
    });
    AddField(command, "--code", "Facility code there", [f](const auto& text) {
      f->request.mutable_facility()->set_facility(text);
    });
  }
  {
    auto [command, flags] = kind("route", "Show when a route was used");
    auto* const f = flags.get();
    AddField(command, "from", "UN/LOCODE", [f](const auto& text) {
      f->request.mutable_route()->set_from_locode(text);
    });
    AddField(command, "to", "UN/LOCODE", [f](const auto& text) {
      f->request.mutable_route()->set_to_locode(text);
    });
    AddField(command, "--via", "Transhipment", [f](const auto& text) {
      f->request.mutable_route()->set_via_locode(text);
    });
    AddField(command, "--commodity", "Harmonised System code",
             [f](const auto& text) {
               f->request.mutable_route()->set_commodity(text);
             });
  }
  {
    auto [command, flags] = kind("right", "Show the chain of a pick-up right");
    auto* const f = flags.get();
    AddField(command, "container", "Container number", [f](const auto& text) {
      f->request.mutable_right()->set_container_number(text);
    });
  }
}

}  // namespace portrisk::service::cli
