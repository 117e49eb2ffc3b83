// Bytes as a bad disk, a bad line or a bad caller changes them.
#ifndef PORTRISK_TESTS_FUZZ_DAMAGE_H_
#define PORTRISK_TESTS_FUZZ_DAMAGE_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

namespace portrisk {

// At up to four places: a bit flipped, a byte replaced, bytes taken out, bytes
// doubled, the rest cut off, or a number of protobuf made huge.
inline std::string Damage(std::string bytes, std::mt19937* random) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : (*random)() % n; };
  for (size_t n = 1 + below(4); n > 0; --n) {
    const size_t at = below(bytes.size() + 1);
    switch (below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] ^= static_cast<char>(1 << below(8));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>((*random)());
        break;
      case 2:
        bytes.erase(std::min(at, bytes.size()), below(9));
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, below(24)));
        break;
      case 4:
        if (below(8) == 0) bytes.resize(at);
        break;
      default:
        bytes.insert(at, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    }
  }
  return bytes;
}

}  // namespace portrisk

#endif  // PORTRISK_TESTS_FUZZ_DAMAGE_H_
