#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "tests/service/fuzz_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool is_ready = sodium_init() >= 0;
  if (!is_ready) return 0;
  portrisk::service::FuzzFile({reinterpret_cast<const char*>(data), size});
  return 0;
}
