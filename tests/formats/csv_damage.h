// CSV as it comes after something went wrong on the way.
#ifndef PORTRISK_TESTS_FORMATS_CSV_DAMAGE_H_
#define PORTRISK_TESTS_FORMATS_CSV_DAMAGE_H_

#include <cstdint>
#include <random>
#include <string>

namespace portrisk {

// Changes, takes out or puts in bytes at up to three places.
inline std::string DamageCsv(std::string text, std::mt19937* random) {
  for (uint32_t n = (*random)() % 4; n > 0 && !text.empty(); --n) {
    const size_t at = (*random)() % text.size();
    switch ((*random)() % 3) {
      case 0:
        text[at] = static_cast<char>((*random)());
        break;
      case 1:
        text.erase(at, (*random)() % 20);
        break;
      default:
        text.insert(at, 1, "\",;\n\r\t"[(*random)() % 6]);
    }
  }
  return text;
}

}  // namespace portrisk

#endif  // PORTRISK_TESTS_FORMATS_CSV_DAMAGE_H_
