#include "service/evaluation_sections.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/strings/substitute.h"
#include "service/evaluation_map.h"

namespace portrisk::service {
namespace {

constexpr size_t kThresholdsShown = 30;
constexpr size_t kGroupsShown = 15;
constexpr size_t kRoutesShown = 15;

using Rows = Html::Rows;

std::pair<double, double> Ends(const v1::ShareEstimate& share) {
  return {share.low(), share.high()};
}

void AddMore(size_t rest, const EvaluationWords& words, Html* html) {
  if (rest > 0) html->Note(absl::Substitute(words.more_in_tables, rest));
}

// "score, RED" is no rule's.
std::string ThresholdOf(const v1::SensitivityFigures& figures,
                        const RuleNames& names, const EvaluationWords& words) {
  absl::string_view condition = figures.condition();
  if (figures.rule().empty() && absl::ConsumePrefix(&condition, "score")) {
    return absl::StrCat(words.score, HtmlEscape(condition));
  }
  return absl::StrCat(
      BreakableName(names.Of(figures.rule_set(), figures.rule())), "<br><code>",
      HtmlEscape(condition), "</code>");
}

// A group of consignees in every variant.
struct Group {
  const v1::BurdenFigures* facts = nullptr;
  std::vector<const v1::BurdenFigures*> variants;
};

std::vector<Group> GroupsOf(const v1::EvaluationReport& report,
                            v1::BurdenGroup kind) {
  std::map<std::string, Group> by_value;
  const auto count = static_cast<size_t>(report.variants_size());
  for (size_t i = 0; i < count; ++i) {
    for (const auto& one : report.variants(static_cast<int>(i)).burden()) {
      if (one.group() != kind) continue;
      Group& group = by_value[one.value()];
      group.facts = &one;
      group.variants.resize(count);
      group.variants[i] = &one;
    }
  }
  std::vector<Group> groups;
  for (auto& [value, group] : by_value) groups.push_back(std::move(group));
  if (kind == v1::COUNTRY_OF_CONSIGNEE) {
    std::stable_sort(
        groups.begin(), groups.end(), [](const Group& a, const Group& b) {
          return a.facts->selected().of() > b.facts->selected().of();
        });
  }
  return groups;
}

void AddGroups(const v1::EvaluationReport& report, const EvaluationWords& words,
               v1::BurdenGroup kind, const char* name, Html* html) {
  std::vector<Group> groups = GroupsOf(report, kind);
  const size_t rest = groups.size() - std::min(groups.size(), kGroupsShown);
  groups.resize(groups.size() - rest);
  double most = 0.01;
  for (const Group& group : groups) {
    for (const auto* one : group.variants) {
      if (one != nullptr && one->selected().has_share()) {
        most = std::max(most, one->selected().high());
      }
    }
  }
  std::vector<std::string> head = {name, words.units};
  for (const v1::VariantReport& variant : report.variants()) {
    head.push_back(variant.name());
    head.push_back(words.finds);
  }
  Rows rows;
  for (const Group& group : groups) {
    const v1::BurdenFigures& facts = *group.facts;
    std::string value = HtmlEscape(facts.value());
    if (value.empty()) {
      value = words.unknown;
    } else if (kind == v1::SIZE_OF_CONSIGNEE) {
      std::string sizes = absl::StrCat(facts.size_min());
      if (facts.size_max() > facts.size_min()) {
        absl::StrAppend(&sizes, "–", facts.size_max());
      }
      value = absl::Substitute(words.size_value, value, sizes);
    }
    auto& row = rows.emplace_back();
    row = {value, absl::StrCat(facts.selected().of())};
    for (const auto* one : group.variants) {
      row.push_back(one == nullptr ? ""
                                   : ShareBar(one->selected(), most, words));
      row.push_back(one == nullptr || !one->precision().has_share()
                        ? ""
                        : absl::StrCat(one->precision().count(), "/",
                                       one->precision().of()));
    }
  }
  html->Table(name, head, rows);
  html->Note(
      absl::Substitute(words.bar_scale, PercentText(most, words.decimal_mark)));
  AddMore(rest, words, html);
}

std::string RouteName(const v1::RouteFigures& route) {
  return absl::StrCat(route.from_locode(), " – ", route.to_locode());
}

bool IsLocated(const v1::RouteFigures& route) {
  return route.has_from_latitude() && route.has_to_latitude();
}

void AddMapKey(bool has_finds, const EvaluationWords& words, Html* html) {
  std::vector<std::pair<std::string, std::string>> entries = {
      {kMapNotControlled, words.not_controlled}, {kMapNoFinds, words.no_finds}};
  if (has_finds) {
    for (const MapStep& step : kMapSteps) {
      entries.emplace_back(
          step.colour,
          absl::Substitute(words.finds_up_to,
                           PercentText(step.up_to, words.decimal_mark)));
    }
  }
  html->Add("<p class=\"key\">");
  for (const auto& [colour, text] : entries) {
    html->Add(absl::StrFormat(
        "<span><svg viewBox=\"0 0 24 8\" class=\"mark\"><path d=\"M0 4L24 4\" "
        "stroke=\"%s\" stroke-width=\"5\"/></svg>%s</span> ",
        colour, HtmlEscape(text)));
  }
  html->Add("</p>");
}

}  // namespace

std::string UnitsAndFinds(uint64_t units, const v1::ShareEstimate& finds) {
  if (!finds.has_share()) return absl::StrCat(units);
  return absl::StrCat(units, " (", finds.count(), "/", finds.of(), ")");
}

bool IsRanked(const v1::RateFigures& figures) {
  return figures.least_score() > 0;
}

bool KnowsOfOthers(const v1::RateFigures& figures, uint64_t units) {
  return figures.effective_controls_beyond() > 0 || figures.k() == 0 ||
         figures.k() == units;
}

std::vector<std::string> FigureCells(const v1::RateFigures& figures,
                                     uint64_t units,
                                     const EvaluationWords& words) {
  std::vector<std::string> cells(5);
  cells[0] = ShareCell(figures.precision(), words);
  if (figures.has_weighted_precision()) {
    cells[1] = IntervalCell(figures.weighted_precision(),
                            figures.weighted_precision_interval(), words);
  }
  if (!KnowsOfOthers(figures, units)) return cells;
  if (figures.has_recall()) {
    cells[2] = IntervalCell(figures.recall(), figures.recall_interval(), words);
  }
  if (figures.has_lift()) {
    const auto text = [&](double times) {
      return DecimalText(times, 1, words.decimal_mark);
    };
    cells[3] = absl::StrCat(text(figures.lift()), "<small>(",
                            text(figures.lift_interval().low()), "–",
                            text(figures.lift_interval().high()), ")</small>");
  }
  if (figures.has_normalised_precision()) {
    cells[4] = IntervalCell(figures.normalised_precision(),
                            figures.normalised_precision_interval(), words);
  }
  return cells;
}

RuleNames::RuleNames(const v1::VariantReport& variant) {
  for (const v1::RuleFigures& rule : variant.rules()) ++sets_[rule.rule()];
}

std::string RuleNames::Of(const std::string& rule_set,
                          const std::string& rule) const {
  const auto found = sets_.find(rule);
  const bool is_alone = found == sets_.end() || found->second < 2;
  return is_alone ? rule : absl::StrCat(rule_set, " ", rule);
}

bool ChangesSomething(const v1::SensitivityFigures& figures) {
  return std::any_of(figures.points().begin(), figures.points().end(),
                     [](const v1::SensitivityPoint& point) {
                       return point.gained() + point.lost() > 0;
                     });
}

PlotOptions PlotWords(const EvaluationWords& words, std::string x_name,
                      std::string y_name) {
  PlotOptions options;
  options.x_name = std::move(x_name);
  options.y_name = std::move(y_name);
  options.sentence = words.plot;
  options.line = words.plot_line;
  options.decimal_mark = words.decimal_mark;
  return options;
}

void AddGain(const v1::EvaluationReport& report, const EvaluationWords& words,
             Html* html) {
  if (report.variants_size() < 2) return;
  const v1::VariantReport& baseline = report.variants(0);
  std::vector<std::string> places;
  for (const v1::RateFigures& one : baseline.rates()) {
    places.push_back(PercentText(one.rate(), words.decimal_mark));
  }
  std::vector<Series> series;
  bool differs = false;
  for (const v1::VariantReport& variant : report.variants()) {
    series.push_back({variant.name(), {}, {}});
    for (int i = 0; i < std::min(variant.rates_size(), baseline.rates_size());
         ++i) {
      auto& value = series.back().values.emplace_back();
      if (!variant.rates(i).has_recall() || !baseline.rates(i).has_recall() ||
          !IsRanked(variant.rates(i)) || !IsRanked(baseline.rates(i)) ||
          !KnowsOfOthers(variant.rates(i), report.units()) ||
          !KnowsOfOthers(baseline.rates(i), report.units())) {
        continue;
      }
      value = variant.rates(i).recall() - baseline.rates(i).recall();
      differs = differs || *value != 0;
    }
  }
  if (!HasValues(series)) return;
  html->Subheading(words.gain);
  html->Note(words.gain_note);
  if (!differs) {
    html->Add(absl::StrCat("<p>", words.no_gain, "</p>"));
    return;
  }
  html->Add(LinePlot(places, series, PlotWords(words, words.rate, words.gain)));
}

void AddCapacities(const v1::EvaluationReport& report,
                   const EvaluationWords& words, Html* html) {
  Rows rows;
  bool all_known = true;
  for (const v1::VariantReport& variant : report.variants()) {
    for (const v1::CapacityFigures& one : variant.capacities()) {
      for (const v1::RateFigures* by : {&one.figures(), &one.worklist()}) {
        const v1::RateFigures& figures = *by;
        const bool by_score = by == &one.figures();
        auto& row = rows.emplace_back();
        row = {
            HtmlEscape(variant.name()),
            absl::StrCat(HtmlEscape(one.capacity()), "<small>",
                         by_score ? words.by_score_alone : words.as_worklist,
                         "</small>"),
            absl::StrCat(figures.k(), " (",
                         PercentText(figures.rate(), words.decimal_mark), ")",
                         by_score ? ""
                                  : absl::StrCat("<small>",
                                                 absl::Substitute(
                                                     words.left_out,
                                                     one.worklist_left_out()),
                                                 "</small>")),
            by_score ? absl::StrCat(one.full_days(), "/", one.facility_days())
                     : ""};
        const std::vector<std::string> cells =
            FigureCells(figures, report.units(), words);
        row.insert(row.end(), cells.begin(), cells.end() - 1);
        all_known = all_known && KnowsOfOthers(figures, report.units());
      }
    }
  }
  if (rows.empty()) return;
  html->Heading(words.capacity);
  html->Note(words.capacity_note);
  if (!all_known) html->Note(words.beyond_note);
  html->Table(
      words.capacity,
      {words.rules_in_force, words.a_day_each, words.units, words.full_days,
       words.precision, words.weighted, words.recall, words.lift},
      rows);
}

void AddSensitivity(const v1::EvaluationReport& report,
                    const v1::VariantReport& variant,
                    const EvaluationWords& words, Html* html) {
  const RuleNames names(variant);
  Rows rows;
  size_t shown = 0, rest = 0;
  double most = 0.01;
  for (const v1::VariantReport& each : report.variants()) {
    for (const auto& one : each.sensitivity()) {
      most = HighestOf(one.points(), most);
    }
  }
  for (const v1::SensitivityFigures& one : variant.sensitivity()) {
    if (!ChangesSomething(one)) continue;
    if (++shown > kThresholdsShown) {
      ++rest;
      continue;
    }
    bool is_first = true;
    for (const v1::SensitivityPoint& point : one.points()) {
      const std::string constant = HtmlEscape(point.constant());
      rows.push_back({is_first ? ThresholdOf(one, names, words) : "",
                      point.as_written() ? absl::StrCat("<b>", constant, "</b>")
                                         : constant,
                      absl::StrCat(point.units()),
                      ShareBar(point.precision(), most, words),
                      UnitsAndFinds(point.gained(), point.gained_finds()),
                      UnitsAndFinds(point.lost(), point.lost_finds())});
      is_first = false;
    }
  }
  if (rows.empty() && variant.thresholds_left_out() == 0) return;
  html->Subheading(words.sensitivity);
  html->Note(
      absl::StrCat(words.sensitivity_note, " ",
                   absl::Substitute(words.bar_scale,
                                    PercentText(most, words.decimal_mark))));
  html->Table(absl::StrCat(words.sensitivity, ", ", variant.name()),
              {words.rule, words.threshold, words.units, words.precision,
               words.gained_units, words.lost_units},
              rows);
  if (rest > 0) html->Note(absl::Substitute(words.sensitivity_rest, rest));
  if (variant.thresholds_left_out() > 0) {
    html->Note(absl::Substitute(words.sensitivity_more,
                                variant.thresholds_left_out()));
  }
}

void AddCalibration(const v1::EvaluationReport& report,
                    const EvaluationWords& words, Html* html) {
  if (report.controlled() == 0) return;
  html->Heading(words.calibration);
  html->Note(words.calibration_note);
  std::vector<std::string> places;
  for (const v1::ScoreFigures& one : report.variants(0).scores()) {
    places.push_back(absl::StrCat(one.from()));
  }
  std::vector<Series> series;
  for (const v1::VariantReport& variant : report.variants()) {
    series.push_back({variant.name(), {}, {}});
    for (const v1::ScoreFigures& one : variant.scores()) {
      auto& value = series.back().values.emplace_back();
      auto& interval = series.back().intervals.emplace_back();
      if (!one.precision().has_share()) continue;
      value = one.precision().share();
      interval = Ends(one.precision());
    }
  }
  const double all = static_cast<double>(report.finds()) /
                     static_cast<double>(report.controlled());
  series.push_back({words.all_controlled, {}, {}});
  series.back().values = {all};
  series.back().is_reference = true;
  html->Add(
      LinePlot(places, series,
               PlotWords(words, absl::StrCat(words.score, " (100: 100–199)"),
                         words.calibration)));
}

void AddDrift(const v1::EvaluationReport& report, const EvaluationWords& words,
              Html* html) {
  if (report.variants().empty() || report.variants(0).drift_size() < 2) return;
  html->Heading(words.drift);
  html->Note(words.drift_note);
  std::vector<std::string> places;
  for (const v1::ScoreDrift& one : report.variants(0).drift()) {
    places.push_back(absl::StrCat(one.month(), "\n", one.units()));
  }
  std::vector<Series> series;
  for (const v1::VariantReport& variant : report.variants()) {
    series.push_back({variant.name(), {}, {}});
    for (const v1::ScoreDrift& one : variant.drift()) {
      series.back().values.push_back(one.stability_index());
    }
  }
  PlotOptions options = PlotWords(words, words.month_units, words.stability);
  options.kind = ValueKind::kNumber;
  options.cap = 1;
  html->Add(LinePlot(places, series, options));
  for (const v1::VariantReport& variant : report.variants()) {
    if (!variant.has_drift_from_baseline()) continue;
    html->Note(absl::Substitute(
        words.drift_against, variant.name(), report.variants(0).name(),
        DecimalText(variant.drift_from_baseline(), 2, words.decimal_mark)));
  }
}

void AddBurden(const v1::EvaluationReport& report, const EvaluationWords& words,
               Html* html) {
  if (report.variants().empty() || report.variants(0).burden().empty()) return;
  html->Heading(words.burden);
  html->Note(words.burden_note);
  AddGroups(report, words, v1::COUNTRY_OF_CONSIGNEE, words.country, html);
  html->Note(words.size_note);
  AddGroups(report, words, v1::SIZE_OF_CONSIGNEE, words.size, html);
}

void AddRoutes(const v1::EvaluationReport& report, const EvaluationWords& words,
               Html* html) {
  if (report.routes().empty()) return;
  html->Heading(words.map);
  std::vector<MapRoute> drawn;
  std::vector<const v1::RouteFigures*> found;
  size_t with_finds = 0;
  for (const v1::RouteFigures& one : report.routes()) {
    if (one.precision().count() > 0) found.push_back(&one);
    if (!IsLocated(one)) continue;
    MapRoute& route = drawn.emplace_back();
    route.from = one.from_locode();
    route.to = one.to_locode();
    route.from_place = {one.from_latitude(), one.from_longitude()};
    route.to_place = {one.to_latitude(), one.to_longitude()};
    route.units = one.units();
    route.title = absl::StrCat(
        RouteName(one), ": ", one.units(), " ", words.units, ", ", words.finds,
        " ", one.precision().count(), "/", one.precision().of());
    if (!one.precision().has_share()) continue;
    with_finds += one.precision().count() > 0 ? 1 : 0;
    route.finds = one.precision().count() > 0 ? one.precision().low() : 0;
  }
  if (!drawn.empty()) {
    html->Note(words.map_note);
    const size_t left_out =
        static_cast<size_t>(report.routes_size()) - drawn.size();
    const std::string label =
        absl::Substitute(words.map_label, drawn.size(), with_finds);
    html->Add(RouteMap(std::move(drawn), label));
    AddMapKey(with_finds > 0, words, html);
    if (found.empty()) html->Note(words.no_route_finds);
    if (left_out > 0) {
      html->Note(absl::Substitute(words.map_left_out, left_out));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](auto* a, auto* b) {
    return a->precision().count() > b->precision().count();
  });
  const size_t rest = found.size() - std::min(found.size(), kRoutesShown);
  found.resize(found.size() - rest);
  Rows rows;
  for (const v1::RouteFigures* one : found) {
    rows.push_back({HtmlEscape(RouteName(*one)), absl::StrCat(one->units()),
                    ShareCell(one->precision(), words)});
  }
  if (!rows.empty()) {
    html->Table(words.map, {words.route, words.units, words.precision}, rows);
    AddMore(rest, words, html);
  }
}

}  // namespace portrisk::service
