// grpc.health.v1 for this server and its services.
#ifndef PORTRISK_SERVICE_HEALTH_H_
#define PORTRISK_SERVICE_HEALTH_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"

namespace portrisk::service {

// Thread-safe. Serving from construction until Stop.
class HealthService final : public grpc::health::v1::Health::Service {
 public:
  // `services` are the full names that answer; "" always does.
  explicit HealthService(std::set<std::string> services)
      : services_(std::move(services)) {
    services_.insert("");
  }

  grpc::Status Check(grpc::ServerContext*,
                     const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* reply) override {
    if (services_.count(request->service()) == 0) {
      return {grpc::StatusCode::NOT_FOUND, "no such service"};
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    reply->set_status(StatusNow());
    return grpc::Status::OK;
  }

  grpc::Status Watch(grpc::ServerContext* context,
                     const grpc::health::v1::HealthCheckRequest* request,
                     grpc::ServerWriter<grpc::health::v1::HealthCheckResponse>*
                         writer) override {
    grpc::health::v1::HealthCheckResponse reply;
    if (services_.count(request->service()) == 0) {
      reply.set_status(grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN);
      writer->Write(reply);
      return {grpc::StatusCode::NOT_FOUND, "no such service"};
    }
    std::unique_lock<std::mutex> lock(mutex_);
    while (!context->IsCancelled()) {
      if (reply.status() != StatusNow()) {
        reply.set_status(StatusNow());
        lock.unlock();
        writer->Write(reply);
        lock.lock();
      }
      if (stopped_) break;
      // A cancelled call is noticed at the next turn.
      changed_.wait_for(lock, std::chrono::seconds(1));
    }
    return grpc::Status::OK;
  }

  // From now on not serving; watchers are told and let go.
  void Stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  grpc::health::v1::HealthCheckResponse::ServingStatus StatusNow() const {
    return stopped_ ? grpc::health::v1::HealthCheckResponse::NOT_SERVING
                    : grpc::health::v1::HealthCheckResponse::SERVING;
  }

  std::set<std::string> services_;  // Constant after construction.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HEALTH_H_
