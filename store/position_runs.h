// Positions of the journal, as runs of neighbours: which movements a removal by
// age took, with which its last entry is held against the journal.
#ifndef PORTRISK_STORE_POSITION_RUNS_H_
#define PORTRISK_STORE_POSITION_RUNS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "store/store.h"

namespace portrisk::store {

class PositionRuns {
 public:
  // Ascending.
  void Add(uint64_t position);
  // Those from `first` to `last`, both included.
  PositionRuns Within(uint64_t first, uint64_t last) const;

  bool empty() const { return runs_.empty(); }
  uint64_t last() const { return empty() ? 0 : runs_.back().second; }
  uint64_t size() const;
  // BLAKE2b-256 of the first and last position of each run, 8 bytes each, big
  // endian.
  Chain Digest() const;

 private:
  std::vector<std::pair<uint64_t, uint64_t>> runs_;  // Ends included.
};

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_POSITION_RUNS_H_
