#include "scoring/measures.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "scoring/displacement.h"

namespace portrisk::scoring {
namespace {

constexpr double kMillion = 1e6;
constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kHourSeconds = 3'600;
constexpr int kExamples = 10;
constexpr int kScoreStep = 100;
constexpr int kScoreSteps = 11;  // 0 to 1000.
constexpr int64_t kHoursOfWeek = 168;
constexpr int64_t kThursday = 3;  // 1970 began on one; weeks on Monday.

// Controlled units, weighted by 1 / p.
struct Weighed {
  double controlled = 0;
  double found = 0;
  void Add(const UnitTable::Unit& unit) {
    if (!unit.controlled) return;
    const double weight = UnitTable::WeightOf(unit);
    controlled += weight;
    if (unit.found) found += weight;
  }
};

struct Counted {
  uint64_t controlled = 0;
  uint64_t found = 0;
  void Add(const UnitTable::Unit& unit) {
    controlled += unit.controlled ? 1 : 0;
    found += unit.found ? 1 : 0;
  }
  v1::ShareEstimate estimate() const { return Estimate(found, controlled); }
};

// Days since 1970 to "2026-03"; the civil calendar of C.
std::string MonthOf(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm tm;
  gmtime_r(&time, &tm);
  char text[16];
  std::strftime(text, sizeof(text), "%Y-%m", &tm);
  return text;
}

std::string FacilityOf(const v1::Movement& movement) {
  const v1::Location& place = movement.location();
  if (place.facility().empty()) return place.locode();
  return absl::StrCat(place.locode(), "/", place.facility());
}

int64_t HourOfWeek(int64_t seconds) {
  return (seconds / kHourSeconds + kThursday * 24) % kHoursOfWeek;
}

uint64_t Most(const std::map<int64_t, uint64_t>& counts) {
  uint64_t most = 0;
  for (const auto& [key, count] : counts) most = std::max(most, count);
  return most;
}

}  // namespace

v1::ShareEstimate Estimate(uint64_t count, uint64_t of) {
  v1::ShareEstimate estimate;
  estimate.set_count(count);
  estimate.set_of(of);
  const Wilson wilson = WilsonInterval(count, of);
  estimate.set_low(wilson.low);
  estimate.set_high(wilson.high);
  if (of > 0) {
    estimate.set_share(static_cast<double>(count) / static_cast<double>(of));
  }
  return estimate;
}

uint32_t UnitTable::Add(const v1::Movement& movement,
                        const v1::Assessment& recorded) {
  const auto [it, is_new] = numbers_.try_emplace(
      recorded.unit().id(), static_cast<uint32_t>(units_.size()));
  if (is_new) {
    Unit& unit = units_.emplace_back();
    unit.id = recorded.unit().id();
    unit.first_seconds = movement.occurrence_time().seconds();
    const auto [place, is_new_place] = facilities_.try_emplace(
        FacilityOf(movement), static_cast<uint32_t>(facility_names_.size()));
    if (is_new_place) facility_names_.push_back(place->first);
    unit.facility = place->second;
  }
  return it->second;
}

void UnitTable::SetOutcome(absl::string_view id, bool found,
                           v1::Channel channel, uint32_t selection_ppm) {
  const auto it = numbers_.find(id);
  if (it == numbers_.end()) return;
  Unit& unit = units_[it->second];
  unit.controlled = true;
  unit.found |= found;
  unit.channel = channel;
  unit.selection_ppm = selection_ppm;
}

double UnitTable::WeightOf(const Unit& unit) {
  if (unit.channel == v1::CHANNEL_UNSPECIFIED || unit.channel == v1::MANUAL ||
      unit.selection_ppm == 0) {
    return 0;
  }
  return kMillion / unit.selection_ppm;
}

void UnitTable::Report(v1::EvaluationReport* out) const {
  Counted all, random;
  uint64_t unweighted = 0;
  for (const Unit& unit : units_) {
    all.Add(unit);
    if (unit.channel == v1::RANDOM) random.Add(unit);
    if (unit.controlled && WeightOf(unit) == 0) ++unweighted;
  }
  out->set_units(units_.size());
  out->set_controlled(all.controlled);
  out->set_finds(all.found);
  out->set_unweighted(unweighted);
  *out->mutable_base_rate() = random.estimate();
}

uint32_t Selection::RuleOf(const std::string& rule_set,
                           const std::string& rule) {
  const auto [it, is_new] = rule_numbers_.try_emplace(
      {rule_set, rule}, static_cast<uint32_t>(rules_.size()));
  if (is_new) rules_.push_back({rule_set, rule});
  return it->second;
}

void Selection::Add(uint32_t unit, int64_t seconds,
                    const v1::Assessment& assessment) {
  if (unit >= standings_.size()) standings_.resize(unit + 1);
  Standing& standing = standings_[unit];
  standing.score = std::max(standing.score, assessment.score());
  if (standing.channel == v1::CHANNEL_UNSPECIFIED) {
    standing.channel = assessment.unit().channel();
    standing.selected_seconds = seconds;
  }
  for (const v1::Hit& hit : assessment.hits()) {
    const uint32_t number = RuleOf(hit.rule_set(), hit.rule());
    rules_[number].shadow = hit.shadow();
    ++rules_[number].hits;
    if (hits_.empty() || hits_.back() != std::make_pair(unit, number)) {
      hits_.emplace_back(unit, number);
    }
  }
  for (const v1::NotEvaluated& one : assessment.not_evaluated()) {
    ++rules_[RuleOf(one.rule_set(), one.rule())].not_evaluated;
  }
}

void Selection::Report(const UnitTable& table, absl::Span<const double> rates,
                       v1::VariantReport* out) {
  uint64_t selected = 0, finds = 0, by[v1::Channel_ARRAYSIZE] = {};
  std::vector<uint64_t> hours(kHoursOfWeek);
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    const Standing& standing = standings_[unit];
    if (!IsSelected(unit)) continue;
    ++hours[HourOfWeek(standing.selected_seconds)];
    ++selected;
    ++by[standing.channel];
    finds += table.units()[unit].found ? 1 : 0;
  }
  out->set_selected(selected);
  out->set_selected_finds(finds);
  out->set_by_rule(by[v1::MANDATORY_RULE]);
  out->set_by_score(by[v1::SCORE]);
  out->set_by_chance(by[v1::RANDOM]);
  for (const uint64_t count : hours) out->add_selected_by_hour(count);
  ReportScores(table, out);
  ReportRates(table, rates, out);
  ReportRules(table, out);
  ReportMonths(table, out);
  ReportWorkload(table, out);
}

