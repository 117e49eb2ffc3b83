// The clock that durations are measured with.
#ifndef PORTRISK_SERVICE_STEADY_CLOCK_H_
#define PORTRISK_SERVICE_STEADY_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace portrisk::service {

// Nanoseconds; never goes back.
inline int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_STEADY_CLOCK_H_
