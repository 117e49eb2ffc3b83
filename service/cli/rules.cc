// portrisk rules: check, load, list, show and the steps of a revision's life.
#include <iostream>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "scoring/programme.h"
#include "service/cli/commands.h"
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
  return text;
}

std::string LastChange(const v1::Revision& revision) {
  if (revision.events().empty()) return "";
  const v1::RevisionEvent& event = revision.events(revision.events_size() - 1);
  return absl::StrCat(FormatTime(event.time()), " by ", event.caller());
}

int Load(const GlobalFlags& flags, const std::vector<std::string>& files,
         bool activate) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  for (const std::string& file : files) {
    auto text = ReadFile(file);
    if (!text.ok()) return Fail(text.status());
    v1::CreateRevisionRequest request;
    request.set_yaml(*text);
    request.set_file(file);
    v1::Revision revision;
    absl::Status status =
        (*connection)
            ->Call(*stub, &RuleStub::CreateRevision, request, &revision);
    v1::ChangeRevisionRequest change;
    change.set_revision(revision.revision());
    change.set_note("loaded with --activate");
    for (Change step :
         {&RuleStub::ApproveRevision, &RuleStub::ActivateRevision}) {
      if (!activate || !status.ok()) break;
      status = (*connection)->Call(*stub, step, change, &revision);
    }
    if (!status.ok()) {
      return Fail(absl::Status(status.code(),
                               absl::StrCat(file, ": ", status.message())));
    }
    std::cout << revision.rule_set() << " revision " << revision.revision()
              << " " << StateText(revision) << ", " << revision.rule_count()
              << " rules\n";
  }
  return kExitOk;
}

int ChangeOne(const GlobalFlags& flags, uint64_t number,
              const std::string& note, uint32_t share_ppm, Change method) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::ChangeRevisionRequest request;
  request.set_revision(number);
  request.set_note(note);
  request.set_share_ppm(share_ppm);
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
              << event.note() << "\n";
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
               Action* action, bool with_share = false) {
  auto* command = rules->add_subcommand(name, help);
  auto number = std::make_shared<uint64_t>();
  auto note = std::make_shared<std::string>();
  command->add_option("revision", *number, "Number of the revision")
      ->required();
  command->add_option("--note", *note, "Why; kept with the change");
  auto share = std::make_shared<uint32_t>(0);
  if (with_share) {
    AddShareOption(command, name == "share" ? "share" : "--share", share.get())
        ->required(name == "share");
  }
  command->callback([=, &flags] {
    *action = [=, &flags] {
      return ChangeOne(flags, *number, *note, *share, method);
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
  auto activate = std::make_shared<bool>(false);
  load->add_option("files", *files, "Rule sets (YAML)")->required();
  load->add_flag("--activate", *activate,
                 "Approve and activate too (a server in development mode)");
  load->callback([=, &flags] {
    *action = [=, &flags] { return Load(flags, *files, *activate); };
  });

  rules->add_subcommand("list", "List revisions and their states")
      ->callback([=, &flags] { *action = [&flags] { return List(flags); }; });
  auto* show = rules->add_subcommand("show", "Print a revision");
  auto number = std::make_shared<uint64_t>();
  show->add_option("revision", *number, "Number of the revision")->required();
  show->callback(
      [=, &flags] { *action = [=, &flags] { return Show(flags, *number); }; });
  AddChange(rules, "approve", "Approve a draft that somebody else wrote",
            &RuleStub::ApproveRevision, flags, action);
  AddChange(rules, "activate",
            "Put an approved, shadow or retired revision in force; with "
            "--share for that part of the units, the rest keeping the one "
            "before\nExample: portrisk rules activate 7 --share 10%",
            &RuleStub::ActivateRevision, flags, action, /*with_share=*/true);
  AddChange(rules, "share",
            "Change the share of a roll-out; 100% completes it\n"
            "Example: portrisk rules share 7 50%",
            &RuleStub::ShareRevision, flags, action, /*with_share=*/true);
  AddChange(rules, "shadow",
            "Evaluate and record an approved revision without effect, beside "
            "the active one of its set",
            &RuleStub::ShadowRevision, flags, action);
  AddChange(rules, "retire", "Take a revision out of force",
            &RuleStub::RetireRevision, flags, action);
  AddRuleLife(rules, flags, action);
}

}  // namespace portrisk::service::cli
