// grpc.health.v1 for this server.
//
// "" and each service: ready. Three more names tell states apart: "live",
// "ready", and "healthy", which is ready and not degraded (health.h).
#ifndef PORTRISK_SERVICE_HEALTH_SERVICE_H_
#define PORTRISK_SERVICE_HEALTH_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"
#include "service/grpc_status.h"
#include "service/health.h"
#include "service/request_reader.h"

namespace portrisk::service {

// Thread-safe. Until Stop.
class HealthService final : public grpc::Service {
 public:
  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;

  // `services` are the full names that answer; "" and the states always do.
  // `examine` is called from any thread.
  HealthService(std::set<std::string> services, std::function<Health()> examine)
      : services_(std::move(services)), examine_(std::move(examine)) {
    services_.insert({"", kLive, kReady, kHealthy});
    // Whoever connects may ask, so that nothing large is parsed (methods.h).
    Add<grpc::internal::RpcMethodHandler<HealthService, Bytes, Response>,
        Response*>("/grpc.health.v1.Health/Check",
                   grpc::internal::RpcMethod::NORMAL_RPC,
                   &HealthService::Check);
    Add<grpc::internal::ServerStreamingHandler<HealthService, Bytes, Response>,
        grpc::ServerWriter<Response>*>(
        "/grpc.health.v1.Health/Watch",
        grpc::internal::RpcMethod::SERVER_STREAMING, &HealthService::Watch);
  }

  grpc::Status Check(grpc::ServerContext*, const Request* request,
                     Response* reply) {
    if (services_.count(request->service()) == 0) {
      return {grpc::StatusCode::NOT_FOUND, "no such service"};
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    reply->set_status(StatusNow(request->service()));
    return grpc::Status::OK;
  }

  grpc::Status Watch(grpc::ServerContext* context, const Request* request,
                     grpc::ServerWriter<Response>* writer) {
    Response reply;
    if (services_.count(request->service()) == 0) {
      reply.set_status(Response::SERVICE_UNKNOWN);
      writer->Write(reply);
      return {grpc::StatusCode::NOT_FOUND, "no such service"};
    }
    std::unique_lock<std::mutex> lock(mutex_);
    if (watchers_ >= kWatchersMax) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED,
              "too many watch already; ask with Check"};
    }
    ++watchers_;
    while (!context->IsCancelled()) {
      const auto now = StatusNow(request->service());
      if (reply.status() != now) {
        reply.set_status(now);
        lock.unlock();
        writer->Write(reply);
        lock.lock();
      }
      if (stopped_) break;
      // A cancelled call and another state are noticed at the next turn.
      changed_.wait_for(lock, std::chrono::seconds(1));
    }
    --watchers_;
    return grpc::Status::OK;
  }

  // From now on not serving; watchers are told and let go.
  void Stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  using Bytes = grpc::ByteBuffer;
  static constexpr size_t kRequestBytesMax = 1024;
  static constexpr int kWatchersMax = 8;  // Each holds a thread.
  static constexpr char kLive[] = "live";
  static constexpr char kReady[] = "ready";
  static constexpr char kHealthy[] = "healthy";

  template <typename Handler, typename Reply>
  void Add(const char* method, grpc::internal::RpcMethod::RpcType type,
           grpc::Status (HealthService::*answer)(grpc::ServerContext*,
                                                 const Request*, Reply)) {
    auto handle = [answer](HealthService* self, grpc::ServerContext* context,
                           const Bytes* bytes, Reply reply) {
      Request request;
      const absl::Status read = ReadRequest(*bytes, kRequestBytesMax, &request);
      if (!read.ok()) return ToGrpc(read);
      return (self->*answer)(context, &request, reply);
    };
    AddMethod(new grpc::internal::RpcServiceMethod(
        method, type, new Handler(std::move(handle), this)));
  }

  // Under mutex_.
  Response::ServingStatus StatusNow(const std::string& name) const {
    bool serves = name == kLive;
    if (!serves && !stopped_) {
      const Health health = examine_();
      serves = name == kHealthy ? health.is_healthy() : health.is_ready();
    }
    return serves ? Response::SERVING : Response::NOT_SERVING;
  }

  // Constant after construction.
  std::set<std::string> services_;
  const std::function<Health()> examine_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  int watchers_ = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HEALTH_SERVICE_H_
