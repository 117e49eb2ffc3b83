// Units by month, by who their consignee is, by facility and by route.
#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <numeric>
#include <tuple>

#include "scoring/measures_estimates.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kHourSeconds = 3'600;
constexpr int kRoutesMax = 200;
constexpr uint64_t kQuarters = 4;
// 0, 1 to 99, 100 to 199 ... 1000.
constexpr size_t kBands = 12;
constexpr int kBandStep = 100;

// "2026-03", by the civil calendar.
std::string MonthOf(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm tm;
  gmtime_r(&time, &tm);
  char text[16];
  std::strftime(text, sizeof(text), "%Y-%m", &tm);
  return text;
}

uint64_t Most(const std::map<int64_t, uint64_t>& counts) {
  uint64_t most = 0;
  for (const auto& [key, count] : counts) most = std::max(most, count);
  return most;
}

using Bands = std::array<uint64_t, kBands>;

size_t BandOf(int32_t score) {
  return score <= 0 ? 0 : static_cast<size_t>(1 + score / kBandStep);
}

double StabilityIndex(const Bands& expected, const Bands& actual) {
  const auto share = [](const Bands& bands, size_t band) {
    const uint64_t all =
        std::accumulate(bands.begin(), bands.end(), uint64_t{0});
    return (static_cast<double>(bands[band]) + 0.5) /
           (static_cast<double>(all) + 0.5 * kBands);
  };
  double sum = 0;
  for (size_t band = 0; band < kBands; ++band) {
    const double p = share(actual, band), q = share(expected, band);
    sum += (p - q) * std::log(p / q);
  }
  return sum;
}

}  // namespace

void Selection::ReportMonths(const UnitTable& table,
                             v1::VariantReport* out) const {
  struct Month {
    uint64_t units = 0;
    uint64_t selected = 0;
    Counted counted;
  };
  std::map<std::string, Month> months;
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    Month& month = months[MonthOf(table.units()[unit].first_seconds)];
    ++month.units;
    if (!IsSelected(unit)) continue;
    ++month.selected;
    month.counted.Add(table.units()[unit]);
  }
  for (const auto& [name, month] : months) {
    v1::MonthFigures* const figures = out->add_months();
    figures->set_month(name);
    figures->set_units(month.units);
    figures->set_selected(month.selected);
    *figures->mutable_precision() = month.counted.estimate();
  }
}

void Selection::ReportWorkload(const UnitTable& table,
                               v1::VariantReport* out) const {
  struct Place {
    uint32_t number = 0;
    uint64_t units = 0;
    uint64_t selected = 0;
    std::map<int64_t, uint64_t> by_day, by_hour;
  };
  std::vector<Place> places;
  int64_t begin = INT64_MAX, end = INT64_MIN;
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    const UnitTable::Unit& facts = table.units()[unit];
    begin = std::min(begin, facts.first_seconds);
    end = std::max(end, facts.first_seconds);
    if (facts.facility >= places.size()) places.resize(facts.facility + 1);
    Place& place = places[facts.facility];
    place.number = facts.facility;
    ++place.units;
    if (!IsSelected(unit)) continue;
    ++place.selected;
    ++place.by_day[standings_[unit].selected_seconds / kDaySeconds];
    ++place.by_hour[standings_[unit].selected_seconds / kHourSeconds];
  }
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    if (a.selected != b.selected) return a.selected > b.selected;
    return table.facility(a.number) < table.facility(b.number);
  });
  for (const Place& place : places) {
    if (place.units == 0) continue;
    v1::FacilityWorkload* const workload = out->add_workload();
    workload->set_facility(table.facility(place.number));
    workload->set_units(place.units);
    workload->set_selected(place.selected);
    workload->set_per_day(static_cast<double>(place.selected) /
                          static_cast<double>((end - begin) / kDaySeconds + 1));
    workload->set_busiest_day(Most(place.by_day));
    workload->set_busiest_hour(Most(place.by_hour));
  }
}

void Selection::ReportDrift(const UnitTable& table,
                            v1::VariantReport* out) const {
  std::map<std::string, Bands> months;
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    Bands& bands = months[MonthOf(table.units()[unit].first_seconds)];
    ++bands[BandOf(standings_[unit].score)];
  }
  for (const auto& [name, bands] : months) {
    v1::ScoreDrift* const drift = out->add_drift();
    drift->set_month(name);
    drift->set_units(std::accumulate(bands.begin(), bands.end(), uint64_t{0}));
    for (const uint64_t count : bands) drift->add_by_band(count);
    drift->set_stability_index(StabilityIndex(months.begin()->second, bands));
  }
}

double Selection::DriftFrom(const Selection& other) const {
  Bands expected{}, actual{};
  for (const Standing& one : other.standings_) ++expected[BandOf(one.score)];
  for (const Standing& one : standings_) ++actual[BandOf(one.score)];
  return StabilityIndex(expected, actual);
}

struct Selection::Burden {
  uint64_t units = 0, selected = 0, hit = 0;
  Counted counted;
  std::vector<uint32_t> consignees;

