// Rewriting in place what the journal holds, and having the old bytes gone.
//
// A block is put again under its key with other records and, for each of them,
// the digest of what it was. Then the old version is in the log, in files, or
// both. All tables are flushed, upon which RocksDB starts a new log and deletes
// the old ones; then the files that held the block are compacted, the lowest
// included, which would keep it otherwise. Deleting goes on behind that, and
// waits for readers: so the directory is looked at until it is done.
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
#include "store/store.h"

namespace portrisk::store {
namespace {

// More keys than these are compacted as one range.
constexpr size_t kRangesMax = 64;
// A backup or a scan may hold files for long; it is tried again.
constexpr int kLooksMax = 3000;
constexpr std::chrono::milliseconds kLookAfter(10);

absl::Status Unfit(uint64_t sequence) {
  return absl::InvalidArgumentError(absl::StrCat(
      "what is to replace the record at sequence ", sequence,
      " is none of that sequence, or no such record lies in one block with the "
      "others"));
}

bool IsOf(const Replacement& one) {
  v1::JournalRecord record;
  return record.ParseFromString(one.bytes) && record.sequence() == one.sequence;
}

std::string Field(int field, absl::string_view bytes) {
  std::string out;
  out.push_back(static_cast<char>(field << 3 | 2));
  for (size_t left = bytes.size();; left >>= 7) {
    if (left < 0x80) {
      out.push_back(static_cast<char>(left));
      break;
    }
    out.push_back(static_cast<char>(0x80 | (left & 0x7f)));
  }
  out.append(bytes.data(), bytes.size());
  return out;
}

// The block with these records in the places of those it has.
absl::StatusOr<std::string> Rewritten(const Block& block,
                                      absl::Span<const Replacement> records) {
  std::string out;
  std::string chain;
  std::map<uint32_t, v1::ReplacedRecord> was;  // By index.
  uint64_t at = block.first_sequence;
  const Replacement* next = records.begin();
  const bool whole = WalkFields(block.bytes, [&](int field,
                                                 absl::string_view bytes) {
    if (field == v1::JournalBlock::kReplacedFieldNumber) {
      v1::ReplacedRecord one;
      if (!one.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return false;
      }
      was[one.index()] = std::move(one);  // What it was first.
    } else if (field == v1::JournalBlock::kChainFieldNumber) {
      chain.assign(bytes.data(), bytes.size());
    } else if (field == v1::JournalBlock::kRecordsFieldNumber) {
      if (next != records.end() && next->sequence == at) {
        const auto index = static_cast<uint32_t>(at - block.first_sequence);
        const Chain digest = DigestOf(bytes);
        was[index].set_index(index);
        was[index].mutable_digest()->assign(digest.begin(), digest.end());
        bytes = next++->bytes;
      }
      out += Field(field, bytes);
      ++at;
    }
    return true;
  });
  if (!whole || next != records.end()) return Unfit(records[0].sequence);
  for (const auto& [index, one] : was) {
    out +=
        Field(v1::JournalBlock::kReplacedFieldNumber, one.SerializeAsString());
  }
  if (!chain.empty()) out += Field(v1::JournalBlock::kChainFieldNumber, chain);
  return out;
}

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

struct Range {
  std::string begin;
  std::string end;  // The last key.
};

// Each key alone or, of many, all from the first to the last.
std::vector<Range> RangesOf(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  std::vector<Range> ranges;
  if (keys.size() > kRangesMax) return {{keys.front(), keys.back()}};
  for (std::string& key : keys) ranges.push_back({key, key});
  return ranges;
}

}  // namespace

absl::Status Store::ReplaceRecords(absl::Span<const Replacement> records) {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok() || records.empty()) return status;
  for (const Replacement& one : records) {
    if (!IsOf(one)) return Unfit(one.sequence);
  }
  auto block = ReadBlock(records[0].sequence);
  if (!block.ok()) return block.status();
  auto rewritten = Rewritten(*block, records);
  if (!rewritten.ok()) return rewritten.status();
  const auto before = Seal(ChainStart(), block->bytes);
  const auto after = Seal(ChainStart(), *rewritten);
  if (!before || !after || before->chain != after->chain ||
      before->has_others || after->has_others) {
    return absl::InternalError(
        absl::StrCat("the chain of the journal block at sequence ",
                     block->first_sequence, " would not stand"));
  }
  rocksdb::WriteOptions how;
  how.sync = true;
  status =
      FromRocks(rep_->db->Put(how, rep_->column(Table::kJournal),
                              BigEndian64(block->first_sequence), *rewritten),
                "rewriting the journal");
  if (!status.ok()) rep_->StopWriting(status);
  return status;
}

absl::Status Store::Purge(uint64_t first, uint64_t last,
                          std::vector<std::string> state_keys) {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok()) return status;
  rocksdb::DB* const db = rep_->db.get();
  const auto logs = Logs(db);
  if (!logs.ok()) return logs.status();
  std::vector<rocksdb::ColumnFamilyHandle*> all(rep_->columns.begin(),
                                                rep_->columns.end());
  all.push_back(rep_->unused_default);
  rocksdb::Status done;
  // One after the other: together they would have to be made atomic.
  for (auto* column : all) {
    if (done.ok()) done = db->Flush({}, column);
  }
  rocksdb::CompactRangeOptions how;
  how.exclusive_manual_compaction = false;
  how.bottommost_level_compaction =
      rocksdb::BottommostLevelCompaction::kForceOptimized;
  how.canceled = &rep_->purge_abandoned;
  const auto compact = [&](Table table, const Range& range) {
    const rocksdb::Slice begin(range.begin), end(range.end);
    if (done.ok()) {
      done = db->CompactRange(how, rep_->column(table), &begin, &end);
    }
  };
  if (first <= last) {
    // The block that holds `first` has an earlier key.
    auto block = ReadBlock(first);
    if (!block.ok()) return block.status();
    compact(Table::kJournal,
            {BigEndian64(block->first_sequence), BigEndian64(last)});
  }
  for (const Range& range : RangesOf(std::move(state_keys))) {
    compact(Table::kStates, range);
  }
  // A cancelled compaction leaves everything as it was.
  if (rep_->purge_abandoned) return absl::CancelledError("purging was ended");
  status = FromRocks(done, absl::StrCat("purging ", rep_->options.directory));
  const uint64_t log = logs->empty() ? 0 : logs->back();
  for (int waited = 0; status.ok(); ++waited) {
    const auto left = HasLeftovers(db, rep_->options, log);
    if (!left.ok() || !*left) return left.status();
    if (rep_->purge_abandoned) return absl::CancelledError("purging was ended");
    if (waited == kLooksMax) {
      return absl::UnavailableError(
          "a reader holds files that are to go; purging begins again");
    }
    std::this_thread::sleep_for(kLookAfter);
  }
  return status;
}

void Store::AbandonPurge() const { rep_->purge_abandoned = true; }

}  // namespace portrisk::store
