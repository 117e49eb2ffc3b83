// Any bytes are refused as a state, or all pure steps can work on them.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/seed_corpus.h"
#include "tests/scoring/fuzz_states.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  portrisk::PlantSeeds(*argc, *argv, portrisk::scoring::StateSeeds());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::scoring::FuzzState({reinterpret_cast<const char*>(data), size});
  return 0;
}
