// How a pick-up right stands after some steps of its chain: who holds it, who
// is to come, and whether each step was made by somebody who could.
//
// The chain is replayed from its oldest kept step, each time: 44 steps at most
// of a few comparisons, in exchange for which late, corrected and voided steps
// need no case of their own.
#ifndef PORTRISK_SCORING_RIGHT_CHAIN_H_
#define PORTRISK_SCORING_RIGHT_CHAIN_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/pin_hash.h"
#include "scoring/reference.h"
#include "scoring/right_events.h"

namespace portrisk::scoring {

// Points into the steps it was given. Cheap to copy.
struct RightStanding {
  const v1::RightEvent* issue = nullptr;  // Null: not known.
  absl::string_view id;
  absl::string_view issuer;
  absl::string_view holder;   // Empty until somebody is named.
  absl::string_view nominee;  // Empty when there is none any more.
  absl::string_view nominee_scheme;
  // Nominated in the same instant: which of the two came last is not known.
  absl::string_view also_nominated;
  absl::string_view previous_nominee;
  PinHashes pin;  // As issued.
  v1::PickupRightKind kind = v1::PICKUP_RIGHT_KIND_UNSPECIFIED;

  const google::protobuf::Timestamp* nominated = nullptr;
  const google::protobuf::Timestamp* accepted = nullptr;
  const google::protobuf::Timestamp* revoked = nullptr;
  const google::protobuf::Timestamp* expire = nullptr;
  const google::protobuf::Timestamp* last_change = nullptr;
  const v1::RightEvent* collection = nullptr;  // The last GATE_OUT.

  bool holder_accepted = false;
  bool nominee_accepted = false;
  bool holder_by_transfer = false;
  bool granted_again = false;  // A transfer or nomination after `revoked`.
  bool out_of_turn = false;    // A step by somebody who did not hold it.
  int64_t unaccepted = 0;      // Transfers that went on without acceptance.
  int64_t changes = 0;         // Of nominee, slot or place.

  // Takes the next step of the chain.
  void Step(const v1::RightEvent& event);

  // Whether an issue is of this very right: sent again, or with another code or
  // end, and not used yet. What was done with it since stands.
  bool IsIssuedAgain(const v1::RightEvent& event) const;

  bool IsNominee(absl::string_view party) const {
    return SameParty(party, nominee) ||
           (!also_nominated.empty() && SameParty(party, also_nominated));
  }
  // Whether the gate-out's haulier and the nominee are told apart.
  bool CanCompare(const v1::RightEvent& gate) const {
    return IsNominee(gate.haulier_id()) ||
           SameScheme(gate.haulier_scheme(), nominee_scheme);
  }
  // Whether it was to be collected at another port than that of the gate.
  bool IsElsewhere(const v1::RightEvent& gate) const {
    return !locode_.empty() && !gate.locode().empty() &&
           gate.locode() != locode_;
  }
  bool Holds(absl::string_view party) const {
    return SameParty(party, holder.empty() ? issuer : holder);
  }

 private:
  // Neither issued nor holds it, nor is to come.
  bool IsStranger(absl::string_view actor) const;
  void Issue(const v1::RightEvent& event);
  void Transfer(const v1::RightEvent& event);
  void Accept(const v1::RightEvent& event);
  void Nominate(const v1::RightEvent& event);
  void NoteActor(const v1::RightEvent& event);

  // What was last nominated since the issue.
  absl::string_view last_nominee_;
  const google::protobuf::Timestamp* slot_ = nullptr;
  absl::string_view locode_;
  absl::string_view facility_;
};

// Whether a step counts where it stands: of a right that has been issued and
// not been used, no step of which the source of the issue says that it reports
// all, by another source.
bool WordCounts(const v1::RightEvent& event, const RightStanding& standing,
                const Reference& reference);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RIGHT_CHAIN_H_
