// Variants of a replay that have one history: a core that assesses the journal
// again by each of them, batch by batch.
#ifndef PORTRISK_SERVICE_REPLAY_PLAYER_H_
#define PORTRISK_SERVICE_REPLAY_PLAYER_H_

#include <memory>
#include <mutex>
#include <utility>
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

  // For a batch of so many movements.
  void Extend(size_t movements,
              std::shared_ptr<const scoring::SelectionProfiles> terms) {
    size += movements;
    if (assessments.size() < size) {
      assessments.resize(size);
      points.resize(size);
    }
    profiles.push_back(std::move(terms));
  }
  // Lists too: so that no player's time goes into it.
  void Clear() {
    for (size_t i = 0; i < size; ++i) {
      assessments[i].clear_hits();
      assessments[i].clear_not_evaluated();
    }
    size = 0;
    profiles.clear();
  }
};

// Keeps it until the process ends, and destroys it not even then. Any thread.
template <typename Kept>
void LeaveBehind(std::unique_ptr<Kept> kept) {
  static std::mutex mutex;
  static auto* const all = new std::vector<std::unique_ptr<Kept>>();
  std::lock_guard<std::mutex> lock(mutex);
  all->push_back(std::move(kept));
}

// One thread at a time, but for what notes() says. After End() there is only
// what it can tell.
class ReplayPlayer {
 public:
  // `store` and `rule_sets` outlive it. A variant as recorded is by itself: its
  // worklists are part of its history. `folds_from`: see CoreOptions.
  static absl::StatusOr<std::unique_ptr<ReplayPlayer>> Make(
      const store::Store& store, const RuleSets& rule_sets,
      absl::Span<const ReplayVariant> variants, const ReplayOptions& options,
      uint64_t folds_from);

  // Takes the next batch of the journal and adds the answers to its movements,
  // for each variant.
  absl::Status Take(const JournaledBatch& batch,
                    absl::Span<ReplayAnswers> answers);
  // Nothing more comes. Lets go of the states, which takes a while, unless they
  // are left to the end of the process.
  void End();

  // Of aggregates, for the thread that reads the journal. Before the first
  // Take.
  CountedKeyMaker MakeKeyMaker() const {
    return core_->entities().aggregates().MakeKeyMaker();
  }

  // How many of all were left as recorded, since names they rest on are erased.
  uint64_t erased_answers() const { return *erased_answers_; }

  // What there is of a variant, by its number among these.
  struct Played {
    std::shared_ptr<const scoring::Programme> programme;  // Once it has ended.
    std::shared_ptr<const scoring::SelectionProfiles> profiles;  // The same.
    ReplayNotes notes;
  };
  Played& played(size_t variant) { return played_[variant]; }
  size_t variants() const { return played_.size(); }

 private:
  ReplayPlayer(const store::Store& store, const RuleSets& rule_sets,
               absl::Span<const ReplayVariant> variants,
               const ReplayOptions& options, uint64_t folds_from);
  absl::Status Begin(absl::Span<const ReplayVariant> variants);
  // By rules and terms that are the same all along.
  absl::Status BeginTried(absl::Span<const ReplayVariant> variants,
                          const v1::Catalogue& catalogue);
  // A record that is no movement.
  absl::Status Follow(const v1::JournalRecord& record);
  absl::Status PutInForce();

  const store::Store& store_;
  const RuleSets& rule_sets_;
  const bool as_recorded_;
  const bool has_own_profiles_;
  const bool sensitivity_;
  const bool leaves_memory_;
  const uint64_t last_sequence_;
  const std::shared_ptr<uint64_t> erased_answers_;  // Counted by core_.
  std::unique_ptr<Core> core_;
  bool rules_changed_ = false;
  std::vector<Played> played_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_PLAYER_H_
