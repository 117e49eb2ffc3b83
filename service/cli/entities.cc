// portrisk entity: what is known of a party, an account, a vessel, a route ...
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
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

std::string Hours(bool known, double hours) {
  return known ? absl::StrFormat("%.1f", hours) : "";
}

void PrintSpreads(
    const google::protobuf::RepeatedPtrField<v1::SpreadReading>& readings) {
  if (readings.empty()) return;
  std::cout << "\n";
  Table table({"USUAL, IN HOURS", "COUNT", "1 %", "5 %", "MEDIAN", "95 %",
               "99 %", "PROBABILITY"});
  for (const v1::SpreadReading& one : readings) {
    const v1::Spread& spread = one.spread();
    table.Add({one.name(), absl::StrCat(spread.count()),
               Hours(spread.has_p01_h(), spread.p01_h()),
               Hours(spread.has_p05_h(), spread.p05_h()),
               Hours(spread.has_median_h(), spread.median_h()),
               Hours(spread.has_p95_h(), spread.p95_h()),
               Hours(spread.has_p99_h(), spread.p99_h()),
               one.has_probability()
                   ? absl::StrFormat("%.4g", one.probability())
                   : ""});
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

}  // namespace

void PrintAggregates(
    const google::protobuf::RepeatedPtrField<v1::AggregateReading>& readings) {
  if (readings.empty()) return;
  std::cout << "\n";
  Table table({"AGGREGATE", "VALUE", "MOVEMENTS", "RULE SET", "KEY"});
  for (const v1::AggregateReading& one : readings) {
    table.Add({one.name(),
               one.has_value()
                   ? absl::StrCat(one.approximate() ? "≈" : "", one.value())
                   : "unknown",
               one.has_count() ? absl::StrCat(one.count()) : "unknown",
               one.rule_set(), one.key()});
  }
  table.Print(std::cout);
}

namespace {

// "haulier, carrier ...", as they are typed.
std::string RoleNames() {
  std::vector<std::string> names;
  for (int i = v1::ROLE_HAULIER; i <= v1::PartyRole_MAX; ++i) {
    names.push_back(absl::AsciiStrToLower(absl::StripPrefix(
        v1::PartyRole_Name(static_cast<v1::PartyRole>(i)), "ROLE_")));
  }
  return absl::StrJoin(names, ", ");
}

int Show(const GlobalFlags& global, const EntityFlags& flags) {
  v1::GetEntityRequest request = flags.request;
  if (!flags.role.empty()) {
    v1::PartyRole role = v1::PARTY_ROLE_UNSPECIFIED;
    if (!v1::PartyRole_Parse(
            absl::StrCat("ROLE_", absl::AsciiStrToUpper(flags.role)), &role)) {
      return Fail(absl::InvalidArgumentError(
          absl::StrCat(flags.role, " is no role; it is one of ", RoleNames())));
    }
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
  PrintSpreads(response.spreads());
  PrintAggregates(response.aggregates());
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

// One kind as a command of its own. Options are added by the caller.
struct Kind {
  Kind(CLI::App* app, const char* name, const char* what,
       const GlobalFlags& global, Action* action)
      : flags(std::make_shared<EntityFlags>()),
        command(AddKind(app, name, what, flags, global, action)) {}

  // `set` writes into the request.
  void Field(const char* name, const char* what,
             void (*set)(const std::string&, v1::GetEntityRequest*)) const {
    AddField(command, name, what, [set, flags = flags.get()](const auto& text) {
      set(text, &flags->request);
    });
  }

  std::shared_ptr<EntityFlags> flags;
  CLI::App* command;
};

using Request = v1::GetEntityRequest;

void AddParty(const Kind& kind) {
  kind.command
      ->add_option("role", kind.flags->role,
                   "haulier, carrier, shipper, consignee, notify_party, "
                   "declarant, forwarder, actor")
      ->required();
  kind.Field("id", "Its id, letter by letter",
             [](const std::string& text, Request* request) {
               request->mutable_party()->set_id(text);
             });
  kind.Field("--at", "At this port alone (UN/LOCODE); carrier or consignee",
             [](const std::string& text, Request* request) {
               const v1::PartyName party = request->party();
               *request->mutable_port_use()->mutable_party() = party;
               request->mutable_port_use()->set_locode(text);
             });
}

void AddFacility(const Kind& kind) {
  kind.Field("locode", "UN/LOCODE",
             [](const std::string& text, Request* request) {
               request->mutable_facility()->set_locode(text);
             });
  kind.Field("--code", "Facility code there",
             [](const std::string& text, Request* request) {
               request->mutable_facility()->set_facility(text);
             });
}

void AddRoute(const Kind& kind) {
  kind.Field("from", "UN/LOCODE",
             [](const std::string& text, Request* request) {
               request->mutable_route()->set_from_locode(text);
             });
  kind.Field("to", "UN/LOCODE", [](const std::string& text, Request* request) {
    request->mutable_route()->set_to_locode(text);
  });
  kind.Field("--via", "Transhipment",
             [](const std::string& text, Request* request) {
               request->mutable_route()->set_via_locode(text);
             });
  kind.Field("--commodity", "Harmonised System code",
             [](const std::string& text, Request* request) {
               request->mutable_route()->set_commodity(text);
             });
}

}  // namespace

void AddEntities(CLI::App& app, const GlobalFlags& global, Action* action) {
  const auto kind = [&](const char* name, const char* what) {
    return Kind(&app, name, what, global, action);
  };
  AddParty(kind("party",
                "Show since when and how often a party was active in a role"));
  AddFacility(kind("facility", "Show a facility and its risky boxes"));
  AddRoute(kind("route", "Show since when and how often a route was used"));
  kind("account", "Show since when an account was active")
      .Field("account", "Account",
             [](const std::string& text, Request* request) {
               request->set_account(text);
             });
  kind("device", "Show since when a device was active")
      .Field("device", "Device", [](const std::string& text, Request* request) {
        request->set_device(text);
      });
  kind("vessel", "Show the calls of a vessel")
      .Field("imo", "IMO number",
             [](const std::string& text, Request* request) {
               request->set_vessel_imo(text);
             });
  kind("right", "Show the chain of a pick-up right")
      .Field("container", "Container number",
             [](const std::string& text, Request* request) {
               request->mutable_right()->set_container_number(text);
             });
}

}  // namespace portrisk::service::cli
