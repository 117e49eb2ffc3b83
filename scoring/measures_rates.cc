// The best units: of all, of each facility and day, and from other scores on.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "scoring/decision.h"
#include "scoring/measures_estimates.h"
#include "scoring/worklist.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDaySeconds = 86'400;
// Of a score from which units are selected.
constexpr double kTimes[] = {0.5, 0.75, 1, 1.5, 2};

int64_t DayOf(int64_t seconds) {
  return seconds / kDaySeconds - (seconds % kDaySeconds < 0 ? 1 : 0);
}

enum class Taken : uint8_t {
  kNo,
  kYes,
  kByChance,  // For nothing but the draw.
};

// Figures of those units that are taken; `out` has k. What was taken because it
// was drawn stands for itself alone: those that it would else stand for were
// not drawn, and not taken.
void FillTaken(const UnitTable& table, std::vector<Taken> taken,
               v1::RateFigures* out) {
  // Who is sent for papers opens their box.
  for (const auto& [papers, box] : table.papers()) {
    if (taken[box] == Taken::kNo) taken[box] = taken[papers];
  }
  Weighed best, beyond;
  Counted counted;
  for (size_t i = 0; i < taken.size(); ++i) {
    const UnitTable::Unit& unit = table.units()[i];
    if (unit.by_box) continue;
    if (taken[i] == Taken::kNo) {
      beyond.Add(unit);
      continue;
    }
    counted.Add(unit);
    const double weight = UnitTable::WeightOf(unit);
    if (taken[i] == Taken::kByChance && weight > 1) {
      best.Add(unit, 1);
      best.known += unit.found ? 1 : 0;
      beyond.Add(unit, weight - 1);
    } else {
      best.Add(unit);
    }
  }
  FillFigures(best, counted, beyond, taken.size() - out->k(), out);
}

// What facilities have room for, day by day; units come best first.
class Places {
 public:
  Places(const UnitTable& table, const Capacity& capacity)
      : table_(table), capacity_(capacity) {}

  // Whether there is room for it.
  bool Take(const UnitTable::Unit& unit) {
    const uint64_t most = capacity_.Of(table_.facility(unit.facility));
    if (most == 0) return false;
    uint64_t& count = days_[{unit.facility, DayOf(unit.first_seconds)}];
    Place& place = places_[unit.facility];
    ++place.units;
    if (count == 0) ++place.days;
    if (count == most) ++place.full;
    if (++count > most) return false;
    ++place.taken;
    place.counted.Add(unit);
    return true;
  }

  void Report(v1::CapacityFigures* out) {
    std::vector<uint32_t> order;
    std::set<std::string> met;
    for (const auto& [facility, place] : places_) {
      order.push_back(facility);
      met.insert(table_.facility(facility));
      out->set_facility_days(out->facility_days() + place.days);
      out->set_full_days(out->full_days() + place.full);
    }
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      if (places_[a].taken != places_[b].taken) {
        return places_[a].taken > places_[b].taken;
      }
      return table_.facility(a) < table_.facility(b);
    });
    for (const uint32_t facility : order) {
      const Place& place = places_[facility];
      v1::CapacityFacility* const one = out->add_facilities();
      one->set_facility(table_.facility(facility));
      one->set_capacity(capacity_.Of(one->facility()));
      one->set_days(place.days);
      one->set_units(place.units);
      one->set_taken(place.taken);
      *one->mutable_precision() = place.counted.estimate();
    }
    // Nothing came there, or it is spelt otherwise.
    for (const auto& [facility, count] : capacity_.facilities) {
      if (count == 0 || met.count(facility) > 0) continue;
      v1::CapacityFacility* const one = out->add_facilities();
      one->set_facility(facility);
      one->set_capacity(count);
    }
  }

 private:
  struct Place {
    uint64_t days = 0;
    uint64_t full = 0;
    uint64_t units = 0;
    uint64_t taken = 0;
    Counted counted;
  };

  const UnitTable& table_;
  const Capacity& capacity_;
  std::map<std::pair<uint32_t, int64_t>, uint64_t> days_;  // Units of each.
  std::map<uint32_t, Place> places_;
};

}  // namespace

std::string Capacity::ToString() const {
  std::string text;
  if (everywhere > 0 || facilities.empty()) text = absl::StrCat(everywhere);
  for (const auto& [facility, count] : facilities) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", facility, "=", count);
  }
  return text;
}

std::vector<uint32_t> Selection::Ranked(const UnitTable& table) const {
  const auto& units = table.units();
  std::vector<uint32_t> ranked(standings_.size());
  std::iota(ranked.begin(), ranked.end(), 0u);
  std::sort(ranked.begin(), ranked.end(), [&](uint32_t a, uint32_t b) {
    if (standings_[a].score != standings_[b].score) {
      return standings_[a].score > standings_[b].score;
    }
    return units[a].id < units[b].id;
  });
  return ranked;
}

