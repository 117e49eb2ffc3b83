// Keys of states, as the store and the caches take them.
#ifndef PORTRISK_SERVICE_ENTITY_KEY_H_
#define PORTRISK_SERVICE_ENTITY_KEY_H_

#include <algorithm>
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
    return H::combine_contiguous(std::move(h), key.bytes, kSize);
  }
};

using KeyValues = std::vector<std::pair<std::string, std::string>>;

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENTITY_KEY_H_
