#include "store/position_runs.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "store/chain.h"

namespace portrisk::store {

void PositionRuns::Add(uint64_t position) {
  if (!empty() && position == last() + 1) {
    runs_.back().second = position;
  } else {
    runs_.emplace_back(position, position);
  }
}

PositionRuns PositionRuns::Within(uint64_t first, uint64_t last) const {
  PositionRuns within;
  for (const auto& [begin, end] : runs_) {
    if (end < first || begin > last) continue;
    within.runs_.emplace_back(std::max(begin, first), std::min(end, last));
  }
  return within;
}

uint64_t PositionRuns::size() const {
  uint64_t size = 0;
  for (const auto& [begin, end] : runs_) size += end - begin + 1;
  return size;
}

Chain PositionRuns::Digest() const {
  std::string bytes;
  for (const auto& [begin, end] : runs_) {
    absl::StrAppend(&bytes, BigEndian64(begin), BigEndian64(end));
  }
  return DigestOf(bytes);
}

}  // namespace portrisk::store
