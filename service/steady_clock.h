// The clock that durations are measured with.
#ifndef PORTRISK_SERVICE_STEADY_CLOCK_H_
#define PORTRISK_SERVICE_STEADY_CLOCK_H_

#include <chrono>
#include <cstdint>

#include "absl/time/time.h"

namespace portrisk::service {

// Nanoseconds; never goes back.
inline int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The same as a time, for waits that a jump of the wall clock must not change.
inline absl::Time SteadyTime() {
  return absl::UnixEpoch() + absl::Nanoseconds(SteadyNow());
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_STEADY_CLOCK_H_
