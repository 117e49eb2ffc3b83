// portrisk decide, portrisk decisions.
#include <algorithm>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "portrisk/v1/outcome_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/table.h"
#include "service/formats/text.h"
#include "service/outcome_words.h"
#include "service/times.h"
#include "service/wrong_usage.h"

namespace portrisk::service::cli {
namespace {

using Stub = v1::OutcomeService::Stub;

struct DecideFlags {
  std::string source, movement_id;
  bool accept = false;
  std::string override_code, reason, lane, control;
  std::string id, from = "decisions", updated;
  uint64_t sequence = 0;
  bool retract = false;
};

absl::StatusOr<v1::Decision> MakeDecision(const DecideFlags& flags) {
  v1::Decision decision;
  decision.set_source(flags.from);
  decision.set_id(flags.id.empty() ? BoundedId(absl::StrCat(flags.source, "/",
                                                            flags.movement_id))
                                   : flags.id);
  decision.mutable_assessment()->set_source(flags.source);
  decision.mutable_assessment()->set_movement_id(flags.movement_id);
  decision.mutable_assessment()->set_sequence(flags.sequence);
  decision.set_retraction(flags.retract);
  if (!flags.override_code.empty()) {
    decision.set_kind(v1::OVERRIDE);
    decision.set_reason_code(flags.override_code);
  } else if (flags.accept) {
    decision.set_kind(v1::ACCEPT);
  } else if (!flags.retract) {
    return absl::InvalidArgumentError(
        "say --accept, or --override REASON-CODE with --reason and --lane or "
        "--control");
  }
  decision.set_reason(flags.reason);
  v1::Lane lane = v1::LANE_UNSPECIFIED;
  if (!flags.lane.empty() &&
      !v1::Lane_Parse(absl::AsciiStrToUpper(flags.lane), &lane)) {
    return absl::InvalidArgumentError(
        "--lane is GREEN, BLUE, YELLOW, ORANGE or RED");
  }
  v1::Control control = v1::CONTROL_UNSPECIFIED;
  if (!flags.control.empty() &&
      !v1::Control_Parse(absl::AsciiStrToUpper(flags.control), &control)) {
    return absl::InvalidArgumentError(
        "--control is NO_CONTROL, POST_CLEARANCE_AUDIT, DOCUMENT_CHECK, "
        "SCAN_IMAGE, INSPECT or HOLD_AND_INSPECT");
  }
  decision.set_lane(lane);
  decision.set_control(control);
  // Who types it decides now, whatever was decided before.
  if (flags.updated.empty()) {
    *decision.mutable_update_time() = ToProto(absl::Now());
  } else if (!ParseControlTime(flags.updated, decision.mutable_update_time())) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.updated, " is no time; write 2026-03-01T12:00:00Z"));
  }
  return decision;
}

int Decide(const GlobalFlags& flags, const DecideFlags& decide) {
  auto decision = MakeDecision(decide);
  if (!decision.ok()) return Fail(decision.status());
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OutcomeService::NewStub((*connection)->channel());
  v1::RecordDecisionRequest request;
  *request.mutable_decision() = *std::move(decision);
  v1::RecordedDecision reply;
  absl::Status status =
      (*connection)->Call(*stub, &Stub::RecordDecision, request, &reply);
  if (!status.ok()) return Fail(status);
  std::cout << ToJson(reply, /*pretty=*/true);
  return kExitOk;
}

void AddRow(const v1::RecordedDecision& one, Table* table) {
  const v1::Decision& d = one.decision();
  table->Add(
      {absl::StrCat(one.sequence()), FormatTime(one.recorded_time()),
       one.caller(),
       absl::StrCat(d.assessment().source(), "/", d.assessment().movement_id()),
       v1::Lane_Name(one.tie().lane()),
       d.retraction() ? "retracted" : v1::DecisionKind_Name(d.kind()),
       d.lane() ? v1::Lane_Name(d.lane()) : "",
       d.control() ? v1::Control_Name(d.control()) : "",
       d.reason_code().empty()
           ? d.reason()
           : absl::StrCat(d.reason_code(), ": ", d.reason())});
}

int List(const GlobalFlags& flags, const std::string& container, bool all,
         bool json, uint64_t limit) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::OutcomeService::NewStub((*connection)->channel());
  v1::ListDecisionsRequest request;
  request.set_container_number(container);
  request.set_superseded(all);
  Table table({"SEQUENCE", "RECORDED", "BY", "ASSESSMENT", "RECOMMENDED",
               "DECISION", "LANE", "CONTROL", "REASON"});
  v1::ListDecisionsResponse response;
  uint64_t left = limit;
  do {
    request.set_page_token(response.next_page_token());
    request.set_page_size(static_cast<int>(std::min<uint64_t>(left, 1000)));
    absl::Status status =
        (*connection)->Call(*stub, &Stub::ListDecisions, request, &response);
    if (!status.ok()) return Fail(status);
    for (const v1::RecordedDecision& one : response.decisions()) {
      if (json) {
        std::cout << ToJson(one) << "\n";
      } else {
        AddRow(one, &table);
      }
    }
    left -= std::min<uint64_t>(left, response.decisions_size());
  } while (!response.next_page_token().empty() && left > 0);
  if (!json) table.Print(std::cout);
  return kExitOk;
}

void DeclareDecide(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto decide = std::make_shared<DecideFlags>();
  auto* command = app.add_subcommand(
      "decide",
      "Record what you decided about an assessment; --caller says who you are\n"
      "Example: portrisk decide terminal-1 M-17 --override known-trader "
      "--reason 'inspected last week' --lane GREEN");
  command
      ->add_option("source", decide->source, "Sending system of the movement")
      ->required();
  command->add_option("id", decide->movement_id, "Id of the movement there")
      ->required();
  auto* accept = command->add_flag("--accept", decide->accept,
                                   "Do what the assessment recommends");
  command
      ->add_option("--override", decide->override_code,
                   "Do something else; a code for the reason")
      ->excludes(accept);
  command->add_option("--reason", decide->reason,
                      "Why, in words; no names of persons");
  command->add_option("--lane", decide->lane, "What is chosen instead");
  command->add_option("--control", decide->control, "What is chosen instead");
  command->add_option("--sequence", decide->sequence,
                      "Version of the assessment, by journal position "
                      "[the latest]");
  command->add_option("--decision-id", decide->id,
                      "Your reference of the decision [SOURCE/ID]");
  command->add_option("--decision-source", decide->from, "Name of your system")
      ->capture_default_str();
  command->add_option("--updated", decide->updated,
                      "When it was last changed; a later one corrects [now]");
  command->add_flag("--retract", decide->retract, "Void the decision");
  command->callback([=, &flags] {
    *action = [=, &flags] { return Decide(flags, *decide); };
  });
}

}  // namespace

void AddDecisions(CLI::App& app, const GlobalFlags& flags, Action* action) {
  DeclareDecide(app, flags, action);
  auto container = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  auto json = std::make_shared<bool>(false);
  auto limit = std::make_shared<uint64_t>(1000);
  auto* list = app.add_subcommand(
      "decisions", "List decisions about a container, or of the whole store");
  list->add_option("container", *container, "Container number");
  list->add_flag("--all-versions", *all, "Corrected and retracted ones, too");
  list->add_flag("--json", *json, "One JSON object a line");
  list->add_option("--limit", *limit, "Decisions at most")
      ->check(AboveZero())
      ->capture_default_str();
  list->callback([=, &flags] {
    *action = [=, &flags] {
      return List(flags, *container, *all, *json, *limit);
    };
  });
}

}  // namespace portrisk::service::cli
