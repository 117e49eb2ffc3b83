#include "service/journal_reader.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kRecordTag = 1 << 3 | 2;  // JournalBlock.records.

template <typename Record, typename Recorded>
void ShowPart(const v1::JournalRecord& record, const Record& part,
              Recorded* out) {
  out->set_sequence(record.sequence());
  *out->mutable_recorded_time() = record.recorded_time();
  out->set_caller(record.caller());
  *out->mutable_tie() = part.tie();
  out->set_corrects_sequence(part.corrects_sequence());
}

}  // namespace

bool ParseRecordOfBlock(const store::Block& block, uint64_t sequence,
                        v1::JournalRecord* record) {
  if (sequence < block.first_sequence) return false;
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const uint8_t*>(block.bytes.data()),
      static_cast<int>(block.bytes.size()));
  for (uint64_t at = block.first_sequence;; ++at) {
    uint32_t size = 0;
    if (in.ReadTag() != kRecordTag || !in.ReadVarint32(&size)) return false;
    if (at < sequence) {
      if (!in.Skip(static_cast<int>(size))) return false;
      continue;
    }
    const int begin = in.CurrentPosition();
    if (size > block.bytes.size() - static_cast<size_t>(begin)) return false;
    return record->ParseFromArray(block.bytes.data() + begin,
                                  static_cast<int>(size)) &&
           record->sequence() == sequence;
  }
}

absl::StatusOr<v1::JournalRecord> ReadJournalRecord(const store::Store& store,
                                                    uint64_t sequence) {
  auto block = store.ReadBlock(sequence);
  if (absl::IsNotFound(block.status())) {
    return Error(
        absl::StatusCode::kNotFound, "NOT_FOUND",
        absl::StrCat("the journal holds no position ", sequence, " yet"));
  }
  if (!block.ok()) return block.status();
  v1::JournalRecord record;
  if (!ParseRecordOfBlock(*block, sequence, &record)) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("journal record ", sequence,
                              " does not parse; run `portrisk verify` and "
                              "restore a backup"));
  }
  return record;
}

absl::StatusOr<uint64_t> FirstRecordedFrom(const store::Store& store,
                                           int64_t seconds, uint64_t last) {
  uint64_t begin = 1;
  uint64_t end = last + 1;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    auto record = ReadJournalRecord(store, middle);
    if (!record.ok()) return record.status();
    if (record->recorded_time().seconds() < seconds) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

absl::StatusOr<JournaledVersion> ParseVersion(v1::MovementRecord record) {
  JournaledVersion version;
  if (!version.movement.ParseFromString(record.movement()) ||
      !version.assessment.ParseFromString(record.assessment())) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 "a movement in the journal does not parse; run `portrisk "
                 "verify` and restore a backup");
  }
  version.spans = std::move(*record.mutable_spans());
  return version;
}

void Show(const v1::JournalRecord& record, v1::RecordedOutcome* out) {
  ShowPart(record, record.outcome(), out);
  *out->mutable_outcome() = record.outcome().outcome();
}

void Show(const v1::JournalRecord& record, v1::RecordedDecision* out) {
  ShowPart(record, record.decision(), out);
  *out->mutable_decision() = record.decision().decision();
}

void Show(const v1::JournalRecord& record, v1::RecordedWorklist* out) {
  out->set_sequence(record.sequence());
  *out->mutable_recorded_time() = record.recorded_time();
  out->set_caller(record.caller());
  *out->mutable_worklist() = record.worklist();
}

}  // namespace portrisk::service
