#include "scoring/displacement.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "absl/time/civil_time.h"
#include "scoring/container_history.h"
#include "scoring/finds.h"
#include "scoring/party_history.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr int64_t kWeekDays = 7;
constexpr int64_t kMondayShift = 3;  // 1970 began on a Thursday.
// Of a table whose z is taken from the normal distribution.
constexpr double kExpectedMin = 5;
constexpr double kEqualChances = 1e-9;  // Of logarithms.
constexpr double kDeviateMax = 40;
constexpr int kDeviateHalvings = 60;
constexpr double kZ95 = 1.959963984540054;
constexpr char kOthers[] = "(others)";

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

constexpr absl::CivilDay kFirstDay(1970, 1, 1);
constexpr absl::CivilMonth kFirstMonth(1970, 1);
constexpr int64_t kQuarterMonths = 3;

std::string RouteText(absl::string_view from, absl::string_view to) {
  if (from.empty() || to.empty()) return "";
  std::string text(from);
  text.push_back('>');
  return text.append(to.data(), to.size());
}

// SplitMix64 over the bytes: equal on every machine.
class Hash {
 public:
  Hash& Add(absl::string_view text) {
    for (const char c : text) Mix(static_cast<uint8_t>(c));
    Mix(256);
    return *this;
  }
  Hash& Add(int64_t number) {
    Mix(static_cast<uint64_t>(number));
    return *this;
  }
  uint64_t value() const { return value_; }

 private:
  void Mix(uint64_t x) {
    value_ += x + 0x9e3779b97f4a7c15;
    value_ = (value_ ^ value_ >> 30) * 0xbf58476d1ce4e5b9;
    value_ = (value_ ^ value_ >> 27) * 0x94d049bb133111eb;
    value_ ^= value_ >> 31;
  }
  uint64_t value_ = 0;
};

double ShareOf(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole)
                   : 0.0;
}

double LargestZ(const v1::DisplacementRow& row) {
  return std::max({std::abs(row.volume_z()), std::abs(row.find_z()),
                   std::abs(row.rate_z())});
}

}  // namespace

Wilson WilsonInterval(uint64_t count, uint64_t of) {
  const double n = static_cast<double>(of);
  return WilsonIntervalOfShare(static_cast<double>(count) / n, n);
}

Wilson WilsonIntervalOfShare(double p, double n) {
  const double z2 = kZ95 * kZ95;
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half =
      kZ95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

double TwoProportionsZ(uint64_t then, uint64_t then_of, uint64_t now,
                       uint64_t now_of) {
  const double a = static_cast<double>(then_of);
  const double b = static_cast<double>(now_of);
  const double pooled = static_cast<double>(then + now) / (a + b);
  const double variance = pooled * (1 - pooled) * (1 / a + 1 / b);
  if (!(variance > 0)) return 0.0;
  return (static_cast<double>(now) / b - static_cast<double>(then) / a) /
         std::sqrt(variance);
}

double ExactZ(uint64_t then, uint64_t then_of, uint64_t now, uint64_t now_of) {
  const uint64_t hits = then + now;
  const uint64_t all = then_of + now_of;
  const double least = static_cast<double>(std::min(hits, all - hits)) *
                       static_cast<double>(std::min(then_of, now_of)) /
                       static_cast<double>(all);
  const double z = TwoProportionsZ(then, then_of, now, now_of);
  if (z == 0 || least >= kExpectedMin) return z;
  const auto choose = [](uint64_t n, uint64_t k) {  // Its logarithm.
    return std::lgamma(static_cast<double>(n) + 1) -
           std::lgamma(static_cast<double>(k) + 1) -
           std::lgamma(static_cast<double>(n - k) + 1);
  };
  const auto chance = [&](uint64_t k) {  // That `then` is k.
    return choose(then_of, k) + choose(now_of, hits - k) - choose(all, hits);
  };
  const double own = chance(then);
  double p = 0;
  const uint64_t first = hits > now_of ? hits - now_of : 0;
  for (uint64_t k = first; k <= std::min(hits, then_of); ++k) {
    const double one = chance(k);
    if (one > own + kEqualChances) continue;
    p += std::exp(one) * (one > own - kEqualChances ? 0.5 : 1);
  }
  // The deviate of which both tails are p.
  double low = 0, high = kDeviateMax;
  for (int i = 0; i < kDeviateHalvings; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) > p ? low : high) = middle;
  }
  return std::copysign(low, z);
}

