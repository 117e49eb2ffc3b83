// Movements of the journal that are folded together, as when they came: parsed
// by the thread that reads the journal, folded by the core's own.
#ifndef PORTRISK_SERVICE_JOURNALED_BATCH_H_
#define PORTRISK_SERVICE_JOURNALED_BATCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "portrisk/v1/journal.pb.h"
#include "service/counted_keys.h"
#include "service/entity_keys.h"
#include "service/field_selection.h"
#include "service/journal_reader.h"
#include "service/journal_walk.h"
#include "service/task.h"

namespace portrisk::service {

struct ParsedMovement {
  uint64_t sequence = 0;
  Digest identity;
  google::protobuf::Timestamp recorded_time;
  v1::Movement movement;
  v1::Assessment assessment;
  std::string assessment_bytes;  // As stored; empty where fields were selected.
  v1::MovementRecord record;     // Its spans, nothing else.
  // Keys that this thread makes so that the core's need not.
  EntityKeys keys;
  CountedKeys counted;
  SpreadKeys spreads;
  std::optional<JournaledVersion> corrected;  // As far as AddCorrected read it.
};

// Up to kMost movements and the record behind them. Its messages are parsed
// into again and again: their texts and parts find the memory of those before
// them, for less than an arena takes.
class JournaledBatch {
 public:
  // More are found together, and take more of the processor's cache meanwhile.
  static constexpr size_t kMost = 128;

  // Which fields are parsed; null: all. And who makes the keys of aggregates;
  // null: the core itself will.
  struct Reading {
    const FieldSelection* movement = nullptr;
    const FieldSelection* assessment = nullptr;
    CountedKeyMaker* counted = nullptr;
  };

  // DATA_LOSS when it does not parse.
  absl::Status Add(const StoredRecord& record, const Reading& how);
  // A movement, with all its fields.
  absl::Status Add(const v1::JournalRecord& record);
  // Reads the version that the last movement takes the place of, if there is
  // one and it is not before position `from`: what the core would wait for.
  absl::Status AddCorrected(const store::Store& store, uint64_t from);
  bool is_full() const { return size_ == kMost || has_other_; }
  bool empty() const { return size_ == 0 && !has_other_; }
  void Clear();

  absl::Span<const ParsedMovement> movements() const {
    return {movements_.data(), size_};
  }
  // The record behind them when it is no movement, else null.
  const v1::JournalRecord* other() const {
    return has_other_ ? &other_ : nullptr;
  }

 private:
  ParsedMovement* Next();
  // All but time and spans.
  absl::Status Parse(uint64_t sequence, const StoredMovement& stored,
                     const Reading& how, ParsedMovement* added);

  std::vector<ParsedMovement> movements_;  // The first size_ of them.
  size_t size_ = 0;
  v1::JournalRecord other_;
  bool has_other_ = false;
  std::string selected_;  // Reused.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_JOURNALED_BATCH_H_
