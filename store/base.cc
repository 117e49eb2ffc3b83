// Keeping a base. It is written beside the one before, under the position that
// it is of, and counts once an entry of the journal names it; so a crash leaves
// one that counts for nothing, which the next attempt removes.
#include "store/base.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/snapshot.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "store/rep.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

// Of states, in one file.
constexpr size_t kFileBytes = size_t{32} << 20;
constexpr char kDoing[] = "keeping the states";

void AddWithLength(absl::string_view bytes, crypto_generichash_state* state) {
  const std::string length = BigEndian64(bytes.size());
  crypto_generichash_update(
      state, reinterpret_cast<const uint8_t*>(length.data()), length.size());
  crypto_generichash_update(
      state, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

StatesDigest::StatesDigest() {
  crypto_generichash_init(&state_, nullptr, 0, sizeof(Chain));
}

void StatesDigest::Add(absl::string_view key, absl::string_view state) {
  AddWithLength(key, &state_);
  AddWithLength(state, &state_);
  ++states_;
}

std::string StatesDigest::Finish() {
  Chain digest;
  crypto_generichash_final(&state_, digest.data(), digest.size());
  return std::string(digest.begin(), digest.end());
}

absl::StatusOr<v1::Base> Store::KeepBase(
    const std::function<bool(absl::string_view)>& is_kept) {
  absl::Status status = rep_->CheckWritable();
  if (status.ok()) status = rep_->RaiseFormat();
  if (!status.ok()) return status;
  rocksdb::DB* const db = rep_->db.get();
  std::optional<rocksdb::ManagedSnapshot> snapshot;
  v1::Checkpoint checkpoint;
  {
    // Nothing is half ingested, and the checkpoint is that of the states.
    const std::lock_guard<std::mutex> lock(rep_->ingest_mutex);
    snapshot.emplace(db);
    auto read = ReadCheckpoint();
    if (!read.ok()) return read.status();
    checkpoint = *std::move(read);
  }
  rocksdb::ReadOptions reading;
  reading.snapshot = snapshot->snapshot();
  reading.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it(
      db->NewIterator(reading, rep_->column(Table::kStates)));
  v1::Base base;
  base.set_sequence(checkpoint.sequence());
  const std::string prefix = BigEndian64(checkpoint.sequence());
  StatesDigest digest;
  SortedEntries file{Table::kBase, {}};
  size_t bytes = 0;
  const auto write = [&] {
    std::vector<SortedEntries> files;
    files.push_back({Table::kBase, std::exchange(file.entries, {})});
    bytes = 0;
    return rep_->Ingest(files);
  };
  for (it->SeekToFirst(); status.ok() && it->Valid(); it->Next()) {
    if (rep_->purge_abandoned) {
      return absl::CancelledError(absl::StrCat(kDoing, " was ended"));
    }
    const absl::string_view key = ToView(it->key());
    if (!is_kept(key)) continue;
    const absl::string_view state = ToView(it->value());
    digest.Add(key, state);
    file.entries.emplace_back(absl::StrCat(prefix, key), std::string(state));
    bytes += key.size() + state.size();
    if (bytes >= kFileBytes) status = write();
  }
  if (status.ok()) status = FromRocks(it->status(), kDoing);
  if (status.ok() && !file.entries.empty()) status = write();
  if (!status.ok()) return status;
  base.set_states(digest.states());
  base.set_digest(digest.Finish());
  return base;
}

absl::Status Store::DropBases(uint64_t but_sequence) {
  const std::string kept = BigEndian64(but_sequence);
  const std::string behind = BigEndian64(but_sequence + 1);
  const std::string end(behind.size() + 1, '\xff');
  bool any = false;
  const auto look = [&](absl::string_view key, absl::string_view) {
    any = key < kept || key >= behind;
    return false;
  };
  absl::Status status = ScanPrefix(Table::kBase, "", "", look);
  if (status.ok() && !any) status = ScanPrefix(Table::kBase, "", behind, look);
  // The entry that names what is kept must be there whenever this is gone.
  if (status.ok() && any && rep_->options.durability != Durability::kSync) {
    status = FromRocks(rep_->db->SyncWAL(), "syncing the log");
    if (!status.ok()) rep_->StopWriting(status);
  }
  if (status.ok() && any) status = rep_->DropRange(Table::kBase, "", kept);
  if (status.ok() && any) status = rep_->DropRange(Table::kBase, behind, end);
  if (!status.ok()) return status;
  // Also of an attempt that was cut off here. There is little to do but where
  // a tombstone lies above what it hides.
  rocksdb::CompactRangeOptions how;
  how.exclusive_manual_compaction = false;
  how.canceled = &rep_->purge_abandoned;
  const rocksdb::Status compacted =
      rep_->db->CompactRange(how, rep_->column(Table::kBase), nullptr, nullptr);
  if (rep_->purge_abandoned) return absl::CancelledError("purging was ended");
  status = FromRocks(compacted, "dropping states that were kept");
  // RocksDB stands by it until it is opened again.
  if (!status.ok()) rep_->StopWriting(status);
  return status;
}

}  // namespace portrisk::store
