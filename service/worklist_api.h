// The calls of SelectionService about worklists, without their transport.
#ifndef PORTRISK_SERVICE_WORKLIST_API_H_
#define PORTRISK_SERVICE_WORKLIST_API_H_

#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "portrisk/v1/selection_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"
#include "service/history_api.h"

namespace portrisk::service {

// Thread-safe.
class WorklistApi {
 public:
  // Both outlive this.
  WorklistApi(Engine* engine, const HistoryApi* history)
      : engine_(engine), history_(history) {}

  absl::StatusOr<v1::Worklist> List(
      const v1::ListWorklistRequest& request) const;
  // Journals what List would show, so that everybody can know later with what
  // probability a unit was selected, and what had to be left out. Returns when
  // that is durable.
  absl::StatusOr<v1::Worklist> Take(const v1::ListWorklistRequest& request,
                                    const Caller& caller);
  absl::StatusOr<v1::ListTakenWorklistsResponse> ListTaken(
      const v1::ListTakenWorklistsRequest& request) const;

 private:
  absl::Status Explain(const std::string& language,
                       v1::WorklistEntry* entry) const;

  Engine* const engine_;
  const HistoryApi* const history_;
  std::mutex mutex_;  // One is taken at a time.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WORKLIST_API_H_
