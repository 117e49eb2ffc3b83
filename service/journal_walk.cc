#include "service/journal_walk.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "portrisk/v1/assessment.pb.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr uint32_t MessageTag(int field) {
  return WireFormatLite::MakeTag(field,
                                 WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}
constexpr uint32_t VarintTag(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_VARINT);
}

CodedInputStream StreamOf(absl::string_view bytes) {
  return CodedInputStream(reinterpret_cast<const uint8_t*>(bytes.data()),
                          static_cast<int>(bytes.size()));
}

// The bytes of a length-delimited field whose tag was read.
bool ReadBytes(CodedInputStream* input, absl::string_view* bytes) {
  uint32_t size = 0;
  if (!input->ReadVarint32(&size)) return false;
  if (size == 0) {
    *bytes = {};
    return true;
  }
  const void* data = nullptr;
  int there = 0;
  if (!input->GetDirectBufferPointer(&data, &there) ||
      static_cast<uint32_t>(there) < size) {
    return false;
  }
  *bytes = {static_cast<const char*>(data), size};
  return input->Skip(static_cast<int>(size));
}

bool ReadMovement(absl::string_view bytes, StoredMovement* movement) {
  CodedInputStream input = StreamOf(bytes);
  while (const uint32_t tag = input.ReadTag()) {
    bool read = true;
    if (tag == MessageTag(v1::MovementRecord::kMovementFieldNumber)) {
      read = ReadBytes(&input, &movement->movement);
    } else if (tag == MessageTag(v1::MovementRecord::kAssessmentFieldNumber)) {
      read = ReadBytes(&input, &movement->assessment);
    } else {
      read = WireFormatLite::SkipField(&input, tag);
    }
    if (!read) return false;
  }
  return input.ConsumedEntireMessage();
}

bool ReadRecord(absl::string_view bytes, uint64_t* sequence,
                StoredMovement* movement) {
  CodedInputStream input = StreamOf(bytes);
  while (const uint32_t tag = input.ReadTag()) {
    bool read = true;
    absl::string_view inner;
    if (tag == VarintTag(v1::JournalRecord::kSequenceFieldNumber)) {
      read = input.ReadVarint64(sequence);
    } else if (tag == MessageTag(v1::JournalRecord::kMovementFieldNumber)) {
      read = ReadBytes(&input, &inner) && ReadMovement(inner, movement);
    } else {
      read = WireFormatLite::SkipField(&input, tag);
    }
    if (!read) return false;
  }
  return input.ConsumedEntireMessage();
}

}  // namespace

absl::Status WalkBlock(
    const store::Block& block,
    absl::FunctionRef<absl::Status(uint64_t, const StoredMovement&)> visit) {
  CodedInputStream input = StreamOf(block.bytes);
  while (const uint32_t tag = input.ReadTag()) {
    uint64_t sequence = 0;
    StoredMovement movement;
    absl::string_view record;
    if (tag != MessageTag(v1::JournalBlock::kRecordsFieldNumber)) {
      if (WireFormatLite::SkipField(&input, tag)) continue;
      return RecordDamaged(block.first_sequence);
    }
    if (!ReadBytes(&input, &record) ||
        !ReadRecord(record, &sequence, &movement)) {
      return RecordDamaged(block.first_sequence);
    }
    absl::Status status = visit(sequence, movement);
    if (!status.ok()) return status;
  }
  return input.ConsumedEntireMessage() ? absl::OkStatus()
                                       : RecordDamaged(block.first_sequence);
}

absl::StatusOr<uint64_t> CorrectedBy(uint64_t sequence,
                                     const StoredMovement& record) {
  constexpr uint32_t kTag =
      VarintTag(v1::Assessment::kCorrectsSequenceFieldNumber);
  CodedInputStream input = StreamOf(record.assessment);
  uint64_t corrected = 0;
  while (const uint32_t tag = input.ReadTag()) {
    const bool read = tag == kTag ? input.ReadVarint64(&corrected)
                                  : WireFormatLite::SkipField(&input, tag);
    if (!read) return RecordDamaged(sequence);
  }
  if (!input.ConsumedEntireMessage()) return RecordDamaged(sequence);
  return corrected;
}

absl::Status RecordDamaged(uint64_t sequence) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat("the journal does not parse at position ", sequence,
                            "; run `portrisk verify` and restore a backup"));
}

}  // namespace portrisk::service
