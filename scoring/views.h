// Everything a condition may read besides the movement itself, derived when
// some rule needs it.
#ifndef PORTRISK_SCORING_VIEWS_H_
#define PORTRISK_SCORING_VIEWS_H_

#include "absl/types/span.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/aggregate_view.h"
#include "scoring/container_history.h"
#include "scoring/container_view.h"
#include "scoring/finds.h"
#include "scoring/party_history.h"
#include "scoring/pickup_right.h"
#include "scoring/place_history.h"
#include "scoring/programme.h"
#include "scoring/reference.h"
#include "scoring/spans.h"
#include "scoring/usual_view.h"

namespace portrisk::scoring {

// States of the entities the movement names, before it and without an earlier
// version of it. Null: names none.
struct EntityStates {
  const v1::ContainerState* container = nullptr;
  const v1::RightState* right = nullptr;
  const v1::VesselState* vessel = nullptr;
  const v1::FacilityState* facility = nullptr;
  ProfileStates profiles{};
  FindStates finds{};  // All null: unknown.
  // What ends with the movement, and the spreads of SpreadsOf; null: nothing.
  const Spans* spans = nullptr;
  SpreadStates spreads{};
  // One for each group of the programme's aggregates; empty: all unknown.
  absl::Span<const AggregateGroupState> aggregates = {};
};

// Buffers for one movement at a time; reused.
class Views {
 public:
  // What a condition may read of this movement. Views that are not derived are
  // empty and stay where they are.
  Scope ScopeOf(const v1::Movement& movement) const;

  // HOT PATH. The states must not change before Release.
  void Derive(const Programme::Needs& needs, const JournaledMovement& input,
              const EntityStates& states, const Reference& reference);
  // Lets go of the states.
  void Release();

 private:
  Programme::Needs derived_;
  ContainerViewBuffer container_;
  RightViewBuffer right_;
  PartyViewBuffer party_;
  VesselViewBuffer vessel_;
  RouteViewBuffer route_;
  FacilityViewBuffer facility_;
  SourceViewBuffer source_;
  UsualViewBuffer usual_;
  FindRates finds_;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_VIEWS_H_
