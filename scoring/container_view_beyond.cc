// HOT PATH where rules read it, with the rules of container_view.cc: what is
// found by walking the whole timeline once in each direction, and what
// documents and sources say.
#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/match.h"
#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/container_view.h"
#include "scoring/voyages.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::TimelineEvent;

// For how long before a movement a source must have been complete at least,
// unless the container was first seen later than that.
constexpr int64_t kCompleteSeconds = 30 * 86400;
// Sources of a box that are looked up once; more of them cost more.
constexpr size_t kSourcesKept = 16;

v1::Whereabouts After(v1::Event handling) {
  if (IsArrival(handling)) return v1::IN_FACILITY;
  return handling == v1::LOAD ? v1::ABOARD : v1::OUTSIDE;
}

v1::Whereabouts BeforeIt(v1::Event handling) {
  if (IsDeparture(handling)) return v1::IN_FACILITY;
  return handling == v1::DISCHARGE ? v1::ABOARD : v1::OUTSIDE;
}

// As MaySamePlace in legs.h, and the facility in any case: this is no key.
bool MayBeAt(const v1::Location& place, const TimelineEvent& event) {
  return event.locode() == place.locode() &&
         (event.facility().empty() || place.facility().empty() ||
          absl::EqualsIgnoreCase(event.facility(), place.facility()));
}

// Takes over what is not known yet.
void Learn(const TimelineEvent& event, v1::Fingerprint* known) {
  if (known->type_code().empty() && !event.type_code().empty()) {
    known->set_type_code(event.type_code());
  }
  if (!known->has_tare_kg() && event.has_tare_kg()) {
    known->set_tare_kg(event.tare_kg());
  }
  if (known->reefer_unit().empty() && !event.reefer_unit().empty()) {
    known->set_reefer_unit(event.reefer_unit());
  }
  if (known->operator_code().empty() && !event.operator_code().empty()) {
    known->set_operator_code(event.operator_code());
  }
}

bool KnowsAnything(const v1::Fingerprint& known) {
  return !known.type_code().empty() || known.has_tare_kg() ||
         !known.reefer_unit().empty() || !known.operator_code().empty();
}

// Whether papers of another consignment name the same voyage: what one weighs
// is not what the box weighs.
bool SharesItsBox(const v1::DocumentEvent& document,
                  const v1::ContainerState& state) {
  return std::any_of(
      state.documents().begin(), state.documents().end(),
      [&](const v1::DocumentEvent& other) {
        return (!other.bill_of_lading().empty() || !other.booking().empty()) &&
               !SameConsignment(document, other) &&
               SameVoyage(document.voyage(), other.voyage());
      });
}

}  // namespace

// What lies beyond the neighbours: both walks and what they have to remember
// between steps.
class ContainerViewBuffer::Walk {
 public:
  Walk(const v1::ContainerState& state, const JournaledMovement& input,
       ContainerViewBuffer* out)
      : state_(state), input_(input), out_(*out), view_(out->view_) {}

  void Back(int position) {
    for (int i = position - 1; i >= 0; --i) {
      const TimelineEvent& event = state_.timeline(i);
      Yard(event);
      BackEvent(event);
      Load(event);
      Learn(event, &out_.known_);
    }
    if (KnowsAnything(out_.known_)) {
      view_.unsafe_arena_set_allocated_known(&out_.known_);
    }
  }

  void Forward(int position) {
    bool same_load = true;
    bool same_stay = true;
    for (int i = position; i < state_.timeline_size(); ++i) {
      const TimelineEvent& event = state_.timeline(i);
      if (IsEmptied(event)) {
        if (same_load) load_end_ = &event.occurrence_time();
        same_load = false;
      }
      if (same_load) TakeVoyage(event);
      if (IsHandling(event.event())) same_stay = false;
      if (same_stay) ForwardStay(event);
      ForwardEvent(event);
      Learn(event, &out_.known_later_);
    }
    if (KnowsAnything(out_.known_later_)) {
      view_.unsafe_arena_set_allocated_known_later(&out_.known_later_);
    }
  }

