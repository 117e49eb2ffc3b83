// The hash chain over the journal: what makes a change of anything in it show.
//
// Each block carries, behind its records, 32 bytes that depend on every byte
// of every record up to there. They need no key: whoever can rewrite the whole
// journal can rewrite the chain, too, which is why its head is signed from
// time to time by somebody who cannot (ChainCheckpoint).
#ifndef PORTRISK_STORE_CHAIN_H_
#define PORTRISK_STORE_CHAIN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "store/store.h"

namespace portrisk::store {

// What stands before the first block.
Chain ChainStart();

// A serialised JournalBlock, taken apart.
struct SealedBlock {
  uint64_t records = 0;
  Chain chain;               // With its records behind `before`.
  absl::string_view stored;  // What it says its chain is; empty: nothing.
  bool has_others = false;   // Bytes that are neither records nor the chain.
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
};

// Proves the chain from the first record to the last. DATA_LOSS with the first
// and last sequence of the block where it breaks. `progress`, when set, is told
// the last sequence read, about every 10,000 records. `visit`, when set, gets
// each head on the way, for comparison with signed ones.
absl::StatusOr<ChainReport> VerifyChain(
    const Store& store, const std::function<void(uint64_t)>& progress,
    const std::function<absl::Status(const ChainHead&)>& visit);

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_CHAIN_H_
