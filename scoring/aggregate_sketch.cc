#include "scoring/aggregate_sketch.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace portrisk::scoring {
namespace {

constexpr int kIndexBits = 8;
static_assert(size_t{1} << kIndexBits == kAggregateRegisters);
// The rank of a hash whose other bits are all zero.
constexpr int kRankMax = 64 - kIndexBits + 1;
// 1 / (2 ln 2)
constexpr double kAlpha = 0.721347520444481703680;

double Sigma(double x) {
  double y = 1;
  double z = x;
  for (double before = -1; z != before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  for (double before = -1; z != before;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

int64_t BinOfSize(uint64_t size, int precision) {
  if (size < uint64_t{2} << precision) return static_cast<int64_t>(size);
  const int high = 63 - __builtin_clzll(size);
  const int shift = high - precision;
  return (int64_t{shift} << precision) + static_cast<int64_t>(size >> shift);
}

// The smallest number of a bin of positive ones, and how many it has, as a
// power of two.
uint64_t BinBegin(int64_t bin, int precision, int* shift) {
  *shift = 0;
  if (bin < int64_t{2} << precision) return static_cast<uint64_t>(bin);
  *shift = static_cast<int>((bin >> precision) - 1);
  return static_cast<uint64_t>(bin - (int64_t{*shift} << precision)) << *shift;
}

}  // namespace

void AddHash(uint64_t hash, uint8_t* registers) {
  const uint64_t rest = hash << kIndexBits;
  const int rank = rest == 0 ? kRankMax : __builtin_clzll(rest) + 1;
  uint8_t& at = registers[hash >> (64 - kIndexBits)];
  at = std::max(at, static_cast<uint8_t>(rank));
}

uint64_t EstimateDistinct(absl::Span<const uint8_t> registers) {
  constexpr auto kCount = static_cast<double>(kAggregateRegisters);
  std::array<int, kRankMax + 1> of_rank{};
  for (const uint8_t rank : registers) ++of_rank[std::min<int>(rank, kRankMax)];
  if (of_rank[0] == static_cast<int>(kAggregateRegisters)) return 0;
  double z = kCount * Tau(1 - of_rank[kRankMax] / kCount);
  for (int rank = kRankMax - 1; rank >= 1; --rank) {
    z = 0.5 * (z + of_rank[rank]);
  }
  z += kCount * Sigma(of_rank[0] / kCount);
  return static_cast<uint64_t>(std::llround(kAlpha * kCount * kCount / z));
}

int64_t BinOf(int64_t number, int precision) {
  if (number >= 0) return BinOfSize(static_cast<uint64_t>(number), precision);
  return -BinOfSize(0 - static_cast<uint64_t>(number), precision);
}

int64_t BinMiddle(int64_t bin, int precision) {
  int shift = 0;
  const uint64_t begin = BinBegin(bin < 0 ? -bin : bin, precision, &shift);
  const uint64_t middle =
      shift == 0 ? begin : begin + ((uint64_t{1} << shift) >> 1);
  const auto number =
      static_cast<int64_t>(std::min<uint64_t>(middle, INT64_MAX));
  return bin < 0 ? -number : number;
}

int64_t CoarserBin(int64_t bin, int precision) {
  int shift = 0;
  const uint64_t begin = BinBegin(bin < 0 ? -bin : bin, precision, &shift);
  const int64_t coarser = BinOfSize(begin, precision - 1);
  return bin < 0 ? -coarser : coarser;
}

}  // namespace portrisk::scoring