  // After both walks.
  void CountVoyages() {
    const v1::Movement& m = *input_.movement;
    if (!IsPhysical(m.event())) voyages_.Add(m);
    for (const v1::DocumentEvent& document : state_.documents()) {
      const Timestamp& t = document.occurrence_time();
      if (load_begin_ != nullptr && Before(t, *load_begin_)) continue;
      if (load_end_ != nullptr && !Before(t, *load_end_)) continue;
      voyages_.Add(document);
    }
    const int count = voyages_.Count();
    if (count > 0) view_.set_open_voyages(count);
  }

  // Whether one since the box came or was emptied would have been met: a box
  // that reports its position pushes the rest out of its timeline.
  bool KnowsBookings() const {
    return booking_over_ || !state_.has_forgotten_time();
  }

 private:
  void Yard(const TimelineEvent& event) {
    if (yard_over_) return;
    if (view_.yard_position().empty() && !IsDeparture(event.event()) &&
        !event.yard_position().empty()) {
      view_.set_yard_position(event.yard_position());
    }
    yard_over_ = IsHandling(event.event()) || !view_.yard_position().empty();
  }

  void BackEvent(const TimelineEvent& event) {
    switch (event.event()) {
      case v1::LOAD:
        if (!view_.has_last_load()) {
          view_.unsafe_arena_set_allocated_last_load(Borrow(event));
        }
        break;
      case v1::DISCHARGE:
        booking_over_ = true;
        if (!view_.has_last_discharge()) {
          view_.unsafe_arena_set_allocated_last_discharge(Borrow(event));
        }
        break;
      case v1::GATE_IN:
      case v1::STRIPPING:
        booking_over_ = true;
        break;
      case v1::BOOKING:
        if (!booking_over_) view_.set_booked(true);
        booking_over_ = true;
        break;
      case v1::STOW_PLAN:
        if (!view_.has_last_stow_plan()) {
          view_.unsafe_arena_set_allocated_last_stow_plan(Borrow(event));
        }
        break;
      case v1::CUSTOMS_SELECTED:
        if (!selection_over_) {
          view_.unsafe_arena_set_allocated_selected_time(
              Borrow(event.occurrence_time()));
        }
        selection_over_ = true;
        break;
      case v1::CUSTOMS_RELEASED:
      case v1::INSPECTION:
        selection_over_ = true;
        break;
      case v1::DISPOSAL:
        if (!view_.has_disposed_time()) {
          view_.unsafe_arena_set_allocated_disposed_time(
              Borrow(event.occurrence_time()));
        }
        break;
      default:
        break;
    }
  }

  void TakeVoyage(const TimelineEvent& event) {
    if (event.event() == v1::BOOKING) voyages_.Add(event);
    if (event.event() == v1::DISCHARGE) voyages_.End(event);
  }

  // The present load: back until the cargo changed or the box was handled
  // empty. What stuffing reports already belongs to it.
  void Load(const TimelineEvent& event) {
    if (load_begin_ != nullptr) return;
    if (IsEmptied(event)) {
      load_begin_ = &event.occurrence_time();
      return;
    }
    TakeVoyage(event);
    if (!view_.has_last_scale_kg() && event.has_scale_kg()) {
      view_.set_last_scale_kg(event.scale_kg());
      view_.unsafe_arena_set_allocated_last_scale_time(
          Borrow(event.occurrence_time()));
    }
    if (!view_.has_last_check_time() &&
        (event.event() == v1::INSPECTION || event.event() == v1::SCAN)) {
      view_.unsafe_arena_set_allocated_last_check_time(
          Borrow(event.occurrence_time()));
    }
    if (event.event() == v1::STUFFING) load_begin_ = &event.occurrence_time();
  }

  void ForwardEvent(const TimelineEvent& event) {
    if (event.event() == v1::LOAD && !view_.has_next_load()) {
      view_.unsafe_arena_set_allocated_next_load(Borrow(event));
    } else if (event.event() == v1::DISCHARGE && !view_.has_next_discharge()) {
      view_.unsafe_arena_set_allocated_next_discharge(Borrow(event));
    } else if (event.event() == v1::STOW_PLAN && !view_.has_next_stow_plan()) {
      view_.unsafe_arena_set_allocated_next_stow_plan(Borrow(event));
    }
  }