void Selection::ReportScores(const UnitTable& table,
                             v1::VariantReport* out) const {
  std::vector<uint64_t> units(kScoreSteps);
  std::vector<Counted> counted(kScoreSteps);
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    const int step = standings_[unit].score / kScoreStep;
    ++units[step];
    counted[step].Add(table.units()[unit]);
  }
  for (int step = 0; step < kScoreSteps; ++step) {
    v1::ScoreFigures* const figures = out->add_scores();
    figures->set_from(step * kScoreStep);
    figures->set_units(units[step]);
    *figures->mutable_precision() = counted[step].estimate();
  }
}

void Selection::ReportRates(const UnitTable& table,
                            absl::Span<const double> rates,
                            v1::VariantReport* out) const {
  const auto& units = table.units();
  std::vector<uint32_t> ranked(standings_.size());
  std::iota(ranked.begin(), ranked.end(), 0u);
  std::sort(ranked.begin(), ranked.end(), [&](uint32_t a, uint32_t b) {
    if (standings_[a].score != standings_[b].score) {
      return standings_[a].score > standings_[b].score;
    }
    return units[a].id < units[b].id;
  });
  Weighed all;
  for (const UnitTable::Unit& unit : units) all.Add(unit);
  for (const double rate : rates) {
    v1::RateFigures* const figures = out->add_rates();
    const auto k = static_cast<size_t>(
        std::floor(rate * static_cast<double>(ranked.size())));
    figures->set_rate(rate);
    figures->set_k(k);
    if (k == 0) continue;
    Weighed best;
    Counted counted;
    for (size_t i = 0; i < k; ++i) {
      best.Add(units[ranked[i]]);
      counted.Add(units[ranked[i]]);
    }
    figures->set_least_score(standings_[ranked[k - 1]].score);
    *figures->mutable_precision() = counted.estimate();
    if (all.found > 0) {
      figures->set_recall(best.found / all.found);
      figures->set_normalised_precision(
          best.found / std::min(static_cast<double>(k), all.found));
    }
    if (best.controlled == 0) continue;
    const double precision = best.found / best.controlled;
    figures->set_weighted_precision(precision);
    if (all.found == 0) continue;
    figures->set_lift(precision / (all.found / all.controlled));
  }
}

