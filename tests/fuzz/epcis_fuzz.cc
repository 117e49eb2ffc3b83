#include <cstddef>
#include <cstdint>

#include "tests/formats/fuzz_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  portrisk::service::FuzzFormat(portrisk::service::Format::kEpcis, data, size);
  return 0;
}
