// How the server is: live, ready and degraded apart.
//
//   live      the process answers. Not live: restart it.
//   ready     calls are taken. Not ready: send them elsewhere, and wait: it is
//             starting, opening its store again, or draining.
//   degraded  ready, but a person should look: reads go on and perhaps writes
//             do not, or something comes to an end. Sending calls elsewhere
//             would not help.
#ifndef PORTRISK_SERVICE_HEALTH_H_
#define PORTRISK_SERVICE_HEALTH_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "service/exposition.h"

namespace portrisk::service {

class Engine;
struct OpeningProgress;

struct Condition {
  std::string reason;  // "WRITES_REFUSED".
  std::string detail;  // What it means, and what to do.
};

struct Health {
  std::vector<Condition> not_ready;  // Empty: ready.
  std::vector<Condition> degraded;   // Only where ready.

  bool is_ready() const { return not_ready.empty(); }
  bool is_healthy() const { return is_ready() && degraded.empty(); }
};

// A checkpoint is too old when a crash would fold more than so many intervals.
inline constexpr uint64_t kCheckpointsBehindMax = 3;
// Of the queue's limit.
inline constexpr double kQueueNearlyFull = 0.8;

// Any thread; a few locks, no I/O. `door`: why callers that come now would not
// get in.
Health Examine(Engine* engine, const absl::Status& door = absl::OkStatus());
// While there is no engine: the store is not open yet.
Health ExamineStart(const OpeningProgress& opening);

// For a probe: {"ready":true,"degraded":[{"reason":...,"detail":...}]}.
std::string HealthJson(const Health& health);
// As portrisk_ready and portrisk_degraded.
void ShowHealth(const Health& health, Exposition* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HEALTH_H_
