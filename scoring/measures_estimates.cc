#include "scoring/measures_estimates.h"

#include <algorithm>
#include <cmath>

#include "scoring/displacement.h"

namespace portrisk::scoring {
namespace {

// Halvings of [0, 1]: to the last bit of a double.
constexpr int kHalvings = 60;

void SetInterval(const Limits& limits, double times, v1::Interval* out) {
  out->set_low(limits.low * times);
  out->set_high(limits.high * times);
}

// Where a function that falls with x passes 0 between 0 and 1.
template <typename Function>
double RootOf(Function falls) {
  double low = 0, high = 1;
  if (falls(low) <= 0) return low;
  if (falls(high) >= 0) return high;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (falls(middle) > 0 ? low : high) = middle;
  }
  return low;
}

}  // namespace

v1::ShareEstimate Estimate(uint64_t count, uint64_t of) {
  v1::ShareEstimate estimate;
  estimate.set_count(count);
  estimate.set_of(of);
  if (of == 0) {
    estimate.set_high(1);
    return estimate;
  }
  const Wilson wilson = WilsonInterval(count, of);
  estimate.set_low(wilson.low);
  estimate.set_high(wilson.high);
  estimate.set_share(static_cast<double>(count) / static_cast<double>(of));
  return estimate;
}

Limits ShareLimits(const Weighed& weighed) {
  const Wilson wilson = WilsonIntervalOfShare(
      weighed.found / weighed.controlled, weighed.effective());
  return {wilson.low, wilson.high};
}

Limits FindLimits(const Weighed& weighed, uint64_t units) {
  Limits limits{0, static_cast<double>(units)};
  if (weighed.controlled > 0) {
    const Limits share = ShareLimits(weighed);
    limits = {share.low * weighed.controlled, share.high * weighed.controlled};
  }
  if (weighed.finds() > weighed.found) {
    limits = {weighed.finds(), std::max(limits.high, weighed.finds())};
  }
  return limits;
}

// The r for which (1 - r) a - r b may be 0: MOVER gives the limits of that
// difference, which fall with r.
Limits PartLimits(double a, const Limits& a_limits, double b,
                  const Limits& b_limits) {
  const auto low = [&](double r) {
    return (1 - r) * a - r * b -
           std::hypot((1 - r) * (a - a_limits.low), r * (b_limits.high - b));
  };
  const auto high = [&](double r) {
    return (1 - r) * a - r * b +
           std::hypot((1 - r) * (a_limits.high - a), r * (b - b_limits.low));
  };
  return {RootOf(low), RootOf(high)};
}

void FillFigures(const Weighed& best, const Counted& counted,
                 const Weighed& beyond, uint64_t units_beyond,
                 v1::RateFigures* out) {
  const auto k = static_cast<double>(out->k());
  *out->mutable_precision() = counted.estimate();
  out->set_effective_controls(best.effective());
  out->set_effective_controls_beyond(beyond.effective());
  const double found = best.finds();
  const double finds = found + beyond.finds();
  // Of such as nothing had selected alone nothing follows.
  const bool has_finds = best.found + beyond.found > 0;
  const double controlled = best.controlled + beyond.controlled;
  Limits recall;
  if (has_finds) {
    recall = PartLimits(found, FindLimits(best, out->k()), beyond.finds(),
                        FindLimits(beyond, units_beyond));
    out->set_recall(found / finds);
    SetInterval(recall, 1, out->mutable_recall_interval());
    // A weighted find may stand for more than there is room for.
    out->set_normalised_precision(std::min(found, k) / std::min(k, finds));
    if (finds <= k) {
      *out->mutable_normalised_precision_interval() = out->recall_interval();
    } else {
      const Limits limits = FindLimits(best, out->k());
      SetInterval({std::min(limits.low, k), std::min(limits.high, k)}, 1 / k,
                  out->mutable_normalised_precision_interval());
    }
  }
  if (best.controlled == 0) return;
  const double precision = best.found / best.controlled;
  out->set_weighted_precision(precision);
  SetInterval(ShareLimits(best), 1, out->mutable_weighted_precision_interval());
  if (!has_finds) return;
  out->set_lift(found / best.controlled / (finds / controlled));
  SetInterval(recall, controlled / best.controlled,
              out->mutable_lift_interval());
}

}  // namespace portrisk::scoring
