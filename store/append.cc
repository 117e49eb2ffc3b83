// Appending to the journal: the commit.
//
// HOT PATH. Budget: one append and fdatasync, and about 25 us of RocksDB's own
// when the caches have gone cold during the last sync, 4 us when they have not
// (bench/store_bench.cc, BM_Commit). Forbidden: any other I/O, reads included;
// the place of a block is checked against memory.
//
// A write whose sync failed is neither there nor not there: the kernel may
// have dropped the pages and reported it once. Nothing is sound after that
// until the log has been read again, so the first error stops all writing, in
// this file and in ingest.cc, until the store is opened again. What recovery
// then finds may include the last, unacknowledged block: that is allowed,
// losing an acknowledged one is not.
#include <rocksdb/db.h>
#include <rocksdb/utilities/backup_engine.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "store/chain.h"
#include "store/rep.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

absl::Status CheckPlace(uint64_t first_sequence, uint64_t last_sequence) {
  if (first_sequence == last_sequence + 1) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "a block from sequence ", first_sequence, " cannot follow sequence ",
      last_sequence, ": the journal has no gaps and no overlaps"));
}

// The journal goes through AppendBlock's own arguments, and the store keeps
// its own books in kMeta.
absl::Status CheckTables(absl::Span<const Put> with) {
  for (const Put& put : with) {
    if (put.table == Table::kJournal || put.table == Table::kMeta) {
      return absl::InvalidArgumentError(absl::StrCat(
          "table ", TableName(put.table), " cannot be written with a block"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Store::Rep::CheckWritable() {
  if (options.read_only) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store in ", options.directory, " is open for reading only"));
  }
  if (!stopped.load(std::memory_order_acquire)) return absl::OkStatus();
  const std::lock_guard<std::mutex> lock(mutex);
  const absl::string_view because =
      " accepts no write until it is opened again, because a write failed: ";
  return absl::Status(absl::IsResourceExhausted(stop_reason)
                          ? absl::StatusCode::kResourceExhausted
                          : absl::StatusCode::kUnavailable,
                      absl::StrCat("the store in ", options.directory, because,
                                   stop_reason.message()));
}

void Store::Rep::StopWriting(const absl::Status& reason) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (stop_reason.ok()) stop_reason = reason;  // What came first.
  stopped.store(true, std::memory_order_release);
  // It would keep the store from being opened again.
  if (backup != nullptr) backup->StopBackup();
}

absl::Status Store::Rep::Append(uint64_t first_sequence,
                                absl::string_view block,
                                absl::Span<const Put> with) {
  // Only this thread writes it.
  const auto sealed = Seal(head.chain, block);
  if (!sealed || sealed->records == 0 || sealed->has_others ||
      !sealed->stored.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the block from sequence ", first_sequence,
        " is not a serialised JournalBlock of at least one record and "
        "nothing else"));
  }
  const uint64_t last = last_sequence.load(std::memory_order_relaxed);
  absl::Status status = CheckPlace(first_sequence, last);
  if (status.ok()) status = CheckTables(with);
  if (!status.ok()) return status;

  const std::string doing =
      absl::StrCat("appending to the journal in ", options.directory);
  batch.Clear();
  const std::string key = BigEndian64(first_sequence);
  const rocksdb::Slice key_part(key);
  const std::string seal = ChainField(sealed->chain);
  const rocksdb::Slice parts[] = {ToSlice(block), seal};
  rocksdb::Status added =
      batch.Put(column(Table::kJournal), rocksdb::SliceParts(&key_part, 1),
                rocksdb::SliceParts(parts, 2));
  for (const Put& put : with) {
    if (added.ok()) added = batch.Put(column(put.table), put.key, put.value);
  }
  if (!added.ok()) return FromRocks(added, doing);

  rocksdb::WriteOptions how;
  how.sync = options.durability == Durability::kSync;
  if (how.sync && options.commit_fault) status = options.commit_fault();
  if (status.ok()) status = FromRocks(db->Write(how, &batch), doing);
  if (status.ok()) {
    const uint64_t now = last + sealed->records;
    last_sequence.store(now, std::memory_order_release);
    const std::lock_guard<std::mutex> lock(mutex);
    head = {now, sealed->chain};
  }
  return status;
}

absl::Status Store::CheckWritable() const { return rep_->CheckWritable(); }

// A commit waits for at most one such write.
absl::Status Store::PutContent(Table table, absl::string_view key,
                               absl::string_view value) {
  if (table != Table::kReference) {
    return absl::InvalidArgumentError(absl::StrCat(
        "table ", TableName(table), " holds nothing under its hash"));
  }
  absl::Status status = rep_->CheckWritable();
  if (!status.ok()) return status;
  status = FromRocks(rep_->db->Put(Synced(), rep_->column(table), ToSlice(key),
                                   ToSlice(value)),
                     "keeping content");
  if (!status.ok()) rep_->StopWriting(status);
  return status;
}

absl::Status Store::AppendBlock(uint64_t first_sequence,
                                absl::string_view block,
                                absl::Span<const Put> with) {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok()) return status;
  status = rep_->Append(first_sequence, block, with);
  if (!status.ok()) rep_->StopWriting(status);
  return status;
}

}  // namespace portrisk::store
