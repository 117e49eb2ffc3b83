// portrisk rules: check, load, list, show and the steps of a revision's life.
#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/evaluation_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "scoring/programme.h"
#include "service/cli/commands.h"
#include "service/cli/evaluations.h"
#include "service/cli/table.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

using RuleStub = v1::RuleService::Stub;
using Change = grpc::Status (RuleStub::*)(grpc::ClientContext*,
                                          const v1::ChangeRevisionRequest&,
                                          v1::Revision*);

int Check(const std::vector<std::string>& files) {
  int errors = 0;
  for (const std::string& file : files) {
    auto text = ReadFile(file);
    if (!text.ok()) return Fail(text.status());
    const scoring::CheckResult checked = scoring::CheckRuleSet(*text, file);
    for (const v1::Issue& issue : checked.issues) {
      PrintIssue(issue);
      errors += issue.severity() == v1::ERROR;
    }
    size_t passed = 0;
    for (const auto& test : checked.tests) passed += test.passed();
    std::cout << file << ": ";
    if (checked.rule_set != nullptr) {
      std::cout << scoring::RuleSetName(*checked.rule_set) << ", "
                << scoring::RuleCount(*checked.rule_set) << " rules, ";
    }
    std::cout << passed << " of " << checked.tests.size() << " tests passed, "
              << checked.issues.size() << " issues\n";
  }
  return errors > 0 ? kExitFailed : kExitOk;
}

bool GoesWithoutReplay(const v1::Revision& revision) {
  return std::any_of(
      revision.events().begin(), revision.events().end(),
      [](const auto& event) { return !event.without_replay().empty(); });
}

std::string StateText(const v1::Revision& revision) {
  std::string text = v1::RevisionState_Name(revision.state());
  if (revision.has_warming()) {
    absl::StrAppend(&text, " ", WarmingText(revision.warming()));
  }
  if (revision.share_ppm() > 0) {
    absl::StrAppend(&text, " ", revision.share_ppm() / 10000.0, "%");
  }
  if (!revision.overrides().empty()) {
    absl::StrAppend(&text, ", ", revision.overrides_size(), " tripped");
  }
  if (GoesWithoutReplay(revision)) absl::StrAppend(&text, ", WITHOUT REPLAY");
  return text;
}

std::string LastChange(const v1::Revision& revision) {
  if (revision.events().empty()) return "";
  const v1::RevisionEvent& event = revision.events(revision.events_size() - 1);
  return absl::StrCat(FormatTime(event.time()), " by ", event.caller());
}

}  // namespace

absl::StatusOr<std::shared_ptr<const scoring::RuleSet>> ReadRuleSet(
    const std::string& path, std::string* yaml) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  const scoring::CheckResult checked = scoring::CheckRuleSet(*text, path);
  for (const v1::Issue& issue : checked.issues) {
    // Standard output may be a report, perhaps a file.
    if (issue.severity() == v1::ERROR) PrintIssue(issue, std::cerr);
  }
  if (checked.rule_set == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has errors; correct what is shown above"));
  }
  if (yaml != nullptr) *yaml = *std::move(text);
  return checked.rule_set;
}

