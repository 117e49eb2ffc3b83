// Outcomes and decisions of an engine on a temporary store, told in verbs.
#ifndef PORTRISK_TESTS_SERVICE_OUTCOME_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_OUTCOME_FIXTURE_H_

#include <string>

#include "service/history_api.h"
#include "service/outcome_api.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {

inline constexpr char kOfficer[] = "officer-7";
inline constexpr int64_t kDaySeconds = 86'400;
// What MakeMovement counts from.
inline constexpr int64_t kMovementsBegin = 1'790'000'000;

// A control of a box at the place of MakeMovement, `time_s` after its zero.
inline v1::Outcome MakeOutcome(const std::string& id, const std::string& number,
                               int64_t time_s,
                               v1::ControlResult result = v1::FOUND) {
  v1::Outcome outcome;
  outcome.set_source("nl-customs");
  outcome.set_id(id);
  outcome.set_container_number(number);
  outcome.set_locode("NLRTM");
  outcome.set_facility("ECTDELTA");
  outcome.mutable_time()->set_seconds(kMovementsBegin + time_s);
  outcome.set_control(v1::INSPECT);
  outcome.set_result(result);
  return outcome;
}

inline v1::Decision MakeDecision(const std::string& id,
                                 const std::string& movement_id,
                                 v1::DecisionKind kind = v1::ACCEPT) {
  v1::Decision decision;
  decision.set_source("nl-desk");
  decision.set_id(id);
  decision.mutable_assessment()->set_source("terminal-1");
  decision.mutable_assessment()->set_movement_id(movement_id);
  decision.set_kind(kind);
  if (kind != v1::OVERRIDE) return decision;
  decision.set_reason_code("known-trader");
  decision.set_reason("inspected last week");
  decision.set_lane(v1::GREEN);
  return decision;
}

template <typename Content>
Content UpdatedAt(Content content, int64_t seconds) {
  content.mutable_update_time()->set_seconds(seconds);
  return content;
}

class OutcomeTest : public RuleLifeTest {
 protected:
  absl::StatusOr<v1::RecordedOutcome> Record(const v1::Outcome& outcome) {
    v1::RecordOutcomeRequest request;
    *request.mutable_outcome() = outcome;
    return OutcomeApi(engine_.get()).Record(request, kOfficer);
  }
  absl::StatusOr<v1::RecordedDecision> Record(const v1::Decision& decision) {
    v1::RecordDecisionRequest request;
    *request.mutable_decision() = decision;
    return OutcomeApi(engine_.get()).Record(request, kOfficer);
  }
  v1::ListOutcomesResponse ListOutcomes(
      const v1::ListOutcomesRequest& request) {
    auto response = OutcomeApi(engine_.get()).List(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::ListOutcomesResponse());
  }
  v1::ListDecisionsResponse ListDecisions(
      const v1::ListDecisionsRequest& request) {
    auto response = OutcomeApi(engine_.get()).List(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::ListDecisionsResponse());
  }
  v1::GetAssessmentResponse GetAssessment(const std::string& movement_id) {
    v1::GetAssessmentRequest request;
    request.set_source("terminal-1");
    request.set_movement_id(movement_id);
    auto response = HistoryApi(engine_.get()).GetAssessment(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::GetAssessmentResponse());
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_OUTCOME_FIXTURE_H_
