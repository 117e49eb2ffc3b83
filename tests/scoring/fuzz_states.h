// What must hold for any bytes that a disk gives back for a state: they are
// refused, or all pure steps can work on them. Used by the fuzzer and, with
// seeded mutations, by an ordinary test.
#ifndef PORTRISK_TESTS_SCORING_FUZZ_STATES_H_
#define PORTRISK_TESTS_SCORING_FUZZ_STATES_H_

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_check.h"
#include "scoring/aggregate_value.h"
#include "scoring/decision.h"
#include "scoring/profile.h"
#include "scoring/spread.h"
#include "scoring/state_check.h"
#include "scoring/views.h"
#include "tests/scoring/aggregate_cases.h"
#include "tests/scoring/aggregate_history.h"

namespace portrisk::scoring {

inline void RequireOfState(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "broken: " << what << "\n";
  std::abort();
}

enum class FuzzedState : uint8_t {
  kContainer,
  kRight,
  kVessel,
  kFacility,
  kProfile,
  kFinds,
  kSpread,
  kAggregates,      // As the message is stored.
  kAggregateCells,  // Its cells alone, each 8 bytes.
};
inline constexpr int kFuzzedStates = 9;

// One of each event, a day apart; with all that steps look at.
inline const std::vector<v1::Movement>& StateMovements() {
  static const auto* const all = [] {
    auto* movements = new std::vector<v1::Movement>;
    for (int event = 1; event <= v1::Event_MAX; ++event) {
      v1::Movement m;
      m.set_source("terminal-1");
      m.set_id("M-" + std::to_string(event));
      m.set_event(static_cast<v1::Event>(event));
      m.set_classifier(v1::ACTUAL);
      m.mutable_occurrence_time()->set_seconds(1'767'225'600 + event * 86'400);
      m.mutable_container()->set_number("MSCU1234566");
      m.mutable_container()->set_tare_kg(2'200);
      m.mutable_location()->set_locode("NLRTM");
      m.mutable_location()->set_facility("ECTDELTA");
      m.mutable_location()->set_yard_position("01-02-03.1");
      m.mutable_transport()->set_vessel_imo("9074729");
      m.mutable_transport()->set_voyage("V1");
      m.mutable_weights()->set_vgm_kg(20'000);
      m.mutable_haulier()->set_id("NL-100");
      m.mutable_pickup_right()->set_id("R-1");
      m.mutable_pickup_right()->mutable_actor()->set_account("account-1");
      m.mutable_consignment()->set_commodity("080390");
      m.mutable_consignment()->set_loading_locode("ECGYE");
      m.mutable_consignment()->set_discharge_locode("NLRTM");
      m.add_seals()->set_number("S1");
      movements->push_back(m);
    }
    return movements;
  }();
  return *all;
}

// The states around a movement, all but one of them empty.
struct FuzzedStates {
  v1::ContainerState container;
  v1::RightState right;
  v1::VesselState vessel;
  v1::FacilityState facility;
  v1::ProfileState profile;
  v1::FindState finds;
  v1::SpreadState spread;

  EntityStates Of(const Spans& spans) const {
    EntityStates states;
    states.container = &container;
    states.right = &right;
    states.vessel = &vessel;
    states.facility = &facility;
    states.profiles.fill(&profile);
    states.finds.fill(&finds);
    states.spans = &spans;
    states.spreads.fill(&spread);
    return states;
  }

  void Fold(const JournaledMovement& input, const v1::Unit& unit) {
    const auto& time = input.movement->occurrence_time();
    FoldContainer(input, &unit, &container);
    FoldRight(input, &right);
    FoldVessel(input, &vessel);
    FoldFacility(input, unit, &facility);
    FoldProfile(time, &profile);
    FoldSpread(time, 90, 1, &spread);
    v1::Outcome outcome;
    *outcome.mutable_time() = time;
    outcome.set_result(v1::FOUND);
    FoldFind(outcome, &finds);
  }
  void Unfold(const JournaledMovement& input) {
    const auto& time = input.movement->occurrence_time();
    UnfoldContainer(input, &container);
    UnfoldRight(input, &right);
    UnfoldVessel(input, *input.movement, &vessel);
    UnfoldFacility(input, *input.movement, &facility);
    UnfoldProfile(time, &profile);
    UnfoldSpread(time, 90, 1, &spread);
  }
};

// Derives, folds in and takes out each movement.
inline void WorkOn(FuzzedStates* states) {
  static const auto* const reference =
      new Reference(v1::ReferenceTable(), "none");
  DrawKey key{"k", {}};
  SpanFinder finder;
  Views views;
  Spans spans;
  uint64_t sequence = 1'000;
  for (const v1::Movement& movement : StateMovements()) {
    const JournaledMovement input{&movement, 0x1234 + sequence, ++sequence};
    v1::Unit unit;
    AssignUnit(movement, &states->container, key, &unit);
    finder.Find(&states->container, &states->right, input, *reference, &spans);
    const EntityStates known = states->Of(spans);
    views.Begin(input, known, *reference);
    for (uint32_t root = 0; root < cel::kAggregatesRoot; ++root) {
      views.DeriveAll(root);
    }
    views.Release();
    states->Fold(input, unit);
    if (sequence % 3 == 0) states->Unfold(input);
  }
  RequireOfState(IsWhole(states->finds) && IsWhole(states->spread),
                 "what was whole stays whole");
}

template <typename State>
bool TakeState(absl::string_view bytes, State* state) {
  return state->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         IsWhole(*state);
}

// The aggregates of the oracle's cases: every function, unit and limit.
inline const AggregatePlan& FuzzedPlan() {
  static const auto* const programme = [] {
    const auto all = cases::Cases();
    return new std::shared_ptr<const Programme>(
        ProgrammeOf(cases::Declared(all), cases::NamesOf(all)));
  }();
  return (*programme)->aggregates();
}

inline void FoldAndUndo(const AggregateShape& shape, int64_t time_us, int n,
                        v1::AggregateState* state) {
  AggregateContribution one;
  one.time_us = time_us;
  one.number = n;
  one.hash = 0x9E3779B97F4A7C15u * static_cast<uint64_t>(n + 1);
  one.movement_key = static_cast<uint64_t>(n + 1);
  one.text = "MSCU1234566";
  FoldAggregate(shape, one, state);
  if (n % 3 != 0) return;
  if (UndoAggregate(shape, one, state) == UndoResult::kNeedsRecompute) {
    RebuildBucket(shape, shape.StepOf(one.time_us), {&one, 1}, state);
  }
}

// Late, in order, and after everything has left the window.
inline void WorkOnRing(const AggregateShape& shape, int64_t newest,
                       v1::AggregateState* state) {
  AggregateBuffers buffers;
  int n = 0;
  for (const int64_t offset : {-2 * shape.steps, int64_t{-1}, int64_t{0},
                               int64_t{1}, 2 * shape.steps}) {
    const int64_t step = newest + offset;
    if (step < 0 || step > INT64_MAX / 2 / shape.step_us) continue;
    const int64_t time_us = step * shape.step_us;
    DeriveAggregate(shape, state, time_us, &buffers);
    FoldAndUndo(shape, time_us, n++, state);
  }
}

inline bool FuzzAggregates(v1::AggregateState state) {
  const auto& shapes = FuzzedPlan().shapes();
  if (!IsWhole(shapes, state)) return false;
  const bool is_empty = state.cells().empty();
  bool adds = true;  // One ring that is not there yet.
  for (const AggregateShape& shape : shapes) {
    const int ring = FindRing(shape, state.cells());
    if (ring < 0 && !adds) continue;
    adds = adds && ring >= 0;
    const int64_t newest =
        ring < 0 ? 1'000
                 : RingView(shape.function, state.cells(), ring).head[kNewest];
    WorkOnRing(shape, newest, &state);
  }
  RequireOfState(IsWhole(shapes, state), "what was whole stays whole");
  return !is_empty;
}

// The first byte chooses the kind. Returns whether it was a whole state.
inline bool FuzzState(absl::string_view bytes) {
  if (bytes.empty()) return false;
  const google::protobuf::LogSilencer silence;
  const auto kind =
      static_cast<FuzzedState>(static_cast<uint8_t>(bytes[0]) % kFuzzedStates);
  bytes.remove_prefix(1);
  v1::AggregateState aggregates;
  if (kind == FuzzedState::kAggregates) {
    return TakeState(bytes, &aggregates) && FuzzAggregates(aggregates);
  }
  if (kind == FuzzedState::kAggregateCells) {
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
      int64_t cell = 0;
      std::memcpy(&cell, bytes.data(), sizeof(cell));
      aggregates.add_cells(cell);
    }
    return FuzzAggregates(aggregates);
  }
  FuzzedStates states;
  const bool whole =
      kind == FuzzedState::kContainer  ? TakeState(bytes, &states.container)
      : kind == FuzzedState::kRight    ? TakeState(bytes, &states.right)
      : kind == FuzzedState::kVessel   ? TakeState(bytes, &states.vessel)
      : kind == FuzzedState::kFacility ? TakeState(bytes, &states.facility)
      : kind == FuzzedState::kProfile  ? TakeState(bytes, &states.profile)
      : kind == FuzzedState::kFinds    ? TakeState(bytes, &states.finds)
                                       : TakeState(bytes, &states.spread);
  if (whole) WorkOn(&states);
  return whole;
}

// Good states to begin with, each with its first byte.
inline std::vector<std::string> StateSeeds() {
  FuzzedStates states;
  WorkOn(&states);
  const auto seed = [](FuzzedState kind, const std::string& bytes) {
    return std::string(1, static_cast<char>(kind)) + bytes;
  };
  std::vector<std::string> seeds = {
      seed(FuzzedState::kContainer, states.container.SerializeAsString()),
      seed(FuzzedState::kRight, states.right.SerializeAsString()),
      seed(FuzzedState::kVessel, states.vessel.SerializeAsString()),
      seed(FuzzedState::kFacility, states.facility.SerializeAsString()),
      seed(FuzzedState::kProfile, states.profile.SerializeAsString()),
      seed(FuzzedState::kFinds, states.finds.SerializeAsString()),
      seed(FuzzedState::kSpread, states.spread.SerializeAsString())};
  int n = 0;
  for (const AggregateShape& shape : FuzzedPlan().shapes()) {
    v1::AggregateState state;
    for (int i = 0; i < 12; ++i) {
      FoldAndUndo(shape, (1'000 + i / 3) * shape.step_us, ++n, &state);
    }
    seeds.push_back(seed(FuzzedState::kAggregates, state.SerializeAsString()));
    seeds.push_back(
        seed(FuzzedState::kAggregateCells,
             std::string(reinterpret_cast<const char*>(state.cells().data()),
                         static_cast<size_t>(state.cells_size()) * 8)));
  }
  return seeds;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_TESTS_SCORING_FUZZ_STATES_H_