namespace {

struct LoadFlags {
  std::vector<std::string> files;
  bool activate = false;
  std::string without_replay;
};

void PrintLoaded(const v1::Revision& revision) {
  std::cout << revision.rule_set() << " revision " << revision.revision() << " "
            << StateText(revision) << ", " << revision.rule_count()
            << " rules\n";
}

// Errors of all files are shown before anything is stored of one.
absl::StatusOr<std::vector<v1::CreateRevisionRequest>> ReadRuleSets(
    const std::vector<std::string>& files) {
  std::vector<v1::CreateRevisionRequest> requests;
  absl::Status wrong;
  for (const std::string& file : files) {
    v1::CreateRevisionRequest& request = requests.emplace_back();
    request.set_file(file);
    wrong.Update(ReadRuleSet(file, request.mutable_yaml()).status());
  }
  if (wrong.ok()) return requests;
  return absl::Status(wrong.code(),
                      absl::StrCat("nothing was loaded: ", wrong.message()));
}

absl::StatusOr<std::vector<v1::Revision>> Create(
    const Connection& connection, const std::vector<std::string>& files) {
  const auto requests = ReadRuleSets(files);
  if (!requests.ok()) return requests.status();
  auto stub = v1::RuleService::NewStub(connection.channel());
  std::vector<v1::Revision> made;
  for (const v1::CreateRevisionRequest& request : *requests) {
    v1::Revision revision;
    absl::Status status =
        connection.Call(*stub, &RuleStub::CreateRevision, request, &revision);
    if (!status.ok()) {
      for (const v1::Revision& before : made) PrintLoaded(before);
      return absl::Status(status.code(),
                          absl::StrCat(request.file(), ": ", status.message()));
    }
    made.push_back(std::move(revision));
  }
  return made;
}

// What a development server lets one person do: all steps of the life of the
// revisions, together.
absl::Status PutInForce(const Connection& connection, const LoadFlags& flags,
                        std::vector<v1::Revision>* revisions) {
  auto stub = v1::RuleService::NewStub(connection.channel());
  if (flags.without_replay.empty()) {
    v1::EvaluationPlan plan;
    v1::EvaluationCandidate* const all = plan.add_candidates();
    for (const v1::Revision& one : *revisions) {
      all->add_revisions(one.revision());
    }
    auto started = StartEvaluation(connection, plan);
    if (!started.ok()) return started.status();
    auto ended = WaitForEvaluation(connection, started->evaluation());
    if (!ended.ok()) return ended.status();
    std::cout << "tried on " << ended->movements()
              << " movements (`portrisk evaluations show "
              << ended->evaluation() << "`)\n";
  }
  // An approval needs what was in force when they were tried.
  for (Change step :
       {&RuleStub::ApproveRevision, &RuleStub::ActivateRevision}) {
    for (v1::Revision& one : *revisions) {
      v1::ChangeRevisionRequest change;
      change.set_revision(one.revision());
      change.set_note("loaded with --activate");
      change.set_without_replay(flags.without_replay);
      absl::Status status = connection.Call(*stub, step, change, &one);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

int Load(const GlobalFlags& global, const LoadFlags& flags) {
  auto connection = Connection::OpenOrMake(global);
  if (!connection.ok()) return Fail(connection.status());
  auto revisions = Create(**connection, flags.files);
  if (!revisions.ok()) return Fail(revisions.status());
  absl::Status status;
  if (flags.activate) status = PutInForce(**connection, flags, &*revisions);
  for (const v1::Revision& one : *revisions) PrintLoaded(one);
  return status.ok() ? kExitOk : Fail(status);
}

int ChangeOne(const GlobalFlags& flags,
              const v1::ChangeRevisionRequest& request, Change method) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::Revision revision;
  absl::Status status = (*connection)->Call(*stub, method, request, &revision);
  if (!status.ok()) return Fail(status);
  PrintStep(revision);
  return kExitOk;
}

int List(const GlobalFlags& flags) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  Table table(
      {"REVISION", "RULE SET", "STATE", "RULES", "AUTHOR", "LAST CHANGE"});
  v1::ListRevisionsRequest request;
  v1::ListRevisionsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    absl::Status status =
        (*connection)
            ->Call(*stub, &RuleStub::ListRevisions, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::Revision& revision : response.revisions()) {
      table.Add({absl::StrCat(revision.revision()), revision.rule_set(),
                 StateText(revision), absl::StrCat(revision.rule_count()),
                 revision.author(), LastChange(revision)});
    }
  } while (!response.next_page_token().empty());
  table.Print(std::cout);
  return kExitOk;
}

// "(evaluation 3: 41,394 movements from 2026-01-01 to 2026-03-01)": what an
// approval stands on. An evaluation that cannot be read is just named.
std::string GroundsOf(const Connection& connection, uint64_t number) {
  auto stub = v1::EvaluationService::NewStub(connection.channel());
  v1::GetEvaluationRequest request;
  request.set_evaluation(number);
  v1::GetEvaluationResponse response;
  const absl::Status status = connection.Call(
      *stub, &v1::EvaluationService::Stub::GetEvaluation, request, &response);
  std::string text = absl::StrCat("evaluation ", number);
  if (!status.ok()) return text;
  const v1::EvaluationReport& report = response.report();
  absl::StrAppend(&text, ": ", report.movements(), " movements from ",
                  FormatTime(report.begin_time()), " to ",
                  FormatTime(report.end_time()), ", ", report.finds(),
                  " finds");
  return text;
}

int Show(const GlobalFlags& flags, uint64_t number) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::GetRevisionRequest request;
  request.set_revision(number);
  v1::Revision revision;
  absl::Status status =
      (*connection)->Call(*stub, &RuleStub::GetRevision, request, &revision);
  if (!status.ok()) return Fail(status);
  std::cout << "# revision " << revision.revision() << " of "
            << revision.rule_set() << ", " << StateText(revision) << ", "
            << revision.content_hash() << "\n";
  for (const v1::RevisionEvent& event : revision.events()) {
    std::cout << "# " << v1::RevisionState_Name(event.state()) << " "
              << FormatTime(event.time()) << " by " << event.caller() << " "
              << event.note();
    if (event.evaluation() > 0) {
      std::cout << " (" << GroundsOf(**connection, event.evaluation()) << ")";
    }
    if (!event.without_replay().empty()) {
      std::cout << " WITHOUT REPLAY: " << event.without_replay();
    }
    std::cout << "\n";
  }
  for (const v1::RuleOverride& one : revision.overrides()) {
    std::cout << "# BREAKER TRIPPED: rule " << one.rule()
              << " is in shadow since " << FormatTime(one.time())
              << ", journal position " << one.sequence() << ": " << one.hits()
              << " hits in a window of " << one.window()
              << " movements; `portrisk rules reset-breaker "
              << revision.revision() << " " << one.rule() << "` ends it\n";
  }
  for (const v1::SuppressionTally& tally : revision.suppressed()) {
    std::cout << "# suppressed " << tally.rule_set() << "/" << tally.rule()
              << " " << tally.count() << " times\n";
  }
  std::cout << revision.yaml();
  return kExitOk;
}

