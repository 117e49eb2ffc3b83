// The states of the entities a movement names, as they were just before it: a
// fold of the journal's earlier movements that touch them.
#ifndef PORTRISK_SERVICE_PAST_STATES_H_
#define PORTRISK_SERVICE_PAST_STATES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/roots.h"
#include "service/engine.h"
#include "service/entities.h"

namespace portrisk::service {

struct JournaledAssessment {
  v1::Movement movement;
  v1::Assessment assessment;
  scoring::Spans spans;
};

// A movement of the journal by its sequence. NOT_FOUND when the journal ends
// before it or holds no movement there.
absl::StatusOr<JournaledAssessment> ReadJournaled(const store::Store& store,
                                                  uint64_t sequence);

// Movable; the states stay where they are.
class PastStates {
 public:
  // Before `movement`, whose answer is `assessment`: what its sequence and
  // correction tell. When `read` asks for no more than the container and its
  // right, this reads that container's movements; for parties, vessels, routes
  // and facilities, which have no index, for a right whose container is not
  // known, and for the aggregates of `plan` it has to walk the journal: about
  // 4 s a million records.
  static absl::StatusOr<PastStates> Before(Engine* engine,
                                           const v1::Movement& movement,
                                           const v1::Assessment& assessment,
                                           scoring::RootsRead read,
                                           const Aggregates::Plan& plan);

  // With the aggregates by group of the plan. Valid until the next call.
  scoring::EntityStates states() const {
    scoring::EntityStates states = entities_->States(named_);
    states.spans = &spans_;
    return states;
  }

 private:
  PastStates() = default;

  void Count(const Aggregates::Plan& plan);
  absl::Status FoldAll(Engine* engine, const v1::Movement& movement,
                       const v1::Assessment& assessment,
                       scoring::RootsRead read,
                       const std::vector<EntityKey>& keys);
  // The version that `input` corrects.
  absl::Status Unfold(const store::Store& store,
                      const scoring::JournaledMovement& input,
                      uint64_t corrected);
  // One journaled movement, as Core folds it.
  absl::Status Fold(const store::Store& store, const JournaledAssessment& one);
  // Of such a movement only the spans.
  absl::Status FoldSpans(const store::Store& store,
                         const JournaledAssessment& one);
  // One journaled outcome, into the finds that `movement` reads.
  absl::Status FoldOutcome(const store::Store& store,
                           const v1::Movement& movement,
                           const v1::JournalRecord& record);

  std::unique_ptr<Entities> entities_;
  OccurrenceIndex occurrences_;  // Where the whole journal was walked.
  Entities::Named named_;
  scoring::Spans spans_;  // Of the movement itself.
};

// First 8 bytes of the identity, as states carry it.
uint64_t MovementKeyOf(const v1::Movement& movement);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PAST_STATES_H_
