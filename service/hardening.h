// What keeps keys and codes that pass through memory from being found there.
#ifndef PORTRISK_SERVICE_HARDENING_H_
#define PORTRISK_SERVICE_HARDENING_H_

#include "absl/status/status.h"

namespace portrisk::service {

// From now on a crash writes no core file, and no process of the same user may
// attach to this one or read its memory; root still may. Swapped pages are the
// operator's: encrypt the swap, or have none.
absl::Status KeepMemoryPrivate();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HARDENING_H_
