// HistoryService and the reading half of ScoringService, without transport.
#ifndef PORTRISK_SERVICE_HISTORY_API_H_
#define PORTRISK_SERVICE_HISTORY_API_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "portrisk/v1/history_service.pb.h"
#include "portrisk/v1/scoring_service.pb.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe. Nothing is shown that is not durable yet.
class HistoryApi {
 public:
  explicit HistoryApi(Engine* engine) : engine_(engine) {}

  absl::StatusOr<v1::GetContainerResponse> GetContainer(
      const v1::GetContainerRequest& request) const;
  // In entity_api.cc.
  absl::StatusOr<v1::GetEntityResponse> GetEntity(
      const v1::GetEntityRequest& request) const;
  absl::StatusOr<v1::ListMovementsResponse> ListMovements(
      const v1::ListMovementsRequest& request) const;
  absl::StatusOr<v1::GetAssessmentResponse> GetAssessment(
      const v1::GetAssessmentRequest& request) const;

  // Fills titles and explanations in `language`; nothing for "".
  absl::Status Explain(const std::string& language,
                       v1::Assessment* assessment) const;
  // The same of a serialised one, for a thread that others wait for: a hit of a
  // rule set that is not compiled yet, one of long ago, stays as it is.
  std::string ExplainAtOnce(const std::string& language,
                            absl::string_view assessment) const;

 private:
  absl::StatusOr<v1::AssessedMovement> Read(uint64_t sequence,
                                            const std::string& language) const;

  Engine* const engine_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HISTORY_API_H_
