// HOT PATH (FindRates), with the rules of container_history.cc.
#include "scoring/finds.h"

#include <algorithm>

#include "scoring/party_history.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kSecondsPerDay = 86400;
constexpr int kWeightBits = 32;
constexpr double kWeightOne = 4294967296.0;  // 2^kWeightBits.

// 2^(-1/180) in units of 2^-63.
constexpr uint64_t kDailyDecay = 9187922810898938978u;

constexpr std::array<uint64_t, kHalfLifeDays> MakeWeights() {
  std::array<uint64_t, kHalfLifeDays> weights{};
  uint64_t weight = uint64_t{1} << 63;
  for (uint64_t& one : weights) {
    one = (weight + (uint64_t{1} << 30)) >> (63 - kWeightBits);
    weight = static_cast<uint64_t>(
        static_cast<unsigned __int128>(weight) * kDailyDecay >> 63);
  }
  return weights;
}

constexpr std::array<uint64_t, kHalfLifeDays> kWeights = MakeWeights();
static_assert(kWeights[0] == uint64_t{1} << kWeightBits);

constexpr uint64_t WeightOf(uint32_t days) {
  const uint32_t halvings = days / kHalfLifeDays;
  return halvings > kWeightBits ? 0
                                : kWeights[days % kHalfLifeDays] >> halvings;
}

// Looked up for all days that a movement of today asks for: without the
// division the rates of a movement take a third less.
constexpr uint32_t kNearDays = (kFindPeriods + 2) * kFindPeriodDays;
constexpr std::array<uint64_t, kNearDays> MakeNearWeights() {
  std::array<uint64_t, kNearDays> weights{};
  for (uint32_t days = 0; days < kNearDays; ++days) {
    weights[days] = WeightOf(days);
  }
  return weights;
}
constexpr std::array<uint64_t, kNearDays> kNearWeights = MakeNearWeights();

// The first day whose span is a day of its own.
uint32_t FineFrom(uint32_t newest_day) {
  const uint32_t period = newest_day / kFindPeriodDays;
  return (period - std::min(period, kFineFindPeriods)) * kFindPeriodDays;
}

// The first day that is kept.
uint32_t KeptFrom(uint32_t newest_day) {
  const uint32_t period = newest_day / kFindPeriodDays;
  return (period - std::min(period, kFindPeriods)) * kFindPeriodDays;
}

uint32_t StartOf(uint32_t day, uint32_t newest_day) {
  return day >= FineFrom(newest_day) ? day : day - day % kFindPeriodDays;
}

void Truncate(int size, v1::FindState* state) {
  state->mutable_starts()->Truncate(size);
  state->mutable_controls()->Truncate(size);
  state->mutable_finds()->Truncate(size);
}

// Joins the days that are no longer fine and forgets what is too old.
void Advance(uint32_t day, v1::FindState* state) {
  if (day <= state->newest_day()) return;
  const bool joins = FineFrom(day) != FineFrom(state->newest_day());
  state->set_newest_day(day);
  if (!joins) return;
  int size = 0;
  for (int i = 0; i < state->starts_size(); ++i) {
    const uint32_t start = StartOf(state->starts(i), day);
    const uint32_t controls = state->controls(i);
    const uint32_t finds = state->finds(i);
    if (start < KeptFrom(day)) continue;
    if (size > 0 && state->starts(size - 1) == start) {
      state->set_controls(size - 1, state->controls(size - 1) + controls);
      state->set_finds(size - 1, state->finds(size - 1) + finds);
      continue;
    }
    state->set_starts(size, start);
    state->set_controls(size, controls);
    state->set_finds(size, finds);
    ++size;
  }
  Truncate(size, state);
}

// The place of the span that begins at `start`, or where it belongs.
int PlaceOf(uint32_t start, const v1::FindState& state) {
  int at = state.starts_size();
  while (at > 0 && state.starts(at - 1) >= start) --at;
  return at;
}

bool Holds(uint32_t start, int at, const v1::FindState& state) {
  return at < state.starts_size() && state.starts(at) == start;
}

void InsertAt(int at, uint32_t start, v1::FindState* state) {
  state->add_starts(start);
  state->add_controls(0);
  state->add_finds(0);
  for (int i = state->starts_size() - 1; i > at; --i) {
    state->mutable_starts()->SwapElements(i, i - 1);
    state->mutable_controls()->SwapElements(i, i - 1);
    state->mutable_finds()->SwapElements(i, i - 1);
  }
}

void RemoveAt(int at, v1::FindState* state) {
  const int last = state->starts_size() - 1;
  for (int i = at; i < last; ++i) {
    state->mutable_starts()->SwapElements(i, i + 1);
    state->mutable_controls()->SwapElements(i, i + 1);
    state->mutable_finds()->SwapElements(i, i + 1);
  }
  Truncate(last, state);
}

void NameParties(const v1::Pseudonyms& parties, FindNames* names) {
  if (parties.has_consignee()) names->consignee = parties.consignee();
  if (parties.has_shipper()) names->shipper = parties.shipper();
  if (parties.has_declarant()) names->declarant = parties.declarant();
}

