// Lengths of time as authors write them: 30s, 90m, 36h, 180d, 5y. A year has
// 365 days.
#ifndef PORTRISK_SCORING_AGGREGATE_LENGTH_H_
#define PORTRISK_SCORING_AGGREGATE_LENGTH_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::scoring {

// False when it is no whole number above zero with a unit.
bool ParseLength(absl::string_view text, int64_t* seconds);
// In the largest unit that leaves no rest; years are written in days.
std::string FormatLength(int64_t seconds);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_LENGTH_H_
