// HOT PATH, with the rules of container_history.cc.
#include "scoring/right_chain.h"

#include "absl/strings/match.h"
#include "scoring/right_events.h"
#include "scoring/timestamps.h"

namespace portrisk::scoring {

void RightStanding::Step(const v1::RightEvent& event) {
  switch (event.event()) {
    case v1::PICKUP_RIGHT_ISSUED:
      Issue(event);
      break;
    case v1::PICKUP_RIGHT_TRANSFERRED:
      Transfer(event);
      break;
    case v1::PICKUP_RIGHT_ACCEPTED:
      Accept(event);
      break;
    case v1::PICKUP_RIGHT_NOMINATED:
      NoteActor(event);
      granted_again = true;
      break;
    case v1::PICKUP_RIGHT_REVOKED:
      // Who has no part in the right may warn, and hides no nominee.
      if (!IsStranger(event.actor_id())) {
        nominee = also_nominated = {};
        nominated = nullptr;
        nominee_accepted = false;
      }
      revoked = &event.occurrence_time();
      granted_again = false;
      break;
    case v1::GATE_OUT:
      // On its way to where the nominee is to come.
      if (!IsElsewhere(event)) collection = &event;
      break;
    default:
      break;
  }
  // Other steps may name the haulier, too: some issuers nominate as they
  // issue. Revoking names it without nominating.
  if (!event.nominee_id().empty() &&
      event.event() != v1::PICKUP_RIGHT_REVOKED) {
    Nominate(event);
  }
  if (!event.right_id().empty()) id = event.right_id();
  if (event.has_expire_time()) expire = &event.expire_time();
}

bool RightStanding::IsIssuedAgain(const v1::RightEvent& event) const {
  return issue != nullptr && collection == nullptr &&
         (revoked == nullptr || granted_again) &&
         SameParty(event.actor_id(), issuer) &&
         (event.recipient_id().empty() ||
          SameParty(event.recipient_id(), issue->recipient_id())) &&
         (event.right_id().empty() || id.empty() ||
          SameRight(event.right_id(), id));
}

void RightStanding::Issue(const v1::RightEvent& event) {
  if (IsIssuedAgain(event)) {
    if (!PinOf(event).now.empty()) pin = PinOf(event);
    return;
  }
  *this = RightStanding();
  issue = &event;
  issuer = event.actor_id();
  holder = event.recipient_id();
  pin = PinOf(event);
  kind = event.kind();
}

void RightStanding::Transfer(const v1::RightEvent& event) {
  NoteActor(event);
  if (holder_by_transfer && !holder_accepted) ++unaccepted;
  nominee = also_nominated = {};
  nominated = nullptr;
  nominee_accepted = false;
  granted_again = true;
  if (event.recipient_id().empty()) return;
  holder = event.recipient_id();
  holder_by_transfer = true;
  holder_accepted = false;
}

void RightStanding::Accept(const v1::RightEvent& event) {
  accepted = &event.occurrence_time();
  const absl::string_view actor = event.actor_id();
  if (actor.empty()) return;
  // Who accepts a nomination says so; the nomination itself may come later.
  if (SameParty(actor, event.nominee_id()) && !SameParty(actor, nominee)) {
    Nominate(event);
  }
  if (SameParty(actor, nominee) && !SameParty(actor, holder)) {
    nominee_accepted = true;
    return;
  }
  // Whoever accepts what was passed to another has missed a transfer.
  if (!holder.empty() && !SameParty(actor, holder)) out_of_turn = true;
  holder = actor;
  holder_accepted = true;
  if (SameParty(actor, nominee)) nominee_accepted = true;
}

bool RightStanding::IsStranger(absl::string_view actor) const {
  return !issuer.empty() && !actor.empty() && !SameParty(actor, issuer) &&
         !Holds(actor) && !IsNominee(actor);
}

// The issuer's platform may act for anybody.
void RightStanding::NoteActor(const v1::RightEvent& event) {
  const absl::string_view actor = event.actor_id();
  if (issue == nullptr || actor.empty() || SameParty(actor, issuer)) return;
  if (!Holds(actor)) out_of_turn = true;
}

bool WordCounts(const v1::RightEvent& event, const RightStanding& standing,
                const Reference& reference) {
  if (standing.issue == nullptr || standing.collection != nullptr ||
      event.event() == v1::GATE_OUT ||
      event.source() == standing.issue->source()) {
    return true;
  }
  return !reference.IsComplete(standing.issue->source(), event.event(),
                               standing.issue->occurrence_time());
}

void RightStanding::Nominate(const v1::RightEvent& event) {
  const absl::string_view next = event.nominee_id();
  const bool other = !last_nominee_.empty() && !SameParty(next, last_nominee_);
  const bool moved = (slot_ != nullptr && event.has_slot_time() &&
                      !SameTime(*slot_, event.slot_time())) ||
                     (!locode_.empty() && !event.locode().empty() &&
                      event.locode() != locode_) ||
                     (!facility_.empty() && !event.facility().empty() &&
                      !absl::EqualsIgnoreCase(event.facility(), facility_));
  if (other || moved) {
    ++changes;
    last_change = &event.occurrence_time();
  }
  if (other) previous_nominee = last_nominee_;
  if (!SameParty(next, nominee)) {
    nominee_accepted = false;
    const bool at_once =
        nominated != nullptr && SameTime(*nominated, event.occurrence_time());
    also_nominated = at_once ? nominee : absl::string_view();
  }
  nominee = last_nominee_ = next;
  nominee_scheme = event.nominee_scheme();
  nominated = &event.occurrence_time();
  if (event.has_slot_time()) slot_ = &event.slot_time();
  if (!event.locode().empty()) locode_ = event.locode();
  if (!event.facility().empty()) facility_ = event.facility();
}

}  // namespace portrisk::scoring
