// The displacement report of a store: one pass over its journal.
#ifndef PORTRISK_SERVICE_DISPLACEMENT_REPORT_H_
#define PORTRISK_SERVICE_DISPLACEMENT_REPORT_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "scoring/displacement.h"
#include "store/store.h"

namespace portrisk::service {

// Reads only, in bounded memory. `progress` is called now and then with the
// records read so far.
absl::StatusOr<v1::DisplacementReport> ReportDisplacement(
    const store::Store& store, const scoring::Displacement::Options& options,
    const std::function<void(uint64_t)>& progress);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_DISPLACEMENT_REPORT_H_
