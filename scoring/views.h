// Everything a condition may read besides the movement itself, derived when a
// condition comes to it.
#ifndef PORTRISK_SCORING_VIEWS_H_
#define PORTRISK_SCORING_VIEWS_H_

#include "absl/types/span.h"
#include "portrisk/v1/history.pb.h"
#include "scoring/aggregate_view.h"
#include "scoring/cel/derived_roots.h"
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
  const v1::ConsignmentState* consignment = nullptr;
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
class Views final : public cel::DerivedRoots {
 public:
  // HOT PATH. Begins a movement: nothing is derived yet. All of it must stay as
  // it is until Release.
  void Begin(const JournaledMovement& input, const EntityStates& states,
             const Reference& reference);
  // What a condition may read of it, through this.
  Scope scope();
  void Derive(uint32_t root,
              const google::protobuf::FieldDescriptor& field) override;
  void DeriveAll(uint32_t root) override;
  // Lets go of the states.
  void Release();

 private:
  // A view that is derived at once.
  void DeriveWhole(uint32_t root);
  void LendFinds(uint32_t root);

  const JournaledMovement* input_ = nullptr;
  const EntityStates* states_ = nullptr;
  const Reference* reference_ = nullptr;
  uint16_t derived_ = 0;  // Bit n for root n, but of those that have parts.
  uint16_t lent_ = 0;     // Bit n for root n: with its find rates.
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
