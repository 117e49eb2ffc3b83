// HOT PATH, with the rules of container_history.cc.
#include "scoring/usual_view.h"

#include <algorithm>

#include "scoring/spread.h"

namespace portrisk::scoring {
namespace {

SpreadCount CountOf(const SpreadStates& states, SpreadSlot slot,
                    uint32_t period) {
  const v1::SpreadState* const state = states[static_cast<size_t>(slot)];
  return state == nullptr ? SpreadCount() : CountSpread(*state, period);
}

// Counted boxes and imaginary ones, which go as `usual` says.
double Smoothed(int64_t part, int64_t whole, double usual) {
  constexpr double kPrior = kPriorBoxes * kWeightOfOne;
  return (static_cast<double>(part) + kPrior * usual) /
         (static_cast<double>(whole) + kPrior);
}

}  // namespace

std::optional<double> StepProbability(int64_t step, int64_t from, int64_t to,
                                      int64_t all) {
  if (all == 0) return std::nullopt;
  const double usual = static_cast<double>(to + kWeightOfOne) /
                       static_cast<double>(all + kWeightOfOne);
  return Smoothed(step, from, usual);
}

void UsualViewBuffer::Release() {
  view_.unsafe_arena_release_dwell();
  view_.unsafe_arena_release_dwell_of_commodity();
  view_.unsafe_arena_release_collection();
  view_.unsafe_arena_release_collection_of_issuer();
  view_.unsafe_arena_release_after_look_up();
  view_.unsafe_arena_release_absence();
  view_.unsafe_arena_release_scan_detour();
  view_.unsafe_arena_release_travel();
  view_.unsafe_arena_release_itinerary();
}

void UsualViewBuffer::Derive(const SpreadStates& states,
                             const v1::Movement& movement, const Spans& spans) {
  Release();
  if (!movement.has_occurrence_time()) return;
  const uint32_t period = SpreadPeriodOf(movement.occurrence_time());
  bool steps = false;
  std::array<v1::Spread*, kSpanSlots> shown{};
  for (const SpreadUse& use : SpreadsOf(movement, spans)) {
    const size_t slot = static_cast<size_t>(use.slot);
    steps |= use.slot == SpreadSlot::kSteps;
    if (slot >= kSpanSlots || !use.minutes) continue;
    DeriveSpread(states[slot], period, *use.minutes, &spreads_[slot]);
    shown[slot] = &spreads_[slot];
  }
  const auto at = [&](SpreadSlot slot) {
    return shown[static_cast<size_t>(slot)];
  };
  view_.unsafe_arena_set_allocated_dwell(at(SpreadSlot::kDwell));
  view_.unsafe_arena_set_allocated_dwell_of_commodity(
      at(SpreadSlot::kDwellOfCommodity));
  view_.unsafe_arena_set_allocated_collection(at(SpreadSlot::kCollection));
  view_.unsafe_arena_set_allocated_collection_of_issuer(
      at(SpreadSlot::kCollectionOfIssuer));
  view_.unsafe_arena_set_allocated_after_look_up(at(SpreadSlot::kLookUp));
  view_.unsafe_arena_set_allocated_absence(at(SpreadSlot::kAbsence));
  view_.unsafe_arena_set_allocated_scan_detour(at(SpreadSlot::kScanDetour));
  view_.unsafe_arena_set_allocated_travel(at(SpreadSlot::kTravel));
  if (steps) DeriveItinerary(states, movement);
}

void UsualViewBuffer::DeriveItinerary(const SpreadStates& states,
                                      const v1::Movement& movement) {
  const uint32_t period = SpreadPeriodOf(movement.occurrence_time());
  const auto count = [&](SpreadSlot slot) {
    return CountOf(states, slot, period);
  };
  itinerary_.Clear();
  itinerary_.set_declared(DeclaresSteps(movement));
  view_.unsafe_arena_set_allocated_itinerary(&itinerary_);
  const int64_t all = count(SpreadSlot::kSteps).weight;
  const SpreadCount from = count(SpreadSlot::kLastFrom);
  const auto alone =
      StepProbability(count(SpreadSlot::kLast).weight, from.weight,
                      count(SpreadSlot::kLastTo).weight, all);
  if (!alone) return;
  double probability = *alone;
  double least = *alone;
  int64_t behind = from.count;
  if (states[static_cast<size_t>(SpreadSlot::kOnward)] != nullptr) {
    const double last = Smoothed(count(SpreadSlot::kOnwardTo).weight,
                                 count(SpreadSlot::kOnward).weight, *alone);
    const SpreadCount first_from = count(SpreadSlot::kFirstFrom);
    const double first =
        *StepProbability(count(SpreadSlot::kFirst).weight, first_from.weight,
                         count(SpreadSlot::kFirstTo).weight, all);
    probability = first * last;
    least = std::min(first, last);
    if (first < last) behind = first_from.count;
  }
  itinerary_.set_probability(probability);
  itinerary_.set_least(least);
  itinerary_.set_count(behind);
}

}  // namespace portrisk::scoring
