#include "service/evaluation_page.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "absl/time/time.h"
#include "scoring/displacement.h"
#include "service/evaluation_html.h"
#include "service/evaluation_plots.h"
#include "service/evaluation_sections.h"
#include "service/evaluation_style.h"
#include "service/evaluation_words.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

constexpr size_t kRulesShown = 40;
constexpr size_t kOverlapShown = 14;
constexpr size_t kFacilitiesShown = 15;

std::string Day(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

// "a.yaml + b.yaml" of "rules/a.yaml + rules/b.yaml".
std::string WithoutFolders(absl::string_view name) {
  std::vector<absl::string_view> files = absl::StrSplit(name, " + ");
  for (absl::string_view& file : files) {
    file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0.
  }
  return absl::StrJoin(files, " + ");
}

class Page {
 public:
  Page(const v1::EvaluationReport& report, const EvaluationWords& words,
       const v1::Evaluation* evaluation)
      : report_(report), words_(words), evaluation_(evaluation) {}

  std::string Take() {
    Begin();
    if (evaluation_ != nullptr) Tried(*evaluation_);
    if (report_.movements() == 0) {
      html_.Add(absl::StrCat("<p>", words_.no_movements,
                             "</p></main></body></html>\n"));
      return html_.Take();
    }
    Facts();
    Variants();
    Rates();
    AddCapacities(report_, words_, &html_);
    for (int i = 0; i < report_.variants_size(); ++i) {
      const v1::VariantReport& variant = report_.variants(i);
      html_.Heading(variant.name());
      Rules(variant);
      Overlaps(variant);
      AddSensitivity(report_, variant, words_, &html_);
    }
    AddCalibration(report_, words_, &html_);
    AddRoutes(report_, words_, &html_);
    AddBurden(report_, words_, &html_);
    Months();
    AddDrift(report_, words_, &html_);
    Workload();
    html_.Add("</main></body></html>\n");
    return html_.Take();
  }

 private:
  using Rows = Html::Rows;

  std::string Percent(double share) const {
    return PercentText(share, words_.decimal_mark);
  }

  void Begin() {
    html_.Add(
        absl::StrCat("<!doctype html><html lang=\"", words_.language,
                     "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                     "content=\"width=device-width,initial-scale=1\"><title>",
                     words_.title, "</title><style>", kEvaluationStyle,
                     "</style></head><body><main><h1>", words_.title, "</h1>"));
  }

  // So that a page that was kept proves what it is about.
  void Tried(const v1::Evaluation& one) {
    html_.Add(absl::StrCat(
        "<p>",
        absl::Substitute(
            words_.evaluation, one.evaluation(), HtmlEscape(one.caller()),
            FormatTime(one.create_time()), one.last_sequence(),
            absl::StrCat("<code>", HtmlEscape(one.report_hash()), "</code>")),
        "</p>"));
    Rows rows;
    for (const v1::EvaluatedRevision& revision : one.candidates()) {
      rows.push_back(
          {HtmlEscape(revision.rule_set()), absl::StrCat(revision.revision()),
           absl::StrCat("<code>", HtmlEscape(revision.content_hash()),
                        "</code>")});
    }
    html_.Table(words_.rule_set,
                {words_.rule_set, words_.revision, words_.content_hash}, rows);
  }

  void Facts() {
    html_.Add(
        absl::StrCat("<p>",
                     absl::Substitute(words_.intro, report_.movements(),
                                      Day(report_.begin_time()),
                                      Day(report_.end_time()), report_.units()),
                     "</p>"));
    if (report_.base_rate().has_share()) {
      html_.Add(absl::StrCat("<p>", words_.base_rate, ": <b>",
                             ShareText(report_.base_rate(), words_),
                             "</b>.</p>"));
    } else {
      html_.Add(absl::StrCat("<p>", words_.no_controls, "</p>"));
    }
    html_.Add(absl::StrCat(
        "<p>",
        absl::Substitute(words_.totals, report_.controlled(), report_.finds()),
        "</p>"));
    if (report_.controlled_by_box() > 0) {
      html_.Note(absl::Substitute(words_.controlled_by_box,
                                  report_.controlled_by_box()));
    }
    if (report_.unweighted() > 0) {
      html_.Note(absl::Substitute(words_.unweighted, report_.unweighted()));
    }
  }

  void Variants() {
    html_.Heading(words_.variants);
    Rows rows;
    for (const v1::VariantReport& one : report_.variants()) {
      rows.push_back({HtmlEscape(one.name()), absl::StrCat(one.selected()),
                      absl::StrCat(one.by_rule()), absl::StrCat(one.by_score()),
                      absl::StrCat(one.by_chance()),
                      absl::StrCat(one.selected_finds())});
    }
    html_.Table(words_.variants,
                {words_.rules_in_force, words_.selected, words_.by_rule,
                 words_.by_score, words_.by_chance, words_.finds},
                rows);
    for (const v1::VariantReport& one : report_.variants()) {
      if (one.has_change()) Change(one.name(), one.change());
    }
  }

  void Rates() {
    if (report_.variants().empty()) return;
    html_.Heading(words_.by_rate);
    html_.Note(words_.by_rate_note);
    std::vector<std::string> places;
    for (const v1::RateFigures& one : report_.variants(0).rates()) {
      places.push_back(Percent(one.rate()));
    }
    std::vector<Series> precision, recall;
    Rows rows;
    for (const v1::VariantReport& variant : report_.variants()) {
      precision.push_back({variant.name(), {}, {}});
      recall.push_back({variant.name(), {}, {}});
      for (const v1::RateFigures& one : variant.rates()) {
        const bool ranked = IsRanked(one);
        AddPoint(ranked && one.has_weighted_precision(),
                 one.weighted_precision(), one.weighted_precision_interval(),
                 &precision.back());
        AddPoint(
            ranked && one.has_recall() && KnowsOfOthers(one, report_.units()),
            one.recall(), one.recall_interval(), &recall.back());
        const bool is_first = &one == &variant.rates(0);
        rows.push_back(RateRow(is_first ? variant.name() : "", one));
      }
    }
    if (AnyRate([](const auto& one) { return !IsRanked(one); })) {
      html_.Note(words_.by_name_note);
    }
    if (AnyRate([&](const auto& one) {
          return !KnowsOfOthers(one, report_.units());
        })) {
      html_.Note(words_.beyond_note);
    }
    html_.Subheading(words_.recall);
    RatePlot(places, recall, words_.recall);
    AddGain(report_, words_, &html_);
    html_.Subheading(words_.precision);
    RatePlot(places, precision, words_.precision);
    html_.Table(words_.by_rate,
                {words_.rules_in_force, words_.rate, words_.units, words_.score,
                 words_.precision, words_.weighted, words_.recall, words_.lift,
                 words_.normalised},
                rows);
  }

  template <typename Predicate>
  bool AnyRate(Predicate is) const {
    return std::any_of(report_.variants().begin(), report_.variants().end(),
                       [&](const v1::VariantReport& variant) {
                         return std::any_of(variant.rates().begin(),
                                            variant.rates().end(), is);
                       });
  }

  void RatePlot(const std::vector<std::string>& places,
                const std::vector<Series>& series, const char* name) {
    if (!HasValues(series)) return html_.Note(words_.nothing_to_plot);
    html_.Add(LinePlot(places, series, PlotWords(words_, words_.rate, name)));
  }

  static void AddPoint(bool is_known, double value,
                       const v1::Interval& interval, Series* series) {
    auto& point = series->values.emplace_back();
    auto& ends = series->intervals.emplace_back();
    if (!is_known) return;
    point = value;
    ends = {interval.low(), interval.high()};
  }

  std::vector<std::string> RateRow(const std::string& name,
                                   const v1::RateFigures& one) const {
    std::vector<std::string> row = {
        HtmlEscape(name), Percent(one.rate()), absl::StrCat(one.k()),
        IsRanked(one) ? absl::StrCat(one.least_score())
                      : absl::StrCat("0<small>", words_.by_name, "</small>")};
    for (std::string& cell : FigureCells(one, report_.units(), words_)) {
      row.push_back(std::move(cell));
    }
    return row;
  }

  void Change(const std::string& name, const v1::SelectionChange& change) {
    html_.Add(absl::StrCat(
        "<p>",
        absl::Substitute(words_.change,
                         absl::StrCat("<b>", HtmlEscape(name), "</b>"),
                         HtmlEscape(report_.variants(0).name()), change.kept(),
                         change.gained(), change.lost()),
        "</p>"));
    Examples(words_.gained, change.gained_finds(), change.gained_examples());
    Examples(words_.lost, change.lost_finds(), change.lost_examples());
  }

  void Examples(const char* what, const v1::ShareEstimate& finds,
                const google::protobuf::RepeatedPtrField<std::string>& units) {
    if (units.empty()) return;
    html_.Add(absl::StrCat("<p>", what, " "));
    for (const std::string& unit : units) {
      html_.Add(absl::StrCat("<code>", BreakableName(unit), "</code> "));
    }
    if (finds.has_share()) {
      html_.Add(
          absl::StrCat("(", words_.finds, ": ", ShareText(finds, words_), ")"));
    }
    html_.Add("</p>");
  }

  // By units hit, the most first.
  static std::vector<int> Ranked(const v1::VariantReport& variant) {
    std::vector<int> order;
    for (int i = 0; i < variant.rules_size(); ++i) {
      if (variant.rules(i).units() > 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return variant.rules(a).units() > variant.rules(b).units();
    });
    return order;
  }

  void Rules(const v1::VariantReport& variant) {
    if (variant.rules().empty()) return;
    html_.Subheading(words_.rules);
    RulesThatHit(variant);
    const std::vector<std::string> undecided = UndecidedRules(variant);
    if (!undecided.empty()) {
      html_.Note(
          absl::Substitute(words_.undecided, absl::StrJoin(undecided, ", ")));
    }
    const RuleNames names(variant);
    std::vector<std::string> never;
    for (const v1::RuleFigures& rule : variant.rules()) {
      if (rule.units() == 0 && rule.not_evaluated() == 0) {
        never.push_back(names.Of(rule));
      }
    }
    if (never.empty()) return;
    html_.Note(absl::Substitute(words_.never_hit, absl::StrJoin(never, ", ")));
  }

  void RulesThatHit(const v1::VariantReport& variant) {
    std::vector<int> order = Ranked(variant);
    if (order.empty()) return;
    const size_t rest = order.size() - std::min(order.size(), kRulesShown);
    order.resize(order.size() - rest);
    double most = 0.01;
    for (const v1::VariantReport& each : report_.variants()) {
      most = HighestOf(each.rules(), most);
    }
    const RuleNames names(variant);
    Rows rows;
    for (const int i : order) {
      const v1::RuleFigures& rule = variant.rules(i);
      rows.push_back({BreakableName(names.Of(rule)), absl::StrCat(rule.hits()),
                      absl::StrCat(rule.units()), absl::StrCat(rule.alone()),
                      ShareBar(rule.precision(), most, words_),
                      absl::StrCat(rule.marginal_finds()),
                      rule.has_days_since_last_find()
                          ? absl::StrFormat("%.0f", rule.days_since_last_find())
                          : "",
                      absl::StrCat(rule.not_evaluated()),
                      variant.replayed() > 0
                          ? Percent(static_cast<double>(rule.evaluated()) /
                                    static_cast<double>(variant.replayed()))
                          : "",
                      Percent(rule.cost_share())});
    }
    html_.Note(absl::StrCat(words_.rules_note, " ",
                            absl::Substitute(words_.bar_scale, Percent(most))));
    html_.Note(words_.cost_note);
    html_.Table(Of(words_.rules, variant),
                {words_.rule, words_.hits, words_.units, words_.alone,
                 words_.precision, words_.marginal, words_.last_find,
                 words_.not_evaluated, words_.evaluated, words_.cost_share},
                rows);
    More(rest);
  }

  // What a table of a variant is called.
  static std::string Of(absl::string_view what,
                        const v1::VariantReport& variant) {
    return absl::StrCat(what, ", ", variant.name());
  }

  void More(size_t rest) {
    if (rest > 0) html_.Note(absl::Substitute(words_.more_in_tables, rest));
  }

  void Overlaps(const v1::VariantReport& variant) {
    std::vector<int> order = Ranked(variant);
    if (order.size() < 2) return;
    const size_t rest = order.size() - std::min(order.size(), kOverlapShown);
    order.resize(order.size() - rest);
    std::map<std::pair<int, int>, uint64_t> both;
    for (const v1::RuleOverlap& one : variant.overlaps()) {
      both[{one.first(), one.second()}] = one.units();
      both[{one.second(), one.first()}] = one.units();
    }
    const RuleNames names(variant);
    std::vector<std::string> rows, columns;
    std::vector<std::vector<double>> values;
    for (size_t r = 0; r < order.size(); ++r) {
      rows.push_back(
          absl::StrCat(r + 1, " ", names.Of(variant.rules(order[r]))));
      columns.push_back(absl::StrCat(r + 1));
      auto& row = values.emplace_back();
      for (const int other : order) {
        const auto found = both.find({order[r], other});
        row.push_back(
            found == both.end()
                ? 0
                : static_cast<double>(found->second) /
                      static_cast<double>(variant.rules(order[r]).units()));
      }
    }
    html_.Subheading(words_.overlap);
    html_.Note(words_.overlap_note);
    html_.Add(
        HeatMap(Of(words_.overlap, variant), rows, columns, values, true));
    More(rest);
  }

  void Months() {
    if (report_.variants().empty()) return;
    html_.Heading(words_.months);
    std::vector<std::string> places;
    for (const v1::MonthFigures& one : report_.variants(0).months()) {
      places.push_back(absl::StrCat(one.month(), "\n", one.units()));
    }
    std::vector<Series> series;
    for (const v1::VariantReport& variant : report_.variants()) {
      series.push_back({variant.name(), {}, {}});
      for (const v1::MonthFigures& one : variant.months()) {
        const bool is_known = one.units() > 0;
        v1::Interval interval;
        if (is_known) {
          const auto [low, high] =
              scoring::WilsonInterval(one.selected(), one.units());
          interval.set_low(low), interval.set_high(high);
        }
        AddPoint(is_known,
                 static_cast<double>(one.selected()) /
                     static_cast<double>(one.units()),
                 interval, &series.back());
      }
    }
    html_.Subheading(words_.share_selected);
    html_.Add(
        LinePlot(places, series,
                 PlotWords(words_, words_.month_units, words_.share_selected)));
  }

  void Workload() {
    html_.Heading(words_.workload);
    html_.Note(words_.workload_note);
    std::vector<std::string> hours;
    for (int hour = 0; hour < 24; ++hour) hours.push_back(absl::StrCat(hour));
    const std::vector<std::string> days(words_.days.begin(), words_.days.end());
    for (const v1::VariantReport& variant : report_.variants()) {
      std::vector<std::vector<double>> values(days.size());
      for (int i = 0; i < variant.selected_by_hour_size(); ++i) {
        values[i / 24].push_back(
            static_cast<double>(variant.selected_by_hour(i)));
      }
      html_.Subheading(variant.name());
      html_.Add(HeatMap(Of(words_.workload_note, variant), days, hours, values,
                        false));
      Rows rows;
      size_t rest = 0;
      for (const v1::FacilityWorkload& one : variant.workload()) {
        if (one.selected() == 0) break;  // The busiest are first.
        if (rows.size() == kFacilitiesShown) {
          ++rest;
          continue;
        }
        rows.push_back({one.facility().empty() ? words_.unknown
                                               : HtmlEscape(one.facility()),
                        absl::StrCat(one.units()), absl::StrCat(one.selected()),
                        DecimalText(one.per_day(), 2, words_.decimal_mark),
                        absl::StrCat(one.busiest_day()),
                        absl::StrCat(one.busiest_hour())});
      }
      html_.Table(Of(words_.facility, variant),
                  {words_.facility, words_.units, words_.selected,
                   words_.per_day, words_.busiest_day, words_.busiest_hour},
                  rows);
      More(rest);
    }
  }

  const v1::EvaluationReport& report_;
  const EvaluationWords& words_;
  const v1::Evaluation* const evaluation_;
  Html html_;
};

}  // namespace