  // Up to the next handling.
  void ForwardStay(const TimelineEvent& event) {
    const v1::Movement& m = *input_.movement;
    if (event.event() == v1::CUSTOMS_RELEASED ||
        event.event() == v1::INSPECTION) {
      released_ = true;  // Then it may be moved as any.
    } else if (event.event() == v1::YARD_MOVE && !event.ordered() &&
               !released_ && !view_.has_unordered_move_time()) {
      view_.unsafe_arena_set_allocated_unordered_move_time(
          Borrow(event.occurrence_time()));
    } else if (event.event() == v1::SCAN && m.event() == v1::GATE_OUT &&
               !view_.has_gate_to_scan_h()) {
      view_.set_gate_to_scan_h(
          HoursBetween(m.occurrence_time(), event.occurrence_time()));
    }
  }

  const v1::ContainerState& state_;
  const JournaledMovement& input_;
  ContainerViewBuffer& out_;
  v1::ContainerView& view_;
  bool yard_over_ = false;
  bool booking_over_ = false;
  bool selection_over_ = false;
  bool released_ = false;  // After the movement.
  const Timestamp* load_begin_ = nullptr;
  const Timestamp* load_end_ = nullptr;
  Voyages voyages_;
};

void ContainerViewBuffer::DeriveWalks(const v1::ContainerState& state) {
  Walk walk(state, input_, this);
  walk.Back(position_);
  walk.Forward(position_);
  walk.CountVoyages();
  knows_bookings_ = walk.KnowsBookings();
  DeriveComparisons();
}

void ContainerViewBuffer::DeriveBooked() {
  if (view_.bookings_reported_completely() && !view_.has_booked() &&
      knows_bookings_) {
    view_.set_booked(false);
  }
}

void ContainerViewBuffer::ReleaseBeyond() {
  view_.unsafe_arena_release_last_load();
  view_.unsafe_arena_release_last_discharge();
  view_.unsafe_arena_release_next_load();
  view_.unsafe_arena_release_next_discharge();
  view_.unsafe_arena_release_last_stow_plan();
  view_.unsafe_arena_release_next_stow_plan();
  view_.unsafe_arena_release_known();
  view_.unsafe_arena_release_known_later();
  view_.unsafe_arena_release_last_scale_time();
  view_.unsafe_arena_release_selected_time();
  view_.unsafe_arena_release_unordered_move_time();
  view_.unsafe_arena_release_last_check_time();
  view_.unsafe_arena_release_disposed_time();
  view_.unsafe_arena_release_declared();
  view_.unsafe_arena_release_declared_first();
  view_.unsafe_arena_release_overlap();
  overlap_.unsafe_arena_release_begin();
  overlap_.unsafe_arena_release_end();
  overlap_.unsafe_arena_release_elsewhere_time();
  overlap_.Clear();
  known_.Clear();
  known_later_.Clear();
}

// Of the movement with its neighbours.
void ContainerViewBuffer::DeriveWhereabouts() {
  const v1::Movement& m = *input_.movement;
  if (view_.has_next_handling()) {
    view_.set_whereabouts_after(BeforeIt(view_.next_handling().event()));
  }
  if (!view_.has_previous_handling()) return;
  const TimelineEvent& handling = view_.previous_handling();
  view_.set_whereabouts(After(handling.event()));
  view_.set_since_handling_h(
      HoursBetween(handling.occurrence_time(), m.occurrence_time()));
  if (IsDeparture(m.event()) && IsArrival(handling.event()) &&
      !m.location().locode().empty() && MayBeAt(m.location(), handling)) {
    view_.set_dwell_h(view_.since_handling_h());
  }
}

// Of the movement with what the walks found.
void ContainerViewBuffer::DeriveComparisons() {
  const v1::Movement& m = *input_.movement;
  const v1::Container& box = m.container();
  if (box.has_tare_kg() && known_.has_tare_kg()) {
    view_.set_tare_difference_kg(std::abs(box.tare_kg() - known_.tare_kg()));
  }
  if (view_.has_weight_kg() && (box.has_tare_kg() || known_.has_tare_kg())) {
    view_.set_weight_above_tare_kg(
        view_.weight_kg() -
        (box.has_tare_kg() ? box.tare_kg() : known_.tare_kg()));
  }
  if (m.event() == v1::SCAN && view_.has_previous_handling() &&
      view_.previous_handling().event() == v1::GATE_OUT) {
    view_.set_gate_to_scan_h(view_.since_handling_h());
  }
}

