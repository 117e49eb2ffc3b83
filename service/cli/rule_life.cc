// portrisk rules rollback, reset-breaker, wait, diff; and what the commands
// about rules share.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/progress.h"
#include "service/text_file.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

using RuleStub = v1::RuleService::Stub;

constexpr double kAllPpm = 1e6;

bool ParseShare(const std::string& text, uint32_t* ppm) {
  absl::string_view number = text;
  const bool percent = absl::ConsumeSuffix(&number, "%");
  double share = 0;
  if (!absl::SimpleAtod(number, &share)) return false;
  if (percent) share /= 100;
  if (!(share > 0 && share <= 1)) return false;
  *ppm = static_cast<uint32_t>(std::llround(share * kAllPpm));
  return *ppm > 0;
}

int Rollback(const GlobalFlags& flags, const std::string& rule_set,
             const std::string& note) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::RollbackRuleSetRequest request;
  request.set_rule_set(rule_set);
  request.set_note(note);
  v1::Revision revision;
  absl::Status status =
      (*connection)
          ->Call(*stub, &RuleStub::RollbackRuleSet, request, &revision);
  if (!status.ok()) return Fail(status);
  PrintStep(revision);
  return kExitOk;
}

int ResetBreaker(const GlobalFlags& flags, uint64_t number,
                 const std::string& rule, const std::string& note) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::ResetBreakerRequest request;
  request.set_revision(number);
  request.set_rule(rule);
  request.set_note(note);
  v1::Revision revision;
  absl::Status status =
      (*connection)->Call(*stub, &RuleStub::ResetBreaker, request, &revision);
  if (!status.ok()) return Fail(status);
  std::cout << "rule " << rule << " counts again; ";
  PrintStep(revision);
  return kExitOk;
}

void PrintFields(
    const google::protobuf::RepeatedPtrField<v1::FieldDiff>& fields) {
  for (const v1::FieldDiff& field : fields) {
    if (!field.before().empty()) {
      std::cout << "    - " << field.field() << ": " << field.before() << "\n";
    }
    if (!field.after().empty()) {
      std::cout << "    + " << field.field() << ": " << field.after() << "\n";
    }
  }
}

int Diff(const GlobalFlags& flags, uint64_t before, uint64_t after, bool json) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::DiffRevisionsRequest request;
  request.set_before(before);
  request.set_after(after);
  v1::DiffRevisionsResponse diff;
  absl::Status status =
      (*connection)->Call(*stub, &RuleStub::DiffRevisions, request, &diff);
  if (!status.ok()) return Fail(status);
  if (json) {
    std::cout << ToJson(diff, /*pretty=*/true);
    return kExitOk;
  }
  if (!diff.fields().empty()) {
    std::cout << "the rule set\n";
    PrintFields(diff.fields());
  }
  size_t added = 0, removed = 0;
  for (const v1::RuleDiff& rule : diff.rules()) {
    std::cout << (rule.added()     ? "added    "
                  : rule.removed() ? "removed  "
                                   : "changed  ")
              << rule.rule() << "\n";
    PrintFields(rule.fields());
    added += rule.added();
    removed += rule.removed();
  }
  std::cout << added << " rules added, " << removed << " removed, "
            << static_cast<size_t>(diff.rules_size()) - added - removed
            << " changed, " << diff.unchanged_rules() << " unchanged\n";
  return kExitOk;
}

// Until the aggregates of a revision are filled from history.
int Wait(const GlobalFlags& flags, uint64_t number) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::RuleService::NewStub((*connection)->channel());
  v1::GetRevisionRequest request;
  request.set_revision(number);
  v1::Revision revision;
  Progress progress("warming", "records");
  std::optional<uint64_t> first;
  while (true) {
    absl::Status status =
        (*connection)->Call(*stub, &RuleStub::GetRevision, request, &revision);
    if (!status.ok()) return Fail(status);
    if (revision.state() != v1::WARMING) break;
    const v1::WarmingProgress& warming = revision.warming();
    if (!first) first = warming.filled_sequence();
    // What had been filled before is no part of this command's speed; to come
    // into use is one more.
    progress.Show(warming.filled_sequence() - *first,
                  std::max(warming.last_sequence(), *first) - *first + 1);
    absl::SleepFor(absl::Milliseconds(200));
  }
  progress.Finish();
  PrintStep(revision);
  return kExitOk;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path != "-") return ReadTextFile(path);
  std::stringstream text;
  text << std::cin.rdbuf();
  return text.str();
}

