// What a restore to a point takes of a store that movements were removed from.
#ifndef PORTRISK_SERVICE_RESTORE_BASE_H_
#define PORTRISK_SERVICE_RESTORE_BASE_H_

#include "absl/status/status.h"
#include "portrisk/v1/erasure.pb.h"
#include "store/store.h"

namespace portrisk::service {

// Copies states and indexes as they were at the base, and the base itself, to a
// store that has the journal. DATA_LOSS where the states are not those that the
// journal has the digest of.
absl::Status CopyBase(const store::Store& from, const v1::Base& base,
                      store::Store* to);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RESTORE_BASE_H_
