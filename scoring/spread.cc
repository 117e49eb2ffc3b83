// HOT PATH, with the rules of container_history.cc.
#include "scoring/spread.h"

#include <algorithm>
#include <array>

namespace portrisk::scoring {
namespace {

constexpr uint32_t kFineBits = 4;  // Bins in an octave, as a power of two.
constexpr double kMinutesPerHour = 60;
// Quartiles of a normal distribution lie 2 * 0.6745 deviations apart.
constexpr double kDeviationsPerQuartiles = 0.7413;

int BitOf(uint32_t value) { return 31 - __builtin_clz(value); }

// Where the period is, or belongs.
int PlaceOf(uint32_t number, const v1::SpreadState& state) {
  int at = state.periods_size();
  while (at > 0 && state.periods(at - 1).number() >= number) --at;
  return at;
}

bool Holds(uint32_t number, int at, const v1::SpreadState& state) {
  return at < state.periods_size() && state.periods(at).number() == number;
}

void Forget(v1::SpreadState* state) {
  int old = 0;
  while (old < state->periods_size() &&
         state->periods(old).number() + kSpreadPeriods <= state->newest()) {
    ++old;
  }
  if (old > 0) state->mutable_periods()->DeleteSubrange(0, old);
}

// Empty, in its place.
v1::SpreadPeriod* MakePeriod(uint32_t number, int at, v1::SpreadState* state) {
  state->add_periods()->set_number(number);
  for (int i = state->periods_size() - 1; i > at; --i) {
    state->mutable_periods()->SwapElements(i, i - 1);
  }
  return state->mutable_periods(at);
}

void AddToBin(uint32_t bin, uint32_t times, v1::SpreadPeriod* period) {
  auto* const bins = period->mutable_bins();
  auto* const counts = period->mutable_counts();
  const int at = static_cast<int>(
      std::lower_bound(bins->begin(), bins->end(), bin) - bins->begin());
  if (at < bins->size() && bins->Get(at) == bin) {
    counts->Set(at, counts->Get(at) + times);
    return;
  }
  bins->Add(bin);
  counts->Add(times);
  std::rotate(bins->begin() + at, bins->end() - 1, bins->end());
  std::rotate(counts->begin() + at, counts->end() - 1, counts->end());
}

void TakeFromBin(uint32_t bin, uint32_t times, v1::SpreadPeriod* period) {
  auto* const bins = period->mutable_bins();
  auto* const counts = period->mutable_counts();
  const auto found = std::lower_bound(bins->begin(), bins->end(), bin);
  if (found == bins->end() || *found != bin) return;
  const auto at = counts->begin() + (found - bins->begin());
  *at -= std::min(times, *at);
  if (*at > 0) return;
  counts->erase(at);
  bins->erase(found);
}

int64_t WeightOf(const v1::SpreadPeriod& one, uint32_t period) {
  const uint32_t age = period - one.number();
  return age < kSpreadPeriods ? kWeightOfOne >> age : 0;
}

// The periods of a state joined, in eighths.
class Bins {
 public:
  Bins(const v1::SpreadState& state, uint32_t period) {
    for (const v1::SpreadPeriod& one : state.periods()) {
      if (one.number() > period) break;
      const int64_t weight = WeightOf(one, period);
      for (int i = 0; i < one.bins_size(); ++i) {
        weights_[std::min(one.bins(i), kSpreadBins - 1)] +=
            weight * one.counts(i);
        all_ += weight * one.counts(i);
      }
    }
  }

  int64_t all() const { return all_; }
  int64_t Below(uint32_t bin) const {
    int64_t sum = 0;
    for (uint32_t i = 0; i < bin; ++i) sum += weights_[i];
    return sum;
  }
  int64_t In(uint32_t bin) const { return weights_[bin]; }
  // The first bin with at least that percentage up to it. Some weight is there.
  uint32_t Quantile(int64_t percent) const {
    int64_t sum = 0;
    uint32_t bin = 0;
    for (; bin + 1 < kSpreadBins; ++bin) {
      sum += weights_[bin];
      if (sum * 100 >= all_ * percent && sum > 0) break;
    }
    return bin;
  }

