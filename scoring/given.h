// A movement and what conditions see around it, as values: of a test of a rule,
// or of an evaluator.
#ifndef PORTRISK_SCORING_GIVEN_H_
#define PORTRISK_SCORING_GIVEN_H_

#include <array>

#include "google/protobuf/message.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"
#include "scoring/cel/environment.h"

namespace portrisk::scoring {

struct GivenViews {
  v1::Movement movement;
  v1::ContainerView container;
  v1::RightView right;
  v1::PartyView party;
  v1::VesselView vessel;
  v1::RouteView route;
  v1::FacilityView facility;
  v1::SourceView source;
  v1::UsualView usual;

  // In the order of cel::RuleEnvironment. No message is read below the last,
  // which is that of declared values.
  std::array<const google::protobuf::Message*, cel::kRuleRoots> roots() const {
    return {&movement, &container, &right,  &party, &vessel,
            &route,    &facility,  &source, &usual, nullptr};
  }
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_GIVEN_H_
