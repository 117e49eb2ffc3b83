// Reads of the core that answers need, and writing behind.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/core.h"
#include "service/errors.h"
#include "service/fold_version.h"
#include "service/keys.h"

namespace portrisk::service {
namespace {

const Batch::Record* FindInBatch(const Batch* batch, uint64_t sequence) {
  if (batch == nullptr || sequence < batch->first_sequence ||
      sequence >= batch->first_sequence + batch->record_count) {
    return nullptr;
  }
  return &batch->records[sequence - batch->first_sequence];
}

void SortByKey(KeyValues* entries) {
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
}

}  // namespace

absl::StatusOr<v1::MovementRecord> Core::ReadRecord(uint64_t sequence) {
  v1::MovementRecord result;
  for (const Batch* batch : {static_cast<const Batch*>(batch_), in_flight_}) {
    if (const Batch::Record* record = FindInBatch(batch, sequence)) {
      result.set_movement(record->movement);
      result.set_assessment(record->assessment);
      *result.mutable_spans() = record->spans;
      return result;
    }
  }
  // Whoever sends a batch again asks for neighbours: keep the parsed block.
  const auto cached = [&]() -> const v1::JournalRecord* {
    if (cached_block_.records_size() == 0) return nullptr;
    const uint64_t first = cached_block_.records(0).sequence();
    if (sequence < first) return nullptr;
    const uint64_t index = sequence - first;
    if (index >= static_cast<uint64_t>(cached_block_.records_size())) {
      return nullptr;
    }
    return &cached_block_.records(static_cast<int>(index));
  };
  if (cached() == nullptr) {
    auto block = store_->ReadBlock(sequence);
    if (!block.ok()) return block.status();
    if (!cached_block_.ParseFromString(block->bytes)) {
      cached_block_.Clear();
      return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                   absl::StrCat("the journal block of sequence ", sequence,
                                " does not parse"));
    }
  }
  const v1::JournalRecord* record = cached();
  if (record == nullptr) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 absl::StrCat("no journal record ", sequence));
  }
  return record->movement();
}

absl::StatusOr<v1::ContainerState> Core::ReadContainer(
    absl::string_view number) {
  return entities_.ReadContainer(ContainerKey(number));
}

absl::StatusOr<v1::RightState> Core::ReadRight(absl::string_view number) {
  return entities_.ReadRight(RightKey(number));
}

absl::StatusOr<uint64_t> Core::LatestSequence(const Digest& identity) {
  for (const PendingIndex* index :
       {static_cast<const PendingIndex*>(pending_.get()), frozen_.get()}) {
    if (index == nullptr) continue;
    auto it = index->identity.find(identity);
    if (it != index->identity.end()) return it->second;
  }
  auto stored = store_->Get(store::Table::kIdentity, KeyView(identity));
  if (!stored.ok()) return stored.status();
  if (!*stored) {
    return Error(absl::StatusCode::kNotFound, "NOT_FOUND",
                 "no movement of this source and id; check both, they are "
                 "compared letter by letter");
  }
  return store::FromBigEndian64(**stored);
}

void Core::Freeze() {
  entities_.Freeze(last_sequence());
  frozen_ = std::move(pending_);
  pending_ = std::make_shared<PendingIndex>();
  frozen_tallies_ = tallies_.State().SerializeAsString();
  frozen_occurrences_.clear();
  occurrences_.TakeChanged(&frozen_occurrences_);
  frozen_at_.set_sequence(last_sequence());
  *frozen_at_.mutable_last_recorded_time() = last_recorded_time_;
  frozen_at_.set_fold_version(kFoldVersion);
  since_freeze_ = 0;
}

std::vector<store::SortedEntries> Core::TakeFrozen() {
  store::SortedEntries states{store::Table::kStates, {}};
  entities_.TakeFrozen(&states.entries);
  if (!frozen_tallies_.empty()) {
    states.entries.emplace_back(std::string(TalliesKey().view()),
                                frozen_tallies_);
  }
  for (auto& entry : frozen_occurrences_) {
    states.entries.push_back(std::move(entry));
  }
  store::SortedEntries identity{store::Table::kIdentity, {}};
  for (const auto& [digest, sequence] : frozen_->identity) {
    identity.entries.emplace_back(std::string(KeyView(digest)),
                                  store::BigEndian64(sequence));
  }
  store::SortedEntries containers{store::Table::kContainerIndex, {}};
  for (const auto& [key, sequence] : frozen_->containers) {
    containers.entries.emplace_back(ContainerIndexKey(NameOf(key), sequence),
                                    "");
  }
  std::vector<store::SortedEntries> tables;
  for (store::SortedEntries* table : {&states, &identity, &containers}) {
    if (table->entries.empty()) continue;
    SortByKey(&table->entries);
    tables.push_back(std::move(*table));
  }
  return tables;
}

void Core::Thaw() {
  entities_.Thaw();
  frozen_.reset();
}

}  // namespace portrisk::service
