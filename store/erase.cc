// Rewriting in place what the journal holds, and having the old bytes gone.
//
// A block is put again under its key with other records and, for each of them,
// the digest of what it was. Then the old version is in the log, in files, or
// both. All tables are flushed, upon which RocksDB starts a new log and deletes
// the old ones; then the files that held the block are compacted, the lowest
// included, which would keep it otherwise. Deleting goes on behind that, and
// waits for readers: so the directory is looked at until it is done.
//
// Movements that have passed their age are not put again: compaction itself
// takes them out of the blocks it meets (rewrite.h).
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "portrisk/v1/journal.pb.h"
#include "store/block.h"
#include "store/chain.h"
#include "store/rep.h"
#include "store/rewrite.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

// More keys than these are compacted as one range.
constexpr size_t kRangesMax = 64;
// A backup or a scan may hold files for long; it is tried again.
constexpr int kLooksMax = 3000;
constexpr std::chrono::milliseconds kLookAfter(10);

// Logs of the database by number, the one that is written last.
absl::StatusOr<std::vector<uint64_t>> Logs(rocksdb::DB* db) {
  rocksdb::VectorLogPtr files;
  const rocksdb::Status listed = db->GetSortedWalFiles(files);
  if (!listed.ok()) return FromRocks(listed, "listing the log");
  std::vector<uint64_t> numbers;
  for (const auto& file : files) numbers.push_back(file->LogNumber());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// Whether a file is left that the database needs no more, or a log up to `log`
// beside a newer one.
absl::StatusOr<bool> HasLeftovers(rocksdb::DB* db, const Options& options,
                                  uint64_t log) {
  const auto logs = Logs(db);
  if (!logs.ok()) return logs.status();
  if (logs->size() > 1 && logs->front() <= log) return true;
  std::vector<std::string> children, live;
  rocksdb::Status listed =
      EnvOf(options)->GetChildren(options.directory, &children);
  uint64_t manifest_bytes = 0;
  if (listed.ok()) {
    listed = db->GetLiveFiles(live, &manifest_bytes, /*flush_memtable=*/false);
  }
  if (!listed.ok()) return FromRocks(listed, "listing the store's files");
  const std::set<std::string> needed(live.begin(), live.end());
  return std::any_of(
      children.begin(), children.end(), [&](const std::string& name) {
        return absl::EndsWith(name, ".sst") && needed.count("/" + name) == 0;
      });
}

// Of states each key alone or, of many, all from the first to the last.
std::vector<TableRange> RangesOf(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  std::vector<TableRange> ranges;
  if (keys.size() > kRangesMax) {
    return {{Table::kStates, keys.front(), keys.back()}};
  }
  for (std::string& key : keys) ranges.push_back({Table::kStates, key, key});
  return ranges;
}

}  // namespace

absl::Status Store::ReplaceRecords(absl::Span<const Replacement> records) {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok() || records.empty()) return status;
  auto block = ReadBlock(records[0].sequence);
  if (!block.ok()) return block.status();
  const auto rewritten = Rewritten(*block, records);
  if (!rewritten.ok()) return rewritten.status();
  status =
      FromRocks(rep_->db->Put(Synced(), rep_->column(Table::kJournal),
                              BigEndian64(block->first_sequence), *rewritten),
                "rewriting the journal");
  if (!status.ok()) rep_->StopWriting(status);
  return status;
}

absl::Status Store::Rep::PurgeRanges(const std::vector<TableRange>& ranges) {
  const auto logs = Logs(db.get());
  if (!logs.ok()) return logs.status();
  rocksdb::Status done;
  // One after the other: together they would have to be made atomic.
  for (auto* column : columns) {
    if (done.ok()) done = db->Flush({}, column);
  }
  rocksdb::CompactRangeOptions how;
  how.exclusive_manual_compaction = false;
  how.bottommost_level_compaction =
      rocksdb::BottommostLevelCompaction::kForceOptimized;
  how.canceled = &purge_abandoned;
  for (const TableRange& range : ranges) {
    const rocksdb::Slice begin(range.begin), end(range.end);
    if (done.ok()) {
      done = db->CompactRange(how, column(range.table),
                              range.begin.empty() ? nullptr : &begin,
                              range.end.empty() ? nullptr : &end);
    }
  }
  // A cancelled compaction leaves everything as it was.
  if (purge_abandoned) return absl::CancelledError("purging was ended");
  absl::Status status =
      FromRocks(done, absl::StrCat("purging ", options.directory));
  // RocksDB takes no more writes then, until it is opened again.
  if (!status.ok()) StopWriting(status);
  const uint64_t log = logs->empty() ? 0 : logs->back();
  for (int waited = 0; status.ok(); ++waited) {
    const auto left = HasLeftovers(db.get(), options, log);
    if (!left.ok() || !*left) return left.status();
    if (purge_abandoned) return absl::CancelledError("purging was ended");
    if (waited == kLooksMax) {
      return absl::UnavailableError(
          "a reader holds files that are to go; purging begins again");
    }
    std::this_thread::sleep_for(kLookAfter);
  }
  return status;
}

absl::StatusOr<TableRange> Store::JournalRange(uint64_t first,
                                               uint64_t last) const {
  // The block that holds `first` has an earlier key.
  auto block = ReadBlock(first);
  if (!block.ok()) return block.status();
  return TableRange{Table::kJournal, BigEndian64(block->first_sequence),
                    BigEndian64(last)};
}

absl::Status Store::Purge(uint64_t first, uint64_t last,
                          std::vector<std::string> state_keys) {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok()) return status;
  std::vector<TableRange> ranges = RangesOf(std::move(state_keys));
  if (first <= last) {
    auto journal = JournalRange(first, last);
    if (!journal.ok()) return journal.status();
    ranges.push_back(*std::move(journal));
  }
  return rep_->PurgeRanges(ranges);
}

absl::Status Store::RemoveMovements(uint64_t first, uint64_t last) {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok()) return status;
  if (first == 0 || first > last || last > rep_->last_sequence) {
    return absl::InvalidArgumentError(
        absl::StrCat("no movements lie from ", first, " to ", last));
  }
  auto journal = JournalRange(first, last);
  if (!journal.ok()) return journal.status();
  rep_->removed_to->store(last, std::memory_order_release);
  return rep_->PurgeRanges(
      {*std::move(journal), {Table::kContainerIndex, "", ""}});
}

void Store::AbandonPurge() const { rep_->purge_abandoned = true; }

}  // namespace portrisk::store
