#include <cstddef>
#include <cstdint>

#include "tests/formats/fuzz_list_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using portrisk::v1::ListType;
  if (size == 0) return 0;
  // The first byte chooses the type.
  const auto type = static_cast<ListType>(
      portrisk::v1::LIST_TEXT + data[0] % portrisk::v1::LIST_HS_PREFIX);
  portrisk::service::FuzzListCsv(
      {reinterpret_cast<const char*>(data) + 1, size - 1}, type);
  return 0;
}
