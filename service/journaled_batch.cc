// HOT PATH of opening and of replay.
#include "service/journaled_batch.h"

namespace portrisk::service {
namespace {

// `selected` is reused.
template <typename Message>
bool ParseFields(absl::string_view bytes, const FieldSelection* fields,
                 std::string* selected, Message* message) {
  if (fields == nullptr) return ParseView(bytes, message);
  return fields->Take(bytes, selected) && message->ParseFromString(*selected);
}

}  // namespace

absl::Status JournaledBatch::Add(const StoredRecord& record,
                                 const Reading& how) {
  if (!record.is_movement) {
    if (!ParseView(record.bytes, &other_)) {
      return RecordDamaged(record.sequence);
    }
    has_other_ = true;
    return absl::OkStatus();
  }
  ParsedMovement* const added = Next();
  if (!ParseView(record.movement.spans, &added->record) ||
      !ParseView(record.recorded_time, &added->recorded_time)) {
    return RecordDamaged(record.sequence);
  }
  return Parse(record.sequence, record.movement, how, added);
}

absl::Status JournaledBatch::Add(const v1::JournalRecord& record) {
  ParsedMovement* const added = Next();
  *added->record.mutable_spans() = record.movement().spans();
  added->recorded_time = record.recorded_time();
  return Parse(record.sequence(), ViewOf(record.movement()), {}, added);
}

ParsedMovement* JournaledBatch::Next() {
  if (size_ == movements_.size()) movements_.emplace_back();
  ParsedMovement* const next = &movements_[size_++];
  next->corrected.reset();
  return next;
}

absl::Status JournaledBatch::Parse(uint64_t sequence,
                                   const StoredMovement& stored,
                                   const Reading& how, ParsedMovement* added) {
  added->sequence = sequence;
  if (!ParseFields(stored.movement, how.movement, &selected_,
                   &added->movement) ||
      !ParseFields(stored.assessment, how.assessment, &selected_,
                   &added->assessment)) {
    return RecordDamaged(sequence);
  }
  if (how.assessment == nullptr) {
    added->assessment_bytes.assign(stored.assessment.data(),
                                   stored.assessment.size());
  }
  added->identity = IdentityOf(added->movement.source(), added->movement.id());
  added->keys = KeysOf(added->movement);
  SpreadKeysOf(added->movement, added->record.spans(), &added->spreads);
  if (how.counted != nullptr) {
    how.counted->Make(added->movement, &added->counted);
  } else {
    added->counted.of = nullptr;
  }
  return absl::OkStatus();
}

absl::Status JournaledBatch::AddCorrected(const store::Store& store,
                                          uint64_t from) {
  if (size_ == 0) return absl::OkStatus();
  ParsedMovement& last = movements_[size_ - 1];
  const uint64_t sequence = last.assessment.corrects_sequence();
  if (sequence == 0 || sequence < from) return absl::OkStatus();
  auto record = ReadJournalRecord(store, sequence);
  if (!record.ok()) return record.status();
  if (record->movement().movement().empty()) return absl::OkStatus();
  auto version = ParseVersion(std::move(*record->mutable_movement()));
  if (!version.ok()) return version.status();
  last.corrected = *std::move(version);
  return absl::OkStatus();
}

void JournaledBatch::Clear() {
  size_ = 0;
  has_other_ = false;
}

}  // namespace portrisk::service
