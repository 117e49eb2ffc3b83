// What stands in for values when a bucket has too many of them. Both are
// deterministic, merge in any order, and use whole numbers and square roots
// only, so that every machine gives the same.
#ifndef PORTRISK_SCORING_AGGREGATE_SKETCH_H_
#define PORTRISK_SCORING_AGGREGATE_SKETCH_H_

#include <cstdint>

#include "absl/types/span.h"
#include "scoring/limits.h"

namespace portrisk::scoring {

// Registers of a HyperLogLog: of the hashes that fall to a register, the most
// leading zeros seen, plus one. Standard error 1.04 / sqrt(256) = 6.5 %.
void AddHash(uint64_t hash, uint8_t* registers);
// The number of different hashes, by Ertl's estimator, which needs no tables
// and no logarithm ("New cardinality estimation algorithms for HyperLogLog
// sketches", 2017, section 4).
uint64_t EstimateDistinct(absl::Span<const uint8_t> registers);

// Bins for quantiles: a number's bin is its sign, its highest bit and the
// `precision` bits behind that. Numbers below 2^(precision + 1) have a bin of
// their own; of others the middle of the bin is within 2^-(precision + 1) of
// the number, relatively. Bins are ordered like the numbers in them.
inline constexpr int kBinPrecision = 5;
int64_t BinOf(int64_t number, int precision);
// The middle of a bin, rounded towards zero.
int64_t BinMiddle(int64_t bin, int precision);
// The bin of the next lower precision that holds all of `bin`.
int64_t CoarserBin(int64_t bin, int precision);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_SKETCH_H_
