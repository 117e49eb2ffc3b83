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
    outcomes_[record.sequence()] = {outcome.tie().unit(),
                                    result == v1::FOUND,
                                    outcome.tie().channel(),
                                    outcome.tie().selection_ppm(),
                                    outcome.outcome().time().seconds(),
                                    outcome.tie().from_locode(),
                                    outcome.tie().to_locode()};
  }
  void Tell(scoring::UnitTable* table) const {
    for (const auto& [sequence, one] : outcomes_) {
      table->SetOutcome(one.unit, one.found, one.channel, one.selection_ppm,
                        one.seconds);
      table->SetRoute(one.unit, one.from, one.to);
    }
  }

 private:
  struct One {
    std::string unit;
    bool found;
    v1::Channel channel;
    uint32_t selection_ppm;
    int64_t seconds;
    std::string from;
    std::string to;
  };
  std::map<uint64_t, One> outcomes_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REPLAY_OUTCOMES_H_
