// The HTTP port for machines that watch: /metrics, /livez and /readyz.
//
// Plain HTTP without identities. What it tells says which rules fire and how
// often, at each moment: whoever can read it while one box passes learns
// whether that box was selected. So it listens on loopback unless told
// otherwise, and what stands in front of it has to ask who comes.
#ifndef PORTRISK_SERVICE_MONITOR_H_
#define PORTRISK_SERVICE_MONITOR_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/metrics.h"

namespace portrisk::service {

class Engine;

struct MonitorOptions {
  std::string listen;     // "127.0.0.1:9464"; port 0 picks a free one.
  bool anywhere = false;  // Listen elsewhere than on loopback, too.
};

// Lifecycle: Start before the engine opens, Watch it, Leave it before it goes.
// Thread-safe.
class Monitor {
 public:
  // `metrics` outlives this. INVALID_ARGUMENT for an address that may not be,
  // UNAVAILABLE for one that is taken.
  static absl::StatusOr<std::unique_ptr<Monitor>> Start(
      Metrics* metrics, const MonitorOptions& options);
  ~Monitor();

  const std::string& address() const;

  // The engine is open. Until then, and after Leave, nothing is ready. `door`
  // says why callers that come now would not get in; asked with each look.
  void Watch(
      Engine* engine,
      std::function<absl::Status()> door = [] { return absl::OkStatus(); });
  // Returns when no request reads the engine any more.
  void Leave();

 private:
  Monitor();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_MONITOR_H_
