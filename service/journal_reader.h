// Single records of the journal, without parsing the rest of their block.
#ifndef PORTRISK_SERVICE_JOURNAL_READER_H_
#define PORTRISK_SERVICE_JOURNAL_READER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/outcome.pb.h"
#include "scoring/spans.h"
#include "store/store.h"

namespace portrisk::service {

// False when the block does not hold that position or it does not parse.
bool ParseRecordOfBlock(const store::Block& block, uint64_t sequence,
                        v1::JournalRecord* record);

// NOT_FOUND when the journal ends before it.
absl::StatusOr<v1::JournalRecord> ReadJournalRecord(const store::Store& store,
                                                    uint64_t sequence);

// The first position up to `last` that was recorded then or later, in seconds
// since 1970; `last` + 1 when none was. Recorded time never goes back.
absl::StatusOr<uint64_t> FirstRecordedFrom(const store::Store& store,
                                           int64_t seconds, uint64_t last);

// One version of a movement, with what was journaled beside it.
struct JournaledVersion {
  v1::Movement movement;
  v1::Assessment assessment;
  scoring::Spans spans;
};
// DATA_LOSS when it does not parse.
absl::StatusOr<JournaledVersion> ParseVersion(v1::MovementRecord record);

// As it is shown. Precondition: it holds an outcome, a decision, a worklist.
void Show(const v1::JournalRecord& record, v1::RecordedOutcome* out);
void Show(const v1::JournalRecord& record, v1::RecordedDecision* out);
void Show(const v1::JournalRecord& record, v1::RecordedWorklist* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_JOURNAL_READER_H_
