// portrisk rules: check, load, list, show, approve, activate, retire.
#include <fstream>
#include <iostream>
#include <sstream>

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

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void Print(const v1::Issue& issue) {
  std::cout << issue.file() << ":" << issue.line() << ":" << issue.column()
            << ": " << (issue.severity() == v1::ERROR ? "error" : "warning")
            << " " << issue.code() << ": " << issue.message() << "\n";
  if (!issue.excerpt().empty()) std::cout << issue.excerpt() << "\n";
  if (!issue.suggestion().empty()) {
    std::cout << "  " << issue.suggestion() << "\n";
  }
}

int Check(const std::vector<std::string>& files) {
  int errors = 0;
  for (const std::string& file : files) {
    auto text = ReadFile(file);
    if (!text.ok()) return Fail(text.status());
    const scoring::CheckResult checked = scoring::CheckRuleSet(*text, file);
    for (const v1::Issue& issue : checked.issues) {
      Print(issue);
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
              << " " << v1::RevisionState_Name(revision.state()) << ", "
              << revision.rule_count() << " rules\n";
  }
  return kExitOk;
}

int ChangeOne(const GlobalFlags& flags, uint64_t number,
              const std::string& note, Change method) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::ChangeRevisionRequest request;
  request.set_revision(number);
  request.set_note(note);
  v1::Revision revision;
  absl::Status status = (*connection)->Call(*stub, method, request, &revision);
  if (!status.ok()) return Fail(status);
  const v1::RevisionEvent& event = revision.events(revision.events_size() - 1);
  std::cout << revision.rule_set() << " revision " << revision.revision() << " "
            << v1::RevisionState_Name(revision.state()) << " since "
            << FormatTime(event.time()) << ", journal position "
            << event.sequence() << "\n";
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
                 v1::RevisionState_Name(revision.state()),
                 absl::StrCat(revision.rule_count()), revision.author(),
                 LastChange(revision)});
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
            << revision.rule_set() << ", "
            << v1::RevisionState_Name(revision.state()) << ", "
            << revision.content_hash() << "\n";
  for (const v1::RevisionEvent& event : revision.events()) {
    std::cout << "# " << v1::RevisionState_Name(event.state()) << " "
              << FormatTime(event.time()) << " by " << event.caller() << " "
              << event.note() << "\n";
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
  command->add_option("revision", *number, "Number of the revision")
      ->required();
  command->add_option("--note", *note, "Why; kept with the change");
  command->callback([=, &flags] {
    *action = [=, &flags] { return ChangeOne(flags, *number, *note, method); };
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
            "Put an approved revision in force; a retired one: roll back",
            &RuleStub::ActivateRevision, flags, action);
  AddChange(rules, "retire", "Take a revision out of force",
            &RuleStub::RetireRevision, flags, action);
}

}  // namespace portrisk::service::cli
