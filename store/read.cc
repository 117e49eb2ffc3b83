// Reading. Nothing here changes the store or waits for a writer; each call
// sees the store as of its start.
#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/slice.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "store/block.h"
#include "store/rep.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

constexpr size_t kScanReadaheadBytes = size_t{2} << 20;

std::string Reading(Table table) {
  return absl::StrCat("reading table ", TableName(table));
}

// "reading C MSCU1234566 of table states".
std::string Reading(Table table, absl::string_view key) {
  return absl::StrCat("reading `", absl::CHexEscape(key), "` of table ",
                      TableName(table));
}

// DATA_LOSS of a journal that cannot be read right behind `last_read`: names
// the records up to the next block that can be. Damage takes whole pages, and
// finding the block behind one costs a few reads.
absl::Status DamagedBehind(uint64_t last_read, rocksdb::DB* db,
                           rocksdb::ColumnFamilyHandle* journal,
                           const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  constexpr uint64_t kFurthest = uint64_t{1} << 40;
  std::optional<uint64_t> found;  // Where the last probe that could read ended.
  const auto reads = [&](uint64_t sequence) {
    // A new one each time: an iterator that has failed may not recover.
    const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator({}, journal));
    it->Seek(BigEndian64(sequence));
    if (!it->status().ok()) return false;
    found.reset();
    if (it->Valid() && it->key().size() == 8) {
      found = FromBigEndian64(ToView(it->key()));
    }
    return true;
  };
  uint64_t bad = last_read + 1;
  uint64_t step = 1;
  while (step < kFurthest && !reads(bad + step)) step *= 2;
  uint64_t good = bad + step;
  while (good - bad > 1) {
    const uint64_t middle = bad + (good - bad) / 2;
    (reads(middle) ? good : bad) = middle;
  }
  return absl::DataLossError(absl::StrCat(
      "of the journal, records from ", last_read + 1, " on",
      found ? absl::StrCat(", those before ", *found) : std::string(),
      ", cannot be read: ", status.message()));
}

// Reads the block under the iterator, into memory that may have been used;
// returns the sequence of its last record.
absl::StatusOr<uint64_t> ReadCurrent(const rocksdb::Iterator& it,
                                     Block* block) {
  if (it.key().size() != 8) {
    return absl::DataLossError(
        absl::StrCat("a key of the journal is not 8 bytes long; ", kRemedy));
  }
  block->first_sequence = FromBigEndian64(ToView(it.key()));
  block->bytes.assign(it.value().data(), it.value().size());
  const std::optional<uint64_t> count = CountRecords(block->bytes);
  if (!count || *count == 0) {
    return absl::DataLossError(absl::StrCat("the journal block at sequence ",
                                            block->first_sequence,
                                            " does not parse; ", kRemedy));
  }
  return block->first_sequence + *count - 1;
}

absl::Status CheckNoGap(uint64_t expected, uint64_t found) {
  if (expected == found) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the journal continues at sequence ",
                                          found, " where ", expected,
                                          " was expected; ", kRemedy));
}

}  // namespace

std::string PrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) {
    end.pop_back();
  }
  if (!end.empty()) ++end.back();
  return end;
}

absl::StatusOr<Block> Store::ReadBlock(uint64_t sequence) const {
  const std::unique_ptr<rocksdb::Iterator> it(
      rep_->db->NewIterator({}, rep_->column(Table::kJournal)));
  it->SeekForPrev(BigEndian64(sequence));
  if (!it->status().ok()) {
    return DamagedBehind(sequence - 1, rep_->db.get(),
                         rep_->column(Table::kJournal),
                         FromRocks(it->status(), Reading(Table::kJournal)));
  }
  if (it->Valid()) {
    Block block;
    const auto last = ReadCurrent(*it, &block);
    if (!last.ok()) return last.status();
    if (sequence <= *last) return block;
  }
  return absl::NotFoundError(
      absl::StrCat("the journal holds no sequence ", sequence));
}

