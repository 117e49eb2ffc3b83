// HOT PATH, with the rules of container_history.cc.
//
// A call of a vessel is told by its place and voyage, so that reports of one
// call meet whatever order they come in; without a voyage by the ten days it
// falls in.
#include "scoring/place_history.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "scoring/borrow.h"
#include "scoring/bounded_timeline.h"
#include "scoring/container_view.h"
#include "scoring/legs.h"

namespace portrisk::scoring {
namespace {

using Calls = google::protobuf::RepeatedPtrField<v1::VesselCall>;

constexpr double kSecondsPerHour = 3600;
constexpr int64_t kTwinSeconds = 14 * 24 * 3600;
constexpr int64_t kDaySeconds = 24 * 3600;
constexpr int64_t kNeighbourSeconds = 48 * 3600;
constexpr int64_t kBaysMax = 2;
constexpr size_t kTwinCharacters = 10;
constexpr size_t kRowAndTierDigits = 4;

int64_t PeriodOf(const v1::Movement& movement) {
  return movement.transport().voyage().empty()
             ? movement.occurrence_time().seconds() / kPeriodSeconds
             : 0;
}

bool IsCall(const v1::VesselCall& call, const v1::Movement& movement) {
  return call.locode() == movement.location().locode() &&
         call.voyage() == movement.transport().voyage() &&
         call.period() == PeriodOf(movement);
}

bool CallBefore(const v1::VesselCall& a, const v1::VesselCall& b) {
  const auto key = [](const v1::VesselCall& call) {
    return std::make_tuple(call.last_seconds(), std::cref(call.locode()),
                           std::cref(call.voyage()), call.period());
  };
  return key(a) < key(b);
}

// Moves the call at `i`, whose last_seconds has grown, to its place.
void MoveUp(int i, Calls* calls) {
  for (; i + 1 < calls->size() && CallBefore(calls->Get(i + 1), calls->Get(i));
       ++i) {
    calls->SwapElements(i, i + 1);
  }
}

// What is taken out may have been counted in a call that is forgotten.
void Count(const v1::Movement& movement, int by, v1::VesselCall* call) {
  const auto counted = [by](uint32_t before) {
    return by < 0 && before == 0 ? 0 : before + by;
  };
  call->set_reports(counted(call->reports()));
  switch (movement.event()) {
    case v1::LOAD:
      call->set_loaded(counted(call->loaded()));
      break;
    case v1::DISCHARGE:
      call->set_discharged(counted(call->discharged()));
      break;
    case v1::STOW_PLAN:
      call->set_stowed(counted(call->stowed()));
      break;
    default:
      break;
  }
}

void FoldCall(const v1::Movement& movement, Calls* calls) {
  const int64_t t = movement.occurrence_time().seconds();
  for (int i = 0; i < calls->size(); ++i) {
    v1::VesselCall* call = calls->Mutable(i);
    if (!IsCall(*call, movement)) continue;
    call->set_first_seconds(std::min(call->first_seconds(), t));
    call->set_last_seconds(std::max(call->last_seconds(), t));
    Count(movement, 1, call);
    MoveUp(i, calls);
    return;
  }
  if (calls->size() == kVesselCallsMax) {
    if (t < calls->Get(0).last_seconds()) return;
  } else {
    calls->Add();
    for (int i = calls->size() - 1; i > 0; --i) calls->SwapElements(i, i - 1);
  }
  v1::VesselCall* call = calls->Mutable(0);
  call->set_locode(movement.location().locode());
  call->set_voyage(movement.transport().voyage());
  call->set_period(PeriodOf(movement));
  call->set_first_seconds(t);
  call->set_last_seconds(t);
  call->set_reports(0);
  call->set_loaded(0);
  call->set_discharged(0);
  call->set_stowed(0);
  Count(movement, 1, call);
  MoveUp(0, calls);
}

void UnfoldCall(const v1::Movement& movement, Calls* calls) {
  for (int i = 0; i < calls->size(); ++i) {
    v1::VesselCall* call = calls->Mutable(i);
    if (!IsCall(*call, movement) || call->reports() == 0) continue;
    Count(movement, -1, call);
    if (call->reports() == 0) calls->DeleteSubrange(i, 1);
    return;
  }
}

// Papers name ports where the vessel is not yet.
bool ShowsCall(const v1::Movement& movement) {
  return !movement.location().locode().empty() &&
         (IsPhysical(movement.event()) || movement.event() == v1::STOW_PLAN);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Risky boxes of the last hours before a movement, the latest first, until
// `visit` returns true.
template <typename Visit>
void ForEachRisky(const v1::FacilityState& state, const v1::Movement& movement,
                  int64_t seconds, const Visit& visit) {
  const google::protobuf::Timestamp& t = movement.occurrence_time();
  for (int i = state.risky_size() - 1; i >= 0; --i) {
    const v1::RiskyBox& box = state.risky(i);
    if (!Before(box.occurrence_time(), t)) continue;
    if (t.seconds() - box.occurrence_time().seconds() > seconds) return;
    if (box.number() != movement.container().number() && visit(box)) return;
  }
}

}  // namespace

void FoldVessel(const JournaledMovement& input, v1::VesselState* state) {
  const v1::Movement& m = *input.movement;
  state->set_last_sequence(input.sequence);
  if (state->imo().empty()) state->set_imo(m.transport().vessel_imo());
  FoldProfile(m.occurrence_time(), state->mutable_profile());
  if (ShowsCall(m)) FoldCall(m, state->mutable_calls());
}

void UnfoldVessel(const JournaledMovement& input, const v1::Movement& prior,
                  v1::VesselState* state) {
  state->set_last_sequence(input.sequence);
  UnfoldProfile(prior.occurrence_time(), state->mutable_profile());
  if (ShowsCall(prior)) UnfoldCall(prior, state->mutable_calls());
}

void FoldFacility(const JournaledMovement& input, const v1::Unit& unit,
                  v1::FacilityState* state) {
  const v1::Movement& m = *input.movement;
  state->set_last_sequence(input.sequence);
  if (state->locode().empty() && state->facility().empty()) {
    state->set_locode(m.location().locode());
    state->set_facility(m.location().facility());
  }
  FoldProfile(m.occurrence_time(), state->mutable_profile());
  const bool risky =
      unit.lane() >= v1::BLUE || m.event() == v1::CUSTOMS_SELECTED;
  if (!risky || m.container().number().empty()) return;
  const auto fill = [&](v1::RiskyBox* box) {
    box->set_movement_key(input.movement_key);
    *box->mutable_occurrence_time() = m.occurrence_time();
    box->set_number(m.container().number());
    box->set_yard_position(m.location().yard_position());
  };
  const auto is_it = [&](const v1::RiskyBox& box) {
    return box.number() == m.container().number();
  };
  auto* const boxes = state->mutable_risky();
  // Of one box the newest reports are kept, so that it pushes no other out.
  if (std::count_if(boxes->begin(), boxes->end(), is_it) >=
      kReportsOfRiskyBox) {
    InsertAmong(input, kReportsOfRiskyBox, fill, is_it, boxes);
  } else {
    InsertEvent(input, kRiskyBoxesMax, fill, boxes);
  }
}

void UnfoldFacility(const JournaledMovement& input, const v1::Movement& prior,
                    v1::FacilityState* state) {
  state->set_last_sequence(input.sequence);
  UnfoldProfile(prior.occurrence_time(), state->mutable_profile());
  RemoveEvent(input.movement_key, state->mutable_risky());
}

void VesselViewBuffer::Release() {
  view_.unsafe_arena_release_profile();
  view_.unsafe_arena_release_last_call_elsewhere();
  view_.unsafe_arena_release_call_here();
  view_.unsafe_arena_release_leg_in();
  view_.Clear();
}

void VesselViewBuffer::Derive(const v1::VesselState* state,
                              const v1::Movement& movement,
                              const Reference& reference) {
  Release();
  if (state == nullptr || !movement.has_occurrence_time()) return;
  view_.unsafe_arena_set_allocated_profile(
      profile_.Derive(&state->profile(), movement.occurrence_time()));
  const int64_t t = movement.occurrence_time().seconds();
  const std::string& here = movement.location().locode();
  const std::string& voyage = movement.transport().voyage();
  int64_t stowed = 0, loaded = 0, discharged = 0;
  bool voyage_known = false;
  for (int i = state->calls_size() - 1; i >= 0; --i) {
    const v1::VesselCall& call = state->calls(i);
    if (!voyage.empty() && call.voyage() == voyage) {
      voyage_known = true;
      stowed += call.stowed();
      loaded += call.loaded();
      discharged += call.discharged();
    }
    if (here.empty() || call.first_seconds() >= t) continue;
    if (call.locode() == here) {
      if (!view_.has_call_here()) {
        view_.unsafe_arena_set_allocated_call_here(Borrow(call));
      }
    } else if (!view_.has_last_call_elsewhere()) {
      view_.unsafe_arena_set_allocated_last_call_elsewhere(Borrow(call));
    }
  }
  if (voyage_known) {
    view_.set_voyage_stowed(stowed);
    view_.set_voyage_loaded(loaded);
    view_.set_voyage_discharged(discharged);
  }
  if (!view_.has_last_call_elsewhere()) return;
  const v1::VesselCall& call = view_.last_call_elsewhere();
  const auto there = reference.Find(call.locode());
  const auto place = Locate(movement.location(), reference);
  if (!there || !place) return;
  const int64_t left = std::min(call.last_seconds(), t);
  FillLeg(DistanceKm(*there, *place),
          static_cast<double>(t - left) / kSecondsPerHour, v1::SEA, v1::SEA,
          &leg_in_);
  view_.unsafe_arena_set_allocated_leg_in(&leg_in_);
}

void FacilityViewBuffer::Release() {
  view_.unsafe_arena_release_profile();
  view_.unsafe_arena_release_near_twin_time();
  view_.unsafe_arena_release_risky_neighbour_time();
  view_.unsafe_arena_release_finds();
  view_.Clear();
}

void FacilityViewBuffer::LendFinds(FindRates* rates) {
  view_.unsafe_arena_set_allocated_finds(rates->Of(FindSlot::kFacility));
}

void FacilityViewBuffer::Derive(const v1::FacilityState* state,
                                const v1::ContainerState* container,
                                const JournaledMovement& input) {
  Release();
  const v1::Movement& m = *input.movement;
  if (state == nullptr || !m.has_occurrence_time()) return;
  view_.unsafe_arena_set_allocated_profile(
      profile_.Derive(&state->profile(), m.occurrence_time()));
  std::array<const std::string*, kRiskyBoxesMax> boxes;
  size_t size = 0;
  const int64_t day_before = m.occurrence_time().seconds() - kDaySeconds;
  ForEachRisky(*state, m, kTwinSeconds, [&](const v1::RiskyBox& box) {
    const auto is_it = [&](const std::string* other) {
      return *other == box.number();
    };
    if (box.occurrence_time().seconds() >= day_before && size < boxes.size() &&
        std::none_of(boxes.begin(), boxes.begin() + size, is_it)) {
      boxes[size++] = &box.number();
    }
    if (!view_.has_near_twin_time() &&
        NearTwins(box.number(), m.container().number())) {
      view_.set_near_twin(box.number());
      view_.unsafe_arena_set_allocated_near_twin_time(
          Borrow(box.occurrence_time()));
    }
    return false;
  });
  view_.set_risky_boxes(static_cast<int64_t>(size));
  Bay own;
  if (!ReadBay(YardPosition(container, input), &own)) return;
  ForEachRisky(*state, m, kNeighbourSeconds, [&](const v1::RiskyBox& box) {
    Bay other;
    if (!ReadBay(box.yard_position(), &other) || other.block != own.block) {
      return false;
    }
    const int64_t between = std::abs(other.number - own.number);
    if (between > kBaysMax) return false;
    view_.set_risky_neighbour(box.number());
    view_.unsafe_arena_set_allocated_risky_neighbour_time(
        Borrow(box.occurrence_time()));
    view_.set_bays_between(between);
    return true;
  });
}

void SourceViewBuffer::Release() {
  view_.unsafe_arena_release_complete_since();
  view_.Clear();
}

void SourceViewBuffer::Derive(const Reference& reference,
                              const v1::Movement& movement) {
  Release();
  if (!reference.has_sources()) return;
  const v1::Source* source = reference.FindSource(movement.source());
  view_.set_declared(source != nullptr);
  if (source == nullptr) return;
  for (const int event : source->complete()) {
    view_.add_complete(static_cast<v1::Event>(event));
  }
  if (source->has_complete_since()) {
    view_.unsafe_arena_set_allocated_complete_since(
        Borrow(source->complete_since()));
  }
}

bool ReadBay(absl::string_view position, Bay* bay) {
  size_t begin = 0;
  while (begin < position.size() && !IsDigit(position[begin])) ++begin;
  size_t end = begin;
  while (end < position.size() && IsDigit(position[end])) ++end;
  if (begin == end || end - begin > 10) return false;
  size_t block_end = begin;
  while (block_end > 0 && !IsLetter(position[block_end - 1])) --block_end;
  bay->block = position.substr(0, block_end);
  const size_t digits = end - begin > kRowAndTierDigits
                            ? end - begin - kRowAndTierDigits
                            : end - begin;
  bay->number = 0;
  for (size_t i = begin; i < begin + digits; ++i) {
    bay->number = bay->number * 10 + (position[i] - '0');
  }
  return true;
}

bool NearTwins(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size() || a.size() < kTwinCharacters) return false;
  int different = 0;
  for (size_t i = 0; i < kTwinCharacters; ++i) different += a[i] != b[i];
  return different == 1 || (different == 0 && a != b);
}

}  // namespace portrisk::scoring
