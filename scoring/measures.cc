#include "scoring/measures.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "scoring/measures_estimates.h"
#include "scoring/outcome_tie.h"

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

// Of a visit, as its unit is named: not all of its movements say where they
// were, and some were elsewhere. Of papers, the place that they name.
std::string FacilityOf(const v1::Movement& movement, absl::string_view unit) {
  const v1::Location& place = movement.location();
  if (!ContainerOfUnit(unit).empty()) {
    unit.remove_prefix(unit.find('@') + 1);
    absl::string_view named = unit.substr(0, unit.find_last_of("#~"));
    if (!absl::ConsumeSuffix(&named, "/")) return std::string(named);
    if (place.locode() != named) return std::string(named);
  }
  if (place.facility().empty()) return place.locode();
  return absl::StrCat(place.locode(), "/", place.facility());
}

int64_t HourOfWeek(int64_t seconds) {
  return (seconds / kHourSeconds + kThursday * 24) % kHoursOfWeek;
}

}  // namespace

uint32_t UnitTable::Add(const v1::Movement& movement,
                        const v1::Assessment& recorded,
                        uint32_t random_rate_ppm) {
  const auto [it, is_new] = numbers_.try_emplace(
      recorded.unit().id(), static_cast<uint32_t>(units_.size()));
  if (is_new) {
    Unit& unit = units_.emplace_back();
    unit.id = recorded.unit().id();
    unit.first_seconds = movement.occurrence_time().seconds();
    const auto [place, is_new_place] =
        facilities_.try_emplace(FacilityOf(movement, unit.id),
                                static_cast<uint32_t>(facility_names_.size()));
    if (is_new_place) facility_names_.push_back(place->first);
    unit.facility = place->second;
  }
  last_seconds_ = std::max(last_seconds_, movement.occurrence_time().seconds());
  Unit& unit = units_[it->second];
  unit.drawn |= recorded.unit().draw_ppm() < random_rate_ppm;
  const v1::Party& consignee = movement.consignee();
  if (!consignee.id().empty() && unit.consignee == kUnknown) {
    // Two schemes may give the same name to two parties.
    SetOnce(absl::StrCat(consignee.id_scheme(), ":", consignee.id()),
            &unit.consignee);
  }
  SetOnce(consignee.country(), &unit.country);
  SetOnce(movement.consignment().loading_locode(), &unit.from);
  SetOnce(movement.consignment().discharge_locode(), &unit.to);
  return it->second;
}

void UnitTable::SetOnce(const std::string& name, uint32_t* number) {
  if (name.empty() || *number != kUnknown) return;
  const auto [it, is_new] =
      name_numbers_.try_emplace(name, static_cast<uint32_t>(names_.size()));
  if (is_new) names_.push_back(name);
  *number = it->second;
}

void UnitTable::SetOutcome(absl::string_view id, bool found,
                           v1::Channel channel, uint32_t selection_ppm,
                           int64_t seconds) {
  const auto it = numbers_.find(id);
  if (it == numbers_.end()) return;
  Unit& unit = units_[it->second];
  unit.controlled = true;
  unit.by_box = false;
  unit.found |= found;
  if (found) unit.found_seconds = std::max(unit.found_seconds, seconds);
  unit.channel = channel;
  unit.selection_ppm = selection_ppm;
}

void UnitTable::SetOutcomeOfBox(absl::string_view papers, absl::string_view box,
                                bool found, v1::Channel channel,
                                uint32_t selection_ppm, int64_t seconds) {
  const auto it = numbers_.find(papers);
  if (it == numbers_.end()) return;
  const auto of = numbers_.find(box);
  if (of != numbers_.end()) papers_.emplace_back(it->second, of->second);
  const Unit before = units_[it->second];
  SetOutcome(papers, found, channel, selection_ppm, seconds);
  Unit& unit = units_[it->second];
  unit.by_box = !before.controlled || before.by_box;
  if (unit.by_box) return;
  unit.channel = before.channel;
  unit.selection_ppm = before.selection_ppm;
}

void UnitTable::SetRoute(absl::string_view id, const std::string& from,
                         const std::string& to) {
  const auto it = numbers_.find(id);
  if (it == numbers_.end()) return;
  Unit& unit = units_[it->second];
  // Both of one source: half a route of each would be a way nobody took.
  if (unit.from != kUnknown || unit.to != kUnknown) return;
  SetOnce(from, &unit.from);
  SetOnce(to, &unit.to);
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
  uint64_t by_box = 0;
  for (const Unit& unit : units_) {
    if (unit.by_box) {
      ++by_box;
      continue;
    }
    all.Add(unit);
    if (unit.drawn || unit.channel == v1::RANDOM) random.Add(unit);
    if (unit.controlled && WeightOf(unit) == 0) ++unweighted;
  }
  out->set_units(units_.size());
  out->set_controlled(all.controlled);
  out->set_finds(all.found);
  out->set_unweighted(unweighted);
  out->set_controlled_by_box(by_box);
  *out->mutable_base_rate() = random.estimate();
}

