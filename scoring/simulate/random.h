// Random numbers that are the same on every machine.
//
// The distributions of the standard library differ from one library to the
// next, so everything here is integer arithmetic over splitmix64. A stream
// depends on what it was made from and on nothing else: a trip draws from a
// stream of its own, so a change in one trip shifts no other.
#ifndef PORTRISK_SCORING_SIMULATE_RANDOM_H_
#define PORTRISK_SCORING_SIMULATE_RANDOM_H_

#include <array>
#include <cstdint>
#include <initializer_list>

namespace portrisk::scoring::simulate {

// Mixes the words into one; any change of any word changes all bits.
uint64_t Mix(std::initializer_list<uint64_t> words);

// A distribution by its quantiles, straight lines between them: the values
// that 0, 1, 5, 25, 50, 75, 95, 99 and 100 % lie at or below.
using Quantiles = std::array<int32_t, 9>;

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next();
  // 0 to n - 1, evenly; n is at least 1 and below 2^32.
  uint32_t Below(uint32_t n);
  // low to high, both included, evenly.
  int64_t Between(int64_t low, int64_t high);
  // True `ppm` times in a million.
  bool Chance(uint32_t ppm) { return Below(1'000'000) < ppm; }
  int64_t Draw(const Quantiles& quantiles);
  // 0 to n - 1, small ones more often: the first hundredth of all gets
  // 0.01^(1/3), which is 22 %.
  uint32_t Skewed(uint32_t n);

 private:
  uint64_t state_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_RANDOM_H_