 private:
  std::array<int64_t, kSpreadBins> weights_{};
  int64_t all_ = 0;
};

double Share(int64_t weight, int64_t all) {
  return static_cast<double>(weight + kWeightOfOne) /
         static_cast<double>(all + 2 * kWeightOfOne);
}

// The count of `out` is set.
void Compare(const Bins& bins, uint32_t minutes, v1::Spread* out) {
  const uint32_t own = SpanBin(minutes);
  const int64_t below = bins.Below(own);
  out->set_own_h(minutes / kMinutesPerHour);
  out->set_as_short(Share(below + bins.In(own), bins.all()));
  out->set_as_long(Share(bins.all() - below, bins.all()));
  if (out->count() < kRobustLeast || bins.all() == 0) return;
  const uint32_t quartiles =
      std::max(bins.Quantile(75) - bins.Quantile(25), 1u);
  out->set_robust_z(
      (static_cast<double>(own) - static_cast<double>(bins.Quantile(50))) /
      (kDeviationsPerQuartiles * quartiles));
}

}  // namespace

uint32_t SpanBin(uint32_t minutes) {
  minutes = std::min(minutes, kSpanMinutesMax);
  if (minutes < 1u << kFineBits) return minutes;
  const uint32_t octave = static_cast<uint32_t>(BitOf(minutes)) - kFineBits;
  return (octave << kFineBits) + (minutes >> octave);
}

double SpanBinHours(uint32_t bin) {
  if (bin < 1u << kFineBits) return bin / kMinutesPerHour;
  const uint32_t octave = (bin >> kFineBits) - 1;
  const uint32_t low = (bin - (octave << kFineBits)) << octave;
  return (low + ((1u << octave) - 1) / 2.0) / kMinutesPerHour;
}

uint32_t SpreadPeriodOf(const google::protobuf::Timestamp& time) {
  return static_cast<uint32_t>(std::max<int64_t>(time.seconds(), 0) /
                               kSpreadPeriodSeconds);
}

void FoldSpread(const google::protobuf::Timestamp& time,
                std::optional<uint32_t> minutes, uint32_t times,
                v1::SpreadState* state) {
  const uint32_t number = SpreadPeriodOf(time);
  if (number > state->newest()) {
    state->set_newest(number);
    Forget(state);
  } else if (number + kSpreadPeriods <= state->newest()) {
    return;
  }
  const int at = PlaceOf(number, *state);
  v1::SpreadPeriod* const period = Holds(number, at, *state)
                                       ? state->mutable_periods(at)
                                       : MakePeriod(number, at, state);
  period->set_count(period->count() + times);
  if (minutes) AddToBin(SpanBin(*minutes), times, period);
}

void UnfoldSpread(const google::protobuf::Timestamp& time,
                  std::optional<uint32_t> minutes, uint32_t times,
                  v1::SpreadState* state) {
  const uint32_t number = SpreadPeriodOf(time);
  const int at = PlaceOf(number, *state);
  if (!Holds(number, at, *state)) return;
  v1::SpreadPeriod* const period = state->mutable_periods(at);
  period->set_count(period->count() - std::min(times, period->count()));
  if (minutes) TakeFromBin(SpanBin(*minutes), times, period);
  if (period->count() == 0) state->mutable_periods()->DeleteSubrange(at, 1);
}

SpreadCount CountSpread(const v1::SpreadState& state, uint32_t period) {
  SpreadCount sum;
  for (const v1::SpreadPeriod& one : state.periods()) {
    if (one.number() > period) break;
    const int64_t weight = WeightOf(one, period);
    if (weight == 0) continue;
    sum.count += one.count();
    sum.weight += weight * one.count();
  }
  return sum;
}

void DeriveSpread(const v1::SpreadState* state, uint32_t period,
                  std::optional<uint32_t> minutes, v1::Spread* out) {
  const v1::SpreadState& known =
      state == nullptr ? v1::SpreadState::default_instance() : *state;
  out->Clear();
  out->set_count(CountSpread(known, period).count);
  const Bins bins(known, period);
  if (minutes) Compare(bins, *minutes, out);
  if (bins.all() == 0) return;
  out->set_p01_h(SpanBinHours(bins.Quantile(1)));
  out->set_p05_h(SpanBinHours(bins.Quantile(5)));
  out->set_median_h(SpanBinHours(bins.Quantile(50)));
  out->set_p95_h(SpanBinHours(bins.Quantile(95)));
  out->set_p99_h(SpanBinHours(bins.Quantile(99)));
}

}  // namespace portrisk::scoring
