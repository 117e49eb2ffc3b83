#include "service/unparsable_requests.h"

#include <string>

#include "service/call_observer.h"
#include "service/errors.h"
#include "service/grpc_status.h"

namespace portrisk::service {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

class Explainer final : public grpc::experimental::Interceptor {
 public:
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      // Ours have details, whatever their code (ToGrpc).
      if (status.error_code() == grpc::StatusCode::INTERNAL &&
          status.error_details().empty()) {
        methods->ModifySendStatus(ToGrpc(UnparsableRequest()));
      }
    }
    methods->Proceed();
  }
};

class Factory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateServerInterceptor(
      ServerRpcInfo* info) override {
    return IsHot(info->method()) ? nullptr : new Explainer;
  }
};

}  // namespace

absl::Status UnparsableRequest() {
  return Error(absl::StatusCode::kInvalidArgument, "UNPARSABLE_REQUEST",
               "the request is not a valid protobuf message of this method; is "
               "every string UTF-8, and was it made from this version's "
               "proto?");
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
ExplainUnparsable() {
  return std::make_unique<Factory>();
}

}  // namespace portrisk::service