void Selection::ReportRules(const UnitTable& table, v1::VariantReport* out) {
  std::sort(hits_.begin(), hits_.end());
  hits_.erase(std::unique(hits_.begin(), hits_.end()), hits_.end());
  struct Figures {
    uint64_t units = 0;
    uint64_t alone = 0;
    uint64_t marginal = 0;
    Counted counted;
  };
  std::vector<Figures> figures(rules_.size());
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> overlaps;
  uint64_t alerts = 0;
  for (size_t begin = 0; begin < hits_.size();) {
    size_t end = begin;
    while (end < hits_.size() && hits_[end].first == hits_[begin].first) ++end;
    const UnitTable::Unit& unit = table.units()[hits_[begin].first];
    ++alerts;
    for (size_t i = begin; i < end; ++i) {
      Figures& one = figures[hits_[i].second];
      ++one.units;
      one.counted.Add(unit);
      if (end - begin == 1) {
        ++one.alone;
        one.marginal += unit.found ? 1 : 0;
      }
      for (size_t j = i + 1; j < end; ++j) {
        ++overlaps[{hits_[i].second, hits_[j].second}];
      }
    }
    begin = end;
  }
  for (size_t i = 0; i < rules_.size(); ++i) {
    v1::RuleFigures* const rule = out->add_rules();
    rule->set_rule_set(rules_[i].rule_set);
    rule->set_rule(rules_[i].id);
    rule->set_shadow(rules_[i].shadow);
    rule->set_hits(rules_[i].hits);
    rule->set_not_evaluated(rules_[i].not_evaluated);
    rule->set_units(figures[i].units);
    rule->set_alone(figures[i].alone);
    rule->set_marginal_finds(figures[i].marginal);
    *rule->mutable_precision() = figures[i].counted.estimate();
    if (alerts > 0) {
      rule->set_alert_share(static_cast<double>(figures[i].units) /
                            static_cast<double>(alerts));
    }
  }
  for (const auto& [pair, count] : overlaps) {
    v1::RuleOverlap* const overlap = out->add_overlaps();
    overlap->set_first(pair.first);
    overlap->set_second(pair.second);
    overlap->set_units(count);
  }
}

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

void Selection::Compare(const UnitTable& table, const Selection& baseline,
                        v1::SelectionChange* out) const {
  Counted gained, lost;
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    const bool now = IsSelected(unit);
    const bool then = baseline.IsSelected(unit);
    const UnitTable::Unit& facts = table.units()[unit];
    if (now && then) {
      out->set_kept(out->kept() + 1);
    } else if (now) {
      out->set_gained(out->gained() + 1);
      gained.Add(facts);
      if (out->gained_examples_size() < kExamples) {
        out->add_gained_examples(facts.id);
      }
    } else if (then) {
      out->set_lost(out->lost() + 1);
      lost.Add(facts);
      if (out->lost_examples_size() < kExamples) {
        out->add_lost_examples(facts.id);
      }
    }
  }
  *out->mutable_gained_finds() = gained.estimate();
  *out->mutable_lost_finds() = lost.estimate();
}

}  // namespace portrisk::scoring