std::vector<std::string> UndecidedRules(const v1::VariantReport& variant) {
  std::vector<const v1::RuleFigures*> rules;
  for (const v1::RuleFigures& rule : variant.rules()) {
    if (rule.units() == 0 && rule.not_evaluated() > 0) rules.push_back(&rule);
  }
  std::stable_sort(rules.begin(), rules.end(), [](auto* a, auto* b) {
    return a->not_evaluated() > b->not_evaluated();
  });
  const RuleNames names(variant);
  std::vector<std::string> texts;
  for (const v1::RuleFigures* rule : rules) {
    texts.push_back(absl::StrCat(names.Of(*rule), " (", rule->not_evaluated(),
                                 "/", rule->evaluated(), ")"));
  }
  return texts;
}

std::string EvaluationPage(const v1::EvaluationReport& report,
                           absl::string_view language,
                           const v1::Evaluation* evaluation) {
  const EvaluationWords& words = WordsOf(language);
  v1::EvaluationReport named = report;
  for (v1::VariantReport& variant : *named.mutable_variants()) {
    for (const auto& [name, shown] : {std::pair("in-force", words.in_force),
                                      std::pair("recorded", words.recorded),
                                      std::pair("empty", words.empty)}) {
      if (variant.name() == name) variant.set_name(shown);
    }
    variant.set_name(WithoutFolders(variant.name()));
  }
  return Page(named, words, evaluation).Take();
}

}  // namespace portrisk::service
