// portrisk container, portrisk assessment.
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/cli/commands.h"
#include "service/cli/table.h"
#include "service/place_filter.h"
#include "service/times.h"

namespace portrisk::service::cli {
namespace {

void PrintTimeline(const v1::ContainerState& container) {
  Table table({"OCCURRED", "EVENT", "PLACE", "MODE", "LOAD", "WEIGHT KG",
               "SEALS", "HAULIER", "SOURCE"});
  for (const v1::TimelineEvent& event : container.timeline()) {
    table.Add(
        {FormatTime(event.occurrence_time()), v1::Event_Name(event.event()),
         PlaceName(event.locode(), event.facility()),
         event.mode() ? v1::Mode_Name(event.mode()) : "",
         event.load_status() ? v1::LoadStatus_Name(event.load_status()) : "",
         event.has_weight_kg() ? absl::StrCat(event.weight_kg()) : "",
         absl::StrJoin(event.seals(), " "), event.haulier_id(),
         event.source()});
  }
  std::cout << "Timeline (by occurrence; of each kind of event the newest)\n";
  table.Print(std::cout);
}

void PrintRight(const v1::RightState& right) {
  if (right.chain().empty()) return;
  Table table({"OCCURRED", "STEP", "RIGHT", "ACTOR", "RECIPIENT", "NOMINEE",
               "HAULIER"});
  for (const v1::RightEvent& event : right.chain()) {
    table.Add({FormatTime(event.occurrence_time()),
               v1::Event_Name(event.event()), event.right_id(),
               event.actor_id(), event.recipient_id(), event.nominee_id(),
               event.haulier_id()});
  }
  std::cout << "\nPick-up right (of each step the newest)\n";
  table.Print(std::cout);
}

absl::Status PrintAssessments(const Connection& connection,
                              const std::string& number,
                              const std::string& language) {
  auto stub = v1::HistoryService::NewStub(connection.channel());
  Table table({"SEQUENCE", "RECORDED", "EVENT", "SCORE", "LANE", "REASONS"});
  v1::ListMovementsRequest request;
  request.set_container_number(number);
  request.set_language(language);
  v1::ListMovementsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    absl::Status status = connection.Call(
        *stub, &v1::HistoryService::Stub::ListMovements, request, &response);
    if (!status.ok()) return status;
    for (const v1::AssessedMovement& m : response.movements()) {
      std::vector<std::string> reasons;
      for (const v1::Hit& hit : m.assessment().hits()) {
        reasons.push_back(hit.explanation().empty() ? hit.title()
                                                    : hit.explanation());
        for (const v1::SuppressedBy& by : hit.suppressed_by()) {
          absl::StrAppend(&reasons.back(), " (suppressed by ", by.rule_set(),
                          ": ", by.reason(), ")");
        }
        if (hit.shadow()) reasons.back() += " (in shadow)";
      }
      if (m.assessment().corrects_sequence() > 0) {
        reasons.push_back(absl::StrCat(
            m.assessment().retraction() ? "(retracts " : "(corrects ",
            m.assessment().corrects_sequence(),
            m.assessment().corrected_container_number() == number
                ? absl::StrCat(", it was ", m.assessment().container_number())
                : "",
            ")"));
      }
      table.Add(
          {absl::StrCat(m.assessment().sequence()),
           FormatTime(m.assessment().recorded_time()),
           m.movement().event() == v1::EVENT_UNSPECIFIED
               ? ""
               : v1::Event_Name(m.movement().event()),
           absl::StrCat(m.assessment().score()),
           v1::Lane_Name(m.assessment().lane()),
           absl::StrReplaceAll(absl::StrJoin(reasons, "; "), {{"\n", " "}})});
    }
  } while (!response.next_page_token().empty());
  std::cout << "\nAssessments (as recorded)\n";
  table.Print(std::cout);
  if (response.removed_sequence() > 0) {
    std::cout << "Movements up to position " << response.removed_sequence()
              << " have been removed by their age and are not listed; what "
                 "rules have learnt from them stays\n";
  }
  return absl::OkStatus();
}

int ShowContainer(const GlobalFlags& flags, const std::string& number,
                  bool json) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::HistoryService::NewStub((*connection)->channel());
  v1::GetContainerRequest request;
  request.set_number(number);
  v1::GetContainerResponse response;
  absl::Status status =
      (*connection)
          ->Call(*stub, &v1::HistoryService::Stub::GetContainer, request,
                 &response);
  if (!status.ok()) return Fail(status);
  if (json) {
    std::cout << ToJson(response, /*pretty=*/true);
    return kExitOk;
  }
  const v1::ContainerState& container = response.container();
  std::cout << "Container " << number << ", " << container.movement_count()
            << " movements recorded\n";
  if (container.has_visit()) {
    std::cout << "Visit " << container.visit().unit() << ": lane "
              << v1::Lane_Name(container.visit().lane()) << ", "
              << (container.visit().open() ? "not departed" : "departed")
              << "\n";
  }
  std::cout << "\n";
  PrintTimeline(container);
  PrintRight(response.right());
  PrintAggregates(response.aggregates());
  status = PrintAssessments(**connection, number, flags.language);
  return status.ok() ? kExitOk : Fail(status);
}

int ShowAssessment(const GlobalFlags& flags, const std::string& source,
                   const std::string& id) {
  auto connection = Connection::Open(flags);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = v1::ScoringService::NewStub((*connection)->channel());
  v1::GetAssessmentRequest request;
  request.set_source(source);
  request.set_movement_id(id);
  request.set_language(flags.language);
  v1::GetAssessmentResponse response;
  absl::Status status =
      (*connection)
          ->Call(*stub, &v1::ScoringService::Stub::GetAssessment, request,
                 &response);
  if (!status.ok()) return Fail(status);
  std::cout << ToJson(response, /*pretty=*/true);
  return kExitOk;
}

}  // namespace

int Fail(const absl::Status& status) {
  std::cerr << "portrisk: " << absl::string_view(status.message()) << "\n";
  return kExitFailed;
}

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : "{}";
}

void AddContainer(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* command = app.add_subcommand(
      "container", "Show a container's timeline, right and assessments");
  auto number = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("number", *number, "Container number")->required();
  command->add_flag("--json", *json, "The states as JSON");
  command->callback([=, &flags] {
    *action = [=, &flags] { return ShowContainer(flags, *number, *json); };
  });
}

void AddAssessment(CLI::App& app, const GlobalFlags& flags, Action* action) {
  auto* command = app.add_subcommand(
      "assessment", "Show the assessments of one movement, newest first");
  auto source = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  command->add_option("source", *source, "Sending system")->required();
  command->add_option("id", *id, "Id of the movement there")->required();
  command->callback([=, &flags] {
    *action = [=, &flags] { return ShowAssessment(flags, *source, *id); };
  });
}

}  // namespace portrisk::service::cli