void Selection::ReportRates(const UnitTable& table,
                            absl::Span<const double> rates,
                            v1::VariantReport* out) const {
  if (rates.empty()) return;
  const std::vector<uint32_t> ranked = Ranked(table);
  for (const double rate : rates) {
    v1::RateFigures* const figures = out->add_rates();
    // 0.29 of 100 is 29.
    const auto k = static_cast<size_t>(
        std::floor(rate * static_cast<double>(ranked.size()) + 1e-9));
    figures->set_rate(rate);
    figures->set_k(k);
    if (k == 0) continue;
    std::vector<Taken> taken(ranked.size());
    for (size_t i = 0; i < k; ++i) taken[ranked[i]] = Taken::kYes;
    figures->set_least_score(standings_[ranked[k - 1]].score);
    FillTaken(table, std::move(taken), figures);
  }
}

void Selection::ReportCapacities(const UnitTable& table,
                                 absl::Span<const Capacity> capacities,
                                 v1::VariantReport* out) const {
  if (capacities.empty()) return;
  const std::vector<uint32_t> ranked = Ranked(table);
  for (const Capacity& capacity : capacities) {
    v1::CapacityFigures* const figures = out->add_capacities();
    figures->set_capacity(capacity.ToString());
    v1::RateFigures* const all = figures->mutable_figures();
    Places places(table, capacity);
    std::vector<Taken> taken(ranked.size());
    uint64_t k = 0;
    for (const uint32_t number : ranked) {
      if (!places.Take(table.units()[number])) continue;
      taken[number] = Taken::kYes;
      ++k;
      all->set_least_score(standings_[number].score);
    }
    all->set_k(k);
    if (k > 0) {
      all->set_rate(static_cast<double>(k) /
                    static_cast<double>(ranked.size()));
      FillTaken(table, std::move(taken), all);
    }
    places.Report(figures);
    ReportWorklists(table, capacity, figures);
  }
}

void Selection::ReportWorklists(const UnitTable& table,
                                const Capacity& capacity,
                                v1::CapacityFigures* out) const {
  std::map<std::pair<uint32_t, int64_t>, std::vector<uint32_t>> days;
  for (uint32_t i = 0; i < standings_.size(); ++i) {
    const UnitTable::Unit& unit = table.units()[i];
    if (capacity.Of(table.facility(unit.facility)) == 0) continue;
    days[{unit.facility, DayOf(unit.first_seconds)}].push_back(i);
  }
  std::vector<Taken> taken(standings_.size());
  std::vector<WorklistCandidate> candidates;
  uint64_t k = 0, left_out = 0;
  for (const auto& [day, units] : days) {
    candidates.clear();
    WorklistOptions options;
    for (const uint32_t i : units) {
      const Standing& standing = standings_[i];
      candidates.push_back({table.units()[i].id, standing.urgent,
                            standing.drawn, /*topped_up=*/false, standing.lane,
                            standing.score, standing.draw_ppm});
      options.top_up_score_min = standing.top_up_score_min;
    }
    for (const RankedUnit& one : RankWorklist(
             candidates, capacity.Of(table.facility(day.first)), options)) {
      if (!one.within_capacity) {
        ++left_out;
        continue;
      }
      taken[units[one.index]] =
          one.channel == v1::RANDOM ? Taken::kByChance : Taken::kYes;
      ++k;
    }
  }
  out->set_worklist_left_out(left_out);
  v1::RateFigures* const figures = out->mutable_worklist();
  figures->set_k(k);
  if (k == 0) return;
  figures->set_rate(static_cast<double>(k) /
                    static_cast<double>(standings_.size()));
  FillTaken(table, std::move(taken), figures);
}

void Selection::ReportScoreThresholds(
    const UnitTable& table,
    absl::Span<const std::pair<std::string, int32_t>> thresholds,
    v1::VariantReport* out) const {
  for (const auto& [name, written] : thresholds) {
    v1::SensitivityFigures* const figures = out->add_sensitivity();
    figures->set_condition(name);
    figures->set_constant(absl::StrCat(written));
    int32_t before = -1;
    for (const double times : kTimes) {
      const auto from = static_cast<int32_t>(std::lround(times * written));
      if (from == before || from > kScoreMax) continue;
      before = from;
      v1::SensitivityPoint* const point = figures->add_points();
      point->set_constant(absl::StrCat(from));
      point->set_as_written(from == written);
      Counted counted, gained, lost;
      uint64_t units = 0, more = 0, less = 0;
      for (uint32_t i = 0; i < standings_.size(); ++i) {
        const bool now = standings_[i].score >= from;
        const bool then = standings_[i].score >= written;
        const UnitTable::Unit& unit = table.units()[i];
        if (now) ++units, counted.Add(unit);
        if (now && !then) ++more, gained.Add(unit);
        if (then && !now) ++less, lost.Add(unit);
      }
      point->set_units(units);
      point->set_gained(more);
      point->set_lost(less);
      *point->mutable_precision() = counted.estimate();
      *point->mutable_gained_finds() = gained.estimate();
      *point->mutable_lost_finds() = lost.estimate();
    }
  }
}

}  // namespace portrisk::scoring