void ContainerViewBuffer::DerivePapers(const v1::ContainerState& state) {
  const v1::Movement& m = *input_.movement;
  const v1::Consignment& own = m.consignment();
  const bool named = !own.bill_of_lading().empty() || !own.booking().empty();
  // A declaration says less than the manifest that it follows.
  const v1::DocumentEvent* last = nullptr;
  const v1::DocumentEvent* consignee = nullptr;
  const v1::DocumentEvent* notified = nullptr;
  for (const v1::DocumentEvent& document : state.documents()) {
    if (MovementBefore(input_, document)) break;
    if (named && !SameConsignment(document, own)) continue;
    if (last == nullptr || document.event() != v1::DECLARATION ||
        last->event() == v1::DECLARATION) {
      last = &document;
    }
    if (document.has_consignee()) consignee = &document;
    if (document.has_notify_party()) notified = &document;
  }
  if (last == nullptr) return;
  if (last->has_gross_kg() && SharesItsBox(*last, state)) {
    declared_ = *last;
    declared_.clear_gross_kg();
    last = &declared_;
  }
  view_.unsafe_arena_set_allocated_declared(Borrow(*last));
  for (const v1::DocumentEvent& document : state.documents()) {
    if (document.movement_key() != last->movement_key() &&
        !SameConsignment(document, *last)) {
      continue;
    }
    view_.unsafe_arena_set_allocated_declared_first(Borrow(document));
    break;
  }
  const v1::Pseudonyms& who = m.pseudonyms();
  if (who.has_consignee() && consignee != nullptr) {
    view_.set_consignee_changed(who.consignee() != consignee->consignee());
  }
  if (who.has_notify_party() && notified != nullptr) {
    view_.set_notify_party_changed(who.notify_party() !=
                                   notified->notify_party());
  }
}

Timestamp ContainerViewBuffer::CompleteFrom(
    const v1::ContainerState& state) const {
  Timestamp since = input_.movement->occurrence_time();
  since.set_seconds(since.seconds() - kCompleteSeconds);
  if (state.has_first_seen() && Before(since, state.first_seen())) {
    since = state.first_seen();
  }
  return since;
}

void ContainerViewBuffer::DeriveOwnCompleteness(
    const v1::ContainerState& state) {
  if (!reference_->has_sources()) return;
  const Timestamp since = CompleteFrom(state);
  const auto own = [&](v1::Event event) {
    return reference_->IsComplete(input_.movement->source(), event, since);
  };
  view_.set_arrivals_reported_completely(own(v1::GATE_IN) &&
                                         own(v1::DISCHARGE));
  view_.set_departures_reported_completely(own(v1::GATE_OUT) && own(v1::LOAD));
}

// Of all sources that have told of the box, each looked up once: neighbours
// mostly share one, and there are few.
void ContainerViewBuffer::DeriveOtherCompleteness(
    const v1::ContainerState& state) {
  if (!reference_->has_sources()) return;
  const Timestamp since = CompleteFrom(state);
  bool bookings = false, strippings = false, inspections = false;
  std::array<absl::string_view, kSourcesKept> seen;
  size_t seen_count = 0;
  const auto take = [&](absl::string_view source) {
    const auto end = seen.begin() + seen_count;
    if (std::find(seen.begin(), end, source) != end) return;
    if (seen_count < seen.size()) seen[seen_count++] = source;
    const v1::Source* const complete = reference_->CompleteSince(source, since);
    if (complete == nullptr) return;
    for (const int event : complete->complete()) {
      bookings |= event == v1::BOOKING;
      strippings |= event == v1::STRIPPING;
      inspections |= event == v1::INSPECTION;
    }
  };
  take(input_.movement->source());
  for (const TimelineEvent& e : state.timeline()) take(e.source());
  for (const v1::DocumentEvent& e : state.documents()) take(e.source());
  view_.set_bookings_reported_completely(bookings);
  view_.set_strippings_reported_completely(strippings);
  view_.set_inspections_reported_completely(inspections);
}

}  // namespace portrisk::scoring