std::vector<bool> Selection::Caught(const UnitTable& table) const {
  std::vector<bool> caught(standings_.size());
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    caught[unit] = IsSelected(unit);
  }
  for (const auto& [papers, box] : table.papers()) {
    caught[box] = caught[box] || IsSelected(papers);
  }
  return caught;
}

uint32_t Selection::RuleOf(const std::string& rule_set,
                           const std::string& rule) {
  const auto [it, is_new] = rule_numbers_.try_emplace(
      {rule_set, rule}, static_cast<uint32_t>(rules_.size()));
  if (is_new) rules_.push_back({rule_set, rule});
  return it->second;
}

void Selection::AddNothing(uint32_t unit) {
  if (unit >= standings_.size()) standings_.resize(unit + 1);
}

void Selection::Add(uint32_t unit, int64_t seconds,
                    const v1::Assessment& assessment,
                    const SelectionProfile& terms) {
  AddNothing(unit);
  Standing& standing = standings_[unit];
  standing.score = std::max(standing.score, assessment.score());
  // Of the movement, not of the unit: that may have been selected by one that
  // is not measured.
  standing.lane = std::max(standing.lane, assessment.lane());
  standing.draw_ppm = assessment.unit().draw_ppm();
  standing.drawn |= standing.draw_ppm < terms.random_rate_ppm;
  standing.top_up_score_min = terms.top_up_score_min;
  if (assessment.channel() == v1::MANDATORY_RULE ||
      (assessment.channel() == v1::SCORE &&
       standing.urgent != v1::MANDATORY_RULE)) {
    standing.urgent = assessment.channel();
  }
  if (standing.channel == v1::CHANNEL_UNSPECIFIED) {
    standing.channel = assessment.channel();
    standing.selected_seconds = seconds;
  }
  for (const v1::Hit& hit : assessment.hits()) {
    const uint32_t number = RuleOf(hit.rule_set(), hit.rule());
    rules_[number].shadow = hit.shadow();
    standing.hit |= !hit.shadow();
    ++rules_[number].hits;
    if (hits_.empty() || hits_.back() != std::make_pair(unit, number)) {
      hits_.emplace_back(unit, number);
    }
  }
  for (const v1::NotEvaluated& one : assessment.not_evaluated()) {
    ++rules_[RuleOf(one.rule_set(), one.rule())].not_evaluated;
  }
}

void Selection::AddCost(const std::string& rule_set, const std::string& rule,
                        uint64_t evaluated, uint64_t operations) {
  Rule& one = rules_[RuleOf(rule_set, rule)];
  one.evaluated += evaluated;
  one.operations = operations;
}

