// What folding begins with where movements were removed from the journal.
#ifndef PORTRISK_SERVICE_RESTORE_BASE_H_
#define PORTRISK_SERVICE_RESTORE_BASE_H_

#include "absl/status/status.h"
#include "portrisk/v1/erasure.pb.h"
#include "store/store.h"

namespace portrisk::service {

// Puts the states of the base where opening goes on from, in a store without
// states: `from` itself or a copy of its journal. DATA_LOSS where they are not
// those that the journal has the digest of.
absl::Status TakeUpBase(const store::Store& from, const v1::Base& base,
                        store::Store* to);

// The same for a copy, with the indexes as they were at the base and with the
// base itself.
absl::Status CopyBase(const store::Store& from, const v1::Base& base,
                      store::Store* to);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RESTORE_BASE_H_