absl::Status Store::ScanJournal(
    uint64_t from,
    const std::function<absl::Status(const Block&)>& visit) const {
  rocksdb::ReadOptions how;
  how.fill_cache = false;
  how.readahead_size = kScanReadaheadBytes;
  const std::unique_ptr<rocksdb::Iterator> it(
      rep_->db->NewIterator(how, rep_->column(Table::kJournal)));
  it->SeekForPrev(BigEndian64(from));
  if (!it->Valid() && it->status().ok()) it->SeekToFirst();
  uint64_t expected = 0;  // Unknown before the first block.
  Block block;
  for (; it->Valid(); it->Next()) {
    const auto last = ReadCurrent(*it, &block);
    absl::Status status = last.status();
    if (status.ok() && expected != 0) {
      status = CheckNoGap(expected, block.first_sequence);
    }
    if (!status.ok()) return status;
    expected = *last + 1;
    if (*last < from) continue;
    status = visit(block);
    if (!status.ok()) return status;
  }
  if (it->status().ok()) return absl::OkStatus();
  return DamagedBehind(expected == 0 ? from - 1 : expected - 1, rep_->db.get(),
                       rep_->column(Table::kJournal),
                       FromRocks(it->status(), Reading(Table::kJournal)));
}

absl::StatusOr<std::optional<std::string>> Store::Get(
    Table table, absl::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      rep_->db->Get({}, rep_->column(table), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return FromRocks(status, Reading(table, key));
  return std::optional<std::string>(std::move(value));
}

// In groups of what RocksDB looks up together, so that nothing but the values
// is allocated.
absl::Status Store::MultiGet(
    Table table, absl::Span<const absl::string_view> keys,
    std::vector<std::optional<std::string>>* values) const {
  constexpr size_t kGroup = 32;
  std::array<rocksdb::Slice, kGroup> slices;
  std::array<rocksdb::PinnableSlice, kGroup> found;
  std::array<rocksdb::Status, kGroup> statuses;
  values->resize(keys.size());
  for (size_t begin = 0; begin < keys.size(); begin += kGroup) {
    const size_t size = std::min(kGroup, keys.size() - begin);
    for (size_t i = 0; i < size; ++i) slices[i] = ToSlice(keys[begin + i]);
    rep_->db->MultiGet({}, rep_->column(table), size, slices.data(),
                       found.data(), statuses.data());
    for (size_t i = 0; i < size; ++i) {
      std::optional<std::string>& value = (*values)[begin + i];
      if (statuses[i].ok()) {
        if (!value) value.emplace();
        value->assign(found[i].data(), found[i].size());
      } else if (statuses[i].IsNotFound()) {
        value.reset();
      } else {
        return FromRocks(statuses[i], Reading(table, keys[begin + i]));
      }
      found[i].Reset();
    }
  }
  return absl::OkStatus();
}

absl::Status Store::ScanPrefix(
    Table table, absl::string_view prefix, absl::string_view from,
    const std::function<bool(absl::string_view, absl::string_view)>& visit)
    const {
  const std::string end = PrefixEnd(prefix);
  const rocksdb::Slice end_slice(end);
  rocksdb::ReadOptions how;
  if (!end.empty()) how.iterate_upper_bound = &end_slice;
  const std::unique_ptr<rocksdb::Iterator> it(
      rep_->db->NewIterator(how, rep_->column(table)));
  for (it->Seek(ToSlice(std::max(prefix, from))); it->Valid(); it->Next()) {
    if (!visit(ToView(it->key()), ToView(it->value()))) break;
  }
  return FromRocks(it->status(), Reading(table));
}

absl::StatusOr<v1::Checkpoint> Store::ReadCheckpoint() const {
  auto value = Get(Table::kMeta, kCheckpointKey);
  if (!value.ok()) return value.status();
  v1::Checkpoint checkpoint;
  if (*value && !checkpoint.ParseFromString(**value)) {
    return absl::DataLossError(
        absl::StrCat("the checkpoint does not parse; ", kRemedy));
  }
  return checkpoint;
}

uint64_t Store::last_sequence_at_open() const {
  return rep_->last_sequence_at_open;
}

}  // namespace portrisk::store