  void Report(v1::BurdenGroup group, const std::string& value,
              v1::BurdenFigures* out) {
    std::sort(consignees.begin(), consignees.end());
    out->set_group(group);
    out->set_value(value);
    out->set_consignees(std::unique(consignees.begin(), consignees.end()) -
                        consignees.begin());
    *out->mutable_selected() = Estimate(selected, units);
    *out->mutable_hit() = Estimate(hit, units);
    *out->mutable_precision() = counted.estimate();
  }
};

void Selection::AddBurden(const UnitTable& table, uint32_t number,
                          Burden* burden) const {
  const UnitTable::Unit& unit = table.units()[number];
  ++burden->units;
  burden->hit += standings_[number].hit ? 1 : 0;
  if (unit.consignee != UnitTable::kUnknown) {
    burden->consignees.push_back(unit.consignee);
  }
  if (!IsSelected(number)) return;
  ++burden->selected;
  burden->counted.Add(unit);
}

void Selection::ReportCountries(const UnitTable& table,
                                v1::VariantReport* out) const {
  std::map<std::string, Burden> countries;
  for (uint32_t i = 0; i < standings_.size(); ++i) {
    const uint32_t country = table.units()[i].country;
    AddBurden(
        table, i,
        &countries[country == UnitTable::kUnknown ? "" : table.name(country)]);
  }
  for (auto& [name, burden] : countries) {
    burden.Report(v1::COUNTRY_OF_CONSIGNEE, name, out->add_burden());
  }
}

void Selection::ReportSizes(const UnitTable& table,
                            v1::VariantReport* out) const {
  std::vector<uint64_t> size(table.name_count());
  for (const UnitTable::Unit& unit : table.units()) {
    if (unit.consignee != UnitTable::kUnknown) ++size[unit.consignee];
  }
  std::map<uint64_t, uint64_t> units_of;  // By size.
  uint64_t known = 0;
  for (const uint64_t one : size) {
    if (one > 0) units_of[one] += one, known += one;
  }
  std::map<uint64_t, uint64_t> quarter_of;  // By size, 1 to 4.
  uint64_t below = 0;
  for (const auto& [one, units] : units_of) {
    // Twice the rank of their middle, of twice all.
    quarter_of[one] = 1 + kQuarters * (2 * below + units) / (2 * known);
    below += units;
  }
  std::map<uint64_t, Burden> quarters;  // 0: no consignee.
  for (uint32_t i = 0; i < standings_.size(); ++i) {
    const uint32_t consignee = table.units()[i].consignee;
    const uint64_t quarter =
        consignee == UnitTable::kUnknown ? 0 : quarter_of.at(size[consignee]);
    AddBurden(table, i, &quarters[quarter]);
  }
  for (auto& [quarter, burden] : quarters) {
    v1::BurdenFigures* const figures = out->add_burden();
    burden.Report(v1::SIZE_OF_CONSIGNEE,
                  quarter == 0 ? "" : std::to_string(quarter), figures);
    for (const auto& [one, of] : quarter_of) {
      if (of != quarter) continue;
      if (figures->size_min() == 0) figures->set_size_min(one);
      figures->set_size_max(one);
    }
  }
}

void ReportRoutes(const UnitTable& table,
                  absl::Span<const Selection> selections,
                  v1::EvaluationReport* out) {
  struct Route {
    uint64_t units = 0;
    Counted counted;
    std::vector<uint64_t> selected;
  };
  std::map<std::pair<std::string, std::string>, Route> routes;
  for (uint32_t i = 0; i < table.units().size(); ++i) {
    const UnitTable::Unit& unit = table.units()[i];
    if (unit.from == UnitTable::kUnknown || unit.to == UnitTable::kUnknown) {
      continue;
    }
    Route& route = routes[{table.name(unit.from), table.name(unit.to)}];
    ++route.units;
    if (!unit.by_box) route.counted.Add(unit);
    route.selected.resize(selections.size());
    for (size_t s = 0; s < selections.size(); ++s) {
      route.selected[s] += selections[s].IsSelected(i) ? 1 : 0;
    }
  }
  std::vector<decltype(routes)::const_iterator> order;
  for (auto it = routes.cbegin(); it != routes.cend(); ++it) {
    order.push_back(it);
  }
  const auto by_units = [](auto a, auto b) {
    return a->second.units > b->second.units;
  };
  std::stable_sort(order.begin(), order.end(), by_units);
  // Of more than are reported, the controlled ones: they say something.
  std::stable_partition(order.begin(), order.end(), [](auto it) {
    return it->second.counted.controlled > 0;
  });
  if (order.size() > kRoutesMax) order.resize(kRoutesMax);
  std::stable_sort(order.begin(), order.end(), by_units);
  for (const auto it : order) {
    v1::RouteFigures* const figures = out->add_routes();
    figures->set_from_locode(it->first.first);
    figures->set_to_locode(it->first.second);
    figures->set_units(it->second.units);
    *figures->mutable_precision() = it->second.counted.estimate();
    for (const uint64_t count : it->second.selected) {
      figures->add_selected(count);
    }
  }
}

}  // namespace portrisk::scoring