void Selection::Report(const UnitTable& table, absl::Span<const double> rates,
                       v1::VariantReport* out) {
  uint64_t selected = 0, by[v1::Channel_ARRAYSIZE] = {};
  std::vector<uint64_t> hours(kHoursOfWeek);
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    const Standing& standing = standings_[unit];
    if (!IsSelected(unit)) continue;
    ++hours[HourOfWeek(standing.selected_seconds)];
    ++selected;
    ++by[standing.channel];
  }
  const std::vector<bool> caught = Caught(table);
  uint64_t finds = 0;
  for (size_t unit = 0; unit < caught.size(); ++unit) {
    const UnitTable::Unit& facts = table.units()[unit];
    finds += caught[unit] && facts.found && !facts.by_box ? 1 : 0;
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
  ReportDrift(table, out);
  ReportCountries(table, out);
  ReportSizes(table, out);
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

struct Selection::RuleUnits {
  uint64_t units = 0;
  uint64_t alone = 0;
  uint64_t marginal = 0;
  int64_t found_seconds = INT64_MIN;
  Counted counted;
};

void Selection::ReportRules(const UnitTable& table, v1::VariantReport* out) {
  std::sort(hits_.begin(), hits_.end());
  hits_.erase(std::unique(hits_.begin(), hits_.end()), hits_.end());
  std::vector<RuleUnits> figures(rules_.size());
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> overlaps;
  uint64_t alerts = 0;
  for (size_t begin = 0; begin < hits_.size();) {
    size_t end = begin;
    while (end < hits_.size() && hits_[end].first == hits_[begin].first) ++end;
    const UnitTable::Unit& unit = table.units()[hits_[begin].first];
    ++alerts;
    // A rule in shadow selects nothing, so that what it hits is still the
    // merit of whoever else does.
    size_t in_force = 0;
    for (size_t i = begin; i < end; ++i) {
      in_force += rules_[hits_[i].second].shadow ? 0 : 1;
    }
    for (size_t i = begin; i < end; ++i) {
      RuleUnits& one = figures[hits_[i].second];
      ++one.units;
      one.counted.Add(unit);
      one.found_seconds = std::max(one.found_seconds, unit.found_seconds);
      if (in_force == (rules_[hits_[i].second].shadow ? 0 : 1)) {
        ++one.alone;
        one.marginal += unit.found ? 1 : 0;
      }
      for (size_t j = i + 1; j < end; ++j) {
        ++overlaps[{hits_[i].second, hits_[j].second}];
      }
    }
    begin = end;
  }
  AddRuleFigures(table, figures, alerts, out);
  for (const auto& [pair, count] : overlaps) {
    v1::RuleOverlap* const overlap = out->add_overlaps();
    overlap->set_first(pair.first);
    overlap->set_second(pair.second);
    overlap->set_units(count);
  }
}

void Selection::AddRuleFigures(const UnitTable& table,
                               const std::vector<RuleUnits>& units,
                               uint64_t alerts, v1::VariantReport* out) const {
  const auto cost = [](const Rule& rule) {
    return static_cast<double>(rule.evaluated) *
           static_cast<double>(rule.operations);
  };
  double costs = 0;
  for (const Rule& rule : rules_) costs += cost(rule);
  for (size_t i = 0; i < rules_.size(); ++i) {
    v1::RuleFigures* const rule = out->add_rules();
    rule->set_rule_set(rules_[i].rule_set);
    rule->set_rule(rules_[i].id);
    rule->set_shadow(rules_[i].shadow);
    rule->set_hits(rules_[i].hits);
    rule->set_not_evaluated(rules_[i].not_evaluated);
    rule->set_units(units[i].units);
    rule->set_alone(units[i].alone);
    rule->set_marginal_finds(units[i].marginal);
    *rule->mutable_precision() = units[i].counted.estimate();
    if (alerts > 0) {
      rule->set_alert_share(static_cast<double>(units[i].units) /
                            static_cast<double>(alerts));
    }
    rule->set_evaluated(rules_[i].evaluated);
    rule->set_operations(rules_[i].operations);
    if (costs > 0) rule->set_cost_share(cost(rules_[i]) / costs);
    if (units[i].counted.found == 0) continue;
    rule->mutable_last_find_time()->set_seconds(units[i].found_seconds);
    // A control may come after all movements.
    const int64_t seconds = table.last_seconds() - units[i].found_seconds;
    rule->set_days_since_last_find(
        static_cast<double>(std::max<int64_t>(0, seconds)) / kDaySeconds);
  }
}

std::vector<uint32_t> Selection::UnitsOf(const std::string& rule_set,
                                         const std::string& rule) const {
  std::vector<uint32_t> units;
  const auto found = rule_numbers_.find({rule_set, rule});
  if (found == rule_numbers_.end()) return units;
  for (const auto& [unit, number] : hits_) {
    if (number == found->second) units.push_back(unit);
  }
  return units;
}

void Selection::Compare(const UnitTable& table, const Selection& baseline,
                        v1::SelectionChange* out) const {
  Counted gained, lost;
  const std::vector<bool> caught = Caught(table);
  const std::vector<bool> caught_then = baseline.Caught(table);
  for (uint32_t unit = 0; unit < standings_.size(); ++unit) {
    const bool now = IsSelected(unit);
    const bool then = baseline.IsSelected(unit);
    const UnitTable::Unit& facts = table.units()[unit];
    if (caught[unit] != caught_then[unit] && !facts.by_box) {
      (caught[unit] ? gained : lost).Add(facts);
    }
    if (now && then) {
      out->set_kept(out->kept() + 1);
    } else if (now) {
      out->set_gained(out->gained() + 1);
      if (out->gained_examples_size() < kExamples) {
        out->add_gained_examples(facts.id);
      }
    } else if (then) {
      out->set_lost(out->lost() + 1);
      if (out->lost_examples_size() < kExamples) {
        out->add_lost_examples(facts.id);
      }
    }
  }
  *out->mutable_gained_finds() = gained.estimate();
  *out->mutable_lost_finds() = lost.estimate();
}

}  // namespace portrisk::scoring