// `papers` is a movement or a tie.
template <typename Papers>
void NameGoods(absl::string_view commodity, const Papers& papers,
               FindNames* names) {
  if (commodity.size() >= kCodeDigits) {
    names->code = commodity.substr(0, kCodeDigits);
  }
  if (papers.has_declared()) names->declared = &papers.declared();
}

void Fill(const FindSums& sums, const FindSums& all, v1::FindRate* rate) {
  rate->Clear();
  rate->set_controls(sums.controls);
  rate->set_finds(sums.finds);
  const double controls =
      static_cast<double>(sums.recent_controls) / kWeightOne;
  const double finds = static_cast<double>(sums.recent_finds) / kWeightOne;
  rate->set_recent_controls(controls);
  rate->set_recent_finds(finds);
  if (all.recent_controls == 0) return;
  const double base = static_cast<double>(all.recent_finds) /
                      static_cast<double>(all.recent_controls);
  const double value =
      (finds + kPriorControls * base) / (controls + kPriorControls);
  rate->set_rate(value);
  if (all.recent_finds > 0) rate->set_lift(value / base);
}

}  // namespace

FindNames FindNamesOf(const v1::Movement& movement) {
  const Route route = RouteOf(movement);
  FindNames names;
  names.locode = movement.location().locode();
  names.facility = movement.location().facility();
  names.from = route.from;
  names.to = route.to;
  names.chapter = route.chapter;
  NameParties(movement.pseudonyms(), &names);
  NameGoods(movement.consignment().commodity(), movement, &names);
  return names;
}

FindNames FindNamesOf(const v1::OutcomeTie& tie) {
  FindNames names;
  names.locode = tie.locode();
  names.facility = tie.facility();
  names.from = tie.from_locode();
  names.to = tie.to_locode();
  names.chapter = tie.chapter();
  NameParties(tie.pseudonyms(), &names);
  NameGoods(tie.commodity(), tie, &names);
  return names;
}

bool CountsAsControl(const v1::Outcome& outcome) {
  return !outcome.retraction() && outcome.has_time() &&
         (outcome.result() == v1::FOUND || outcome.result() == v1::NOT_FOUND);
}

uint32_t FindDay(const google::protobuf::Timestamp& time) {
  return static_cast<uint32_t>(std::max<int64_t>(time.seconds(), 0) /
                               kSecondsPerDay);
}

void FoldFind(const v1::Outcome& outcome, v1::FindState* state) {
  const uint32_t day = FindDay(outcome.time());
  Advance(day, state);
  const uint32_t start = StartOf(day, state->newest_day());
  if (start < KeptFrom(state->newest_day())) return;
  const int at = PlaceOf(start, *state);
  if (!Holds(start, at, *state)) InsertAt(at, start, state);
  state->set_controls(at, state->controls(at) + 1);
  if (outcome.result() == v1::FOUND) state->set_finds(at, state->finds(at) + 1);
}

void UnfoldFind(const v1::Outcome& outcome, v1::FindState* state) {
  const uint32_t start = StartOf(FindDay(outcome.time()), state->newest_day());
  const int at = PlaceOf(start, *state);
  if (!Holds(start, at, *state)) return;
  state->set_controls(at, state->controls(at) - 1);
  if (outcome.result() == v1::FOUND) state->set_finds(at, state->finds(at) - 1);
  if (state->controls(at) == 0) RemoveAt(at, state);
}

uint64_t FindWeight(uint32_t days) {
  return days < kNearDays ? kNearWeights[days] : WeightOf(days);
}

FindSums SumFinds(const v1::FindState& state, uint32_t day) {
  FindSums sums;
  const uint32_t fine_from = FineFrom(state.newest_day());
  const uint32_t* const starts = state.starts().data();
  const uint32_t* const controls = state.controls().data();
  const uint32_t* const finds = state.finds().data();
  for (int i = 0; i < state.starts_size(); ++i) {
    const uint32_t length = starts[i] >= fine_from ? 1 : kFindPeriodDays;
    if (starts[i] + length > day) break;
    const uint64_t weight = FindWeight(day - starts[i] - length / 2);
    sums.controls += controls[i];
    sums.finds += finds[i];
    sums.recent_controls += weight * controls[i];
    sums.recent_finds += weight * finds[i];
  }
  return sums;
}

void FindRates::Derive(const FindStates& states, const v1::Movement& movement) {
  Clear();
  const v1::FindState* const all = states[static_cast<size_t>(FindSlot::kAll)];
  if (all == nullptr || !movement.has_occurrence_time()) return;
  const uint32_t day = FindDay(movement.occurrence_time());
  const FindSums total = SumFinds(*all, day);
  for (size_t i = 1; i < kFindSlots; ++i) {
    if (states[i] == nullptr) continue;
    Fill(SumFinds(*states[i], day), total, &rates_[i]);
    known_[i] = true;
  }
}

}  // namespace portrisk::scoring
