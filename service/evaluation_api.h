// EvaluationService without its transport, and what an approval needs of it.
#ifndef PORTRISK_SERVICE_EVALUATION_API_H_
#define PORTRISK_SERVICE_EVALUATION_API_H_

#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/evaluation_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// The number of a finished evaluation that has tried the revision's content
// beside exactly what is in force now; of several the last. FAILED_PRECONDITION
// (REPLAY_MISSING, REPLAY_OUTDATED) when there is none.
absl::StatusOr<uint64_t> EvaluationOf(const v1::Catalogue& catalogue,
                                      const v1::Revision& revision);

// Thread-safe. Changes go through the journal; each returns when durable.
class EvaluationApi {
 public:
  // `engine` outlives this.
  explicit EvaluationApi(Engine* engine) : engine_(engine) {}

  absl::StatusOr<v1::Evaluation> Start(
      const v1::StartEvaluationRequest& request, const Caller& caller);
  // Without what quotes conditions of layers that are not the caller's.
  absl::StatusOr<v1::GetEvaluationResponse> Get(
      const v1::GetEvaluationRequest& request, const Caller& caller) const;
  // Without its report.
  absl::StatusOr<v1::Evaluation> State(uint64_t evaluation) const;
  absl::StatusOr<v1::ListEvaluationsResponse> List(
      const v1::ListEvaluationsRequest& request) const;
  absl::StatusOr<v1::Evaluation> Cancel(
      const v1::CancelEvaluationRequest& request, const Caller& caller);

 private:
  Engine* const engine_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_API_H_
