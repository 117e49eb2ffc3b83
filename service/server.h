// The gRPC server: five services over one engine, health, reflection.
#ifndef PORTRISK_SERVICE_SERVER_H_
#define PORTRISK_SERVICE_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/engine.h"
#include "service/roles.h"

namespace grpc {
class Channel;
}

namespace portrisk::service {

class Metrics;

// What one connection or caller may hold, and how long a silent one is borne.
struct ConnectionLimits {
  // Calls under way on a connection; the client keeps the others to itself.
  // Under overload they wait there and cost nothing here.
  int calls_max = 128;
  size_t caller_streams_max = 16;  // Of StreamScoreMovements.
  int metadata_bytes_max = 16 << 10;
  int threads_max = 64;  // Of all calls but scoring and watching, at once.
  // A connection that said nothing for so long is asked, and closed when it
  // does not answer.
  absl::Duration keepalive_after = absl::Seconds(30);
  absl::Duration keepalive_answer_max = absl::Seconds(10);
  absl::Duration client_ping_min = absl::Seconds(10);  // Oftener: closed.
  absl::Duration handshake_max = absl::Seconds(10);
  // Without a call for so long a connection is closed; clients come again by
  // themselves.
  absl::Duration idle_max = absl::Minutes(15);
  // Who takes nothing of an export for so long is cut off: others wait for its
  // end.
  absl::Duration unread_max = absl::Minutes(1);
};

struct ServerOptions {
  // "127.0.0.1:50071"; port 0 picks a free one; "" listens nowhere and only
  // InProcessChannel reaches it.
  std::string listen;
  // What TLS needs; all three or none. Files that change are read anew within
  // ten seconds, for connections that begin then.
  unsigned tls_look_again_s = 10;
  std::string tls_cert;  // PEM: the server's certificate and what leads to it.
  std::string tls_key;
  std::string tls_ca;  // PEM: who signs the certificates of callers.
  // The roles of callers. Null: everybody may do everything.
  std::shared_ptr<const RoleBook> roles;
  // Allows a loopback address without TLS. See also kDevelopmentCaller.
  bool development = false;
  // How long a drain refuses calls (SHUTTING_DOWN) before it takes none any
  // more: what arrives then is cancelled without a word.
  absl::Duration drain_notice;
  // How long a drain waits for calls under way before it cancels them.
  absl::Duration drain_max = absl::Seconds(10);
  ConnectionLimits connections;
  Metrics* metrics = nullptr;  // Outlives the server. Null: nobody measures.
};

// Lifecycle: Start, serve, Shutdown (or destroy). Thread-safe.
class Server {
 public:
  // `engine` outlives the server. UNAVAILABLE when the address is taken;
  // INVALID_ARGUMENT when it would serve without TLS for all to reach.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      Engine* engine, const ServerOptions& options);
  ~Server();

  // Calls that begin from here on meet these roles.
  void SetRoles(std::shared_ptr<const RoleBook> roles);

  // Writes to the audit log that the service was set up otherwise, or that it
  // has started, with these keys: what is assessed from here on is so by this
  // program's fold.
  void Configured(const std::string& what);
  void Started(const std::string& keys);

  // "127.0.0.1:40123": what it listens on.
  const std::string& address() const;
  // A channel that needs no socket.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Takes no new call, lets calls under way finish. Idempotent. The engine
  // refuses what comes next, and is not drained.
  void Shutdown();

 private:
  Server();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SERVER_H_
