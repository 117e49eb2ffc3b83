#include <cstddef>
#include <cstdint>

#include "tests/service/fuzz_requests.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const server = new portrisk::service::FuzzedServer;
  portrisk::service::FuzzRequest(server,
                                 {reinterpret_cast<const char*>(data), size});
  return 0;
}
