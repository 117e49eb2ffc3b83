// portrisk worklist: who is to be controlled at a facility, and why.
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/selection_service.grpc.pb.h"
#include "scoring/selection_profile.h"
#include "service/cli/commands.h"
#include "service/cli/places.h"
#include "service/cli/table.h"
#include "service/outcome_words.h"
#include "service/place_filter.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

using Stub = v1::SelectionService::Stub;

struct Flags {
  std::string facility;
  uint32_t hours = 24;
  std::optional<uint32_t> capacity;
  std::string at;
  std::string note;
  std::string output = "text";
  bool take = false;
  bool taken = false;
};

const char* WhyText(const v1::WorklistUnit& unit) {
  switch (unit.channel()) {
    case v1::MANDATORY_RULE:
      return "mandatory rule";
    case v1::SCORE:
      return "score";
    case v1::RANDOM:
      return "chance";
    default:
      return "top-up";
  }
}

void PrintEntry(const v1::WorklistEntry& entry) {
  const v1::WorklistUnit& unit = entry.unit();
  std::cout << "\n"
            << unit.rank() << ". "
            << (unit.container_number().empty() ? unit.unit()
                                                : unit.container_number())
            << "  " << v1::Lane_Name(unit.lane()) << "  score " << unit.score()
            << "  by " << WhyText(unit);
  if (unit.drawn() && unit.channel() != v1::RANDOM) {
    std::cout << " (drawn by chance, too)";
  }
  std::cout << "  do: " << v1::Control_Name(entry.control());
  if (!unit.within_capacity()) std::cout << "  BEYOND CAPACITY";
  std::cout << "\n   unit " << unit.unit() << "; "
            << (entry.expected() ? "expected; " : "") << "last "
            << v1::Event_Name(entry.last_event()) << " "
            << FormatTime(entry.last_time()) << "; portrisk assessment "
            << entry.source() << " " << entry.movement_id() << "\n";
  if (!entry.elsewhere_locode().empty()) {
    std::cout << "   reported at "
              << PlaceName(entry.elsewhere_locode(), entry.elsewhere_facility())
              << " since, and no departure from here: find it\n";
  }
  for (const v1::WorklistReason& reason : entry.reasons()) {
    std::cout << "   - " << reason.title() << " (+" << reason.contribution()
              << "): " << Indented(reason.explanation(), 5) << "\n";
  }
  if (entry.taken_sequence() > 0) {
    std::cout << "   taken by " << entry.taken_by() << " at position "
              << entry.taken_sequence() << "\n";
  }
}

// The score from which units fill up is that of the profile, which officers do
// not read; built in it is known.
void PrintFree(const v1::Worklist& list) {
  const uint32_t listed = list.selected() + list.topped_up();
  if (listed >= list.capacity()) return;
  const scoring::SelectionProfile built_in;
  std::cout
      << list.capacity() - listed
      << " places stay free: no other unit that is due reaches the score from "
         "which profile "
      << list.profile() << " tops up";
  if (list.profile() == built_in.name) {
    std::cout << ", " << built_in.top_up_score_min;
  }
  std::cout << "\n";
}

void PrintList(const v1::Worklist& list) {
  std::cout << PlaceName(list.locode(), list.facility()) << ", " << list.hours()
            << " h before and after " << FormatTime(list.time())
            << ", capacity " << list.capacity() << ", profile "
            << list.profile() << "\n"
            << list.units() << " units; on the list " << list.selected()
            << " selected and " << list.topped_up() << " topped up, of these "
            << list.drawn() << " drawn by chance and " << list.beyond_capacity()
            << " beyond capacity; left off as controlled " << list.controlled()
            << ", as gone " << list.gone() << "\n";
  if (list.units() > 0) PrintFree(list);
  if (list.units() == 0 && !list.place_unknown() &&
      list.has_last_movement_time()) {
    std::cout << "No movement there occurred in these hours. The movement that "
                 "was recorded last\noccurred at "
              << FormatTime(list.last_movement_time())
              << "; --at names another middle, --hours a wider window.\n";
  }
  for (const v1::WorklistEntry& entry : list.entries()) PrintEntry(entry);
  if (list.sequence() > 0) {
    std::cout << "\nTaken: journal position " << list.sequence() << "\n";
  }
}

