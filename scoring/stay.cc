// HOT PATH: no I/O, lock, clock, log, heap. In order of time, which is the
// rule, the last event answers everything.
#include "scoring/stay.h"

#include <algorithm>
#include <climits>
#include <cmath>

#include "scoring/container_history.h"
#include "scoring/legs.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {
namespace {

using v1::TimelineEvent;
using v1::Visit;

// What tells where the container is and does not bring it there: scanners,
// scales, inspections, sensors, sightings. Seen elsewhere without a departure
// that is known, it is on a way from its stay or back to it.
bool IsSighting(v1::Event event) {
  switch (event) {
    case v1::WEIGHING:
    case v1::SEAL_CHANGE:
    case v1::INSPECTION:
    case v1::SCAN:
    case v1::DOOR_OPENED:
    case v1::MOTION:
    case v1::POSITION:
    case v1::VESSEL_ARRIVAL:
    case v1::VESSEL_DEPARTURE:
      return true;
    default:
      return false;
  }
}

// Whether the arrival that the visit began with is told again, by a source that
// has another code for the facility.
bool IsArrivalOf(const v1::Movement& movement, const v1::ContainerState& state,
                 const Visit& visit) {
  if (!visit.open() || !IsArrival(movement.event()) ||
      movement.location().locode() != visit.locode()) {
    return false;
  }
  for (const TimelineEvent& event : state.timeline()) {
    if (event.sequence() != visit.begun_sequence()) continue;
    const double apart_h =
        HoursBetween(event.occurrence_time(), movement.occurrence_time());
    return event.event() == movement.event() &&
           std::abs(apart_h) <= kOneHandlingHours;
  }
  return false;
}

// Whether the container is known to have been somewhere since.
bool IsLate(const v1::Movement& movement, const v1::ContainerState& state) {
  if (!movement.has_occurrence_time()) return false;
  for (int i = state.timeline_size() - 1; i >= 0; --i) {
    if (!IsPhysical(state.timeline(i).event())) continue;
    return Before(movement.occurrence_time(),
                  state.timeline(i).occurrence_time());
  }
  return false;
}

// How often the container came to the visit's place since the movement, each
// time after it had left, or been elsewhere: two arrivals with nothing between
// are one, told twice.
int ArrivalsSince(const v1::Movement& movement, const v1::ContainerState& state,
                  const Visit& visit) {
  if (!movement.has_occurrence_time()) return 0;
  if (IsForgotten(movement, state)) return INT_MAX;
  int arrivals = 0;
  bool away = IsDeparture(movement.event());
  for (const TimelineEvent& event : state.timeline()) {
    if (!Before(movement.occurrence_time(), event.occurrence_time()) ||
        !IsHandling(event.event())) {
      continue;
    }
    if (IsDeparture(event.event())) {
      away = true;
    } else if (MaySamePlace(event, visit)) {
      arrivals += away ? 1 : 0;
      away = false;
    } else if (!event.locode().empty()) {
      away = true;
    }
  }
  return arrivals;
}

// Whether the last that happened to the container before the movement left it
// at the visit's place.
bool WasAt(const v1::Movement& movement, const v1::ContainerState& state,
           const Visit& visit) {
  for (int i = state.timeline_size() - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (!IsPhysical(event.event()) ||
        Before(movement.occurrence_time(), event.occurrence_time()) ||
        (IsSighting(event.event()) && !MaySamePlace(event, visit))) {
      continue;
    }
    return !IsDeparture(event.event()) && MaySamePlace(event, visit);
  }
  return false;
}

// Whether what the visit began with had happened by then.
bool HadBegun(const v1::Movement& movement, const v1::ContainerState& state,
              const Visit& visit) {
  for (const TimelineEvent& event : state.timeline()) {
    if (event.sequence() != visit.begun_sequence()) continue;
    return !Before(movement.occurrence_time(), event.occurrence_time());
  }
  return state.has_forgotten_time();  // It began before all that is kept.
}

// A place or a facility that was not named is unknown, not another one.
bool MayBeAt(const v1::Location& place, const Visit& visit) {
  return place.locode().empty() || MaySamePlace(place, visit);
}

// Of a late movement that is not of the present visit.
bool IsOfPrevious(const v1::Movement& movement,
                  const v1::ContainerState& state) {
  const Visit& previous = state.previous_visit();
  if (previous.ordinal() == 0) return false;
  const bool elsewhere = !MayBeAt(movement.location(), previous);
  if (elsewhere && !IsSighting(movement.event())) return false;
  const bool needs_more = elsewhere || movement.location().locode().empty() ||
                          !IsPhysical(movement.event());
  if (needs_more && !WasAt(movement, state, previous)) return false;
  const int present = MaySamePlace(state.visit(), previous) ? 1 : 0;
  return ArrivalsSince(movement, state, previous) == present;
}

Stay StayOfPapers(const v1::Movement& movement,
                  const v1::ContainerState& state) {
  const Visit& visit = state.visit();
  if (visit.ordinal() == 0) return Stay::kNone;
  if (!IsLate(movement, state)) {
    return visit.open() ? Stay::kPresent : Stay::kNone;
  }
  if (IsOfPrevious(movement, state)) return Stay::kPrevious;
  // Papers are ahead of the box, too. Those that name another place are not
  // about this stay, but in the midst of it.
  const bool midst = WasAt(movement, state, visit) &&
                     ArrivalsSince(movement, state, visit) == 0;
  const bool here = MayBeAt(movement.location(), visit);
  const bool is_of_it = visit.open() ? here || midst : here && midst;
  return is_of_it ? Stay::kPresent : Stay::kNone;
}

}  // namespace

