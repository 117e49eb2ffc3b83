// Any bytes are refused as a file of an operator, by name, or taken.
#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/fuzz/seed_corpus.h"
#include "tests/service/fuzz_files.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (sodium_init() < 0) std::abort();
  portrisk::PlantSeeds(*argc, *argv, portrisk::service::FileSeeds());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::service::FuzzFile({reinterpret_cast<const char*>(data), size});
  return 0;
}
