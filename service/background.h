// Work that must not take the gate's processor: checking and compiling rule
// sets, filling aggregates, writing behind.
#ifndef PORTRISK_SERVICE_BACKGROUND_H_
#define PORTRISK_SERVICE_BACKGROUND_H_

#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <utility>

namespace portrisk::service {

// Lets every thread of ordinary priority go before the calling one, for the
// rest of its life. Per thread on Linux; without the right to change it,
// nothing changes.
inline void StepBehind() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10);
}

// Waits for `work` on a thread of its own that has stepped behind: a thread
// that serves calls could not come back to its priority.
template <typename Work>
auto RunBehind(Work work) {
  return std::async(std::launch::async,
                    [&work] {
                      StepBehind();
                      return std::move(work)();
                    })
      .get();
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_BACKGROUND_H_