int64_t PeriodOf(ReportPeriod period, int64_t seconds) {
  const int64_t day = FloorDiv(seconds, kDaySeconds);
  if (period == ReportPeriod::kWeek) {
    return FloorDiv(day + kMondayShift, kWeekDays);
  }
  const int64_t month = absl::CivilMonth(kFirstDay + day) - kFirstMonth;
  return period == ReportPeriod::kMonth ? month
                                        : FloorDiv(month, kQuarterMonths);
}

int64_t PeriodStart(ReportPeriod period, int64_t number) {
  if (period == ReportPeriod::kWeek) {
    return (number * kWeekDays - kMondayShift) * kDaySeconds;
  }
  const int64_t months =
      period == ReportPeriod::kMonth ? number : number * kQuarterMonths;
  return (absl::CivilDay(kFirstMonth + months) - kFirstDay) * kDaySeconds;
}

void Displacement::FillFigures(const Counts& counts, const Counts& total,
                               v1::DisplacementFigures* out) {
  out->set_volume(counts.volume);
  out->set_volume_share(ShareOf(counts.volume, total.volume));
  out->set_controls(counts.controls);
  out->set_finds(counts.finds);
  out->set_find_share(ShareOf(counts.finds, total.finds));
  if (counts.controls <= 0) return;
  const Wilson wilson = WilsonInterval(counts.finds, counts.controls);
  out->set_find_rate(ShareOf(counts.finds, counts.controls));
  out->set_find_rate_low(wilson.low);
  out->set_find_rate_high(wilson.high);
}

void Displacement::FillChange(const Counts (&counts)[2],
                              const Counts (&totals)[2],
                              v1::DisplacementRow* row) {
  row->set_volume_change(row->now().volume_share() -
                         row->then().volume_share());
  row->set_find_change(row->now().find_share() - row->then().find_share());
  if (totals[0].volume > 0 && totals[1].volume > 0) {
    row->set_volume_z(TwoProportionsZ(counts[0].volume, totals[0].volume,
                                      counts[1].volume, totals[1].volume));
  }
  if (totals[0].finds > 0 && totals[1].finds > 0) {
    row->set_find_z(ExactZ(counts[0].finds, totals[0].finds, counts[1].finds,
                           totals[1].finds));
  }
  if (counts[0].controls > 0 && counts[1].controls > 0) {
    row->set_rate_z(ExactZ(counts[0].finds, counts[0].controls, counts[1].finds,
                           counts[1].controls));
  }
}

Displacement::Counts* Displacement::At(size_t dimension,
                                       absl::string_view value,
                                       int64_t period) {
  auto& values = values_[dimension];
  auto at = values.find(std::string_view(value.data(), value.size()));
  if (at == values.end()) {
    const bool room = values.size() < options_.values_max;
    at = values.try_emplace(room ? std::string(value) : kOthers).first;
  }
  return &at->second.periods[period];
}

bool Displacement::SeenBefore(absl::string_view container, size_t dimension,
                              absl::string_view value, int64_t period) {
  const uint64_t key = Hash()
                           .Add(container)
                           .Add(value)
                           .Add(static_cast<int64_t>(dimension))
                           .Add(period)
                           .value();
  if (seen_.contains(key)) return true;
  const bool earlier = seen_earlier_.contains(key);
  if (seen_.size() >= options_.seen_max / 2) {
    forgot_ = forgot_ || !seen_earlier_.empty();
    seen_earlier_ = std::move(seen_);
    seen_.clear();
  }
  seen_.insert(key);
  return earlier;
}

