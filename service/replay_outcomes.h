// What controls found, as a replay meets it in the journal.
#ifndef PORTRISK_SERVICE_REPLAY_OUTCOMES_H_
#define PORTRISK_SERVICE_REPLAY_OUTCOMES_H_

#include <cstdint>
#include <map>
#include <string>

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
            paper.unit(), tie.unit(), one.found, selected ? paper.channel() : tie.channel(),
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
  std::map<uint64_t, One> outcomes_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_OUTCOMES_H_
