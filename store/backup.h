// Backups of a store: made while it serves, kept in one directory, restored
// into another.
//
// A directory of backups holds each table file once, whatever the number of
// backups it belongs to, so that a backup costs what is new since the one
// before. A backup counts from the moment it has been read back, every checksum
// compared and its journal found to end in a whole block: then its mark lies in
// DIR/verified, and only marked ones are listed and restored. It holds the
// journal up to its last_sequence, and states up to some position before that:
// opening what was restored folds the rest, as after a crash.
//
// What is not in a backup: the secrets, which lie outside of the store.
//
// One directory is for one store. Functions that write to one directory exclude
// each other, in other processes, too; reading is possible beside them.
// Thread-safe.
#ifndef PORTRISK_STORE_BACKUP_H_
#define PORTRISK_STORE_BACKUP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/store.h"

namespace portrisk::store {

struct Backup {
  uint32_t id = 0;  // From 1, ascending.
  absl::Time time;
  uint64_t last_sequence = 0;  // Of its journal.
  uint64_t bytes = 0;          // Of all its files.
  uint64_t new_bytes = 0;      // Of those that no earlier backup holds.
  int files = 0;
};

// Adds what `directory` does not hold yet and verifies it. Makes the directory.
// `store` goes on being written; a backup holds at least what was durable at
// the call. ABORTED while another backup is made in this directory, UNAVAILABLE
// when the store stopped writing or AbandonBackup was called,
// RESOURCE_EXHAUSTED when the directory's disk is full, DATA_LOSS when what was
// written does not read back.
absl::StatusOr<Backup> CreateBackup(const Store& store,
                                    const std::string& directory);

// Oldest first. NOT_FOUND when the directory holds no backups.
absl::StatusOr<std::vector<Backup>> ListBackups(const std::string& directory);

// Backups that have a mark and cannot be read any more: a file of them is
// missing, of another size, or says nothing. Ascending. What has the right size
// and other bytes only CheckBackup finds.
absl::StatusOr<std::vector<uint32_t>> DamagedBackups(
    const std::string& directory);

// Removes all but the newest `keep` (1 or more) that can be read, damaged ones
// before those, and the files that only they held. ABORTED as above.
absl::Status KeepBackups(const std::string& directory, int keep);

// Reads every file of the backup and compares its checksum: DATA_LOSS with the
// file's name when one differs or is missing.
absl::Status CheckBackup(const std::string& directory, uint32_t id);

// The backup as a read-only store, where it lies.
absl::StatusOr<std::unique_ptr<Store>> OpenBackup(const std::string& directory,
                                                  uint32_t id);

// Copies the files of a backup into `to`, an empty directory or none, comparing
// checksums. When it fails, what was written stays.
absl::Status RestoreFiles(const std::string& directory, uint32_t id,
                          const std::string& to);

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_BACKUP_H_
