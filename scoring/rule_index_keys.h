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

// The bytes of a text of at most eight, in a number.
inline uint64_t ShortText(const char* text, size_t size) {
  const auto at = [&](size_t i) {
    return uint64_t{static_cast<uint8_t>(text[i])};
  };
  if (size >= 4) {  // Two halves that overlap.
    uint32_t head, tail;
    std::memcpy(&head, text, 4);
    std::memcpy(&tail, text + size - 4, 4);
    return uint64_t{head} << 32 | tail;
  }
  return size == 0 ? 0 : at(0) | at(size / 2) << 8 | at(size - 1) << 16;
}

// Not monotone: for what is only ever compared for equality.
inline uint64_t HashKey(absl::string_view text) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  uint64_t hash = text.size() * kMultiplier;
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; at += 8, left -= 8) {
    uint64_t chunk;
    std::memcpy(&chunk, at, 8);
    hash = std::rotr((hash ^ chunk) * kMultiplier, 29);
  }
  hash = (hash ^ ShortText(at, left)) * kMultiplier;
  return (hash ^ hash >> 32) * kMultiplier;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_KEYS_H_