Stay StayOf(const v1::Movement& movement, const v1::ContainerState& state) {
  if (!IsPhysical(movement.event())) return StayOfPapers(movement, state);
  const Visit& visit = state.visit();
  if (visit.ordinal() == 0) return Stay::kNew;
  const bool here = MayBeAt(movement.location(), visit) ||
                    IsArrivalOf(movement, state, visit);
  const bool is_sighting = IsSighting(movement.event());
  if (!IsLate(movement, state)) {
    const bool again = !visit.open() && IsArrival(movement.event());
    if (here) return again ? Stay::kNew : Stay::kPresent;
    const Visit& previous = state.previous_visit();
    // Told elsewhere meanwhile, and there all the same.
    if (previous.open() && !IsArrival(movement.event()) &&
        MaySamePlace(movement.location(), previous)) {
      return Stay::kPrevious;
    }
    return visit.open() && is_sighting ? Stay::kPresent : Stay::kNew;
  }
  if (!here && is_sighting && WasAt(movement, state, visit) &&
      !CameAgainSince(movement, state, visit)) {
    return Stay::kPresent;
  }
  if (here && (HadBegun(movement, state, visit) ||
               !CameAgainSince(movement, state, visit))) {
    return Stay::kPresent;
  }
  return IsOfPrevious(movement, state) ? Stay::kPrevious : Stay::kPast;
}

bool CameAgainSince(const v1::Movement& movement,
                    const v1::ContainerState& state, const Visit& visit) {
  return ArrivalsSince(movement, state, visit) > 0;
}

bool IsForgotten(const v1::Movement& movement,
                 const v1::ContainerState& state) {
  return state.has_forgotten_time() &&
         Before(movement.occurrence_time(), state.forgotten_time());
}

const Visit* VisitOf(uint32_t ordinal, const v1::ContainerState& state) {
  if (ordinal == 0) return nullptr;
  if (ordinal == state.visit().ordinal()) return &state.visit();
  const Visit& previous = state.previous_visit();
  return ordinal == previous.ordinal() ? &previous : nullptr;
}

void SetDecided(const v1::Unit& unit, Visit* visit) {
  visit->set_unit(unit.id());
  visit->set_lane(unit.lane());
  visit->set_channel(unit.channel());
  visit->set_draw_ppm(unit.draw_ppm());
  visit->set_draw_key_id(unit.draw_key_id());
  if (unit.has_rollout_ppm()) visit->set_rollout_ppm(unit.rollout_ppm());
  visit->set_selection_ppm(unit.selection_ppm());
}

bool IsToppedUpBy(const v1::WorklistUnit& unit, const Visit& visit) {
  return unit.channel() == v1::CAPACITY && unit.within_capacity() &&
         visit.unit() == unit.unit();
}

void TopUp(const v1::WorklistUnit& unit, Visit* visit) {
  visit->set_lane(std::max(visit->lane(), unit.lane()));
  if (visit->channel() == v1::CHANNEL_UNSPECIFIED) {
    visit->set_channel(v1::CAPACITY);
  }
  visit->set_selection_ppm(unit.selection_ppm());
}

}  // namespace portrisk::scoring
