// The gRPC server: five services over one engine, health, reflection.
#ifndef PORTRISK_SERVICE_SERVER_H_
#define PORTRISK_SERVICE_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/engine.h"

namespace grpc {
class Channel;
}

namespace portrisk::service {

class Metrics;

struct ServerOptions {
  // "127.0.0.1:50071"; port 0 picks a free one; "" listens nowhere and only
  // InProcessChannel reaches it.
  std::string listen;
  // See kDevelopmentCaller.
  bool development = false;
  // How long a drain waits for calls under way before it cancels them.
  absl::Duration drain_max = absl::Seconds(10);
  Metrics* metrics = nullptr;  // Outlives the server. Null: nobody measures.
};

// Lifecycle: Start, serve, Shutdown (or destroy). Thread-safe.
class Server {
 public:
  // `engine` outlives the server. UNAVAILABLE when the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      Engine* engine, const ServerOptions& options);
  ~Server();

  // "127.0.0.1:40123": what it listens on.
  const std::string& address() const;
  // A channel that needs no socket.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Takes no new call, lets calls under way finish. Idempotent. The engine is
  // not drained.
  void Shutdown();

 private:
  Server();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SERVER_H_