void AddChange(CLI::App* rules, const std::string& name,
               const std::string& help, Change method, const GlobalFlags& flags,
               Action* action) {
  auto* command = rules->add_subcommand(name, help);
  auto number = std::make_shared<uint64_t>();
  auto note = std::make_shared<std::string>();
  auto share = std::make_shared<uint32_t>(0);
  auto without_replay = std::make_shared<std::string>();
  command->add_option("revision", *number, "Number of the revision")
      ->required();
  command->add_option("--note", *note, "Why; kept with the change");
  if (method == &RuleStub::ShareRevision) {
    AddShareOption(command, "share", share.get())->required();
  } else if (method == &RuleStub::ActivateRevision) {
    AddShareOption(command, "--share", share.get());
  } else if (method == &RuleStub::ApproveRevision) {
    command->add_option("--without-replay", *without_replay,
                        "Why it has to go without an evaluation; shown "
                        "wherever the revision is");
  }
  command->callback([=, &flags] {
    *action = [=, &flags] {
      v1::ChangeRevisionRequest request;
      request.set_revision(*number);
      request.set_note(*note);
      request.set_share_ppm(*share);
      request.set_without_replay(*without_replay);
      return ChangeOne(flags, request, method);
    };
  });
}

}  // namespace

void AddRules(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* rules =
      app.add_subcommand("rules", "Write, test and publish targeting rules");
  rules->require_subcommand(1);
  rules->fallthrough();
  auto files = std::make_shared<std::vector<std::string>>();
  auto* check = rules->add_subcommand(
      "check",
      "Check rule sets and run their tests; exit code 1 on an error.\n"
      "Example: portrisk rules check my-port.yaml");
  check->add_option("files", *files, "Rule sets (YAML)")->required();
  check->callback([=] { *action = [=] { return Check(*files); }; });

  auto* load = rules->add_subcommand("load", "Store rule sets as drafts");
  auto how = std::make_shared<LoadFlags>();
  load->add_option("files", how->files, "Rule sets (YAML)")->required();
  load->add_flag("--activate", how->activate,
                 "Try them on history, approve and activate too (a server in "
                 "development mode)");
  load->add_option("--without-replay", how->without_replay,
                   "With --activate: why they are not tried on history");
  load->callback(
      [=, &flags] { *action = [=, &flags] { return Load(flags, *how); }; });

  rules->add_subcommand("list", "List revisions and their states")
      ->callback([=, &flags] { *action = [&flags] { return List(flags); }; });
  auto* show = rules->add_subcommand("show", "Print a revision");
  auto number = std::make_shared<uint64_t>();
  show->add_option("revision", *number, "Number of the revision")->required();
  show->callback(
      [=, &flags] { *action = [=, &flags] { return Show(flags, *number); }; });
  AddChange(rules, "approve",
            "Approve a draft that somebody else wrote and an evaluation has "
            "tried on history\nExample: portrisk rules approve 7 --note "
            "'two more boxes a day, one find'",
            &RuleStub::ApproveRevision, flags, action);
  AddChange(rules, "activate",
            "Put an approved, shadow or retired revision in force; with "
            "--share for that part of the units, the rest keeping the one "
            "before\nExample: portrisk rules activate 7 --share 10%",
            &RuleStub::ActivateRevision, flags, action);
  AddChange(rules, "share",
            "Change the share of a roll-out; 100% completes it\n"
            "Example: portrisk rules share 7 50%",
            &RuleStub::ShareRevision, flags, action);
  AddChange(rules, "shadow",
            "Evaluate and record an approved revision without effect, beside "
            "the active one of its set",
            &RuleStub::ShadowRevision, flags, action);
  AddChange(rules, "retire", "Take a revision out of force",
            &RuleStub::RetireRevision, flags, action);
  AddRuleLife(rules, flags, action);
}

}  // namespace portrisk::service::cli
