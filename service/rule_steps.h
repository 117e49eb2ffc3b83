// Steps in the life of revisions: what one of them does to the others of its
// set, and how they are taken. A revision that brings an aggregate is warmed
// first (warming.h).
#ifndef PORTRISK_SERVICE_RULE_STEPS_H_
#define PORTRISK_SERVICE_RULE_STEPS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/rules.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// One revision's next step.
struct RuleStep {
  uint64_t revision;
  v1::RevisionEvent event;
};

v1::RevisionEvent EventOf(v1::RevisionState state, std::string note,
                          uint32_t share_ppm = 0);

// The steps that bring a revision to event.state(), its own last: others of its
// set retire where it takes their place, and warmings that it overtakes are
// called off. With event.rollback() they are those of a rollback.
absl::StatusOr<std::vector<RuleStep>> StepsTo(const v1::Catalogue& catalogue,
                                              uint64_t revision,
                                              const v1::RevisionEvent& event);

// The tables of a warming, all but full.
struct FilledTables {
  Aggregates* aggregates = nullptr;
  uint64_t store_epoch = 0;  // Of the store they were read from.
  // Brings them to the end of what is durable; called when all else is ready.
  std::function<absl::Status()> catch_up;
};

// Journals the steps at one position after the other with nothing between, and
// puts the programme in force that they make; it is compiled while scoring goes
// on. When that reads an aggregate that is in no table in use, the last step is
// WARMING instead, with tables to fill. Returns the revision of the last step.
//
// `catalogue` is as it stands: the caller holds engine->rule_changes().
// `filled` is of the last revision, and null unless that is warming; ABORTED
// when it is too far behind at last, or the store has been opened again
// meanwhile.
absl::StatusOr<v1::Revision> TakeSteps(Engine* engine, v1::Catalogue catalogue,
                                       std::vector<RuleStep> steps,
                                       const Caller& caller,
                                       const FilledTables* filled = nullptr);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_STEPS_H_
