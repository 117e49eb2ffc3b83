// One variant of a replay: a core that assesses the journal again, batch by
// batch.
#ifndef PORTRISK_SERVICE_REPLAY_PLAYER_H_
#define PORTRISK_SERVICE_REPLAY_PLAYER_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "service/core.h"
#include "service/replay.h"
#include "service/replay_notes.h"
#include "service/rule_sets.h"

namespace portrisk::service {

// What a variant makes of a few batches: for who measures it while the player
// goes on.
struct ReplayAnswers {
  std::vector<v1::Assessment> assessments;  // The first `size` of them.
  std::vector<SensitivityPoints> points;    // Of each.
  size_t size = 0;
  absl::Status status;
  // In force when each batch was assessed.
  std::vector<std::shared_ptr<const scoring::SelectionProfiles>> profiles;

  void Clear() {
    size = 0;
    profiles.clear();
  }
};

// One thread at a time, but for what notes() says. After End() there is only
// what it can tell.
class ReplayPlayer {
 public:
  // `store` and `rule_sets` outlive it. `folds_from`: see CoreOptions.
  static absl::StatusOr<std::unique_ptr<ReplayPlayer>> Make(
      const store::Store& store, const RuleSets& rule_sets,
      const ReplayVariant& variant, const ReplayOptions& options,
      uint64_t folds_from);

  // Takes the next batch of the journal and adds the answers to its movements.
  absl::Status Take(const JournaledBatch& batch, ReplayAnswers* answers);
  // Nothing more comes: lets go of the states, which takes a while.
  void End();

  // How many of all were left as recorded, since names they rest on are erased.
  uint64_t erased_answers() const { return *erased_answers_; }

  // The programme at the end.
  const scoring::Programme& programme() const { return *programme_; }
  // The terms of selection at the end where no place has its own.
  const scoring::SelectionProfile& everywhere() const {
    return profiles_->everywhere();
  }
  ReplayNotes& notes() { return notes_; }

 private:
  ReplayPlayer(const store::Store& store, const RuleSets& rule_sets,
               const ReplayVariant& variant, const ReplayOptions& options,
               uint64_t folds_from);
  absl::Status Begin(const ReplayVariant& variant);
  // A record that is no movement.
  absl::Status Follow(const v1::JournalRecord& record);
  absl::Status PutInForce();

  const store::Store& store_;
  const RuleSets& rule_sets_;
  const bool as_recorded_;
  const std::shared_ptr<const scoring::SelectionProfiles> own_profiles_;
  const bool sensitivity_;
  const uint64_t last_sequence_;
  const std::shared_ptr<uint64_t> erased_answers_;  // Counted by core_.
  std::unique_ptr<Core> core_;
  bool rules_changed_ = false;
  std::shared_ptr<const scoring::Programme> programme_;
  std::shared_ptr<const scoring::SelectionProfiles> profiles_;
  ReplayNotes notes_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_PLAYER_H_
