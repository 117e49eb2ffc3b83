// What must hold for any bytes taken for a block of the journal: each of its
// readers says the position where it cannot read, and where the bytes are what
// the writer makes all of them read the same. Used by the fuzzer and, with
// seeded mutations, by an ordinary test.
#ifndef PORTRISK_TESTS_SERVICE_FUZZ_JOURNAL_H_
#define PORTRISK_TESTS_SERVICE_FUZZ_JOURNAL_H_

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "service/folded_fields.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "store/block.h"
#include "store/chain.h"
#include "tests/formats/fuzz_formats.h"

namespace portrisk::service {

// A block of a movement, of an outcome and of reference data from position
// `first` on, as the engine writes them, without its chain.
inline std::string JournalSample(uint64_t first) {
  v1::Movement movement;
  movement.set_source("terminal-1");
  movement.set_id("M-1");
  movement.set_event(v1::GATE_OUT);
  movement.mutable_occurrence_time()->set_seconds(1'790'000'000);
  movement.mutable_container()->set_number("MSCU1234566");
  movement.mutable_haulier()->set_id("NL-100");
  v1::Assessment assessment;
  assessment.set_source("terminal-1");
  assessment.set_movement_id("M-1");
  assessment.set_score(420);
  assessment.mutable_unit()->set_id("MSCU1234566@NLRTM/ECTDELTA#1");
  v1::JournalBlock block;
  for (int i = 0; i < 3; ++i) {
    v1::JournalRecord& record = *block.add_records();
    record.set_sequence(first + static_cast<uint64_t>(i));
    record.mutable_recorded_time()->set_seconds(1'790'000'001);
    record.set_caller("terminal-1");
  }
  v1::MovementRecord& scored = *block.mutable_records(0)->mutable_movement();
  scored.set_movement(movement.SerializeAsString());
  scored.set_assessment(assessment.SerializeAsString());
  scored.add_spans()->set_minutes(90);
  v1::Outcome& outcome =
      *block.mutable_records(1)->mutable_outcome()->mutable_outcome();
  outcome.set_source("nl");
  outcome.set_id("C-1");
  outcome.set_result(v1::FOUND);
  block.mutable_records(2)->mutable_reference()->set_content_hash("c0ffee");
  return block.SerializeAsString();
}

inline void RequireNamed(const absl::Status& status, uint64_t position) {
  Require(absl::IsDataLoss(status), "damage is DATA_LOSS");
  Require(
      absl::StrContains(std::string(status.message()), absl::StrCat(position)),
      "damage is named by its position");
}

// Of one movement: what folding leaves out must not make it another.
inline void FuzzStoredMovement(uint64_t sequence,
                               const StoredMovement& stored) {
  static const FieldSelection* const movement_fields =
      new FieldSelection(FieldsFolded(nullptr));
  static const FieldSelection* const assessment_fields =
      new FieldSelection(AssessmentFieldsFolded());
  std::string selected;
  v1::Movement movement;
  const bool taken = movement_fields->Take(stored.movement, &selected);
  if (ParseView(stored.movement, &movement)) {
    const std::string source = movement.source(), id = movement.id();
    // Of unknown fields it may know less than protobuf does, groups.
    Require(!taken || movement.ParseFromString(selected),
            "what is selected of a movement parses");
    Require(!taken || (movement.source() == source && movement.id() == id),
            "what is selected of a movement has its identity");
  }
  v1::Assessment assessment;
  if (assessment_fields->Take(stored.assessment, &selected) &&
      ParseView(stored.assessment, &assessment)) {
    Require(assessment.ParseFromString(selected),
            "what is selected of an assessment parses");
  }
  const auto corrected = CorrectedBy(sequence, stored);
  if (!corrected.ok()) RequireNamed(corrected.status(), sequence);
}

// Returns whether it is a block that may be read.
inline bool FuzzJournalBlock(absl::string_view bytes) {
  constexpr uint64_t kFirst = 300;
  const google::protobuf::LogSilencer silence;
  const store::Block block{kFirst, std::string(bytes)};
  const absl::Status whole = store::CheckBlock(kFirst, block.bytes);
  if (!whole.ok()) RequireNamed(whole, kFirst);

  const auto count = store::CountRecords(block.bytes);
  const auto sealed = store::Seal(store::ChainStart(), block.bytes);
  Require(!whole.ok() || (count && *count > 0), "a whole block has records");
  // Not the other way: digests of what was rewritten are proved by sealing.
  Require(count.has_value() || !sealed.has_value(),
          "what can be sealed can be counted");
  if (sealed) {
    Require(sealed->records == *count, "both find the same records");
  }
  const absl::string_view unsealed = store::Unsealed(block.bytes);
  Require(absl::StartsWith(block.bytes, unsealed),
          "a block without its chain is the beginning of it");

  uint64_t walked = 0;
  const absl::Status walk = WalkRecords(block, [&](const StoredRecord& record) {
    ++walked;
    FuzzStoredMovement(record.sequence, record.movement);
    return absl::OkStatus();
  });
  if (!walk.ok()) RequireNamed(walk, kFirst);

  v1::JournalRecord record;
  for (uint64_t at = kFirst - 1; at < kFirst + 4; ++at) {
    if (!ParseRecordOfBlock(block, at, &record)) continue;
    Require(record.sequence() == at, "a record is that of its position");
    if (record.has_movement()) (void)ParseVersion(record.movement());
  }
  if (!whole.ok()) return false;

  v1::JournalBlock parsed;
  parsed.ParseFromString(block.bytes);
  if (parsed.SerializeAsString() != block.bytes) return false;
  // Groups, which no writer of ours makes, are not walked through.
  if (!walk.ok()) return false;
  // As a writer makes it: then all readers agree.
  Require(walked == *count, "all records are walked through");
  for (const v1::JournalRecord& one : parsed.records()) {
    Require(ParseRecordOfBlock(block, one.sequence(), &record) &&
                record.SerializeAsString() == one.SerializeAsString(),
            "a record by itself is the record of the block");
  }
  // A proof needs digests that are some, and no bytes of fields that nobody
  // knows.
  if (!sealed || sealed->has_others) return true;
  const std::string resealed =
      std::string(unsealed) +
      store::ChainField(store::Seal(store::ChainStart(), unsealed)->chain);
  const auto again = store::Seal(store::ChainStart(), resealed);
  Require(again && !again->has_others &&
              again->stored == absl::string_view(reinterpret_cast<const char*>(
                                                     again->chain.data()),
                                                 again->chain.size()),
          "a block that is sealed proves itself");
  return true;
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_FUZZ_JOURNAL_H_
