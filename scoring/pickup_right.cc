// HOT PATH, with the rules of container_history.cc.
//
// Two standings are taken. `right` is as of the movement, which is not part of
// it. `right.use` (pickup_right_use.cc) looks at a gate-out with the movement
// in its place, so that a nomination and the gate-out it should have preceded
// meet whichever of them arrives last.
#include "scoring/pickup_right.h"

#include <string>

#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/right_events.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;
using v1::RightEvent;

// Empty boxes are handed out, and announced to be brought back, under a
// booking. Where a right is named for one it is a right like any other.
bool UsesNoRight(const v1::Movement& m) {
  return (m.event() == v1::GATE_OUT || m.event() == v1::PRE_NOTIFICATION) &&
         m.container().load_status() == v1::EMPTY &&
         m.pickup_right().id().empty() && m.pickup_right().pin_hash().empty();
}

void FillEvent(const JournaledMovement& input, RightEvent* event) {
  const v1::Movement& m = *input.movement;
  const v1::PickupRight& right = m.pickup_right();
  event->set_movement_key(input.movement_key);
  event->set_sequence(input.sequence);
  event->set_event(m.event());
  *event->mutable_occurrence_time() = m.occurrence_time();
  using E = RightEvent;
  SetText(right.id(), &E::right_id, &E::mutable_right_id, event);
  SetText(right.actor().id(), &E::actor_id, &E::mutable_actor_id, event);
  SetText(right.recipient().id(), &E::recipient_id, &E::mutable_recipient_id,
          event);
  SetText(right.nominee().id(), &E::nominee_id, &E::mutable_nominee_id, event);
  SetText(right.pin_hash(), &E::pin_hash, &E::mutable_pin_hash, event);
  if (!right.pin_hash().empty()) {
    event->mutable_pin_hash()->append(right.pin_key_id());
  }
  SetText(right.previous_pin_hash(), &E::previous_pin_hash,
          &E::mutable_previous_pin_hash, event);
  SetText(m.haulier().id(), &E::haulier_id, &E::mutable_haulier_id, event);
  if (right.has_expire_time()) {
    *event->mutable_expire_time() = right.expire_time();
  } else {
    event->clear_expire_time();
  }
  if (right.has_slot_time()) {
    *event->mutable_slot_time() = right.slot_time();
  } else {
    event->clear_slot_time();
  }
  SetText(m.haulier().id_scheme(), &E::haulier_scheme,
          &E::mutable_haulier_scheme, event);
  SetText(right.nominee().id_scheme(), &E::nominee_scheme,
          &E::mutable_nominee_scheme, event);
  const bool leaves = m.event() == v1::GATE_OUT;
  const bool placed = leaves || !right.nominee().id().empty();
  SetText(placed ? m.location().locode() : NoText(), &E::locode,
          &E::mutable_locode, event);
  SetText(placed ? m.location().facility() : NoText(), &E::facility,
          &E::mutable_facility, event);
  event->set_load_status(leaves ? m.container().load_status()
                                : v1::LOAD_STATUS_UNSPECIFIED);
  SetText(m.source(), &E::source, &E::mutable_source, event);
  event->set_kind(right.kind());
  event->set_date_only(m.occurrence_date_only());
}

Timestamp* BorrowTime(const Timestamp* time) {
  return const_cast<Timestamp*>(time);
}

}  // namespace

bool ConcernsRight(const v1::Movement& movement) {
  return IsStep(movement.event()) || IsAttempt(movement.event());
}

void FoldRight(const JournaledMovement& input, v1::RightState* state) {
  state->set_last_sequence(input.sequence);
  const v1::Movement& m = *input.movement;
  if (m.retraction() || !IsActual(m) || !m.has_occurrence_time() ||
      UsesNoRight(m)) {
    return;
  }
  const auto fill = [&](RightEvent* event) { FillEvent(input, event); };
  if (IsStep(m.event())) {
    InsertByKind(input, fill, state->mutable_chain());
  } else if (IsAttempt(m.event())) {
    InsertByKind(input, fill, state->mutable_attempts());
  }
}

void UnfoldRight(const JournaledMovement& input, v1::RightState* state) {
  state->set_last_sequence(input.sequence);
  RemoveEvent(input.movement_key, state->mutable_chain());
  RemoveEvent(input.movement_key, state->mutable_attempts());
}

