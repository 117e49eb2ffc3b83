// HOT PATH. Budget: below 1 us with a full timeline (bench/pure_steps_bench
// counts it). Forbidden: I/O, locks, clocks, logs, heap once warm.
//
// The timeline is small (kTimelineMax) and sorted, so every question is one
// short walk from the movement's place in it, outwards. What most rules ask is
// found near that place; what lies beyond takes both walks to their ends. A
// part is derived when a condition comes to read it. Messages of protobuf free
// their sub-messages in Clear(), therefore nothing here calls Clear() on a
// message that owns some: sub-messages of the view are borrowed from the state
// and given back before the next use.
#include "scoring/container_view.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/legs.h"
#include "scoring/stay.h"
#include "scoring/writing.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::TimelineEvent;

constexpr int kNotFound = -1;  // Has not been looked for.

bool ChangesCargo(v1::Event event) {
  return event == v1::STUFFING || event == v1::STRIPPING;
}

bool IsCheck(v1::Event event) {
  return event == v1::INSPECTION || event == v1::SCAN;
}

bool AccountsForSeals(v1::Event event) {
  return event == v1::INSPECTION || event == v1::SEAL_CHANGE ||
         ChangesCargo(event);
}

// Who looks at the doors. What else reports a seal only repeats it, or lies.
bool TellsSeals(const TimelineEvent& event) {
  return IsHandling(event.event()) || AccountsForSeals(event.event());
}

