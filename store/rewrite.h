// Internal: blocks of the journal with other records in the places of those
// they have. The chain stands: a block keeps the digest of what a record was.
#ifndef PORTRISK_STORE_REWRITE_H_
#define PORTRISK_STORE_REWRITE_H_

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "store/store.h"

namespace portrisk::store {

// Ascending sequences, all of this block; INVALID_ARGUMENT where they are not,
// INTERNAL where the chain would not stand.
absl::StatusOr<std::string> Rewritten(const Block& block,
                                      absl::Span<const Replacement> records);

// Of a record of the journal, without parsing what is in it.
struct RecordForm {
  bool is_movement = false;
  bool is_audit = false;
  // A movement that has passed its age: position and time, and nothing else.
  bool is_removed = false;
};
// nullopt when it does not parse.
std::optional<RecordForm> FormOf(absl::string_view record);

// The block with nothing of its movements up to `last` but position and time;
// nullopt where it has none, or is damaged.
std::optional<std::string> WithoutMovements(const Block& block, uint64_t last);

// What compaction does with movements up to `*removed_to`, which may grow: of
// blocks of the journal, and of entries of the container index.
using Position = std::shared_ptr<const std::atomic<uint64_t>>;
std::unique_ptr<rocksdb::CompactionFilter> JournalFilter(Position removed_to);
std::unique_ptr<rocksdb::CompactionFilter> IndexFilter(Position removed_to);

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_REWRITE_H_