void RightViewBuffer::Release() {
  if (!has_standing_ && !has_use_) return;
  view_.unsafe_arena_release_holder();
  view_.unsafe_arena_release_nominated();
  view_.unsafe_arena_release_issued_time();
  view_.unsafe_arena_release_nominated_time();
  view_.unsafe_arena_release_revoked_time();
  view_.unsafe_arena_release_expire_time();
  view_.unsafe_arena_release_last_queried_time();
  view_.unsafe_arena_release_accepted_time();
  view_.unsafe_arena_release_collected_by();
  view_.unsafe_arena_release_collected_time();
  view_.unsafe_arena_release_issuer();
  view_.unsafe_arena_release_previous_nominee();
  view_.unsafe_arena_release_last_change_time();
  view_.unsafe_arena_release_last_queried_by();
  view_.unsafe_arena_release_last_refused_time();
  view_.unsafe_arena_release_last_refused();
  view_.unsafe_arena_release_use();
  view_.Clear();
  use_.unsafe_arena_release_time();
  use_.unsafe_arena_release_haulier();
  use_.unsafe_arena_release_nominated();
  use_.unsafe_arena_release_second_claimant();
  use_.unsafe_arena_release_second_claim_time();
  use_.unsafe_arena_release_orphan();
  use_.unsafe_arena_release_orphan_query_time();
  use_.unsafe_arena_release_issued_time();
  use_.unsafe_arena_release_revoked_time();
  use_.unsafe_arena_release_expire_time();
  use_.unsafe_arena_release_holder();
  use_.unsafe_arena_release_previous_nominee();
  use_.Clear();
  has_standing_ = has_use_ = false;
}

void RightViewBuffer::Begin(const v1::RightState* state,
                            const JournaledMovement& input,
                            const Reference& reference,
                            const v1::ContainerState* container) {
  Release();
  state_ = input.movement->has_occurrence_time() ? state : nullptr;
  container_ = container;
  input_ = input;
  reference_ = &reference;
}

void RightViewBuffer::Derive(int field) {
  field == v1::RightView::kUseFieldNumber ? DeriveUse() : DeriveStanding();
}

void RightViewBuffer::DeriveAll() {
  DeriveStanding();
  DeriveUse();
}

void RightViewBuffer::DeriveStanding() {
  if (has_standing_ || state_ == nullptr) return;
  has_standing_ = true;
  LookForChecks();
  const v1::Movement& m = *input_.movement;
  const RightStanding standing = StandingBefore(*state_, m);
  Show(standing);
  ShowLastQuery(*state_, m, standing);
  ShowBeyond(standing);
  ShowCompleteness(standing, *reference_);
  ShowAttempts(*state_, m, standing);
}

void RightViewBuffer::DeriveUse() {
  if (has_use_ || state_ == nullptr) return;
  has_use_ = true;
  LookForChecks();
  const v1::Movement& m = *input_.movement;
  if (UsesNoRight(m)) return;
  if (ConcernsRight(m)) FillEvent(input_, &own_);
  Use use = FindUse(*state_, input_);
  if (use.gate == nullptr) return;
  const bool is_unsure = IsUnsure(*state_, m, *use.gate);
  if (is_unsure) use.standing = RightStanding();
  ShowUse(use, *reference_);
  if (!is_unsure) {
    ShowIssuedAfter(*state_, m, use);
    ShowNamedAfter(*state_, m, use);
    ShowPath(use, *reference_);
    ShowQueries(*state_, m, use);
    ShowSecondClaimant(*state_, m, use);
  }
  view_.unsafe_arena_set_allocated_use(&use_);
}

RightStanding RightViewBuffer::StandingBefore(
    const v1::RightState& state, const v1::Movement& movement) const {
  const Timestamp& t = movement.occurrence_time();
  RightStanding standing;
  for (const RightEvent& event : state.chain()) {
    if (IsDetour(event)) continue;
    const bool later = Before(t, event.occurrence_time());
    if (later && event.event() == v1::PICKUP_RIGHT_ISSUED &&
        !standing.IsIssuedAgain(event)) {
      break;
    }
    // A report that comes late sees who collected after it, and no more.
    const bool collected_since =
        event.event() == v1::GATE_OUT && !Before(event.occurrence_time(), t);
    const bool counts = WordCounts(event, standing, *reference_);
    if ((!later || collected_since) && counts) standing.Step(event);
    if (collected_since) break;
  }
  return standing;
}

