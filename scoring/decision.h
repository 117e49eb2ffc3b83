// From hits to a recommendation: the precedence of design, one function.
//
//   1. Which rules speak. Those of every active revision whose share of units
//      holds this unit. Layers add up: none overrides another. Rules and
//      revisions in shadow, and rules whose breaker has tripped, are recorded
//      as shadow hits and say nothing.
//   2. Suppression. A hit that a lower layer suppresses, where the rule allows
//      it and before the suppression ends, is recorded with contribution 0,
//      no lane and no control: it no longer counts in anything below, a
//      mandatory lane included.
//   3. Caps. Contributions are capped per category in the order of rules (the
//      lowest cap that an active set declares for it), then their sum at 1000.
//      A capped hit keeps its lane and its control.
//   4. Mandatory lanes of rules that hit, whatever the score.
//   5. Score thresholds of the profile.
//   6. The random stream.
//   7. Top-up to a facility's capacity: later, by a worklist (worklist.h).
// The strongest lane of 4 to 6 wins; the channel is the first of them that
// selected. The control is the stronger of the lane's own and the rules'. The
// unit keeps the strongest lane of all its movements.
#ifndef PORTRISK_SCORING_DECISION_H_
#define PORTRISK_SCORING_DECISION_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/consignment.h"
#include "scoring/programme.h"
#include "scoring/selection_profile.h"

namespace portrisk::scoring {

// What a lane recommends by itself.
v1::Control ControlOfLane(v1::Lane lane);

// The secret behind random draws.
struct DrawKey {
  std::string id;
  std::array<uint8_t, 16> key;
};

// The draw of a unit: a keyed hash (SipHash-2-4) of its id, 0 to 999,999.
// Whoever holds the key can prove it; nobody else can foresee it.
uint32_t DrawPpm(const DrawKey& key, absl::string_view unit_id);

// The roll-out bucket of a unit, in the same way by the same key, but
// independent of the draw: being in a share says nothing about the draw.
uint32_t RolloutPpm(const DrawKey& key, absl::string_view unit_id);

// HOT PATH. Finds the unit the movement belongs to. `state` is the container
// before the movement, `consignment` what its papers name; null when the
// movement names none.
void AssignUnit(const v1::Movement& movement, const v1::ContainerState* state,
                const DrawKey& key, v1::Unit* unit,
                const v1::ConsignmentState* consignment = nullptr);

// HOT PATH. The terms of the place of a unit that AssignUnit has found.
const SelectionProfile& TermsOf(const SelectionProfiles& profiles,
                                const v1::Movement& movement,
                                const v1::ContainerState* state,
                                const v1::Unit& unit);

// HOT PATH. Caps, sums, orders the hits and fills score, lane, control,
// channel and the unit's standing.
void Decide(const Programme& programme, const SelectionProfile& profile,
            v1::Assessment* assessment);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_DECISION_H_
