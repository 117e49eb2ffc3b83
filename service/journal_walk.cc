#include "service/journal_walk.h"

#include "absl/strings/str_cat.h"
#include "portrisk/v1/assessment.pb.h"
#include "service/errors.h"
#include "service/wire_reader.h"

namespace portrisk::service {
namespace {

bool ReadMovement(absl::string_view bytes, StoredMovement* movement) {
  WireReader in(bytes);
  while (in.Next()) {
    if (in.IsBytes(v1::MovementRecord::kMovementFieldNumber)) {
      movement->movement = in.bytes();
    } else if (in.IsBytes(v1::MovementRecord::kAssessmentFieldNumber)) {
      movement->assessment = in.bytes();
    } else if (in.IsBytes(v1::MovementRecord::kSpansFieldNumber) &&
               movement->spans.empty()) {
      // They are the last of its fields: all behind the first is spans.
      movement->spans =
          bytes.substr(static_cast<size_t>(in.whole().data() - bytes.data()));
    }
  }
  return in.ok();
}

bool ReadRecord(absl::string_view bytes, StoredRecord* record) {
  *record = StoredRecord();
  record->bytes = bytes;
  WireReader in(bytes);
  while (in.Next()) {
    if (in.IsNumber(v1::JournalRecord::kSequenceFieldNumber)) {
      record->sequence = in.number();
    } else if (in.IsBytes(v1::JournalRecord::kRecordedTimeFieldNumber)) {
      record->recorded_time = in.bytes();
    } else if (in.IsBytes(v1::JournalRecord::kMovementFieldNumber)) {
      record->is_movement = true;
      if (!ReadMovement(in.bytes(), &record->movement)) return false;
    }
  }
  return in.ok();
}

}  // namespace

absl::Status WalkRecords(
    const store::Block& block,
    absl::FunctionRef<absl::Status(const StoredRecord&)> visit) {
  StoredRecord record;
  WireReader in(block.bytes);
  while (in.Next()) {
    if (!in.IsBytes(v1::JournalBlock::kRecordsFieldNumber)) continue;
    if (!ReadRecord(in.bytes(), &record)) {
      return RecordDamaged(block.first_sequence);
    }
    absl::Status status = visit(record);
    if (!status.ok()) return status;
  }
  return in.ok() ? absl::OkStatus() : RecordDamaged(block.first_sequence);
}

absl::Status WalkBlock(
    const store::Block& block,
    absl::FunctionRef<absl::Status(uint64_t, const StoredMovement&)> visit) {
  return WalkRecords(block, [&](const StoredRecord& record) {
    return visit(record.sequence, record.movement);
  });
}

absl::StatusOr<uint64_t> CorrectedBy(uint64_t sequence,
                                     const StoredMovement& record) {
  uint64_t corrected = 0;
  WireReader in(record.assessment);
  while (in.Next()) {
    if (in.IsNumber(v1::Assessment::kCorrectsSequenceFieldNumber)) {
      corrected = in.number();
    }
  }
  if (!in.ok()) return RecordDamaged(sequence);
  return corrected;
}

absl::Status RecordDamaged(uint64_t sequence) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat("the journal does not parse at position ", sequence,
                            "; run `portrisk verify` and restore a backup"));
}

}  // namespace portrisk::service
