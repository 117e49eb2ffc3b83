#include "scoring/consignment.h"

#include "absl/strings/match.h"
#include "scoring/stay.h"

namespace portrisk::scoring {

const std::string& ReferenceOf(const v1::Movement& movement) {
  const v1::Consignment& c = movement.consignment();
  for (const std::string* reference :
       {&c.bill_of_lading(), &c.declaration(), &c.booking()}) {
    if (!reference->empty()) return *reference;
  }
  return movement.pickup_right().id();
}

bool IsConsignment(const v1::Unit& unit) {
  return absl::StartsWith(unit.id(), kConsignmentPrefix);
}

void FoldConsignment(const v1::Unit& unit, uint64_t sequence,
                     v1::ConsignmentState* state) {
  state->set_last_sequence(sequence);
  SetDecided(unit, state->mutable_standing());
}

bool IsToppedUpBy(const v1::WorklistUnit& unit,
                  const v1::ConsignmentState& state) {
  return IsToppedUpBy(unit, state.standing());
}

void TopUp(const v1::WorklistUnit& unit, uint64_t sequence,
           v1::ConsignmentState* state) {
  TopUp(unit, state->mutable_standing());
  state->set_last_sequence(sequence);
}

}  // namespace portrisk::scoring
