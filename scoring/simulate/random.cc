#include "scoring/simulate/random.h"

#include <cstddef>

namespace portrisk::scoring::simulate {
namespace {

// splitmix64, a bijection of 64 bits (Steele, Lea, Flood 2014).
uint64_t Scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

constexpr uint64_t kStep = 0x9E3779B97F4A7C15u;
// Where the quantiles lie, in parts of ten thousand.
constexpr std::array<int32_t, 9> kPoints = {0,    100,  500,  2500, 5000,
                                            7500, 9500, 9900, 10000};

}  // namespace

uint64_t Mix(std::initializer_list<uint64_t> words) {
  uint64_t mixed = 0;
  for (uint64_t word : words) mixed = Scramble((mixed ^ word) + kStep);
  return mixed;
}

uint64_t Random::Next() { return Scramble(state_ += kStep); }

uint32_t Random::Below(uint32_t n) {
  return static_cast<uint32_t>(((Next() >> 32) * n) >> 32);
}

int64_t Random::Between(int64_t low, int64_t high) {
  return low + Below(static_cast<uint32_t>(high - low + 1));
}

int64_t Random::Draw(const Quantiles& quantiles) {
  const int32_t point = static_cast<int32_t>(Below(10'000));
  size_t i = 1;
  while (point >= kPoints[i]) ++i;
  const int64_t from = quantiles[i - 1];
  const int64_t width = quantiles[i] - from;
  // A second draw, so that the value is not one of ten thousand.
  const int64_t along = (point - kPoints[i - 1]) * int64_t{1000} + Below(1000);
  return from + width * along / ((kPoints[i] - kPoints[i - 1]) * int64_t{1000});
}

uint32_t Random::Skewed(uint32_t n) {
  const uint64_t u = Next() >> 32;
  const uint64_t square = (u * u) >> 32;
  const uint64_t cube = (square * u) >> 32;
  return static_cast<uint32_t>((cube * n) >> 32);
}

}  // namespace portrisk::scoring::simulate
