// HOT PATH, with the rules of container_history.cc.
//
// The chain is replayed from its oldest kept step up to the movement, each
// time: at most kTimelineMax steps of a few comparisons, in exchange for which
// late, corrected and voided steps need no case of their own.
#include "scoring/pickup_right.h"

#include "scoring/bounded_timeline.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Timestamp;

void FillEvent(const JournaledMovement& input, v1::RightEvent* event) {
  const v1::Movement& m = *input.movement;
  const v1::PickupRight& right = m.pickup_right();
  event->set_movement_key(input.movement_key);
  event->set_sequence(input.sequence);
  event->set_event(m.event());
  *event->mutable_occurrence_time() = m.occurrence_time();
  event->set_right_id(right.id());
  event->set_actor_id(right.actor().id());
  event->set_recipient_id(right.recipient().id());
  event->set_nominee_id(right.nominee().id());
  event->set_pin_hash(right.pin_hash());
  event->set_haulier_id(m.haulier().id());
  if (right.has_expire_time()) {
    *event->mutable_expire_time() = right.expire_time();
  } else {
    event->clear_expire_time();
  }
}

// A time inside a state, borrowed by a view that never writes it.
Timestamp* Borrow(const Timestamp& time) {
  return const_cast<Timestamp*>(&time);
}

}  // namespace

bool ConcernsRight(const v1::Movement& movement) {
  return movement.event() == v1::GATE_OUT ||
         (movement.event() >= v1::PICKUP_RIGHT_ISSUED &&
          movement.event() <= v1::PICKUP_RIGHT_REFUSED);
}

void FoldRight(const JournaledMovement& input, v1::RightState* state) {
  state->set_last_sequence(input.sequence);
  if (input.corrects) {
    RemoveEvent(input.movement_key, state->mutable_chain());
  }
  const v1::Movement& m = *input.movement;
  if (m.retraction() || !IsActual(m) || !ConcernsRight(m)) return;
  InsertEvent(m.occurrence_time(), state->mutable_chain(),
              [&](v1::RightEvent* event) { FillEvent(input, event); });
}

void UnfoldRight(const JournaledMovement& input, v1::RightState* state) {
  state->set_last_sequence(input.sequence);
  RemoveEvent(input.movement_key, state->mutable_chain());
}

void RightViewBuffer::Release() {
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
  view_.Clear();
}

void RightViewBuffer::Derive(const v1::RightState* state,
                             const JournaledMovement& input) {
  Release();
  if (state == nullptr || !input.movement->has_occurrence_time()) return;
  const Timestamp& t = input.movement->occurrence_time();
  for (const v1::RightEvent& event : state->chain()) {
    if (event.movement_key() == input.movement_key) continue;
    const bool later = Before(t, event.occurrence_time());
    if (later && event.event() == v1::PICKUP_RIGHT_ISSUED) break;
    // A report that comes late sees who collected after it, and no more.
    const bool collected_since =
        event.event() == v1::GATE_OUT && !Before(event.occurrence_time(), t);
    if (!later || collected_since) Step(event);
    if (collected_since) break;
  }
}

void RightViewBuffer::Step(const v1::RightEvent& event) {
  Timestamp* const time = Borrow(event.occurrence_time());
  switch (event.event()) {
    case v1::PICKUP_RIGHT_ISSUED:
      Release();
      view_.unsafe_arena_set_allocated_issued_time(time);
      [[fallthrough]];
    case v1::PICKUP_RIGHT_TRANSFERRED:
      view_.unsafe_arena_release_nominated();
      view_.unsafe_arena_release_nominated_time();
      if (!event.recipient_id().empty()) {
        holder_.set_id(event.recipient_id());
        view_.unsafe_arena_release_holder();
        view_.unsafe_arena_set_allocated_holder(&holder_);
      }
      break;
    case v1::PICKUP_RIGHT_ACCEPTED:
      if (!event.actor_id().empty()) {
        holder_.set_id(event.actor_id());
        view_.unsafe_arena_release_holder();
        view_.unsafe_arena_set_allocated_holder(&holder_);
      }
      view_.unsafe_arena_release_accepted_time();
      view_.unsafe_arena_set_allocated_accepted_time(time);
      break;
    case v1::PICKUP_RIGHT_QUERIED:
      view_.unsafe_arena_release_last_queried_time();
      view_.unsafe_arena_set_allocated_last_queried_time(time);
      break;
    case v1::PICKUP_RIGHT_REVOKED:
      view_.unsafe_arena_release_nominated();
      view_.unsafe_arena_release_nominated_time();
      view_.unsafe_arena_release_revoked_time();
      view_.unsafe_arena_set_allocated_revoked_time(time);
      break;
    case v1::GATE_OUT:
      if (!event.haulier_id().empty()) {
        collected_by_.set_id(event.haulier_id());
        view_.unsafe_arena_release_collected_by();
        view_.unsafe_arena_set_allocated_collected_by(&collected_by_);
      }
      view_.unsafe_arena_release_collected_time();
      view_.unsafe_arena_set_allocated_collected_time(time);
      break;
    default:
      break;
  }
  // Other steps may name the haulier, too: some issuers nominate as they
  // issue. Looking up, revoking and refusing name it without nominating.
  if (!event.nominee_id().empty() &&
      event.event() != v1::PICKUP_RIGHT_QUERIED &&
      event.event() != v1::PICKUP_RIGHT_REVOKED &&
      event.event() != v1::PICKUP_RIGHT_REFUSED) {
    nominated_.set_id(event.nominee_id());
    view_.unsafe_arena_release_nominated();
    view_.unsafe_arena_set_allocated_nominated(&nominated_);
    view_.unsafe_arena_release_nominated_time();
    view_.unsafe_arena_set_allocated_nominated_time(time);
  }
  if (!event.right_id().empty()) view_.set_id(event.right_id());
  if (event.has_expire_time()) {
    view_.unsafe_arena_release_expire_time();
    view_.unsafe_arena_set_allocated_expire_time(Borrow(event.expire_time()));
  }
}

}  // namespace portrisk::scoring
