// Restoring a store, as a whole or to a point.
#ifndef PORTRISK_SERVICE_RESTORE_H_
#define PORTRISK_SERVICE_RESTORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace portrisk::service {

struct RestoreOptions {
  // One of both: a directory of backups, or a store whose journal is whole and
  // that no server has open.
  std::string backups;
  std::string store;
  uint32_t backup = 0;  // 0: the newest.
  std::string to;       // A directory that is empty or not there.
  // What is kept of the journal: up to this position, or all that was recorded
  // until this time. Neither: everything.
  std::optional<uint64_t> until_sequence;
  std::optional<absl::Time> until_time;
};

struct RestoreReport {
  uint32_t backup = 0;         // 0: from a store.
  uint64_t last_sequence = 0;  // Of what was restored.
  uint64_t left_out = 0;       // Records after the point.
  uint64_t blocks = 0;         // Of the journal, each parsed.
  // To a point: the first record that an erasure behind it has rewritten. From
  // there on the chain is not the one that was signed. 0: there is none.
  uint64_t chain_new_from = 0;
};

// A whole backup is copied file by file, each compared with its checksum; then
// every block of the journal is parsed, sequences are found to be complete and
// the chain to hold.
// To a point, and from a store, the journal is written anew, with the rule
// sets, lists and reference data that belong to it and without any state: a
// server that opens it folds all of it. Nothing is at its place in `to` before
// all has been checked; when that fails, `to`/restoring is left for a look.
// `progress` is told how many records have been checked, and of how many.
absl::StatusOr<RestoreReport> Restore(
    const RestoreOptions& options,
    const std::function<void(uint64_t, uint64_t)>& progress);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RESTORE_H_
