// HOT PATH. Budget: derive and fold together well below 2 us (bench/score_bench
// guards it). Forbidden: I/O, locks, clocks, logs, heap once warm.
//
// The timeline is small (kTimelineMax) and sorted, so every question is one
// short walk from the movement's place in it, outwards. Messages of protobuf
// free their sub-messages in Clear(), therefore nothing here calls Clear() on
// a message that is used again: sub-messages of the view are borrowed from the
// state and given back before the next use.
#include "scoring/container_history.h"

#include <cmath>
#include <optional>

#include "scoring/bounded_timeline.h"

namespace portrisk::scoring {
namespace {

using v1::TimelineEvent;

bool IsHandling(v1::Event event) {
  return event == v1::GATE_IN || event == v1::GATE_OUT || event == v1::LOAD ||
         event == v1::DISCHARGE;
}

bool ChangesCargo(v1::Event event) {
  return event == v1::STUFFING || event == v1::STRIPPING;
}

bool AccountsForSeals(v1::Event event) {
  return event == v1::INSPECTION || event == v1::SEAL_CHANGE ||
         ChangesCargo(event);
}

bool EntersTimeline(const v1::Movement& movement) {
  return IsActual(movement) && movement.has_occurrence_time() &&
         (IsPhysical(movement.event()) || movement.event() == v1::BOOKING);
}

void FillEvent(const JournaledMovement& input, TimelineEvent* event) {
  const v1::Movement& m = *input.movement;
  event->set_movement_key(input.movement_key);
  event->set_sequence(input.sequence);
  event->set_event(m.event());
  *event->mutable_occurrence_time() = m.occurrence_time();
  event->set_source(m.source());
  const v1::Location& location = m.location();
  event->set_locode(location.locode());
  event->set_facility(location.facility());
  if (location.has_latitude() && location.has_longitude()) {
    event->set_latitude(location.latitude());
    event->set_longitude(location.longitude());
  } else {
    event->clear_latitude();
    event->clear_longitude();
  }
  event->set_mode(m.transport().mode());
  event->set_vessel_imo(m.transport().vessel_imo());
  event->set_voyage(m.transport().voyage());
  event->set_load_status(m.container().load_status());
  int32_t kg = 0;
  if (BestWeight(m.weights(), &kg)) {
    event->set_weight_kg(kg);
  } else {
    event->clear_weight_kg();
  }
  event->clear_seals();
  for (const v1::Seal& seal : m.seals()) event->add_seals(seal.number());
  event->set_type_code(m.container().type_code());
  if (m.container().has_tare_kg()) {
    event->set_tare_kg(m.container().tare_kg());
  } else {
    event->clear_tare_kg();
  }
  event->set_haulier_id(m.haulier().id());
  event->set_booking(m.consignment().booking());
}

// Takes an event out, and with it what only it knew of the earliest time.
void RemoveVersion(uint64_t movement_key, v1::ContainerState* state) {
  const bool was_first =
      state->timeline_size() > 0 &&
      state->timeline(0).movement_key() == movement_key &&
      !Before(state->first_seen(), state->timeline(0).occurrence_time());
  RemoveEvent(movement_key, state->mutable_timeline());
  if (!was_first) return;
  if (state->timeline().empty()) {
    state->clear_first_seen();
  } else {
    *state->mutable_first_seen() = state->timeline(0).occurrence_time();
  }
}

// The visit that an assessment put the movement in. A unit that is not the
// container's own visit (a consignment, a stay of the past) leaves no trace.
void FoldVisit(const v1::Movement& movement, const v1::Unit& unit,
               v1::ContainerState* state) {
  if (unit.visit_ordinal() == 0) return;
  v1::Visit* visit = state->mutable_visit();
  if (unit.visit_ordinal() < visit->ordinal()) return;
  if (unit.visit_ordinal() > visit->ordinal()) {
    visit->clear_locode();
    visit->clear_facility();
  }
  visit->set_unit(unit.id());
  visit->set_ordinal(unit.visit_ordinal());
  const v1::Location& place = movement.location();
  if (IsPhysical(movement.event()) && !place.locode().empty()) {
    visit->set_locode(place.locode());
    if (!place.facility().empty()) visit->set_facility(place.facility());
  }
  visit->set_open(unit.visit_open());
  visit->set_lane(unit.lane());
  visit->set_channel(unit.channel());
  visit->set_draw_ppm(unit.draw_ppm());
  visit->set_draw_key_id(unit.draw_key_id());
  if (unit.has_rollout_ppm()) visit->set_rollout_ppm(unit.rollout_ppm());
}

std::optional<Coordinates> Locate(bool has_coordinates, double latitude,
                                  double longitude, absl::string_view locode,
                                  const Reference& reference) {
  if (has_coordinates) return Coordinates{latitude, longitude};
  if (locode.empty()) return std::nullopt;
  return reference.Find(locode);
}

std::optional<Coordinates> Locate(const TimelineEvent& event,
                                  const Reference& reference) {
  return Locate(event.has_latitude(), event.latitude(), event.longitude(),
                event.locode(), reference);
}

std::optional<Coordinates> Locate(const v1::Location& location,
                                  const Reference& reference) {
  return Locate(location.has_latitude() && location.has_longitude(),
                location.latitude(), location.longitude(), location.locode(),
                reference);
}

// Equal codes are equal places, whether or not we know where they lie.
bool SamePlace(const TimelineEvent& event, const v1::Location& location) {
  return !location.locode().empty() && event.locode() == location.locode();
}

void FillLeg(double distance_km, double elapsed_h, v1::Mode later,
             v1::Mode earlier, v1::Leg* leg) {
  leg->set_distance_km(distance_km);
  leg->set_elapsed_h(elapsed_h);
  leg->set_mode(later != v1::MODE_UNSPECIFIED ? later : earlier);
  if (elapsed_h > 0) {
    leg->set_speed_kmh(distance_km / elapsed_h);
  } else {
    leg->clear_speed_kmh();
  }
}

// The leg between the movement and the nearest located event, walking in
// `step` direction from index `i`. False when there is none.
bool DeriveLeg(const v1::ContainerState& state, int i, int step,
               const JournaledMovement& input, const Reference& reference,
               v1::Leg* leg) {
  const v1::Movement& m = *input.movement;
  const std::optional<Coordinates> here = Locate(m.location(), reference);
  for (; i >= 0 && i < state.timeline_size(); i += step) {
    const TimelineEvent& event = state.timeline(i);
    if (event.movement_key() == input.movement_key) continue;
    if (!IsPhysical(event.event())) continue;
    double distance_km = 0;
    if (!SamePlace(event, m.location())) {
      if (!here) return false;
      const std::optional<Coordinates> there = Locate(event, reference);
      if (!there) continue;
      distance_km = DistanceKm(*there, *here);
    }
    const v1::Mode own = m.transport().mode();
    if (step < 0) {
      FillLeg(distance_km,
              HoursBetween(event.occurrence_time(), m.occurrence_time()), own,
              event.mode(), leg);
    } else {
      FillLeg(distance_km,
              HoursBetween(m.occurrence_time(), event.occurrence_time()),
              event.mode(), own, leg);
    }
    return true;
  }
  return false;
}

// Index of the first event that is not before the movement.
int PositionOf(const v1::ContainerState& state,
               const JournaledMovement& input) {
  const google::protobuf::Timestamp& t = input.movement->occurrence_time();
  int i = state.timeline_size();
  while (i > 0) {
    const TimelineEvent& event = state.timeline(i - 1);
    if (Before(event.occurrence_time(), t)) break;
    if (!Before(t, event.occurrence_time()) &&
        event.movement_key() < input.movement_key) {
      break;
    }
    --i;
  }
  return i;
}

// The nearest event that `wanted(event)` accepts, or null.
template <typename Wanted>
TimelineEvent* Nearest(const v1::ContainerState& state, int i, int step,
                       uint64_t own_key, const Wanted& wanted) {
  for (; i >= 0 && i < state.timeline_size(); i += step) {
    const TimelineEvent& event = state.timeline(i);
    if (event.movement_key() != own_key && wanted(event)) {
      return const_cast<TimelineEvent*>(&event);  // Borrowed, never written.
    }
  }
  return nullptr;
}

}  // namespace

bool IsActual(const v1::Movement& movement) {
  return movement.classifier() == v1::ACTUAL ||
         movement.classifier() == v1::CLASSIFIER_UNSPECIFIED;
}

bool IsPhysical(v1::Event event) { return event >= 1 && event < 40; }

bool BestWeight(const v1::Weights& weights, int32_t* kg) {
  if (weights.has_vgm_kg()) {
    *kg = weights.vgm_kg();
  } else if (weights.has_scale_kg()) {
    *kg = weights.scale_kg();
  } else if (weights.has_crane_kg()) {
    *kg = weights.crane_kg();
  } else if (weights.has_gross_kg()) {
    *kg = weights.gross_kg();
  } else {
    return false;
  }
  return true;
}

void FoldContainer(const JournaledMovement& input, const v1::Unit* unit,
                   v1::ContainerState* state) {
  const v1::Movement& m = *input.movement;
  state->set_last_sequence(input.sequence);
  state->set_movement_count(state->movement_count() + 1);
  if (input.corrects) RemoveVersion(input.movement_key, state);
  if (m.retraction()) return;
  if (state->number().empty()) state->set_number(m.container().number());
  if (EntersTimeline(m)) {
    InsertEvent(m.occurrence_time(), state->mutable_timeline(),
                [&](TimelineEvent* event) { FillEvent(input, event); });
    if (!state->has_first_seen() ||
        Before(m.occurrence_time(), state->first_seen())) {
      *state->mutable_first_seen() = m.occurrence_time();
    }
  }
  if (unit != nullptr && IsActual(m)) FoldVisit(m, *unit, state);
}

void UnfoldContainer(const JournaledMovement& input,
                     v1::ContainerState* state) {
  state->set_last_sequence(input.sequence);
  RemoveVersion(input.movement_key, state);
}

void ContainerViewBuffer::Release() {
  // Each part belongs to the state or to this buffer; the view must forget it
  // before it may be cleared.
  view_.unsafe_arena_release_previous();
  view_.unsafe_arena_release_next();
  view_.unsafe_arena_release_previous_handling();
  view_.unsafe_arena_release_next_handling();
  view_.unsafe_arena_release_leg_in();
  view_.unsafe_arena_release_leg_out();
  view_.unsafe_arena_release_first_seen();
  view_.Clear();
}

void ContainerViewBuffer::Derive(const v1::ContainerState* state,
                                 const JournaledMovement& input,
                                 const Reference& reference) {
  Release();
  DeriveOwn(*input.movement);
  if (state == nullptr || !input.movement->has_occurrence_time()) return;
  const int position = PositionOf(*state, input);
  const uint64_t own = input.movement_key;
  const auto physical = [](const TimelineEvent& e) {
    return IsPhysical(e.event());
  };
  const auto handling = [](const TimelineEvent& e) {
    return IsHandling(e.event());
  };
  view_.unsafe_arena_set_allocated_previous(
      Nearest(*state, position - 1, -1, own, physical));
  view_.unsafe_arena_set_allocated_next(
      Nearest(*state, position, 1, own, physical));
  view_.unsafe_arena_set_allocated_previous_handling(
      Nearest(*state, position - 1, -1, own, handling));
  view_.unsafe_arena_set_allocated_next_handling(
      Nearest(*state, position, 1, own, handling));
  if (state->has_first_seen()) {
    view_.unsafe_arena_set_allocated_first_seen(
        const_cast<google::protobuf::Timestamp*>(&state->first_seen()));
  }
  view_.set_events_known(state->timeline_size());
  if (DeriveLeg(*state, position - 1, -1, input, reference, &leg_in_)) {
    view_.unsafe_arena_set_allocated_leg_in(&leg_in_);
  }
  if (DeriveLeg(*state, position, 1, input, reference, &leg_out_)) {
    view_.unsafe_arena_set_allocated_leg_out(&leg_out_);
  }
  DeriveCargo(*state, position, input);
}

void ContainerViewBuffer::DeriveOwn(const v1::Movement& movement) {
  int32_t kg = 0;
  if (BestWeight(movement.weights(), &kg)) view_.set_weight_kg(kg);
  for (const v1::Seal& seal : movement.seals()) view_.add_seals(seal.number());
}

// Walks back through the present load: until the cargo changed or the box was
// handled empty.
void ContainerViewBuffer::DeriveCargo(const v1::ContainerState& state,
                                      int position,
                                      const JournaledMovement& input) {
  bool accounted = AccountsForSeals(input.movement->event());
  bool changed = false;
  bool handling_seen = false;
  bool load_ended = false;
  for (int i = position - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (event.movement_key() == input.movement_key) continue;
    if (ChangesCargo(event.event()) || event.event() == v1::BOOKING) {
      if (!handling_seen) changed = true;
    }
    if (IsHandling(event.event()) && !handling_seen) {
      handling_seen = true;
      view_.set_cargo_changed_since_handling(changed);
    }
    // What stuffing reports already belongs to the present load.
    if (event.event() == v1::STRIPPING || event.load_status() == v1::EMPTY) {
      load_ended = true;
    }
    if (load_ended) {
      if (handling_seen) break;
      continue;
    }
    if (!view_.has_last_weight_kg() && event.has_weight_kg()) {
      view_.set_last_weight_kg(event.weight_kg());
    }
    if (view_.last_seals_size() == 0) {
      if (event.seals_size() > 0) {
        for (const std::string& seal : event.seals()) {
          view_.add_last_seals(seal);
        }
        view_.set_seals_accounted_for(accounted);
      } else if (AccountsForSeals(event.event())) {
        accounted = true;
      }
    }
    if (event.event() == v1::STUFFING) load_ended = true;
    if (handling_seen && view_.has_last_weight_kg() &&
        view_.last_seals_size() > 0) {
      break;  // All is known.
    }
  }
  if (view_.has_weight_kg() && view_.last_weight_kg() > 0) {
    const double before = static_cast<double>(view_.last_weight_kg());
    view_.set_weight_change(
        std::abs(static_cast<double>(view_.weight_kg()) - before) / before);
  }
}

}  // namespace portrisk::scoring
