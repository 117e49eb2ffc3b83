// Internal: what the sources of this folder share. Only store/*.cc include it;
// RocksDB's types go no further.
#ifndef PORTRISK_STORE_REP_H_
#define PORTRISK_STORE_REP_H_

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "store/store.h"

namespace rocksdb {
class BackupEngine;
}

namespace portrisk::store {

// What files are reached through.
struct Environment {
  std::shared_ptr<rocksdb::Env> env;
};

inline rocksdb::Env* EnvOf(const Options& options) {
  return options.environment == nullptr ? rocksdb::Env::Default()
                                        : options.environment->env.get();
}

inline constexpr size_t kTableCount = 8;
static_assert(static_cast<size_t>(Table::kBase) + 1 == kTableCount);

inline constexpr char kFormatKey[] = "format";
inline constexpr char kCheckpointKey[] = "checkpoint";
inline constexpr char kAnchorKey[] = "anchor";

// --- status.cc

// The one mapper of RocksDB's errors. `doing` opens the sentence: "opening the
// store in /var/lib/portrisk".
absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing);

// --- tables.cc

const char* TableName(Table table);
// RocksDB's: the one that every database has takes kBase, so that a store that
// nothing was removed from has no table that an earlier program lacks.
std::string ColumnName(Table table);
rocksdb::DBOptions DatabaseOptions(const Options& options);
rocksdb::ColumnFamilyOptions TableOptions(
    Table table, const std::shared_ptr<rocksdb::Cache>& cache);

// The first key behind all keys with this prefix; empty when there is none.
std::string PrefixEnd(absl::string_view prefix);

// How all is written, but for commits where these are not synced. A log that
// ends with something unsynced is synced by a flush, and by whoever commits or
// flushes meanwhile: when that fails for one of them, a RocksDB that is built
// with assertions, as Debian's is, ends the process for the next.
inline rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions how;
  how.sync = true;
  return how;
}

inline rocksdb::Slice ToSlice(absl::string_view bytes) {
  return rocksdb::Slice(bytes.data(), bytes.size());
}

inline absl::string_view ToView(const rocksdb::Slice& bytes) {
  return absl::string_view(bytes.data(), bytes.size());
}

// --- pace.cc

// What compaction writes through.
std::shared_ptr<rocksdb::RateLimiter> NewCompactionPace();

// --- info_log.cc

// Where RocksDB says what it does. Never an obstacle.
std::shared_ptr<rocksdb::Logger> NewInfoLog(const Options& options);

// Keys from `begin` to `end`, that included; empty: all.
struct TableRange {
  Table table;
  std::string begin;
  std::string end;
};

struct Store::Rep {
  explicit Rep(const Options& options);
  ~Rep();

  rocksdb::ColumnFamilyHandle* column(Table table) const {
    return columns[static_cast<size_t>(table)];
  }
  // Where sorted files are written before they are ingested.
  std::string ingest_directory() const { return options.directory + "/ingest"; }

  // --- open.cc, in this order.

  absl::Status OpenDatabase(bool create);
  rocksdb::Status TryOpen(bool create);
  // Writes the format record of a new store.
  absl::Status FinishCreation();
  // Removes what a crash has left behind.
  absl::Status RemoveLeftovers();
  // Brings a store of format 1 to this one. Nothing to do for a newer one.
  absl::Status Upgrade(const Store& store, absl::string_view format);
  // To the newest; before anything that an earlier program would misread.
  absl::Status RaiseFormat();
  // Sets last_sequence_at_open; proves the last block.
  absl::Status ReadEnd(const Store& store);

  // --- reattach.cc

  // When opening failed so because files are missing that an ingestion has left
  // under ingest/: puts them back and opens. Else `failure`.
  rocksdb::Status Reattach(const rocksdb::Status& failure);

  // --- append.cc

  // OK while nothing has failed. Any thread.
  absl::Status CheckWritable();
  absl::Status Append(uint64_t first_sequence, absl::string_view block,
                      absl::Span<const Put> with);
  // The reason for which writing stopped.
  void StopWriting(const absl::Status& reason);

  // Constant after Open.
  const Options options;
  // Movements up to here go when they are compacted.
  const std::shared_ptr<std::atomic<uint64_t>> removed_to =
      std::make_shared<std::atomic<uint64_t>>(0);
  // Filters for the tables that have them; outlive the database.
  std::unique_ptr<rocksdb::CompactionFilter> journal_filter, index_filter;
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, kTableCount> columns = {};
  uint64_t last_sequence_at_open = 0;

  // Written by the thread that appends, read by the one that ingests.
  std::atomic<uint64_t> last_sequence{0};
  // Of the thread that appends; kept for its memory.
  rocksdb::WriteBatch batch;

  std::mutex ingest_mutex;
  uint64_t files_written = 0;  // Guarded by ingest_mutex.

  // --- ingest.cc

  absl::Status Ingest(const std::vector<SortedEntries>& tables);
  // Removes keys from `begin` to before `end`, without reading them.
  absl::Status DropRange(Table table, const std::string& begin,
                         const std::string& end);

  // --- erase.cc

  // Brings everything to files, writes these ranges anew, and waits until the
  // files and logs of before are gone.
  absl::Status PurgeRanges(const std::vector<TableRange>& ranges);

  std::atomic<bool> stopped{false};
  std::atomic<bool> purge_abandoned{false};  // Looked at by erase.cc, base.cc.
  mutable std::mutex mutex;
  absl::Status stop_reason;  // Guarded by mutex.
  ChainHead head;            // Guarded by mutex; written by who appends.
  // The backup under way; null: none. Guarded by mutex.
  rocksdb::BackupEngine* backup = nullptr;
};

}  // namespace portrisk::store

#endif  // PORTRISK_STORE_REP_H_