// The seal as the movement writes it, where it names it too: rules compare
// seals as text.
const std::string& AsWritten(const v1::Movement& m, const std::string& seal) {
  for (const v1::Seal& own : m.seals()) {
    if (SameMark(own.number(), seal)) return own.number();
  }
  return seal;
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
    leg->set_event(event.event());
    leg->mutable_locode()->assign(event.locode());
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

// By number, as numbers are what a condition's fields have.
ContainerViewBuffer::Part ContainerViewBuffer::PartOf(int field) {
  using V = v1::ContainerView;
  switch (field) {
    case V::kWeightKgFieldNumber:
    case V::kSealsFieldNumber:
      return Part::kOwn;
    case V::kOwnerRegisteredFieldNumber:
      return Part::kOwner;
    case V::kLastWeightKgFieldNumber:
    case V::kWeightChangeFieldNumber:
    case V::kLastSealsFieldNumber:
    case V::kSealsAccountedForFieldNumber:
    case V::kCargoChangedSinceHandlingFieldNumber:
    case V::kCheckedSinceHandlingFieldNumber:
      return Part::kCargo;
    case V::kPreviousFieldNumber:
    case V::kNextFieldNumber:
    case V::kPreviousHandlingFieldNumber:
    case V::kNextHandlingFieldNumber:
    case V::kLegInFieldNumber:
    case V::kLegOutFieldNumber:
    case V::kFirstSeenFieldNumber:
    case V::kEventsKnownFieldNumber:
    case V::kCargoChangedUntilHandlingFieldNumber:
    case V::kCheckedUntilHandlingFieldNumber:
    case V::kWhereaboutsFieldNumber:
    case V::kWhereaboutsAfterFieldNumber:
    case V::kSinceHandlingHFieldNumber:
    case V::kDwellHFieldNumber:
      return Part::kNeighbours;
    case V::kKnownSealsFieldNumber:
    case V::kKnownSealSourcesFieldNumber:
      return Part::kKnownSeals;
    case V::kBookedFieldNumber:
      return Part::kBooked;
    case V::kDeclaredFieldNumber:
    case V::kDeclaredFirstFieldNumber:
    case V::kConsigneeChangedFieldNumber:
    case V::kNotifyPartyChangedFieldNumber:
      return Part::kPapers;
    case V::kArrivalsReportedCompletelyFieldNumber:
    case V::kDeparturesReportedCompletelyFieldNumber:
      return Part::kOwnCompleteness;
    case V::kBookingsReportedCompletelyFieldNumber:
    case V::kStrippingsReportedCompletelyFieldNumber:
    case V::kInspectionsReportedCompletelyFieldNumber:
      return Part::kOtherCompleteness;
    case V::kOverlapFieldNumber:
      return Part::kOverlap;
    default:
      return Part::kWalks;
  }
}

void ContainerViewBuffer::Release() {
  if (derived_ == 0) return;
  // Each part belongs to the state or to this buffer; the view must forget it
  // before it may be cleared.
  view_.unsafe_arena_release_previous();
  view_.unsafe_arena_release_next();
  view_.unsafe_arena_release_previous_handling();
  view_.unsafe_arena_release_next_handling();
  view_.unsafe_arena_release_leg_in();
  view_.unsafe_arena_release_leg_out();
  view_.unsafe_arena_release_first_seen();
  ReleaseBeyond();
  view_.Clear();
  derived_ = 0;
}

void ContainerViewBuffer::Begin(const v1::ContainerState* state,
                                const JournaledMovement& input,
                                const Reference& reference) {
  Release();
  state_ = input.movement->has_occurrence_time() ? state : nullptr;
  input_ = input;
  reference_ = &reference;
  position_ = kNotFound;
  forgotten_ = state_ != nullptr && IsForgotten(*input.movement, *state_);
}

void ContainerViewBuffer::DeriveAll() {
  for (int part = 0; part < kParts; ++part) {
    DerivePart(static_cast<Part>(part));
  }
}

void ContainerViewBuffer::DerivePart(Part part) {
  if (Has(part)) return;
  derived_ |= uint32_t{1} << static_cast<int>(part);
  if (part == Part::kOwn) return DeriveOwn();
  if (part == Part::kOwner) return DeriveOwner();
  if (part == Part::kWalks) {
    const std::string& own = input_.movement->location().yard_position();
    if (!own.empty()) view_.set_yard_position(own);
  }
  if (state_ != nullptr) DerivePast(part, *state_);
}

void ContainerViewBuffer::DerivePast(Part part,
                                     const v1::ContainerState& state) {
  if (position_ == kNotFound) position_ = PositionOf(input_, state.timeline());
  switch (part) {
    case Part::kOwn:
    case Part::kOwner:
      return;
    case Part::kNeighbours:
      DeriveNeighbours(state);
      return DeriveWhereabouts();
    case Part::kCargo:
      DerivePart(Part::kOwn);
      return DeriveCargo(state);
    case Part::kKnownSeals:
      return DeriveKnownSeals(state);
    case Part::kWalks:
      DerivePart(Part::kOwn);
      DerivePart(Part::kNeighbours);
      if (!forgotten_) DeriveWalks(state);
      return;
    case Part::kBooked:
      DerivePart(Part::kWalks);
      DerivePart(Part::kOtherCompleteness);
      return DeriveBooked();
    case Part::kPapers:
      return DerivePapers(state);
    case Part::kOwnCompleteness:
      return DeriveOwnCompleteness(state);
    case Part::kOtherCompleteness:
      return DeriveOtherCompleteness(state);
    case Part::kOverlap:
      if (!forgotten_) DeriveOverlap(state);
      return;
  }
}

void ContainerViewBuffer::DeriveNeighbours(const v1::ContainerState& state) {
  const v1::Movement& m = *input_.movement;
  if (state.has_first_seen()) {
    view_.unsafe_arena_set_allocated_first_seen(Borrow(state.first_seen()));
  }
  view_.set_events_known(state.timeline_size());
  if (forgotten_) return;
  view_.unsafe_arena_set_allocated_previous(
      Nearest(state, position_ - 1, -1, IsPhysical));
  view_.unsafe_arena_set_allocated_next(
      Nearest(state, position_, 1, IsPhysical));
  view_.unsafe_arena_set_allocated_previous_handling(
      Nearest(state, position_ - 1, -1, IsHandling));
  view_.unsafe_arena_set_allocated_next_handling(
      Nearest(state, position_, 1, IsHandling));
  if (view_.has_next_handling()) {
    WriteAsMovementDoes();
    LookUntilHandling(state);
  }
  const std::optional<Coordinates> here = Locate(m.location(), *reference_);
  if (DeriveLeg(state, position_ - 1, -1, m, here, *reference_, &leg_in_)) {
    view_.unsafe_arena_set_allocated_leg_in(&leg_in_);
  }
  if (DeriveLeg(state, position_, 1, m, here, *reference_, &leg_out_)) {
    view_.unsafe_arena_set_allocated_leg_out(&leg_out_);
  }
}

// Copies the next handling only where it writes a seal in another way.
void ContainerViewBuffer::WriteAsMovementDoes() {
  const v1::Movement& m = *input_.movement;
  const auto differs = [&](const std::string& seal) {
    return AsWritten(m, seal) != seal;
  };
  const auto& seals = view_.next_handling().seals();
  if (std::none_of(seals.begin(), seals.end(), differs)) return;
  next_handling_ = view_.next_handling();
  for (std::string& seal : *next_handling_.mutable_seals()) {
    seal = AsWritten(m, seal);
  }
  view_.unsafe_arena_release_next_handling();
  view_.unsafe_arena_set_allocated_next_handling(&next_handling_);
}

// Whether the load is another one, or was looked at, when the box is next
// handled.
void ContainerViewBuffer::LookUntilHandling(const v1::ContainerState& state) {
  bool changed = false;
  bool checked = false;
  for (int i = position_; i < state.timeline_size(); ++i) {
    const v1::Event event = state.timeline(i).event();
    if (IsHandling(event)) break;
    changed = changed || ChangesCargo(event) || event == v1::BOOKING;
    checked = checked || IsCheck(event);
  }
  view_.set_cargo_changed_until_handling(changed);
  view_.set_checked_until_handling(checked);
}

void ContainerViewBuffer::DeriveKnownSeals(const v1::ContainerState& state) {
  for (int i = position_ - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (IsEmptied(event)) break;
    if (!TellsSeals(event)) continue;
    for (int seal = 0; seal < event.seals_size(); ++seal) {
      view_.add_known_seals(AsWritten(*input_.movement, event.seals(seal)));
      view_.add_known_seal_sources(seal < event.seal_sources_size()
                                       ? event.seal_sources(seal)
                                       : std::string());
    }
    if (event.event() == v1::STUFFING) break;
  }
}

// Whether event `at` opened the doors and names the seals that it found there,
// not those that it left.
bool ContainerViewBuffer::FoundSeals(const v1::ContainerState& state,
                                     int at) const {
  const TimelineEvent& event = state.timeline(at);
  if (!AccountsForSeals(event.event()) || event.event() == v1::STUFFING) {
    return false;
  }
  return std::all_of(
      event.seals().begin(), event.seals().end(), [&](const std::string& seal) {
        for (int i = at - 1; i >= 0; --i) {
          const TimelineEvent& before = state.timeline(i);
          if (IsEmptied(before)) return false;
          const auto same = [&](const std::string& one) {
            return SameMark(one, seal);
          };
          if (TellsSeals(before) &&
              std::any_of(before.seals().begin(), before.seals().end(), same)) {
            return true;
          }
          if (before.event() == v1::STUFFING) return false;
        }
        return false;
      });
}

// Walks back through the present load: until the cargo changed or the box was
// handled empty.
void ContainerViewBuffer::DeriveCargo(const v1::ContainerState& state) {
  bool accounted = AccountsForSeals(input_.movement->event());
  bool changed = false;
  bool checked = false;
  bool handling_seen = false;
  bool load_ended = false;
  for (int i = position_ - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (ChangesCargo(event.event()) || event.event() == v1::BOOKING) {
      changed = true;
    }
    checked = checked || IsCheck(event.event());
    if (IsHandling(event.event()) && !handling_seen) {
      handling_seen = true;
      view_.set_cargo_changed_since_handling(changed);
      view_.set_checked_since_handling(checked);
    }
    // What stuffing reports already belongs to the present load.
    if (IsEmptied(event)) {
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
      if (event.seals_size() > 0 && TellsSeals(event)) {
        for (const std::string& seal : event.seals()) {
          view_.add_last_seals(AsWritten(*input_.movement, seal));
        }
        view_.set_seals_accounted_for(accounted || FoundSeals(state, i));
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

void ContainerViewBuffer::DeriveOwn() {
  const v1::Movement& m = *input_.movement;
  int32_t kg = 0;
  if (BestWeight(m.weights(), &kg)) view_.set_weight_kg(kg);
  for (const v1::Seal& seal : m.seals()) view_.add_seals(seal.number());
}

void ContainerViewBuffer::DeriveOwner() {
  const std::string& number = input_.movement->container().number();
  if (number.size() < 4) return;
  const std::optional<bool> registered =
      reference_->KnowsOwner(absl::string_view(number).substr(0, 4));
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
