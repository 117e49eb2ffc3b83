// Slow-call traces: for a call over a limit, one line of log with the time of
// each stage. Movements are named by source and id; nothing of their content is
// told. At most ten lines a second, so that a slow disk does not fill itself.
#ifndef PORTRISK_SERVICE_SLOW_CALLS_H_
#define PORTRISK_SERVICE_SLOW_CALLS_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "service/log.h"
#include "service/task.h"

namespace portrisk::service {

// Thread-safe.
class SlowCalls {
 public:
  static constexpr int kLinesPerSecond = 10;

  explicit SlowCalls(absl::Duration limit)
      : limit_ns_(limit == absl::InfiniteDuration()
                      ? INT64_MAX
                      : absl::ToInt64Nanoseconds(limit)) {}

  bool IsSlow(int64_t duration_ns) const { return duration_ns > limit_ns_; }

  // Counts a slow call and logs it, where there is room. `task`: its movement,
  // with the times of the batch that answered it; null: not known.
  void Tell(const std::string& method, const std::string& code,
            int64_t duration_ns, const MovementTask* task);

  uint64_t slow() const { return slow_; }
  uint64_t untold() const { return untold_; }

 private:
  bool TakeLine();

  const int64_t limit_ns_;
  std::atomic<uint64_t> slow_{0};
  std::atomic<uint64_t> untold_{0};
  // The second and, below, the lines told in it.
  std::atomic<uint64_t> told_{0};
};

// The fields of such a line.
LogFields SlowCallFields(const std::string& method, const std::string& code,
                         int64_t duration_ns, const MovementTask* task);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SLOW_CALLS_H_
