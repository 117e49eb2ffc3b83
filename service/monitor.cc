#include "service/monitor.h"

#include <httplib.h>
#include <sys/socket.h>

#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/engine_figures.h"
#include "service/errors.h"
#include "service/health.h"

namespace portrisk::service {
namespace {

// A slow or half-open peer holds one of them for so long at most.
constexpr size_t kThreads = 4;
constexpr int kWaitSeconds = 2;
constexpr size_t kBodyBytesMax = 1024;
constexpr int kHttpUnavailable = 503;

struct Address {
  std::string host;
  int port = 0;
};

absl::StatusOr<Address> ParseAddress(const MonitorOptions& options) {
  Address address;
  const size_t colon = options.listen.rfind(':');
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(options.listen.substr(colon + 1), &address.port) ||
      address.port < 0 || address.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", options.listen, "\" is no address; write 127.0.0.1:9464"));
  }
  address.host = options.listen.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const bool loopback = absl::StartsWith(address.host, "127.") ||
                        address.host == "::1" || address.host == "localhost";
  if (loopback || options.anywhere) return address;
  return absl::InvalidArgumentError(absl::StrCat(
      "metrics on ", options.listen,
      " would tell anybody who can connect which rules fire, as it happens; "
      "listen on 127.0.0.1, or say --metrics-anywhere where something in front "
      "of it asks who comes"));
}

}  // namespace

struct Monitor::Rep {
  Metrics* metrics = nullptr;
  httplib::Server http;
  std::thread thread;
  std::string address;
  std::mutex mutex;
  // Guarded by mutex.
  Engine* engine = nullptr;
  std::function<absl::Status()> door;
  Health Look() const {
    return engine == nullptr ? ExamineStart(metrics->opening())
                             : Examine(engine, door());
  }

  void Route() {
    http.Get("/livez", [](const httplib::Request&, httplib::Response& reply) {
      reply.set_content("live\n", "text/plain");
    });
    http.Get("/readyz",
             [this](const httplib::Request&, httplib::Response& reply) {
               const std::lock_guard<std::mutex> lock(mutex);
               const Health health = Look();
               if (!health.is_ready()) reply.status = kHttpUnavailable;
               reply.set_content(HealthJson(health) + "\n", "application/json");
             });
    http.Get("/metrics",
             [this](const httplib::Request&, httplib::Response& reply) {
               reply.set_content(metrics->Text(), "text/plain; version=0.0.4");
             });
  }

  // What nobody counts, but is known when asked.
  void Show(Exposition* out) {
    ShowProcess(out);
    const std::lock_guard<std::mutex> lock(mutex);
    ShowHealth(Look(), out);
    if (engine != nullptr) ShowEngine(engine, out);
  }
};

Monitor::Monitor() : rep_(std::make_unique<Rep>()) {}

Monitor::~Monitor() {
  if (!rep_->thread.joinable()) return;  // It never listened.
  rep_->metrics->Withdraw();
  rep_->http.stop();
  rep_->thread.join();
}

absl::StatusOr<std::unique_ptr<Monitor>> Monitor::Start(
    Metrics* metrics, const MonitorOptions& options) {
  const auto address = ParseAddress(options);
  if (!address.ok()) return address.status();
  auto monitor = std::unique_ptr<Monitor>(new Monitor());
  Rep& rep = *monitor->rep_;
  rep.metrics = metrics;
  rep.http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  // Its own default would share the port with another server in silence.
  rep.http.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  rep.http.set_read_timeout(kWaitSeconds);
  rep.http.set_write_timeout(kWaitSeconds);
  rep.http.set_keep_alive_timeout(kWaitSeconds);
  rep.http.set_payload_max_length(kBodyBytesMax);
  rep.Route();
  int port = address->port;
  const bool bound = port == 0
                         ? (port = rep.http.bind_to_any_port(address->host)) > 0
                         : rep.http.bind_to_port(address->host, port);
  if (!bound) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", options.listen,
                     " for metrics; is another server running there?"));
  }
  rep.address = absl::StrCat(
      options.listen.substr(0, options.listen.rfind(':')), ":", port);
  rep.thread = std::thread([&rep] { rep.http.listen_after_bind(); });
  // Stopping it before it runs would have no effect.
  while (!rep.http.is_running()) absl::SleepFor(absl::Milliseconds(1));
  metrics->Publish([&rep](Exposition* out) { rep.Show(out); });
  return monitor;
}

const std::string& Monitor::address() const { return rep_->address; }

void Monitor::Watch(Engine* engine, std::function<absl::Status()> door) {
  const std::lock_guard<std::mutex> lock(rep_->mutex);
  rep_->engine = engine;
  rep_->door = std::move(door);
}

void Monitor::Leave() { Watch(nullptr); }

}  // namespace portrisk::service
