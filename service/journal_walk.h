// Movements of a journal block where they lie, without copying anything.
#ifndef PORTRISK_SERVICE_JOURNAL_WALK_H_
#define PORTRISK_SERVICE_JOURNAL_WALK_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/journal.pb.h"
#include "store/store.h"

namespace portrisk::service {

// A v1::MovementRecord; all empty for a record that is none.
struct StoredMovement {
  absl::string_view movement;
  absl::string_view assessment;
  absl::string_view spans;  // A v1::MovementRecord with nothing else.
};

inline StoredMovement ViewOf(const v1::MovementRecord& record) {
  return {record.movement(), record.assessment(), {}};
}

// Any record.
struct StoredRecord {
  absl::string_view bytes;  // A v1::JournalRecord.
  uint64_t sequence = 0;
  absl::string_view recorded_time;  // A google.protobuf.Timestamp.
  bool is_movement = false;
  StoredMovement movement;
};

// HOT PATH of opening and of filling. Calls `visit` for each record of the
// block, in order, until it returns an error, which is returned. DATA_LOSS when
// the block does not parse.
absl::Status WalkRecords(
    const store::Block& block,
    absl::FunctionRef<absl::Status(const StoredRecord&)> visit);
absl::Status WalkBlock(
    const store::Block& block,
    absl::FunctionRef<absl::Status(uint64_t sequence, const StoredMovement&)>
        visit);

// corrects_sequence of the assessment, skipping over all else; 0: it corrects
// nothing. `sequence` is named in errors.
absl::StatusOr<uint64_t> CorrectedBy(uint64_t sequence,
                                     const StoredMovement& record);

// DATA_LOSS for the record at that position.
absl::Status RecordDamaged(uint64_t sequence);

template <typename Message>
bool ParseView(absl::string_view bytes, Message* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_JOURNAL_WALK_H_
