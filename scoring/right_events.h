// What the files that read steps and attempts of a pick-up right share.
#ifndef PORTRISK_SCORING_RIGHT_EVENTS_H_
#define PORTRISK_SCORING_RIGHT_EVENTS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/party_ids.h"
#include "scoring/pin_hash.h"
#include "scoring/writing.h"

namespace portrisk::scoring {

inline bool IsAttempt(v1::Event event) {
  return event == v1::PICKUP_RIGHT_QUERIED ||
         event == v1::PICKUP_RIGHT_REFUSED || event == v1::PRE_NOTIFICATION;
}

inline bool IsStep(v1::Event event) {
  return event == v1::GATE_OUT ||
         (event >= v1::PICKUP_RIGHT_ISSUED &&
          event <= v1::PICKUP_RIGHT_REFUSED && !IsAttempt(event));
}

// The party of a view, or null for nobody.
inline v1::Party* Named(absl::string_view id, v1::Party* party) {
  if (id.empty()) return nullptr;
  party->mutable_id()->assign(id.data(), id.size());
  return party;
}

// Whether two ids of rights may be one. Parties are compared by SameParty.
inline bool SameRight(absl::string_view a, absl::string_view b) {
  return SameMark(a, b);
}

// Whether ids of these kinds can be compared: what is not said may be any.
inline bool SameScheme(absl::string_view a, absl::string_view b) {
  return a.empty() || b.empty() || SameRight(a, b);
}

inline PinHashes PinOf(const v1::RightEvent& event) {
  return {event.pin_hash(), event.previous_pin_hash()};
}

inline const std::string& ClaimantOf(const v1::RightEvent& attempt) {
  return attempt.haulier_id().empty() ? attempt.actor_id()
                                      : attempt.haulier_id();
}

// Whether a party of the movement has this id.
inline bool Names(const v1::Movement& m, absl::string_view id) {
  return SameParty(m.consignee().id(), id) ||
         SameParty(m.forwarder().id(), id) || SameParty(m.carrier().id(), id) ||
         SameParty(m.declarant().id(), id) ||
         SameParty(m.notify_party().id(), id) ||
         SameParty(m.shipper().id(), id) || SameParty(m.terminal().id(), id);
}

// Whether an organisation ever was in the chain: it issued, held, passed on,
// accepted or was nominated. Who comes to the gate is not, by that alone.
inline bool InChain(const v1::RightState& state, absl::string_view id) {
  for (const v1::RightEvent& event : state.chain()) {
    if (SameParty(event.recipient_id(), id) ||
        SameParty(event.nominee_id(), id)) {
      return true;
    }
    if (event.event() != v1::GATE_OUT && SameParty(event.actor_id(), id)) {
      return true;
    }
  }
  return false;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RIGHT_EVENTS_H_
