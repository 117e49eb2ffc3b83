// Keys of states, as the store and the caches take them.
#ifndef PORTRISK_SERVICE_ENTITY_KEY_H_
#define PORTRISK_SERVICE_ENTITY_KEY_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// Kind and name of an entity, inline: a look-up touches no other memory.
struct EntityKey {
  static constexpr size_t kSize = 18;
  char bytes[kSize];

  EntityKey() { std::memset(bytes, 0, kSize); }
  // `name` has at most 17 bytes.
  EntityKey(char kind, absl::string_view name) : EntityKey() {
    bytes[0] = kind;
    std::memcpy(bytes + 1, name.data(), std::min(name.size(), kSize - 1));
  }
  absl::string_view view() const { return {bytes, kSize}; }
  bool operator==(const EntityKey& other) const {
    return std::memcmp(bytes, other.bytes, kSize) == 0;
  }
  template <typename H>
  friend H AbslHashValue(H h, const EntityKey& key) {
    // As numbers: bytes of this length are hashed by a function of the library
    // that takes several times as long.
    uint64_t first;
    uint64_t second;
    uint16_t last;
    static_assert(sizeof first + sizeof second + sizeof last == kSize);
    std::memcpy(&first, key.bytes, sizeof first);
    std::memcpy(&second, key.bytes + 8, sizeof second);
    std::memcpy(&last, key.bytes + 16, sizeof last);
    return H::combine(std::move(h), first, second, last);
  }
};

using KeyValues = std::vector<std::pair<std::string, std::string>>;

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENTITY_KEY_H_
