// Which fold made the states that a store holds.
#ifndef PORTRISK_SERVICE_FOLD_VERSION_H_
#define PORTRISK_SERVICE_FOLD_VERSION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/journal.pb.h"
#include "store/store.h"

namespace portrisk::service {

// Raised with every change by which the same journal gives other bytes of
// states or of indexes; tests/service/fold_version_test.cc notices one.
// 1: visits know what they began with and the one before them; what decays is
// weighed as of the beginning of a period.
// 2: what is told late belongs to the visit before; a timeline knows from when
// on it has no holes.
// 3: a stay lasts until its departure is known; a sighting ends none.
// 4: who affixed a seal is kept.
// 5: a gate-out's place, load and kinds of ids are kept in the chain; who
// brings an empty box back claims nothing.
// 6: a retraction leaves no silence, no first time and no estimate that is not
// so; a box takes two places among the risky ones; papers without a gross
// weight declare what goods and tare come to; what was recorded of a box is
// listed by its kind; of a gate-out it is known that its day alone is.
// 7: what stands of a consignment is kept.
inline constexpr uint32_t kFoldVersion = 7;

inline bool IsOfThisFold(const v1::Checkpoint& checkpoint) {
  return checkpoint.fold_version() == kFoldVersion;
}

// Takes states of another fold away, so that opening folds the journal from its
// start or from the base. Whether there were any. Entries of indexes stay: a
// fold adds to them. A crash in between is made good by the next call.
absl::StatusOr<bool> ForgetForeignStates(store::Store* store);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FOLD_VERSION_H_
