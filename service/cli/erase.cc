// portrisk erase, portrisk erasures, portrisk retention.
#include <iostream>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "portrisk/v1/operator_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/progress.h"
#include "service/cli/table.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

using Stub = v1::OperatorService::Stub;

constexpr absl::Duration kPoll = absl::Milliseconds(200);

struct EraseFlags {
  std::string kind;
  std::string name;
  std::string scheme;
  std::string reason;
  std::string reference;
  bool by_name = false;
  bool dry_run = false;
  bool no_wait = false;
};

absl::StatusOr<v1::EraseSubjectRequest> RequestOf(const EraseFlags& flags) {
  v1::EraseSubjectRequest request;
  v1::ErasureSubject* const subject = request.mutable_subject();
  std::string name = flags.name;
  if (name == "-") {
    std::getline(std::cin, name);
    name = std::string(absl::StripAsciiWhitespace(name));
  }
  if (name.empty()) {
    return absl::InvalidArgumentError(
        "say who: a name, or - for a line of "
        "standard input");
  }
  if (flags.kind == "party") {
    *(flags.by_name ? subject->mutable_party_name()
                    : subject->mutable_party()) = name;
    subject->set_id_scheme(flags.scheme);
  } else if (flags.kind == "account") {
    subject->set_account(name);
  } else if (flags.kind == "device") {
    subject->set_device(name);
  } else {
    subject->set_plate(name);
  }
  request.set_reason(flags.reason);
  request.set_reference(flags.reference);
  request.set_dry_run(flags.dry_run);
  return request;
}

std::string StateOf(const v1::Erasure& one) {
  switch (one.state()) {
    case v1::ERASURE_SEARCHING:
      return absl::StrCat("searching, up to ", one.searched_sequence());
    case v1::ERASURE_REWRITING:
      return one.kind() == v1::SUBJECT_MOVEMENTS
                 ? std::string("removing")
                 : absl::StrCat("rewriting, ", one.rewritten_records());
    default:
      return "ended";
  }
}

absl::StatusOr<v1::Erasure> Find(const Connection& connection, Stub& stub,
                                 uint64_t number) {
  v1::ListErasuresRequest request;
  request.set_page_size(1);
  request.set_page_token(absl::StrCat(number + 1));
  v1::ListErasuresResponse response;
  absl::Status status =
      connection.Call(stub, &Stub::ListErasures, request, &response);
  if (!status.ok()) return status;
  if (response.erasures().empty()) {
    return absl::NotFoundError(absl::StrCat("no erasure ", number));
  }
  return response.erasures(0);
}

int Wait(const Connection& connection, Stub& stub, uint64_t number) {
  const absl::Time start = absl::Now();
  while (true) {
    auto one = Find(connection, stub, number);
    if (!one.ok()) return Fail(one.status());
    if (one->state() == v1::ERASURE_FINISHED) {
      std::cout << "erasure " << number << " ended: " << one->records()
                << " records of the journal were rewritten, and what stood in "
                   "fields for names is in no file of the store any more; "
                << absl::FormatDuration(
                       absl::Trunc(absl::Now() - start, absl::Milliseconds(1)))
                << "\nBackups made before still hold it: make one now "
                   "(portrisk backup create) and remove the older ones. Lists, "
                   "rule sets\nand free text were not looked through.\n";
      return kExitOk;
    }
    absl::SleepFor(kPoll);
  }
}

int Erase(const GlobalFlags& global, const EraseFlags& flags) {
  auto request = RequestOf(flags);
  if (!request.ok()) return Fail(request.status());
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OperatorService::NewStub((*connection)->channel());
  v1::EraseSubjectResponse response;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::EraseSubject, *request, &response);
  if (!status.ok()) return Fail(status);
  if (flags.dry_run) {
    std::cout << "named by " << response.movements()
              << " movements, shown by the evidence of "
              << response.assessments() << " assessments and by "
              << response.others()
              << " entries of the audit log; nothing was changed\n";
    return kExitOk;
  }
  const uint64_t number = response.erasure().erasure();
  std::cout << "erasure " << number << " has begun" << std::endl;
  if (flags.no_wait) return kExitOk;
  return Wait(**connection, *stub, number);
}

int List(const GlobalFlags& global) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OperatorService::NewStub((*connection)->channel());
  Table table({"ERASURE", "ASKED", "BY", "OF", "RECORDS", "STATE", "ENDED",
               "REFERENCE", "REASON"});
  v1::ListErasuresRequest request;
  v1::ListErasuresResponse response;
  do {
    absl::Status status =
        (*connection)->Call(*stub, &Stub::ListErasures, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::Erasure& one : response.erasures()) {
      // "SUBJECT_PARTY": the word behind what all begin with.
      std::string kind = v1::SubjectKind_Name(one.kind());
      kind = absl::AsciiStrToLower(kind.substr(kind.find('_') + 1));
      table.Add({absl::StrCat(one.erasure()), FormatTime(one.create_time()),
                 one.caller(), kind,
                 one.removed_sequence() > 0
                     ? absl::StrCat("up to ", one.removed_sequence())
                     : absl::StrCat(one.records()),
                 StateOf(one),
                 one.has_end_time() ? FormatTime(one.end_time()) : "",
                 one.reference(), one.reason()});
    }
    request.set_page_token(response.next_page_token());
  } while (!response.next_page_token().empty());
  table.Print(std::cout);
  return kExitOk;
}

