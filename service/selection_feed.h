// New selections out of the journal: what WatchAssessments sends, without its
// transport.
#ifndef PORTRISK_SERVICE_SELECTION_FEED_H_
#define PORTRISK_SERVICE_SELECTION_FEED_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "portrisk/v1/selection_service.pb.h"
#include "service/engine.h"
#include "service/history_api.h"

namespace portrisk::service {

// Reads on where it has stopped. It holds nothing but a position, so one that
// is not read costs nothing. One thread at a time.
class SelectionFeed {
 public:
  // INVALID_ARGUMENT with a field violation for each mistake, OUT_OF_RANGE for
  // a position behind `end`, the durable one.
  static absl::Status Check(const v1::WatchAssessmentsRequest& request,
                            uint64_t end);

  // Both outlive this. Precondition: the request passes Check.
  SelectionFeed(Engine* engine, const HistoryApi* history,
                const v1::WatchAssessmentsRequest& request);

  // Everything up to here has been looked at.
  uint64_t position() const { return position_; }

  // Looks at the next durable records, a bounded number of them, until enough
  // for one message are found, which are appended to `out`.
  absl::Status ReadOn(v1::WatchAssessmentsResponse* out);

 private:
  // Whether a movement that raised a lane concerns the place.
  absl::Status Consider(uint64_t sequence, const StoredMovement& record,
                        v1::WatchAssessmentsResponse* out);
  absl::StatusOr<bool> WasHereBefore(const v1::Movement& movement,
                                     uint64_t sequence) const;

  Engine* const engine_;
  const HistoryApi* const history_;
  const v1::WatchAssessmentsRequest request_;
  const v1::Lane lane_at_least_;
  uint64_t position_;
  v1::Assessment assessment_;  // Reused.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SELECTION_FEED_H_
