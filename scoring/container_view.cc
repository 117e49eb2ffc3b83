// HOT PATH. Budget: below 1 us with a full timeline (bench/pure_steps_bench
// counts it). Forbidden: I/O, locks, clocks, logs, heap once warm.
//
// The timeline is small (kTimelineMax) and sorted, so every question is one
// short walk from the movement's place in it, outwards. What most rules ask is
// found near that place; what lies beyond takes both walks to their ends and is
// only derived where a rule reads it. Messages
// of protobuf free their sub-messages in Clear(), therefore nothing here calls
// Clear() on a message that owns some: sub-messages of the view are borrowed
// from the state and given back before the next use.
#include "scoring/container_view.h"

#include <cmath>
#include <optional>

#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/legs.h"
#include "scoring/programme.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::TimelineEvent;

static_assert(v1::ContainerView::kCargoChangedSinceHandlingFieldNumber ==
              Programme::kContainerNearMax);

bool ChangesCargo(v1::Event event) {
  return event == v1::STUFFING || event == v1::STRIPPING;
}

bool AccountsForSeals(v1::Event event) {
  return event == v1::INSPECTION || event == v1::SEAL_CHANGE ||
         ChangesCargo(event);
}

// The leg between the movement and the nearest located event, walking in
// `step` direction from index `i`. False when there is none.
bool DeriveLeg(const v1::ContainerState& state, int i, int step,
               const v1::Movement& m, const std::optional<Coordinates>& here,
               const Reference& reference, v1::Leg* leg) {
  for (; i >= 0 && i < state.timeline_size(); i += step) {
    const TimelineEvent& event = state.timeline(i);
    if (!IsPhysical(event.event())) continue;
    double distance_km = 0;
    // Equal codes are equal places, whether or not we know where they lie.
    if (m.location().locode().empty() ||
        event.locode() != m.location().locode()) {
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

// The nearest event that `wanted(event)` accepts, or null.
template <typename Wanted>
TimelineEvent* Nearest(const v1::ContainerState& state, int i, int step,
                       const Wanted& wanted) {
  for (; i >= 0 && i < state.timeline_size(); i += step) {
    const TimelineEvent& event = state.timeline(i);
    if (wanted(event.event())) return Borrow(event);
  }
  return nullptr;
}

}  // namespace

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
  if (full_) ReleaseBeyond();
  view_.Clear();
}

void ContainerViewBuffer::Derive(const v1::ContainerState* state,
                                 const JournaledMovement& input,
                                 const Reference& reference, Depth depth) {
  Release();
  const v1::Movement& m = *input.movement;
  full_ = depth == Depth::kFull;
  DeriveOwn(m, reference);
  if (state == nullptr || !m.has_occurrence_time()) return;
  const int position = PositionOf(input, state->timeline());
  DeriveNeighbours(*state, position, m, reference);
  DeriveCargo(*state, position, m);
  if (full_) DeriveBeyond(*state, position, input, reference);
}

void ContainerViewBuffer::DeriveNeighbours(const v1::ContainerState& state,
                                           int position, const v1::Movement& m,
                                           const Reference& reference) {
  view_.unsafe_arena_set_allocated_previous(
      Nearest(state, position - 1, -1, IsPhysical));
  view_.unsafe_arena_set_allocated_next(
      Nearest(state, position, 1, IsPhysical));
  view_.unsafe_arena_set_allocated_previous_handling(
      Nearest(state, position - 1, -1, IsHandling));
  view_.unsafe_arena_set_allocated_next_handling(
      Nearest(state, position, 1, IsHandling));
  if (state.has_first_seen()) {
    view_.unsafe_arena_set_allocated_first_seen(Borrow(state.first_seen()));
  }
  view_.set_events_known(state.timeline_size());
  const std::optional<Coordinates> here = Locate(m.location(), reference);
  if (DeriveLeg(state, position - 1, -1, m, here, reference, &leg_in_)) {
    view_.unsafe_arena_set_allocated_leg_in(&leg_in_);
  }
  if (DeriveLeg(state, position, 1, m, here, reference, &leg_out_)) {
    view_.unsafe_arena_set_allocated_leg_out(&leg_out_);
  }
}

// Walks back through the present load: until the cargo changed or the box was
// handled empty.
void ContainerViewBuffer::DeriveCargo(const v1::ContainerState& state,
                                      int position, const v1::Movement& m) {
  bool accounted = AccountsForSeals(m.event());
  bool changed = false;
  bool handling_seen = false;
  bool load_ended = false;
  for (int i = position - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (ChangesCargo(event.event()) || event.event() == v1::BOOKING) {
      changed = true;
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

void ContainerViewBuffer::DeriveOwn(const v1::Movement& movement,
                                    const Reference& reference) {
  int32_t kg = 0;
  if (BestWeight(movement.weights(), &kg)) view_.set_weight_kg(kg);
  for (const v1::Seal& seal : movement.seals()) view_.add_seals(seal.number());
  if (!full_) return;
  if (!movement.location().yard_position().empty()) {
    view_.set_yard_position(movement.location().yard_position());
  }
  const std::string& number = movement.container().number();
  if (number.size() < 4) return;
  const std::optional<bool> registered =
      reference.KnowsOwner(absl::string_view(number).substr(0, 4));
  if (registered) view_.set_owner_registered(*registered);
}

const std::string& YardPosition(const v1::ContainerState* state,
                                const JournaledMovement& input) {
  const std::string& own = input.movement->location().yard_position();
  static const std::string* const none = new std::string;
  if (!own.empty() || !input.movement->has_occurrence_time()) return own;
  if (state == nullptr) return *none;
  for (int i = PositionOf(input, state->timeline()) - 1; i >= 0; --i) {
    const TimelineEvent& event = state->timeline(i);
    if (IsDeparture(event.event())) break;
    if (!event.yard_position().empty()) return event.yard_position();
    if (IsArrival(event.event())) break;
  }
  return *none;
}

}  // namespace portrisk::scoring
