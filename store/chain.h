// The hash chain over the journal: what makes a change of anything in it show.
//
// Each block carries, behind its records, 32 bytes that depend on every byte
// of every record up to there. They need no key: whoever can rewrite the whole
// journal can rewrite the chain, too, which is why its head is signed from
// time to time by somebody who cannot (ChainCheckpoint).
//
// A record that an erasure has rewritten counts with the digest of what it was,
// which its block keeps. So the chain is what it was, and says nothing of what
// the record is now: that is what the entry of the erasure does, which comes
// later and is itself a record of the chain.
#ifndef PORTRISK_STORE_CHAIN_H_
#define PORTRISK_STORE_CHAIN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "store/store.h"

namespace portrisk::store {

// What stands before the first block.
Chain ChainStart();

// BLAKE2b-256 without a key.
Chain DigestOf(absl::string_view bytes);

// A serialised JournalBlock, taken apart.
struct SealedBlock {
  struct Replaced {
    uint64_t index;  // Of the record, from 0.
    Chain digest;    // Of what it is now.
  };
  uint64_t records = 0;
  Chain chain;                     // With its records behind `before`.
  absl::string_view stored;        // What it says its chain is; empty: nothing.
  std::vector<Replaced> replaced;  // By index.
  bool has_others = false;  // Bytes that are none of these, or out of order.
};
// nullopt when `block` is not one. BLAKE2b: about a microsecond a kilobyte.
std::optional<SealedBlock> Seal(const Chain& before, absl::string_view block);

// A stored block without its chain: what AppendBlock takes.
absl::string_view Unsealed(absl::string_view block);

// What goes behind the records of a block.
std::string ChainField(const Chain& chain);

struct ChainReport {
  uint64_t blocks = 0;
  uint64_t records = 0;
  ChainHead head;
  // Up to here blocks carry no chain of their own, since an earlier format had
  // none; one over all of them was kept when the store was upgraded.
  uint64_t unsealed_to = 0;
  // Records that were rewritten by an erasure, and those that one has named and
  // not come to yet.
  uint64_t erased = 0;
  uint64_t to_erase = 0;
  uint64_t removed = 0;  // Movements, by their age.
};

// Proves the chain from the first record to the last, and that each record that
// was rewritten is what an erasure has named. DATA_LOSS with the first
// and last sequence of the block where it breaks. `progress`, when set, is told
// the last sequence read, about every 10,000 records. `visit`, when set, gets
// each head on the way, for comparison with signed ones.
absl::StatusOr<ChainReport> VerifyChain(
    const Store& store, const std::function<void(uint64_t)>& progress,
    const std::function<absl::Status(const ChainHead&)>& visit);

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_CHAIN_H_
