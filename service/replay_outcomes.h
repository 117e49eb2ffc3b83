// What controls found, in the journal of a replay.
#ifndef PORTRISK_SERVICE_REPLAY_OUTCOMES_H_
#define PORTRISK_SERVICE_REPLAY_OUTCOMES_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/journal.pb.h"
#include "scoring/measures.h"

namespace portrisk::service {

// Of the versions of each outcome the last.
class ReplayOutcomes {
 public:
  void Take(const v1::JournalRecord& record) {
    const v1::OutcomeRecord& outcome = record.outcome();
    if (outcome.corrects_sequence() > 0) {
      outcomes_.erase(outcome.corrects_sequence());
    }
    if (outcome.outcome().retraction() || outcome.tie().unit().empty()) return;
    const v1::ControlResult result = outcome.outcome().result();
    if (result != v1::FOUND && result != v1::NOT_FOUND) return;
    One& one = outcomes_[record.sequence()];
    one.found = result == v1::FOUND;
    one.seconds = outcome.outcome().time().seconds();
    // Only what is told: there may be many.
    one.tie.set_unit(outcome.tie().unit());
    one.tie.set_channel(outcome.tie().channel());
    one.tie.set_selection_ppm(outcome.tie().selection_ppm());
    one.tie.set_from_locode(outcome.tie().from_locode());
    one.tie.set_to_locode(outcome.tie().to_locode());
    *one.tie.mutable_papers() = outcome.tie().papers();
  }
  // After the last Take: corrected and retracted ones are out by then.
  void Finish() {
    for (const auto& [sequence, one] : outcomes_) {
      NoteControl(one.tie.unit(), one.seconds);
      for (const v1::PaperTie& paper : one.tie.papers()) {
        NoteControl(paper.unit(), one.seconds);
      }
    }
  }
  // When the last control of the unit ended, or of the box of these papers, in
  // seconds since 1970: a hit that comes later, by which somebody may know what
  // was found, did not lead there. INT64_MAX: there was none.
  int64_t ControlledAt(absl::string_view unit) const {
    const auto found = controlled_.find(unit);
    return found == controlled_.end() ? INT64_MAX : found->second;
  }
  void Tell(scoring::UnitTable* table) const {
    for (const auto& [sequence, one] : outcomes_) {
      const v1::OutcomeTie& tie = one.tie;
      table->SetOutcome(tie.unit(), one.found, tie.channel(),
                        tie.selection_ppm(), one.seconds);
      table->SetRoute(tie.unit(), tie.from_locode(), tie.to_locode());
      for (const v1::PaperTie& paper : tie.papers()) {
        // Papers that nothing selected were controlled by what the box was.
        const bool selected = paper.channel() != v1::CHANNEL_UNSPECIFIED;
        table->SetOutcomeOfBox(
            paper.unit(), tie.unit(), one.found,
            selected ? paper.channel() : tie.channel(),
            selected ? paper.selection_ppm() : tie.selection_ppm(),
            one.seconds);
      }
    }
  }

 private:
  struct One {
    bool found = false;
    int64_t seconds = 0;
    v1::OutcomeTie tie;
  };
  void NoteControl(const std::string& unit, int64_t seconds) {
    const auto [at, is_new] = controlled_.try_emplace(unit, seconds);
    if (!is_new) at->second = std::max(at->second, seconds);
  }

  std::map<uint64_t, One> outcomes_;
  absl::flat_hash_map<std::string, int64_t> controlled_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_OUTCOMES_H_
