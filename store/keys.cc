#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "store/store.h"

namespace portrisk::store {

std::string BigEndian64(uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) {
    bytes[i] = static_cast<char>(value & 0xff);
  }
  return bytes;
}

uint64_t FromBigEndian64(absl::string_view bytes) {
  if (bytes.size() != 8) {
    std::fprintf(stderr, "FromBigEndian64: %zu bytes instead of 8\n",
                 bytes.size());
    std::abort();
  }
  uint64_t value = 0;
  for (const char byte : bytes) {
    value = value << 8 | static_cast<uint8_t>(byte);
  }
  return value;
}

}  // namespace portrisk::store
