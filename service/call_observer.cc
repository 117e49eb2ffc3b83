#include "service/call_observer.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "google/protobuf/descriptor.h"
#include "portrisk/v1/scoring_service.pb.h"

namespace portrisk::service {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

constexpr absl::string_view kScoring = "/portrisk.v1.ScoringService/";

// "/portrisk.v1.RuleService/GetRevision" without its package. Whoever calls
// what is not there gets one name, so that nobody can make up many.
std::string NameOf(const std::string& method) {
  if (method.size() < 2) return "unknown";
  std::string full = method.substr(1);
  std::replace(full.begin(), full.end(), '/', '.');
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          full);
  if (found == nullptr) return "unknown";
  return found->service()->name() + "/" + found->name();
}

class Observer final : public grpc::experimental::Interceptor {
 public:
  Observer(Metrics* metrics, const ServerRpcInfo& call)
      : metrics_(metrics),
        method_(call.method()),
        is_stream_(call.type() != ServerRpcInfo::Type::UNARY),
        begun_ns_(SteadyNow()) {}
  // A call that was cancelled ends without a status.
  ~Observer() override {
    if (!ended_) End(grpc::Status::CANCELLED);
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_SEND_STATUS)) {
      End(methods->GetSendStatus());
    }
    methods->Proceed();
  }

 private:
  void End(const grpc::Status& status) {
    ended_ = true;
    metrics_->Ended(NameOf(method_), is_stream_, status.error_code(),
                    status.error_details(), SteadyNow() - begun_ns_);
  }

  Metrics* const metrics_;
  const std::string method_;
  const bool is_stream_;
  const int64_t begun_ns_;
  bool ended_ = false;
};

class Factory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(Metrics* metrics) : metrics_(metrics) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      ServerRpcInfo* info) override {
    if (IsHot(info->method())) return nullptr;
    return new Observer(metrics_, *info);
  }

 private:
  Metrics* const metrics_;
};

}  // namespace

bool IsHot(absl::string_view method) {
  return absl::StartsWith(method, kScoring) &&
         (absl::EndsWith(method, "ScoreMovement") ||
          absl::EndsWith(method, "ScoreMovements"));
}

std::vector<
    std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
ObserversFor(Metrics* metrics) {
  std::vector<
      std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
      observers;
  if (metrics != nullptr)
    observers.push_back(std::make_unique<Factory>(metrics));
  return observers;
}

}  // namespace portrisk::service
