#include "service/hardening.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

namespace portrisk::service {

absl::Status KeepMemoryPrivate() {
  // The limit alone does not stop a core file that is piped to a program, the
  // flag alone is lost when an exec changes who the process is.
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0 ||
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return absl::ErrnoToStatus(errno, "keeping memory out of core files");
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
