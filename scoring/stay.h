// Which stay of a container a movement belongs to, however late it is told.
#ifndef PORTRISK_SCORING_STAY_H_
#define PORTRISK_SCORING_STAY_H_

#include <cstdint>

#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/selection.pb.h"

namespace portrisk::scoring {

enum class Stay : uint8_t {
  kNone,      // Papers that speak of no stay that is known.
  kPresent,   // The state's `visit`.
  kPrevious,  // Its `previous_visit`.
  kPast,      // One before, or between, those.
  kNew,       // It begins one.
};

Stay StayOf(const v1::Movement& movement, const v1::ContainerState& state);

// As far apart as two sources tell one arrival or departure, which may have two
// codes for its facility.
inline constexpr double kOneHandlingHours = 24;

// Whether the container has come to the place of `visit` again since the
// movement, which is at that place: after it had left, or been elsewhere.
bool CameAgainSince(const v1::Movement& movement,
                    const v1::ContainerState& state, const v1::Visit& visit);

// Whether events before the movement, and maybe right after it, had to give
// their place in the timeline to newer ones: what is kept then says nothing of
// what came next.
bool IsForgotten(const v1::Movement& movement, const v1::ContainerState& state);

// The visit that the state knows by that number; null: it knows none.
const v1::Visit* VisitOf(uint32_t ordinal, const v1::ContainerState& state);

// HOT PATH. Keeps the unit and what was decided of it.
void SetDecided(const v1::Unit& unit, v1::Visit* visit);

// Whether a unit of a taken worklist is that one, and nothing else had selected
// it; and that it is selected from now on, for certain.
bool IsToppedUpBy(const v1::WorklistUnit& unit, const v1::Visit& visit);
void TopUp(const v1::WorklistUnit& unit, v1::Visit* visit);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_STAY_H_
