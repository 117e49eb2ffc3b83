// Writing behind the journal, in bulk.
//
// A put costs about 5 us a key whatever the batch; a sorted file written aside
// costs a fraction of one. So each table's entries go into a file of its own
// under ingest/, synced, and one entry in RocksDB's manifest takes all of them
// in at once, the checkpoint with them. A crash before that entry leaves files
// that nobody refers to: Open removes them. After it, all are in.
//
// When that entry's sync fails RocksDB removes its names of the files, though
// the entry may be on the disk: it would not open such a store again. Hence
// they keep their names under ingest/, and Open puts them back (reattach.cc).
//
// The states must never be ahead of the journal on disk, so the log is synced
// first where commits do not do it.
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>

#include <bitset>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "store/rep.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

absl::Status CheckIngested(const std::vector<SortedEntries>& tables) {
  std::bitset<kTableCount> seen;
  for (const SortedEntries& sorted : tables) {
    const size_t index = static_cast<size_t>(sorted.table);
    if (sorted.table == Table::kJournal || sorted.table == Table::kMeta ||
        seen[index]) {
      return absl::InvalidArgumentError(absl::StrCat(
          "table ", TableName(sorted.table),
          seen[index] ? " is given twice" : " cannot be ingested"));
    }
    seen.set(index);
  }
  return absl::OkStatus();
}

// Closed and synced on return.
rocksdb::Status WriteFile(const SortedEntries& sorted,
                          const rocksdb::Options& options,
                          rocksdb::ColumnFamilyHandle* column,
                          const std::string& path) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options, column);
  rocksdb::Status status = writer.Open(path);
  for (const auto& [key, value] : sorted.entries) {
    if (!status.ok()) return status;
    status = writer.Put(key, value);
  }
  return status.ok() ? writer.Finish() : status;
}

// Removes what a failed attempt has written. Best effort: what is left is
// harmless and goes when the store is opened.
void RemoveFiles(rocksdb::Env* env,
                 const std::vector<rocksdb::IngestExternalFileArg>& files) {
  for (const auto& file : files) {
    env->DeleteFile(file.external_files.front()).PermitUncheckedError();
  }
}

}  // namespace

absl::Status Store::Rep::Ingest(const std::vector<SortedEntries>& tables) {
  const std::lock_guard<std::mutex> lock(ingest_mutex);
  const std::string doing =
      absl::StrCat("writing states in ", options.directory);
  std::vector<rocksdb::IngestExternalFileArg> files;
  rocksdb::Status written;
  for (const SortedEntries& sorted : tables) {
    if (sorted.entries.empty() || !written.ok()) continue;
    rocksdb::IngestExternalFileArg& file = files.emplace_back();
    file.column_family = column(sorted.table);
    file.external_files = {absl::StrCat(ingest_directory(), "/",
                                        ++files_written, "-",
                                        TableName(sorted.table), ".sst")};
    file.options.move_files = true;
    file.options.write_global_seqno = false;
    written = WriteFile(sorted, db->GetOptions(file.column_family),
                        file.column_family, file.external_files.front());
  }
  if (files.empty()) return absl::OkStatus();
  if (written.ok() && options.durability != Durability::kSync) {
    written = db->SyncWAL();
    if (!written.ok()) StopWriting(FromRocks(written, doing));
  }
  std::unique_ptr<rocksdb::Directory> directory;
  if (written.ok()) {
    written = EnvOf(options)->NewDirectory(ingest_directory(), &directory);
  }
  if (written.ok()) written = directory->Fsync();
  if (!written.ok()) {
    RemoveFiles(EnvOf(options), files);
    return FromRocks(written, doing);
  }
  const absl::Status status = FromRocks(db->IngestExternalFiles(files), doing);
  // Another attempt would mix its files with these.
  if (!status.ok()) StopWriting(status);
  return status;
}

absl::Status Store::Ingest(std::vector<SortedEntries> tables,
                           const v1::Checkpoint& checkpoint) {
  absl::Status status = rep_->CheckWritable();
  if (status.ok()) status = CheckIngested(tables);
  if (!status.ok()) return status;
  const uint64_t last = rep_->last_sequence.load(std::memory_order_acquire);
  if (checkpoint.sequence() > last) {
    return absl::FailedPreconditionError(
        absl::StrCat("a checkpoint at sequence ", checkpoint.sequence(),
                     " is ahead of the journal, which ends at ", last));
  }
  tables.push_back(
      {Table::kMeta, {{kCheckpointKey, checkpoint.SerializeAsString()}}});
  return rep_->Ingest(tables);
}

absl::Status Store::IngestAside(std::vector<SortedEntries> tables) {
  absl::Status status = rep_->CheckWritable();
  if (status.ok()) status = CheckIngested(tables);
  return status.ok() ? rep_->Ingest(tables) : status;
}

// Whole files first, a tombstone for what shares one with others; flushed, so
// that the next ingestion need not wait for it.
absl::Status Store::Rep::DropRange(Table table, const std::string& begin,
                                   const std::string& end) {
  absl::Status status = CheckWritable();
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(ingest_mutex);
  auto* const handle = column(table);
  const rocksdb::Slice begin_slice(begin);
  const rocksdb::Slice end_slice(end);
  rocksdb::Status dropped = rocksdb::DeleteFilesInRange(
      db.get(), handle, &begin_slice, &end_slice, /*include_end=*/false);
  if (dropped.ok()) {
    dropped = db->DeleteRange(Synced(), handle, begin_slice, end_slice);
  }
  if (dropped.ok()) dropped = db->Flush({}, handle);
  status = FromRocks(dropped,
                     absl::StrCat("dropping states in ", options.directory));
  // The log may be torn.
  if (!status.ok()) StopWriting(status);
  return status;
}

absl::Status Store::DropStates(absl::string_view prefix) {
  return rep_->DropRange(Table::kStates, std::string(prefix),
                         PrefixEnd(prefix));
}

// First what makes it so, then the room.
absl::Status Store::ForgetStates() {
  absl::Status status = rep_->CheckWritable();
  if (!status.ok()) return status;
  const std::string end(1, '\xff');  // The kind of a state is a letter.
  {
    const std::lock_guard<std::mutex> lock(rep_->ingest_mutex);
    rocksdb::ColumnFamilyHandle* const meta = rep_->column(Table::kMeta);
    rocksdb::WriteBatch batch;
    rocksdb::Status written =
        batch.DeleteRange(rep_->column(Table::kStates), "", end);
    if (written.ok()) written = batch.Delete(meta, kCheckpointKey);
    if (written.ok()) written = rep_->db->Write(Synced(), &batch);
    if (written.ok()) written = rep_->db->Flush({}, meta);
    status = FromRocks(written, "forgetting states");
    if (!status.ok()) rep_->StopWriting(status);
  }
  return status.ok() ? rep_->DropRange(Table::kStates, "", end) : status;
}

}  // namespace portrisk::store
