// portrisk profile: check, load, activate, list, show.
#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "portrisk/v1/selection_service.grpc.pb.h"
#include "scoring/selection_profile_parser.h"
#include "service/cli/commands.h"
#include "service/cli/table.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

using Stub = v1::SelectionService::Stub;

constexpr char kHelp[] =
    "How many units are selected, and where: thresholds, the random stream and "
    "capacities\n"
    "A selection profile is one YAML document of a jurisdiction:\n"
    "  profile: nl\n"
    "  owner: NL Customs\n"
    "  scores: {yellow: 100, orange: 300, red: 600}   # a lane from this score "
    "on\n"
    "  random: {rate: 1%, lane: ORANGE}               # whatever the score\n"
    "  capacity: 40                                   # units a day\n"
    "  top_up: {score_min: 50, lane: ORANGE}          # worklists fill up from "
    "there\n"
    "  sender_learns: nothing                         # or control: what a "
    "terminal is told\n"
    "  places:                                        # where it differs\n"
    "    - place: NLRTM/ECTDELTA\n"
    "      random: {rate: 2%}\n"
    "      capacity: {saturday: 20, sunday: 0, other: 60}\n"
    "All but profile and owner may be left out. What a place leaves out is "
    "that "
    "of its\nUN/LOCODE, then that of everywhere else, then what is built in. A "
    "version is a draft\nuntil somebody else activates it; assessments name "
    "the "
    "one they were made with.";

std::string CapacityText(const v1::SelectionTerms& terms) {
  if (terms.capacity().empty()) return "not said";
  const bool same =
      std::all_of(terms.capacity().begin(), terms.capacity().end(),
                  [&](uint32_t one) { return one == terms.capacity(0); });
  return same ? absl::StrCat(terms.capacity(0))
              : absl::StrJoin(terms.capacity(), " ");
}

void PrintTerms(const v1::SelectionProfile& profile) {
  Table table({"PLACE", "YELLOW", "ORANGE", "RED", "RANDOM", "TOP-UP FROM",
               "SENDER LEARNS", "CAPACITY A DAY (MON TO SUN)"});
  for (const v1::SelectionTerms& terms : profile.terms()) {
    std::string place =
        terms.locode().empty() ? "everywhere else" : terms.locode();
    if (!terms.facility().empty())
      absl::StrAppend(&place, "/", terms.facility());
    const auto score = [](int32_t value) {
      return value > 1000 ? std::string("never") : absl::StrCat(value);
    };
    table.Add({place, score(terms.yellow_score_min()),
               score(terms.orange_score_min()), score(terms.red_score_min()),
               absl::StrFormat("%g%% %s", terms.random_rate_ppm() / 10'000.0,
                               v1::Lane_Name(terms.random_lane())),
               absl::StrCat(score(terms.top_up_score_min()), " ",
                            v1::Lane_Name(terms.top_up_lane())),
               terms.control_to_sender() ? "control" : "nothing",
               CapacityText(terms)});
  }
  table.Print(std::cout);
}

int Check(const std::string& file) {
  auto document = ReadProfile(file);
  if (!document.ok()) return Fail(document.status());
  std::cout << document->profile.name() << ", owner "
            << document->profile.owner() << "\n";
  PrintTerms(document->profile);
  return kExitOk;
}

void PrintVersion(const v1::SelectionProfileVersion& one) {
  const v1::RevisionEvent& last = one.events(one.events_size() - 1);
  std::cout << one.name() << " version " << one.version() << " "
            << v1::RevisionState_Name(one.state()) << " since "
            << FormatTime(last.time()) << ", journal position "
            << last.sequence() << "\n";
}

int Load(const GlobalFlags& flags, const std::string& file,
         const std::string& note, bool activate) {
  auto document = ReadProfile(file);
  if (!document.ok()) return Fail(document.status());
  auto connection = Connection::OpenOrMake(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::SelectionService::NewStub((*connection)->channel());
  v1::CreateProfileRequest create;
  create.set_yaml(document->yaml);
  create.set_file(file);
  create.set_note(note);
  v1::SelectionProfileVersion version;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::CreateProfile, create, &version);
  if (!status.ok()) return Fail(status);
  PrintVersion(version);
  if (!activate) {
    std::cout << "Not in force yet: portrisk profile activate "
              << version.version() << "\n";
    return kExitOk;
  }
  v1::ActivateProfileRequest change;
  change.set_version(version.version());
  change.set_note(note);
  status = (*connection)->Call(*stub, &Stub::ActivateProfile, change, &version);
  if (!status.ok()) return Fail(status);
  PrintVersion(version);
  return kExitOk;
}

int Activate(const GlobalFlags& flags, uint64_t number,
             const std::string& note) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::SelectionService::NewStub((*connection)->channel());
  v1::ActivateProfileRequest request;
  request.set_version(number);
  request.set_note(note);
  v1::SelectionProfileVersion version;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::ActivateProfile, request, &version);
  if (!status.ok()) return Fail(status);
  PrintVersion(version);
  return kExitOk;
}

