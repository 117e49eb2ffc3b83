// Any bytes to any method are answered, or refused as the caller's fault.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/seed_corpus.h"
#include "tests/service/fuzz_requests.h"

namespace {

portrisk::service::FuzzedServer* Server() {
  static auto* const server = new portrisk::service::FuzzedServer;
  return server;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  portrisk::PlantSeeds(*argc, *argv,
                       portrisk::service::RequestSeeds(*Server()));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::service::FuzzRequest(Server(),
                                 {reinterpret_cast<const char*>(data), size});
  return 0;
}
