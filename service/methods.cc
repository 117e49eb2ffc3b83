#include "service/methods.h"

#include <cstdlib>
#include <iostream>

namespace portrisk::service {

const MethodRule& Methods::Typed(
    const char* method, const google::protobuf::Descriptor* request,
    const google::protobuf::Descriptor* reply) const {
  const auto* const service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          service_);
  const auto* const declared =
      service == nullptr ? nullptr : service->FindMethodByName(method);
  if (declared == nullptr || declared->input_type() != request ||
      declared->output_type() != reply) {
    // A mistake in this program, seen wherever a server starts.
    std::cerr << service_ << "/" << method << " is not what the proto says\n";
    std::abort();
  }
  return RuleOf(method);
}

}  // namespace portrisk::service