int ShowRetention(const v1::Retention& retention) {
  const auto show = [](absl::string_view what, uint32_t days,
                       absl::string_view without) {
    std::cout << what;
    if (days == 0) {
      std::cout << without << "\n";
    } else {
      std::cout << days
                << " days after its recording, then taken out once a day\n";
    }
  };
  show("who took part in movements:       ", retention.party_days(),
       retention.movement_days() > 0 ? "as long as the movement" : "kept");
  show("movements with their assessments: ", retention.movement_days(), "kept");
  return kExitOk;
}

int GetRetention(const GlobalFlags& global) {
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OperatorService::NewStub((*connection)->channel());
  v1::Retention retention;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::GetRetention, {}, &retention);
  return status.ok() ? ShowRetention(retention) : Fail(status);
}

struct RetentionFlags {
  std::optional<uint32_t> party_days;
  std::optional<uint32_t> movement_days;
  std::string reason;
};

int SetRetention(const GlobalFlags& global, const RetentionFlags& flags) {
  if (!flags.party_days && !flags.movement_days) {
    return Fail(absl::InvalidArgumentError(
        "say what is to hold: --party-days, --movement-days or both"));
  }
  auto connection = Connection::Open(global);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OperatorService::NewStub((*connection)->channel());
  v1::SetRetentionRequest request;
  v1::Retention* const retention = request.mutable_retention();
  absl::Status status =
      (*connection)->Call(*stub, &Stub::GetRetention, {}, retention);
  if (!status.ok()) return Fail(status);
  if (flags.party_days) retention->set_party_days(*flags.party_days);
  if (flags.movement_days) retention->set_movement_days(*flags.movement_days);
  request.set_reason(flags.reason);
  v1::Retention now;
  status = (*connection)->Call(*stub, &Stub::SetRetention, request, &now);
  return status.ok() ? ShowRetention(now) : Fail(status);
}

void AddErase(CLI::App& app, const GlobalFlags& global, Action* action) {
  auto* erase = app.add_subcommand(
      "erase",
      "Take a party, an account, a device or a plate out of all that is "
      "stored.\nEach of its names becomes a token that is the same wherever it "
      "stood, so rules, states, the chain and replays go on to hold; the old "
      "bytes leave every file. What comes later is kept again. Lists, rule "
      "sets, free texts (goods, notes, reasons) and older backups are left as "
      "they are.\nExamples: portrisk erase party NL-100 --dry-run\n  portrisk "
      "erase party - --reason 'request under article 17' --reference CASE-7 < "
      "name.txt");
  auto flags = std::make_shared<EraseFlags>();
  erase->add_option("kind", flags->kind, "party, account, device or plate")
      ->required()
      ->check(CLI::IsMember({"party", "account", "device", "plate"}));
  erase
      ->add_option("name", flags->name,
                   "Who, as it was sent; - reads a line of standard input, "
                   "which no list of processes shows")
      ->required();
  erase->add_flag("--by-name", flags->by_name,
                  "The party has no id and is known by its name: A to Z in "
                  "capitals or not, other letters as written, so give each "
                  "writing that there is");
  erase->add_option("--scheme", flags->scheme,
                    "Of a party's id: EORI, SCAC ... are equal in any writing");
  erase->add_option("--reason", flags->reason,
                    "Kept for ever; must not say who it is");
  erase->add_option("--reference", flags->reference, "Of the case; kept");
  erase->add_flag("--dry-run", flags->dry_run, "Count, and change nothing");
  erase->add_flag("--no-wait", flags->no_wait,
                  "Leave when it has begun; `erasures` says how far it is");
  erase->callback([=, &global] {
    *action = [=, &global] { return Erase(global, *flags); };
  });
  auto* list = app.add_subcommand(
      "erasures",
      "Erasures, newest first: who asked, why, and how far they are");
  list->callback(
      [=, &global] { *action = [=, &global] { return List(global); }; });
}

void AddRetention(CLI::App& app, const GlobalFlags& global, Action* action) {
  auto* retention = app.add_subcommand(
      "retention",
      "How long movements are kept, and how long who took part in them");
  retention->require_subcommand(1);
  retention->fallthrough();
  auto* show = retention->add_subcommand("show", "What holds now");
  show->callback([=, &global] {
    *action = [=, &global] { return GetRetention(global); };
  });
  auto flags = std::make_shared<RetentionFlags>();
  auto* set = retention->add_subcommand(
      "set",
      "From now on and once a day, take out what has passed its age. What is "
      "not named stays as it is.\nOf removed movements the journal keeps "
      "position, time and digest, so that the chain holds; what rules have "
      "learnt from them (states, counts, find rates) stays. A repeat, a "
      "correction or a retraction of one is refused, a replay begins behind "
      "them, and `explain` cannot recompute what was assessed before.\n"
      "Example: portrisk retention set --party-days 180 --movement-days 1825 "
      "--reason 'decision of 2026-11-26'");
  set->add_option("--party-days", flags->party_days,
                  "Who took part: 30 or more; 0 keeps all");
  set->add_option("--movement-days", flags->movement_days,
                  "Movements and their assessments: 30 or more, and no fewer "
                  "than --party-days; 0 keeps all");
  set->add_option("--reason", flags->reason, "Kept in the audit log")
      ->required();
  set->callback([=, &global] {
    *action = [=, &global] { return SetRetention(global, *flags); };
  });
}

}  // namespace

void AddErasures(CLI::App& app, const GlobalFlags& global, Action* action) {
  AddErase(app, global, action);
  AddRetention(app, global, action);
}

}  // namespace portrisk::service::cli
