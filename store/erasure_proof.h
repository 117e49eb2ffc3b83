// Internal: the proof that what was rewritten in the journal was rewritten by
// an erasure, or removed by its age. Only chain.cc uses it.
#ifndef PORTRISK_STORE_ERASURE_PROOF_H_
#define PORTRISK_STORE_ERASURE_PROOF_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "store/chain.h"
#include "store/position_runs.h"
#include "store/store.h"

namespace portrisk::store {

// Entries come after what they name, so all that was rewritten is noted on the
// way and held against them at the end. Memory: about 100 bytes for each record
// that was rewritten or named; little for those that were removed, which are
// all movements up to a position.
class ErasureProof {
 public:
  // A block of the journal, in order. False when an entry in it does not parse.
  bool Take(const Block& block, const SealedBlock& sealed);
  // DATA_LOSS where a record was rewritten that no later entry names as it is
  // or removes, or where an erasure says that it has ended and a record is not
  // what it named, or is there still. Fills what the report says of erasures.
  absl::Status Prove(const Store& store, ChainReport* report) const;

 private:
  struct Named {
    uint64_t erasure;
    uint64_t entry;  // Its position.
    Chain digest;
  };
  absl::Status ProveNamed(const Store& store, uint64_t sequence,
                          const std::vector<Named>& names,
                          ChainReport* report) const;

  std::map<uint64_t, Chain> rewritten_;           // By sequence, as it is now.
  std::map<uint64_t, std::vector<Named>> named_;  // By sequence.
  std::set<uint64_t> finished_;
  absl::Status ProveRemovals(ChainReport* report) const;

  // Rewritten, and neither movements nor audit entries, which alone name anyone
  // who is erased.
  std::set<uint64_t> others_;
  // Removal. By erasure: up to where; what its end says was removed. Which
  // movements are, and the first that is there.
  struct Ended {
    uint64_t movements;
    Chain digest;
  };
  std::map<uint64_t, uint64_t> removals_;
  std::map<uint64_t, Ended> ended_;
  PositionRuns removed_;
  uint64_t first_kept_ = UINT64_MAX;
};

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_ERASURE_PROOF_H_
