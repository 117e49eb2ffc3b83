// Reads what outcomes and decisions are about, outside of the apply loop: all
// movements of a container can be many, and a gate must not wait for them.
// What was read holds as long as the container stands where it stood; the
// apply loop looks at that (OutcomeApi), so the order of the journal alone
// decides what an outcome is tied to.
#ifndef PORTRISK_SERVICE_OUTCOME_TIES_H_
#define PORTRISK_SERVICE_OUTCOME_TIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "portrisk/v1/journal.pb.h"
#include "service/engine.h"

namespace portrisk::service {

// A record on its way into the journal.
template <typename Record>
struct TiedRecord {
  Record record;
  absl::Status status;  // Why it cannot be tied.
  // What the tie rests on: the last position of the container, and the latest
  // version of the assessment that is named; 0: on neither.
  std::string number;
  uint64_t container_sequence = 0;
  Digest movement{};
  uint64_t movement_sequence = 0;
};

using TiedOutcome = TiedRecord<v1::OutcomeRecord>;
using TiedDecision = TiedRecord<v1::DecisionRecord>;

// Fill the ties of all whose status is OK. An error is one of the store; what
// concerns one of them goes into its status.
absl::Status TieAll(Engine* engine, const std::vector<TiedOutcome*>& outcomes);
absl::Status TieAll(Engine* engine,
                    const std::vector<TiedDecision*>& decisions);

// Whether everything the tie rests on still stands. Apply thread.
template <typename Record>
absl::StatusOr<bool> StillStands(Core* core, const TiedRecord<Record>& tied) {
  if (!tied.number.empty()) {
    auto now = core->LastSequenceOf(tied.number);
    if (!now.ok()) return now.status();
    if (*now != tied.container_sequence) return false;
  }
  if (tied.movement_sequence == 0) return true;
  auto latest = core->LatestSequence(tied.movement);
  if (!latest.ok()) return latest.status();
  return *latest == tied.movement_sequence;
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OUTCOME_TIES_H_
