// How each table lies in RocksDB. Three shapes cover them all:
//
// - the journal: appended in key order, read in order or one block at a time,
//   most of the disk. Big compressed pages, no filter; its files never overlap,
//   so compaction only moves them.
// - keyed tables (states, identities): point reads, most of them for keys that
//   were never seen, which a bloom filter over whole keys answers without
//   touching a page. Their writes come sorted through ingestion.
// - the rest: small or scanned by prefix.
//
// Memtables are small: RocksDB's look-up in a big one costs more than in a
// file, and they are read again at recovery.
//
// Compaction debt must not hold up a commit: RocksDB slows every writer of the
// database down when one table falls behind, so the keyed tables may fall far
// behind before that. Each waiting file costs a read one more filter probe.
#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <cstddef>
#include <memory>
#include <string>

#include "store/rep.h"

namespace portrisk::store {
namespace {

constexpr size_t kKiB = size_t{1} << 10;
constexpr size_t kMiB = size_t{1} << 20;

// 1 % of absent keys cost a page read, for 1.25 bytes of memory a key.
constexpr double kFilterBitsPerKey = 10;

// Reopening after a crash replays at most this much, about half a second.
constexpr size_t kLogBytesMax = 64 * kMiB;
constexpr size_t kJournalMemtableBytes = 16 * kMiB;
constexpr size_t kMemtableBytes = 4 * kMiB;
static_assert(kJournalMemtableBytes < kLogBytesMax);

struct Layout {
  size_t page_bytes;
  rocksdb::CompressionType compression;
  bool filter;
  size_t memtable_bytes;
};

Layout LayoutOf(Table table) {
  switch (table) {
    case Table::kJournal:
      return {32 * kKiB, rocksdb::kZSTD, false, kJournalMemtableBytes};
    case Table::kStates:
      return {4 * kKiB, rocksdb::kLZ4Compression, true, kMemtableBytes};
    case Table::kIdentity:  // Hashes do not compress.
      return {4 * kKiB, rocksdb::kNoCompression, true, kMemtableBytes};
    case Table::kContainerIndex:
      return {8 * kKiB, rocksdb::kLZ4Compression, false, kMemtableBytes};
    case Table::kRuleSets:
    case Table::kReference:
    case Table::kMeta:
    case Table::kBase:  // Written and read whole, now and then.
      break;
  }
  return {16 * kKiB, rocksdb::kZSTD, false, kMemtableBytes};
}

}  // namespace

const char* TableName(Table table) {
  switch (table) {
    case Table::kJournal:
      return "journal";
    case Table::kStates:
      return "states";
    case Table::kIdentity:
      return "identity";
    case Table::kContainerIndex:
      return "container_index";
    case Table::kRuleSets:
      return "rule_sets";
    case Table::kReference:
      return "reference";
    case Table::kMeta:
      return "meta";
    case Table::kBase:
      return "base";
  }
  return "unknown";
}

// RocksDB goes on by itself when a full disk has room again, and its assertions
// have ended the process where that met a write of ours. The engine opens the
// store anew instead.
class NoRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* recovers) override {
    *recovers = false;
  }
};

std::string ColumnName(Table table) {
  return table == Table::kBase ? rocksdb::kDefaultColumnFamilyName
                               : TableName(table);
}

rocksdb::DBOptions DatabaseOptions(const Options& options) {
  rocksdb::DBOptions db;
  db.env = EnvOf(options);
  db.info_log = NewInfoLog(options);
  // What was acknowledged is never dropped in silence: only the tail of the
  // log, torn by a crash in the middle of a write, may be incomplete; any
  // other damage, or a whole log missing, refuses to open.
  db.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.track_and_verify_wals_in_manifest = true;
  // After a failed write the kernel's memory and the disk may differ, so
  // nothing is retried behind our back; recovery rewrites what it reads of the
  // log into synced files before anything new is accepted.
  db.max_bgerror_resume_count = 0;
  db.listeners.push_back(std::make_shared<NoRecovery>());
  db.avoid_flush_during_recovery = false;

  // Of each table file as it was written: a backup compares what it copies.
  db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();

  db.max_total_wal_size = kLogBytesMax;
  db.bytes_per_sync = kMiB;
  db.max_background_jobs = 2;
  db.rate_limiter = NewCompactionPace();
  // Merged at once before its pace is asked for.
  db.writable_file_max_buffer_size = 128 * kKiB;
  // One thread appends: no gain from inserting in parallel.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.avoid_unnecessary_blocking_io = true;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions TableOptions(
    Table table, const std::shared_ptr<rocksdb::Cache>& cache) {
  const Layout layout = LayoutOf(table);
  rocksdb::BlockBasedTableOptions pages;
  pages.block_size = layout.page_bytes;
  pages.block_cache = cache;
  pages.checksum = rocksdb::kXXH3;
  pages.format_version = 5;
  if (layout.filter) {
    pages.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
    pages.whole_key_filtering = true;
  }
  rocksdb::ColumnFamilyOptions column;
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(pages));
  column.compression = layout.compression;
  column.write_buffer_size = layout.memtable_bytes;
  column.level0_slowdown_writes_trigger = 200;
  column.level0_stop_writes_trigger = 400;
  column.soft_pending_compaction_bytes_limit = 0;
  column.hard_pending_compaction_bytes_limit = 0;
  return column;
}

}  // namespace portrisk::store
