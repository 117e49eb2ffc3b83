// OutcomeService without its transport.
#ifndef PORTRISK_SERVICE_OUTCOME_API_H_
#define PORTRISK_SERVICE_OUTCOME_API_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "portrisk/v1/outcome_service.pb.h"
#include "portrisk/v1/scoring_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. What is recorded is durable when a method returns; nothing is
// shown that is not.
class OutcomeApi {
 public:
  // `engine` outlives this.
  explicit OutcomeApi(Engine* engine) : engine_(engine) {}

  absl::StatusOr<v1::RecordedOutcome> Record(
      const v1::RecordOutcomeRequest& request, const Caller& caller);
  absl::StatusOr<v1::BatchRecordOutcomesResponse> RecordBatch(
      const v1::BatchRecordOutcomesRequest& request, const Caller& caller);
  absl::StatusOr<v1::RecordedDecision> Record(
      const v1::RecordDecisionRequest& request, const Caller& caller);
  absl::StatusOr<v1::BatchRecordDecisionsResponse> RecordBatch(
      const v1::BatchRecordDecisionsRequest& request, const Caller& caller);
  absl::StatusOr<v1::ListOutcomesResponse> List(
      const v1::ListOutcomesRequest& request) const;
  absl::StatusOr<v1::ListDecisionsResponse> List(
      const v1::ListDecisionsRequest& request) const;

 private:
  Engine* const engine_;
};

// Adds the decisions about the versions that `response` shows and the outcomes
// of their units.
absl::Status AddControls(Engine* engine, v1::GetAssessmentResponse* response);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OUTCOME_API_H_