void RightViewBuffer::Show(const RightStanding& s) {
  if (!s.id.empty()) view_.mutable_id()->assign(s.id.data(), s.id.size());
  view_.unsafe_arena_set_allocated_holder(Named(s.holder, &holder_));
  view_.unsafe_arena_set_allocated_nominated(Named(s.nominee, &nominated_));
  if (s.issue != nullptr) {
    view_.unsafe_arena_set_allocated_issued_time(
        Borrow(s.issue->occurrence_time()));
  }
  view_.unsafe_arena_set_allocated_nominated_time(BorrowTime(s.nominated));
  view_.unsafe_arena_set_allocated_revoked_time(BorrowTime(s.revoked));
  view_.unsafe_arena_set_allocated_expire_time(BorrowTime(s.expire));
  view_.unsafe_arena_set_allocated_accepted_time(BorrowTime(s.accepted));
  if (s.collection == nullptr) return;
  view_.unsafe_arena_set_allocated_collected_by(
      Named(s.collection->haulier_id(), &collected_by_));
  view_.unsafe_arena_set_allocated_collected_time(
      Borrow(s.collection->occurrence_time()));
}

// The attempts are sorted: the last one by then is the first met backwards.
void RightViewBuffer::ShowLastQuery(const v1::RightState& state,
                                    const v1::Movement& m,
                                    const RightStanding& s) {
  for (int i = state.attempts_size() - 1; i >= 0; --i) {
    const RightEvent& event = state.attempts(i);
    if (event.event() != v1::PICKUP_RIGHT_QUERIED ||
        Before(m.occurrence_time(), event.occurrence_time())) {
      continue;
    }
    if (s.issue != nullptr &&
        Before(event.occurrence_time(), s.issue->occurrence_time())) {
      return;
    }
    view_.unsafe_arena_set_allocated_last_queried_time(
        Borrow(event.occurrence_time()));
    view_.unsafe_arena_set_allocated_last_queried_by(
        Named(event.actor_id(), &last_queried_by_));
    return;
  }
}

void RightViewBuffer::ShowBeyond(const RightStanding& s) {
  view_.set_kind(s.kind);
  view_.unsafe_arena_set_allocated_issuer(Named(s.issuer, &issuer_));
  view_.unsafe_arena_set_allocated_previous_nominee(
      Named(s.previous_nominee, &previous_nominee_));
  if (s.issue != nullptr) view_.set_changes(s.changes);
  view_.unsafe_arena_set_allocated_last_change_time(BorrowTime(s.last_change));
  if (s.holder_accepted) view_.set_holder_accepted(true);
  if (s.nominee_accepted) view_.set_nominee_accepted(true);
}

void RightViewBuffer::ShowCompleteness(const RightStanding& s,
                                       const Reference& reference) {
  if (s.issue == nullptr || !reference.has_sources()) return;
  const auto complete = [&](v1::Event event) {
    return reference.IsComplete(s.issue->source(), event,
                                s.issue->occurrence_time());
  };
  const bool acceptances = complete(v1::PICKUP_RIGHT_ACCEPTED);
  view_.set_acceptances_reported_completely(acceptances);
  view_.set_transfers_reported_completely(
      complete(v1::PICKUP_RIGHT_TRANSFERRED));
  view_.set_nominations_reported_completely(
      complete(v1::PICKUP_RIGHT_NOMINATED));
  view_.set_revocations_reported_completely(complete(v1::PICKUP_RIGHT_REVOKED));
  if (!acceptances) return;
  if (!s.holder.empty()) view_.set_holder_accepted(s.holder_accepted);
  if (!s.nominee.empty()) view_.set_nominee_accepted(s.nominee_accepted);
}

void RightViewBuffer::ShowAttempts(const v1::RightState& state,
                                   const v1::Movement& m,
                                   const RightStanding& s) {
  const Timestamp& t = m.occurrence_time();
  int64_t queries = 0, refusals = 0;
  const RightEvent* refused = nullptr;
  for (const RightEvent& event : state.attempts()) {
    if (Before(t, event.occurrence_time())) break;
    if (s.issue != nullptr &&
        Before(event.occurrence_time(), s.issue->occurrence_time())) {
      continue;
    }
    if (event.event() == v1::PICKUP_RIGHT_QUERIED) {
      ++queries;
    } else if (event.event() == v1::PICKUP_RIGHT_REFUSED) {
      ++refusals;
      refused = &event;
    }
  }
  if (refused != nullptr) {
    view_.unsafe_arena_set_allocated_last_refused_time(
        Borrow(refused->occurrence_time()));
    view_.unsafe_arena_set_allocated_last_refused(
        Named(ClaimantOf(*refused), &last_refused_));
  }
  view_.set_queries(queries);
  view_.set_refusals(refusals);
  const std::string& actor = m.pickup_right().actor().id();
  if (actor.empty()) return;
  if (Names(m, actor) || InChain(state, actor)) {
    view_.set_actor_in_chain(true);
  } else if (s.issue != nullptr) {
    view_.set_actor_in_chain(false);
  }
}

}  // namespace portrisk::scoring