void PrintIssue(const v1::Issue& issue, std::ostream& out) {
  out << issue.file() << ":" << issue.line() << ":" << issue.column() << ": "
      << (issue.severity() == v1::ERROR ? "error" : "warning") << " "
      << issue.code() << ": " << issue.message() << "\n";
  if (!issue.excerpt().empty()) out << issue.excerpt() << "\n";
  if (!issue.suggestion().empty()) {
    out << "  " << issue.suggestion() << "\n";
  }
}

void PrintIssue(const v1::Issue& issue) { PrintIssue(issue, std::cout); }

std::string WarmingText(const v1::WarmingProgress& progress) {
  if (progress.last_sequence() == 0) return "waiting";
  return absl::StrCat(progress.share_ppm() / 10'000, "%, ",
                      progress.movements_per_second(), " movements/s, ",
                      progress.seconds_left(), " s left");
}

void PrintStep(const v1::Revision& revision) {
  const v1::RevisionEvent& event = revision.events(revision.events_size() - 1);
  std::cout << revision.rule_set() << " revision " << revision.revision() << " "
            << v1::RevisionState_Name(revision.state());
  if (revision.share_ppm() > 0) {
    std::cout << " for " << revision.share_ppm() / 10000.0 << "% of units";
  }
  if (revision.has_warming()) {
    std::cout << " (" << WarmingText(revision.warming()) << ")";
  }
  std::cout << " since " << FormatTime(event.time()) << ", journal position "
            << event.sequence() << "\n";
  if (revision.state() == v1::WARMING) {
    std::cout
        << "Its new aggregates are being filled from the journal; then it "
           "becomes "
        << v1::RevisionState_Name(event.goal()) << ". `portrisk rules wait "
        << revision.revision() << "` shows how far that is.\n";
  }
}

CLI::Option* AddShareOption(CLI::App* command, const std::string& name,
                            uint32_t* ppm) {
  return command->add_option_function<std::string>(
      name,
      [ppm](const std::string& text) {
        if (!ParseShare(text, ppm)) {
          throw CLI::ValidationError(
              "share", "a share is above 0 and at most 100%, such as 10%");
        }
      },
      "Share of the units, such as 10%");
}

void AddRuleLife(CLI::App* rules, const GlobalFlags& flags, Action* action) {
  auto text = std::make_shared<std::string>();
  auto note = std::make_shared<std::string>();
  auto number = std::make_shared<uint64_t>();
  auto other = std::make_shared<uint64_t>();
  auto json = std::make_shared<bool>(false);
  auto* rollback = rules->add_subcommand(
      "rollback",
      "Bring the revision back that was active before the present one, in one "
      "step; ends a roll-out\nExample: portrisk rules rollback nl.port");
  rollback->add_option("rule_set", *text, "Name of the rule set")->required();
  rollback->add_option("--note", *note, "Why; kept with the change");
  rollback->callback([=, &flags] {
    *action = [=, &flags] { return Rollback(flags, *text, *note); };
  });
  auto* reset = rules->add_subcommand(
      "reset-breaker",
      "Let a rule count again whose breaker has tripped\n"
      "Example: portrisk rules reset-breaker 7 night.gate --note 'checked'");
  reset->add_option("revision", *number, "Number of the revision")->required();
  reset->add_option("rule", *text, "Id of the rule")->required();
  reset->add_option("--note", *note, "What was found")->required();
  reset->callback([=, &flags] {
    *action = [=, &flags] {
      return ResetBreaker(flags, *number, *text, *note);
    };
  });
  auto* wait = rules->add_subcommand(
      "wait",
      "Wait until the new aggregates of a revision are filled from history, "
      "showing how far that is\nExample: portrisk rules wait 7");
  wait->add_option("revision", *number, "Number of the revision")->required();
  wait->callback(
      [=, &flags] { *action = [=, &flags] { return Wait(flags, *number); }; });
  auto* diff = rules->add_subcommand(
      "diff",
      "Show what changed between two revisions, rule by rule\n"
      "Example: portrisk rules diff 6 7");
  diff->add_option("before", *number, "Number of a revision")->required();
  diff->add_option("after", *other, "Number of another one")->required();
  diff->add_flag("--json", *json, "The differences as JSON");
  diff->callback([=, &flags] {
    *action = [=, &flags] { return Diff(flags, *number, *other, *json); };
  });
}

}  // namespace portrisk::service::cli
