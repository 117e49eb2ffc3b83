// HOT PATH. Budget: derive and fold together well below 2 us (bench/score_bench
// guards it). Forbidden: I/O, locks, clocks, logs, heap once warm.
//
// Two bounded lists, of facts and of papers. A correction is taken out before
// the new version is assessed and folded in, so nothing here meets an earlier
// version of what it folds.
#include "scoring/container_history.h"

#include <algorithm>
#include <array>
#include <string>

#include "scoring/bounded_timeline.h"
#include "scoring/legs.h"
#include "scoring/stay.h"

namespace portrisk::scoring {
namespace {

using v1::TimelineEvent;

bool IsDocument(v1::Event event) {
  return event == v1::MANIFEST_LODGED || event == v1::MANIFEST_AMENDED ||
         event == v1::DECLARATION;
}

bool EntersTimeline(const v1::Movement& movement) {
  return IsActual(movement) && movement.has_occurrence_time() &&
         (IsPhysical(movement.event()) || movement.event() == v1::BOOKING ||
          movement.event() == v1::STOW_PLAN ||
          movement.event() == v1::CUSTOMS_SELECTED ||
          movement.event() == v1::CUSTOMS_RELEASED);
}

void FillSeals(const v1::Movement& m, TimelineEvent* event) {
  event->clear_seals();
  event->clear_seal_sources();
  bool has_source = false;
  for (const v1::Seal& seal : m.seals()) {
    event->add_seals(seal.number());
    has_source |= !seal.source().empty();
  }
  if (!has_source) return;
  for (const v1::Seal& seal : m.seals()) {
    event->add_seal_sources(seal.source());
  }
}

void FillEvent(const JournaledMovement& input, TimelineEvent* event) {
  using E = TimelineEvent;
  const v1::Movement& m = *input.movement;
  event->set_movement_key(input.movement_key);
  event->set_sequence(input.sequence);
  event->set_event(m.event());
  *event->mutable_occurrence_time() = m.occurrence_time();
  event->set_source(m.source());
  const v1::Location& location = m.location();
  event->set_locode(location.locode());
  SetText(location.facility(), &E::facility, &E::mutable_facility, event);
  if (location.has_latitude() && location.has_longitude()) {
    event->set_latitude(location.latitude());
    event->set_longitude(location.longitude());
  } else {
    event->clear_latitude();
    event->clear_longitude();
  }
  event->set_mode(m.transport().mode());
  SetText(m.transport().vessel_imo(), &E::vessel_imo, &E::mutable_vessel_imo,
          event);
  SetText(m.transport().voyage(), &E::voyage, &E::mutable_voyage, event);
  event->set_load_status(m.container().load_status());
  int32_t kg = 0;
  if (BestWeight(m.weights(), &kg)) {
    event->set_weight_kg(kg);
  } else {
    event->clear_weight_kg();
  }
  FillSeals(m, event);
  SetText(m.container().type_code(), &E::type_code, &E::mutable_type_code,
          event);
  if (m.container().has_tare_kg()) {
    event->set_tare_kg(m.container().tare_kg());
  } else {
    event->clear_tare_kg();
  }
  SetText(m.haulier().id(), &E::haulier_id, &E::mutable_haulier_id, event);
  SetText(m.consignment().booking(), &E::booking, &E::mutable_booking, event);
  SetText(m.container().reefer_unit(), &E::reefer_unit, &E::mutable_reefer_unit,
          event);
  SetText(m.container().operator_code(), &E::operator_code,
          &E::mutable_operator_code, event);
  if (m.weights().has_scale_kg()) {
    event->set_scale_kg(m.weights().scale_kg());
  } else {
    event->clear_scale_kg();
  }
  SetText(location.yard_position(), &E::yard_position,
          &E::mutable_yard_position, event);
  event->set_ordered(!m.work_order().empty());
}

// The heaviest that is usual: nobody is accused by what is assumed.
constexpr int32_t kAssumedTareKg = 5000;

// Box with cargo, as papers declare it. Manifests mostly weigh the goods alone;
// those of one of several consignments in a box say nothing of the box.
bool DeclaredGross(const v1::Movement& m, int32_t* kg) {
  const v1::Weights& weights = m.weights();
  if (weights.has_gross_kg()) {
    *kg = weights.gross_kg();
    return true;
  }
  if (!weights.has_cargo_kg() || m.consignment().consolidated()) return false;
  *kg =
      weights.cargo_kg() +
      (m.container().has_tare_kg() ? m.container().tare_kg() : kAssumedTareKg);
  return true;
}

void FillDocument(const JournaledMovement& input, v1::DocumentEvent* event) {
  const v1::Movement& m = *input.movement;
  event->set_movement_key(input.movement_key);
  event->set_sequence(input.sequence);
  event->set_event(m.event());
  *event->mutable_occurrence_time() = m.occurrence_time();
  event->set_source(m.source());
  const v1::Consignment& c = m.consignment();
  event->set_booking(c.booking());
  event->set_bill_of_lading(c.bill_of_lading());
  event->set_loading_locode(c.loading_locode());
  event->set_transhipment_locode(c.transhipment_locode());
  event->set_discharge_locode(c.discharge_locode());
  event->set_destination_locode(c.destination_locode());
  event->set_commodity(c.commodity());
  event->set_vessel_imo(m.transport().vessel_imo());
  event->set_voyage(m.transport().voyage());
  int32_t kg = 0;
  if (DeclaredGross(m, &kg)) {
    event->set_gross_kg(kg);
  } else {
    event->clear_gross_kg();
  }
  if (m.transport().has_estimated_arrival_time()) {
    *event->mutable_estimated_arrival_time() =
        m.transport().estimated_arrival_time();
  } else {
    event->clear_estimated_arrival_time();
  }
  const v1::Pseudonyms& who = m.pseudonyms();
  event->clear_consignee();
  if (who.has_consignee()) event->set_consignee(who.consignee());
  event->clear_notify_party();
  if (who.has_notify_party()) event->set_notify_party(who.notify_party());
}

// The earliest event that happened to the box; may be null.
const TimelineEvent* FirstPhysical(const v1::ContainerState& state) {
  for (const TimelineEvent& event : state.timeline()) {
    if (IsPhysical(event.event())) return &event;
  }
  return nullptr;
}

// Whether no event may have been pushed out.
bool HasRoom(const v1::ContainerState& state) {
  constexpr const TimelineEvent* kOf = nullptr;
  std::array<int, kTimelineKinds> events = {};
  for (const TimelineEvent& event : state.timeline()) {
    const Kind kind = KindOf(kOf, event.event());
    if (++events[static_cast<size_t>(kind.number)] == kind.most) return false;
  }
  return !state.has_forgotten_time();
}

// Before the movement is put into the timeline. What is not known although
// there are events stays so: the first was taken out, the next is forgotten.
void NoteFirstSeen(const v1::Movement& m, v1::ContainerState* state) {
  if (!IsPhysical(m.event())) return;
  const bool is_first =
      state->has_first_seen()
          ? Before(m.occurrence_time(), state->first_seen())
          : FirstPhysical(*state) == nullptr && !state->has_forgotten_time();
  if (is_first) *state->mutable_first_seen() = m.occurrence_time();
}

// Takes an event out, and with it what only it knew of the earliest time.
void RemoveVersion(int at, v1::ContainerState* state) {
  const TimelineEvent& event = state->timeline(at);
  const bool was_first = &event == FirstPhysical(*state) &&
                         !Before(state->first_seen(), event.occurrence_time());
  const bool all_kept = HasRoom(*state);
  RemoveAt(at, state->mutable_timeline());
  if (!was_first) return;
  const TimelineEvent* const first = FirstPhysical(*state);
  if (first != nullptr && all_kept) {
    *state->mutable_first_seen() = first->occurrence_time();
  } else {
    state->clear_first_seen();
  }
}

// Like StayOf, which takes a place that is not named for the visit's.
bool IsHandledAt(const v1::Visit& visit, const TimelineEvent& event) {
  return IsHandling(event.event()) &&
         (event.locode().empty() || MaySamePlace(event, visit));
}

// The last handling at the visit's place that is known; may be null.
const TimelineEvent* LastHandling(const v1::ContainerState& state) {
  for (int i = state.timeline_size() - 1; i >= 0; --i) {
    const TimelineEvent& event = state.timeline(i);
    if (IsHandledAt(state.visit(), event)) return &event;
  }
  return nullptr;
}

// A visit whose departure was taken out is open again, unless another is known.
void ReopenVisit(v1::ContainerState* state) {
  const TimelineEvent* const last = LastHandling(*state);
  if (last != nullptr && IsDeparture(last->event())) return;
  state->mutable_visit()->set_open(true);
}

// Whether the movement puts the container where the visit is.
bool IsAt(const v1::Movement& m, const std::string& number,
          const v1::Visit& visit) {
  return !m.retraction() && IsActual(m) && IsPhysical(m.event()) &&
         m.container().number() == number && MaySamePlace(m.location(), visit);
}

// Whether anything that came after what the visit began with was there.
bool IsConfirmed(const v1::ContainerState& state) {
  for (const TimelineEvent& event : state.timeline()) {
    if (event.sequence() > state.visit().begun_sequence() &&
        IsPhysical(event.event()) && MaySamePlace(event, state.visit())) {
      return true;
    }
  }
  return false;
}

// The visit never was: the one before it goes on. What that one has been told
// of its place since counts.
void WithdrawVisit(v1::ContainerState* state) {
  state->set_withdrawn_ordinal(state->visit().ordinal());
  if (!state->has_previous_visit()) return state->clear_visit();
  state->mutable_visit()->Swap(state->mutable_previous_visit());
  state->clear_previous_visit();
  const TimelineEvent* const last = LastHandling(*state);
  if (last == nullptr) return;
  state->mutable_visit()->set_open(!IsDeparture(last->event()));
}

// A version that stood at journal position `was` has been taken out, which the
// present visit or the one before may have begun with.
void UnfoldVisit(const JournaledMovement& input, uint64_t was,
                 v1::ContainerState* state) {
  // The visit goes on where the new version tells of it, too.
  const auto goes_on = [&](v1::Visit* visit) {
    if (!IsAt(*input.movement, state->number(), *visit)) return false;
    visit->set_begun_sequence(input.sequence);
    return true;
  };
  if (state->previous_visit().begun_sequence() == was &&
      !goes_on(state->mutable_previous_visit())) {
    state->clear_previous_visit();
  }
  if (state->visit().begun_sequence() == was &&
      !goes_on(state->mutable_visit()) && !IsConfirmed(*state)) {
    WithdrawVisit(state);
  }
}

// Of a movement in the port of the visit.
void FoldFacility(const v1::Movement& movement, v1::Visit* visit) {
  const std::string& facility = movement.location().facility();
  if (visit->facility().empty()) {
    visit->set_facility(facility);
  } else if (!MaySamePlace(movement.location(), *visit) &&
             IsArrival(movement.event())) {
    visit->set_also_facility(facility);
  }
}

// The visit that an assessment put the movement in. A unit that is none of the
// two known ones (a consignment, a stay of the past) leaves no trace here.
void FoldVisit(const v1::Movement& movement, const v1::Unit& unit,
               uint64_t sequence, v1::ContainerState* state) {
  if (unit.visit_ordinal() == 0) return;
  v1::Visit* visit = state->mutable_visit();
  if (unit.visit_ordinal() < visit->ordinal()) {
    if (unit.visit_ordinal() != state->previous_visit().ordinal()) return;
    visit = state->mutable_previous_visit();
  } else if (unit.visit_ordinal() > visit->ordinal()) {
    if (visit->ordinal() > 0) state->mutable_previous_visit()->Swap(visit);
    visit->Clear();
    visit->set_begun_sequence(sequence);
  }
  visit->set_ordinal(unit.visit_ordinal());
  const v1::Location& place = movement.location();
  if (IsPhysical(movement.event()) && !place.locode().empty()) {
    // Else it was seen elsewhere, which the visit is not.
    if (visit->locode().empty()) visit->set_locode(place.locode());
    if (visit->locode() == place.locode()) FoldFacility(movement, visit);
  }
  visit->set_open(unit.visit_open());
  SetDecided(unit, visit);
}

// Before a handling is put in; whether one has to go, or finds no room.
bool NoteForgotten(const JournaledMovement& input, v1::ContainerState* state) {
  constexpr const TimelineEvent* kOf = nullptr;
  if (KindOf(kOf, input.movement->event()).number != kHandlings.number) {
    return false;
  }
  int handlings = 0;
  const TimelineEvent* oldest = nullptr;
  for (const TimelineEvent& event : state->timeline()) {
    if (KindOf(kOf, event.event()).number != kHandlings.number) continue;
    if (handlings++ == 0) oldest = &event;
  }
  if (handlings < kHandlings.most) return false;
  *state->mutable_forgotten_time() = MovementBefore(input, *oldest)
                                         ? input.movement->occurrence_time()
                                         : oldest->occurrence_time();
  return true;
}

// Into the timeline, which has no holes between handlings: from before one that
// it had no place for nothing is kept.
void FoldEvent(const JournaledMovement& input, v1::ContainerState* state) {
  if (IsForgotten(*input.movement, *state)) return;
  auto* const timeline = state->mutable_timeline();
  const bool forgets = NoteForgotten(input, state);
  InsertByKind(
      input, [&](TimelineEvent* event) { FillEvent(input, event); }, timeline);
  if (!forgets) return;
  int gone = 0;
  while (
      gone < timeline->size() &&
      Before(timeline->Get(gone).occurrence_time(), state->forgotten_time())) {
    ++gone;
  }
  for (int i = gone; i < timeline->size(); ++i) {
    timeline->SwapElements(i - gone, i);
  }
  for (int i = 0; i < gone; ++i) timeline->RemoveLast();
}

}  // namespace

bool IsActual(const v1::Movement& movement) {
  return movement.classifier() == v1::ACTUAL ||
         movement.classifier() == v1::CLASSIFIER_UNSPECIFIED;
}

bool IsFact(const v1::Movement& movement) {
  return !movement.retraction() && IsActual(movement) &&
         movement.has_occurrence_time();
}

bool IsPhysical(v1::Event event) { return event >= 1 && event < 40; }

bool IsArrival(v1::Event event) {
  return event == v1::GATE_IN || event == v1::DISCHARGE;
}

bool IsDeparture(v1::Event event) {
  return event == v1::GATE_OUT || event == v1::LOAD;
}

bool IsHandling(v1::Event event) {
  return IsArrival(event) || IsDeparture(event);
}

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
  if (m.retraction()) return;
  if (state->number().empty()) state->set_number(m.container().number());
  if (EntersTimeline(m)) {
    NoteFirstSeen(m, state);
    FoldEvent(input, state);
  } else if (IsDocument(m.event()) && IsActual(m) && m.has_occurrence_time()) {
    InsertEvent(
        input, kDocumentsMax,
        [&](v1::DocumentEvent* event) { FillDocument(input, event); },
        state->mutable_documents());
  }
  if (unit != nullptr && IsActual(m)) {
    FoldVisit(m, *unit, input.sequence, state);
  }
}

bool IsToppedUpBy(const v1::WorklistUnit& unit,
                  const v1::ContainerState& state) {
  return IsToppedUpBy(unit, state.visit());
}

void TopUp(const v1::WorklistUnit& unit, uint64_t sequence,
           v1::ContainerState* state) {
  TopUp(unit, state->mutable_visit());
  state->set_last_sequence(sequence);
}

void UnfoldContainer(const JournaledMovement& input,
                     v1::ContainerState* state) {
  state->set_last_sequence(input.sequence);
  RemoveEvent(input.movement_key, state->mutable_documents());
  const int at = IndexOf(input.movement_key, state->timeline());
  if (at < 0) return;
  const TimelineEvent& event = state->timeline(at);
  const bool departed = state->has_visit() && !state->visit().open() &&
                        IsDeparture(event.event()) &&
                        IsHandledAt(state->visit(), event);
  const uint64_t was = event.sequence();
  RemoveVersion(at, state);
  if (departed) ReopenVisit(state);
  UnfoldVisit(input, was, state);
}

}  // namespace portrisk::scoring