int List(const GlobalFlags& flags) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::SelectionService::NewStub((*connection)->channel());
  Table table({"VERSION", "PROFILE", "STATE", "PLACES", "AUTHOR", "SINCE", "BY",
               "NOTE"});
  v1::ListProfilesRequest request;
  v1::ListProfilesResponse response;
  bool any_active = false;
  do {
    request.set_page_token(response.next_page_token());
    absl::Status status =
        (*connection)->Call(*stub, &Stub::ListProfiles, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::SelectionProfileVersion& one : response.profiles()) {
      const v1::RevisionEvent& last = one.events(one.events_size() - 1);
      any_active |= one.state() == v1::ACTIVE;
      table.Add({absl::StrCat(one.version()), one.name(),
                 v1::RevisionState_Name(one.state()),
                 absl::StrCat(one.place_count()), one.author(),
                 FormatTime(last.time()), last.caller(), last.note()});
    }
  } while (!response.next_page_token().empty());
  if (!table.empty()) table.Print(std::cout);
  if (!any_active) {
    std::cout << "None is in force, so the built-in one is (default.1); "
                 "`portrisk profile --help` shows how to write one.\n";
  }
  return kExitOk;
}

int Show(const GlobalFlags& flags, uint64_t number, bool yaml) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::SelectionService::NewStub((*connection)->channel());
  v1::GetProfileRequest request;
  request.set_version(number);
  v1::SelectionProfileVersion one;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::GetProfile, request, &one);
  if (!status.ok()) return Fail(status);
  if (yaml) {
    std::cout << one.yaml();
    return kExitOk;
  }
  PrintVersion(one);
  std::cout << "owner " << one.owner() << ", author " << one.author() << ", "
            << one.content_hash() << "\n";
  PrintTerms(one.profile());
  for (const v1::RevisionEvent& event : one.events()) {
    std::cout << FormatTime(event.time()) << "  "
              << v1::RevisionState_Name(event.state()) << " by "
              << event.caller() << ", position " << event.sequence()
              << (event.note().empty() ? "" : ": ") << event.note() << "\n";
  }
  return kExitOk;
}

void DeclareChanges(CLI::App* profile, const GlobalFlags& flags,
                    Action* action) {
  auto file = std::make_shared<std::string>();
  auto note = std::make_shared<std::string>();
  auto activate = std::make_shared<bool>(false);
  auto number = std::make_shared<uint64_t>(0);
  auto* check = profile->add_subcommand(
      "check", "Read a profile and show what it would do; changes nothing");
  check->add_option("file", *file, "YAML file, - for standard input")
      ->required();
  check->callback([=] { *action = [=] { return Check(*file); }; });
  auto* load = profile->add_subcommand(
      "load",
      "Store a profile as a draft\n"
      "Example: portrisk profile load nl.yaml --note 'more scans on weekdays'");
  load->add_option("file", *file, "YAML file, - for standard input")
      ->required();
  load->add_option("--note", *note, "Why; kept with the version");
  load->add_flag("--activate", *activate,
                 "Put it in force at once; only where the server lets you "
                 "activate your own");
  load->callback([=, &flags] {
    *action = [=, &flags] { return Load(flags, *file, *note, *activate); };
  });
  auto* change = profile->add_subcommand(
      "activate",
      "Put a version in force, an earlier one too; the one before it retires");
  change->add_option("version", *number, "Its number")->required();
  change->add_option("--note", *note, "Why; kept with the version");
  change->callback([=, &flags] {
    *action = [=, &flags] { return Activate(flags, *number, *note); };
  });
}

}  // namespace

absl::StatusOr<ProfileDocument> ReadProfile(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  const scoring::ParsedProfile parsed =
      scoring::ParseSelectionProfile(*text, path);
  for (const v1::Issue& issue : parsed.issues) PrintIssue(issue, std::cerr);
  if (!parsed.profile) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has errors; correct what is shown above"));
  }
  return ProfileDocument{*std::move(text), *parsed.profile};
}

void AddProfiles(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* profile = app.add_subcommand("profile", kHelp);
  profile->require_subcommand(1);
  profile->fallthrough();
  DeclareChanges(profile, flags, action);
  auto* list = profile->add_subcommand("list", "List all versions");
  list->callback(
      [=, &flags] { *action = [=, &flags] { return List(flags); }; });
  auto number = std::make_shared<uint64_t>(0);
  auto yaml = std::make_shared<bool>(false);
  auto* show = profile->add_subcommand(
      "show", "Show the terms of each place, and who did what");
  show->add_option("version", *number, "Its number [the one in force]");
  show->add_flag("--yaml", *yaml, "The document as it was loaded");
  show->callback([=, &flags] {
    *action = [=, &flags] { return Show(flags, *number, *yaml); };
  });
}

}  // namespace portrisk::service::cli
