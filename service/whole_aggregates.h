// Of states of aggregates that were read, whether they can be worked on.
#ifndef PORTRISK_SERVICE_WHOLE_AGGREGATES_H_
#define PORTRISK_SERVICE_WHOLE_AGGREGATES_H_

#include "absl/status/status.h"
#include "service/aggregates.h"
#include "service/state_kind.h"

namespace portrisk::service {

// DATA_LOSS, and the entry given up again, for the first state of `read`, which
// LoadMissing has filled, that scoring::IsWhole refuses.
absl::Status CheckAggregates(const LoadBuffers& read,
                             const Aggregates& aggregates);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WHOLE_AGGREGATES_H_
