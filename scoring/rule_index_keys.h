// Values as 64-bit keys for the rule index. Each map is monotone: a value that
// is not smaller never gets a smaller key. That is all the index needs; keys
// of different values may be equal.
#ifndef PORTRISK_SCORING_RULE_INDEX_KEYS_H_
#define PORTRISK_SCORING_RULE_INDEX_KEYS_H_

#include <bit>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace portrisk::scoring {

inline uint64_t NumberKey(double value) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const auto bits = std::bit_cast<uint64_t>(value + 0.0);  // -0 becomes 0.
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

// Of times, by their seconds rounded down.
inline uint64_t SecondsKey(int64_t seconds) {
  return static_cast<uint64_t>(seconds) ^ uint64_t { 1 } << 63;
}

// The first eight bytes, big-endian.
inline uint64_t TextKey(absl::string_view text) {
  uint64_t key = 0;
  for (size_t i = 0; i < 8; ++i) {
    key = key << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
  }
  return key;
}

// Not monotone: for what is only ever compared for equality.
inline uint64_t HashKey(absl::string_view text) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  uint64_t hash = text.size() * kMultiplier;
  while (!text.empty()) {
    uint64_t chunk = 0;
    const size_t size = text.size() < 8 ? text.size() : 8;
    std::memcpy(&chunk, text.data(), size);
    hash = std::rotr((hash ^ chunk) * kMultiplier, 29);
    text.remove_prefix(size);
  }
  return hash * kMultiplier;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_KEYS_H_