void Displacement::Add(const v1::Movement& movement) {
  ++movements_;
  const std::string& number = movement.container().number();
  if (movement.retraction() || !IsActual(movement) || number.empty() ||
      !movement.has_occurrence_time()) {
    return;
  }
  const int64_t seconds = movement.occurrence_time().seconds();
  if (!Covers(seconds)) return;
  const int64_t period = PeriodOf(options_.period, seconds);
  const Route route = RouteOf(movement);
  const std::string values[kDimensions] = {
      IsPhysical(movement.event()) ? movement.location().locode() : "",
      RouteText(route.from, route.to), std::string(route.chapter)};
  for (size_t i = 0; i < kDimensions; ++i) {
    if (values[i].empty() || SeenBefore(number, i, values[i], period)) continue;
    ++At(i, values[i], period)->volume;
  }
}

void Displacement::Add(const v1::OutcomeRecord& record, int weight) {
  if (weight > 0) ++outcomes_;
  const v1::Outcome& outcome = record.outcome();
  if (!CountsAsControl(outcome) || !Covers(outcome.time().seconds())) return;
  const int64_t period = PeriodOf(options_.period, outcome.time().seconds());
  const v1::OutcomeTie& tie = record.tie();
  const std::string values[kDimensions] = {
      tie.locode(), RouteText(tie.from_locode(), tie.to_locode()),
      tie.chapter()};
  for (size_t i = 0; i < kDimensions; ++i) {
    if (values[i].empty()) continue;
    Counts* counts = At(i, values[i], period);
    counts->controls += weight;
    if (outcome.result() == v1::FOUND) counts->finds += weight;
  }
}

Displacement::Counts Displacement::Total(size_t dimension,
                                         int64_t period) const {
  Counts total;
  for (const auto& [value, series] : values_[dimension]) {
    const auto at = series.periods.find(period);
    if (at == series.periods.end()) continue;
    total.volume += at->second.volume;
    total.controls += at->second.controls;
    total.finds += at->second.finds;
  }
  return total;
}

void Displacement::AddRows(size_t dimension, int64_t then,
                           v1::DisplacementReport* report) const {
  const Counts totals[2] = {Total(dimension, then), Total(dimension, then + 1)};
  std::vector<v1::DisplacementRow> rows;
  for (const auto& [value, series] : values_[dimension]) {
    Counts counts[2];
    for (int i = 0; i < 2; ++i) {
      const auto at = series.periods.find(then + i);
      if (at != series.periods.end()) counts[i] = at->second;
    }
    if (counts[0].IsEmpty() && counts[1].IsEmpty()) continue;
    v1::DisplacementRow& row = rows.emplace_back();
    row.set_dimension(
        static_cast<v1::DisplacementDimension>(dimension + v1::BY_PORT));
    row.set_value(value);
    row.mutable_then_start()->set_seconds(PeriodStart(options_.period, then));
    row.mutable_now_start()->set_seconds(
        PeriodStart(options_.period, then + 1));
    FillFigures(counts[0], totals[0], row.mutable_then());
    FillFigures(counts[1], totals[1], row.mutable_now());
    FillChange(counts, totals, &row);
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    const double by_a = LargestZ(a), by_b = LargestZ(b);
    return by_a != by_b ? by_a > by_b : a.value() < b.value();
  });
  for (v1::DisplacementRow& row : rows) *report->add_rows() = std::move(row);
}

v1::DisplacementReport Displacement::Report() const {
  v1::DisplacementReport report;
  report.mutable_from()->set_seconds(options_.from);
  report.mutable_to()->set_seconds(options_.to);
  static constexpr const char* kPeriodNames[] = {"week", "month", "quarter"};
  report.set_period(kPeriodNames[static_cast<int>(options_.period)]);
  report.set_approximate(forgot_);
  report.set_movements(movements_);
  report.set_outcomes(outcomes_);
  if (options_.from >= options_.to) return report;
  const int64_t first = PeriodOf(options_.period, options_.from);
  const int64_t last = PeriodOf(options_.period, options_.to - 1);
  for (size_t i = 0; i < kDimensions; ++i) {
    for (int64_t then = first; then < last; ++then) AddRows(i, then, &report);
  }
  return report;
}

}  // namespace portrisk::scoring
