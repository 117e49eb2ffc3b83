#include <cstddef>
#include <cstdint>

#include "tests/service/fuzz_outcome_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::service::FuzzOutcomeCsv(
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
