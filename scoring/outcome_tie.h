// What an outcome is about: from a container, a place and a time to the visit
// that was controlled, its assessments, the way the goods came and who took
// part. Pure.
#ifndef PORTRISK_SCORING_OUTCOME_TIE_H_
#define PORTRISK_SCORING_OUTCOME_TIE_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/journal.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/outcome.pb.h"

namespace portrisk::scoring {

inline constexpr int kTieAssessmentsMax = 64;
inline constexpr int kTieHitsMax = 64;
inline constexpr int kTiePapersMax = 16;

// A movement in its latest version, with its answer.
struct TieCandidate {
  const v1::Movement* movement;
  const v1::Assessment* assessment;
};

// `candidates` are the movements of the container, in any order; those that are
// retracted or not actual are ignored. `named` is what the assessment that the
// outcome names answered, in that version: a later one may be of another
// container. Which unit:
// - the one that the outcome names, by itself or through its assessment;
// - else the one of the container's last movement before the control at the
//   same place (a place that either does not name is the same), at most 90 days
//   before; else of the first one within 3 days after it.
// None found: the tie has no unit.
//
// Way and parties are those of the unit's movements, the latest first; what
// these do not say, of the movements before it back to a stuffing, a stripping
// or an empty handling, at most 120 days. Papers go before transport. Of those
// movements, papers that are a unit of their own are tied, too.
v1::OutcomeTie TieOutcome(const v1::Outcome& outcome,
                          absl::Span<const TieCandidate> candidates,
                          TieCandidate named = {nullptr, nullptr});

// Where a worklist taken before the control filled up with the unit, and
// nothing else had selected it: that was its channel.
void TieToWorklist(const v1::WorklistRecord& worklist,
                   v1::OutcomeRecord* record);

// The container of a unit's name; empty when it is a consignment.
absl::string_view ContainerOfUnit(absl::string_view unit);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_OUTCOME_TIE_H_