int Taken(const GlobalFlags& flags, const Flags& own) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::SelectionService::NewStub((*connection)->channel());
  Table table({"POSITION", "TAKEN", "BY", "PLACE", "CAPACITY", "UNITS",
               "TOPPED UP", "LEFT OUT", "PROFILE", "NOTE"});
  v1::ListTakenWorklistsRequest request;
  absl::Status status = SetPlace(own.facility, &request);
  if (!status.ok()) return Fail(status);
  v1::ListTakenWorklistsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    status = (*connection)
                 ->Call(*stub, &Stub::ListTakenWorklists, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::RecordedWorklist& one : response.worklists()) {
      if (own.output == "json") std::cout << ToJson(one) << "\n";
      int topped_up = 0;
      int left_out = 0;
      for (const v1::WorklistUnit& unit : one.worklist().units()) {
        topped_up += unit.channel() == v1::CAPACITY ? 1 : 0;
        left_out += unit.within_capacity() ? 0 : 1;
      }
      table.Add({absl::StrCat(one.sequence()), FormatTime(one.recorded_time()),
                 one.caller(),
                 PlaceName(one.worklist().locode(), one.worklist().facility()),
                 absl::StrCat(one.worklist().capacity()),
                 absl::StrCat(one.worklist().units_size() - left_out),
                 absl::StrCat(topped_up), absl::StrCat(left_out),
                 one.worklist().profile(), one.worklist().note()});
    }
  } while (!response.next_page_token().empty());
  if (own.output != "json") table.Print(std::cout);
  return kExitOk;
}

int Run(const GlobalFlags& flags, const Flags& own) {
  if (own.taken) return Taken(flags, own);
  v1::ListWorklistRequest request;
  absl::Status status = SetPlace(own.facility, &request);
  if (!status.ok()) return Fail(status);
  request.set_hours(own.hours);
  if (own.capacity) request.set_capacity(*own.capacity);
  request.set_language(flags.language);
  request.set_note(own.note);
  if (!own.at.empty()) {
    absl::Time at;
    if (!absl::ParseTime(absl::RFC3339_full, own.at, &at, nullptr)) {
      return Fail(absl::InvalidArgumentError(absl::StrCat(
          "--at ", own.at, " is no time, such as 2026-03-01T12:00:00Z")));
    }
    *request.mutable_time() = ToProto(at);
  }
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::SelectionService::NewStub((*connection)->channel());
  v1::Worklist list;
  status =
      (*connection)
          ->Call(*stub, own.take ? &Stub::TakeWorklist : &Stub::ListWorklist,
                 request, &list);
  if (!status.ok()) return Fail(status);
  if (list.place_unknown()) WarnUnknown(own.facility);
  if (own.output == "json") {
    std::cout << ToJson(list, /*pretty=*/true);
  } else {
    PrintList(list);
  }
  return kExitOk;
}

}  // namespace

void AddWorklist(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto own = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "worklist",
      "Which units of a facility to control, ranked, with the reasons of each\n"
      "Example: portrisk worklist --facility NLRTM/ECTDELTA --hours 24 "
      "--capacity 40\n"
      "Units at the place, or expected there, with a movement in these hours "
      "before or\nafter now: first those that a mandatory rule selected, then "
      "by score, then by chance;\nthen the highest scores fill up the "
      "capacity, from\nthe score on that the selection profile says. Units "
      "that chance drew have their\nplaces before all others. "
      "Controlled ones are left off, as are those that left.\n"
      "--take journals the list: what fills it up is selected from then on, "
      "and "
      "what it had\nto leave out is on record.");
  command
      ->add_option("--facility", own->facility,
                   "UN/LOCODE and facility code: NLRTM/ECTDELTA; or NLRTM")
      ->required();
  command->add_option("--hours", own->hours, "Before and after")
      ->capture_default_str();
  command->add_option("--capacity", own->capacity,
                      "Units [that of the selection profile for the day]");
  command->add_option("--at", own->at,
                      "Middle of the window: 2026-03-01T12:00:00Z [now]");
  auto* take = command->add_flag("--take", own->take, "Journal it");
  command->add_option("--note", own->note, "With --take: kept with it")
      ->needs(take);
  command->add_flag("--taken", own->taken,
                    "List the worklists that were taken there");
  command->add_option("--output", own->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback(
      [=, &flags] { *action = [=, &flags] { return Run(flags, *own); }; });
}

}  // namespace portrisk::service::cli
