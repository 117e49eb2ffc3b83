#include <cstddef>
#include <cstdint>

#include "tests/scoring/fuzz_states.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::scoring::FuzzState({reinterpret_cast<const char*>(data), size});
  return 0;
}
