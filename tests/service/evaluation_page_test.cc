#include "service/evaluation_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace portrisk::service {
namespace {

using testing::HasSubstr;
using testing::Not;

void SetShare(uint64_t count, uint64_t of, v1::ShareEstimate* out) {
  out->set_count(count);
  out->set_of(of);
  out->set_share(static_cast<double>(count) / static_cast<double>(of));
  out->set_high(1);
}

void AddMore(v1::VariantReport* variant) {
  variant->set_replayed(1234);
  variant->add_capacities()->set_capacity("5, NLRTM/ECTDELTA=20");
  for (const char* month : {"2026-08", "2026-09"}) {
    v1::ScoreDrift* drift = variant->add_drift();
    drift->set_month(month);
    drift->set_stability_index(0.31);
  }
  for (const auto group : {v1::COUNTRY_OF_CONSIGNEE, v1::SIZE_OF_CONSIGNEE}) {
    v1::BurdenFigures* burden = variant->add_burden();
    burden->set_group(group);
    burden->set_value(group == v1::COUNTRY_OF_CONSIGNEE ? "XK" : "3");
    SetShare(2, 20, burden->mutable_selected());
  }
  v1::SensitivityFigures* threshold = variant->add_sensitivity();
  threshold->set_rule("a.first");
  threshold->set_condition("x < duration('4h')");
  for (const char* constant : {"4h", "6h"}) {
    v1::SensitivityPoint* point = threshold->add_points();
    point->set_constant(constant);
    point->set_as_written(constant[0] == '4');
    point->set_gained(constant[0] == '4' ? 0 : 77);
  }
  variant->set_thresholds_left_out(3);
}

v1::EvaluationReport Report() {
  v1::EvaluationReport report;
  report.set_movements(1234);
  report.set_units(400);
  report.set_controlled(20);
  report.mutable_end_time()->set_seconds(1'790'000'000);
  for (const char* name : {"in-force", "<b>mine & yours.yaml"}) {
    v1::VariantReport* variant = report.add_variants();
    variant->set_name(name);
    variant->set_selected(17);
    for (const double rate : {0.01, 0.05}) {
      v1::RateFigures* figures = variant->add_rates();
      figures->set_rate(rate);
      figures->set_least_score(100);
      figures->set_k(4);
      figures->set_recall(0.5);
      figures->set_effective_controls_beyond(9);
      figures->set_weighted_precision(rate);
    }
    for (const char* rule : {"a.first", "b.second"}) {
      v1::RuleFigures* figures = variant->add_rules();
      figures->set_rule(rule);
      figures->set_units(10);
      figures->mutable_precision()->set_count(1);
      figures->mutable_precision()->set_of(4);
      figures->mutable_precision()->set_share(0.25);
      figures->mutable_precision()->set_high(0.7);
    }
    v1::RuleOverlap* overlap = variant->add_overlaps();
    overlap->set_second(1);
    overlap->set_units(5);
    for (int hour = 0; hour < 168; ++hour) variant->add_selected_by_hour(hour);
    v1::MonthFigures* month = variant->add_months();
    month->set_month("2026-09");
    month->set_units(400);
    month->set_selected(17);
    v1::ScoreFigures* score = variant->add_scores();
    score->mutable_precision()->set_share(0.1);
    AddMore(variant);
  }
  v1::RouteFigures* route = report.add_routes();
  route->set_from_locode("BRSSZ");
  route->set_to_locode("NLRTM");
  route->set_from_latitude(-23.9);
  route->set_from_longitude(-46.3);
  route->set_to_latitude(51.9);
  route->set_to_longitude(4.5);
  SetShare(2, 5, route->mutable_precision());
  report.add_routes()->set_from_locode("XXNOW");
  report.mutable_variants(1)->mutable_change()->set_gained(3);
  report.mutable_variants(1)->mutable_change()->add_gained_examples("U1");
  return report;
}

size_t Count(const std::string& text, absl::string_view part) {
  return std::vector<std::string>(absl::StrSplit(text, part)).size() - 1;
}

TEST(EvaluationPage, ShowsEveryPartInEachLanguage) {
  for (const char* language : {"en", "es", "pt"}) {
    SCOPED_TRACE(language);
    const std::string page = EvaluationPage(Report(), language);
    EXPECT_THAT(page, HasSubstr(absl::StrCat("<html lang=\"", language)));
    for (const char* part :
         {"1234", "a.first", "b.second", "U1", "2026-09", "NLRTM/ECTDELTA=20",
          "x &lt; duration('4h')", "<b>4h</b>", ">77<", ">XK<", "BRSSZ"}) {
      EXPECT_THAT(page, HasSubstr(part));
    }
    // Recall, precision, finds by score, months, drift; and the map. Of no
    // gain a sentence says it.
    EXPECT_EQ(Count(page, "<svg viewBox=\"0 0 640"), 6u);
    EXPECT_EQ(Count(page, "class=\"map\""), 1u);
    EXPECT_EQ(Count(page, "class=\"heat\""), 4u);  // Overlaps and hours.
    EXPECT_EQ(Count(page, "<table"), Count(page, "</table>"));
    EXPECT_EQ(Count(page, "<svg"), Count(page, "</svg>"));
  }
  EXPECT_THAT(EvaluationPage(Report(), "xx"), HasSubstr("<html lang=\"en"));
}

TEST(EvaluationPage, LoadsNothingAndLetsNoNameBecomeMarkup) {
  const std::string page = EvaluationPage(Report(), "en");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<b>mine")));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;mine &amp; yours.yaml"));
}

TEST(EvaluationPage, BreaksNamesWhereTheirPartsEnd) {
  v1::EvaluationReport report = Report();
  report.mutable_variants(1)->mutable_change()->set_gained_examples(
      0, "consignment:R1/2-3.4&5");
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr("<code>consignment:<wbr>R1/<wbr>2-<wbr>3.<wbr>4"
                              "&amp;5</code>"));
  EXPECT_THAT(page, HasSubstr(">a.<wbr>first<"));
  EXPECT_THAT(page, Not(HasSubstr("break-all")));
}

TEST(EvaluationPage, NamesTheBaselineInItsLanguage) {
  EXPECT_THAT(EvaluationPage(Report(), "pt"), Not(HasSubstr("in-force")));
  EXPECT_THAT(EvaluationPage(Report(), "es"),
              HasSubstr("frente a en vigor: 0 mantenidas, 3 ganadas"));
}

TEST(EvaluationPage, CanBeHeardAndReadWithoutAPointer) {
  for (const char* language : {"en", "es", "pt"}) {
    SCOPED_TRACE(language);
    const std::string page = EvaluationPage(Report(), language);
    EXPECT_EQ(Count(page, "<main>") + Count(page, "</main>"), 2u);
    EXPECT_EQ(Count(page,
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                    "aria-label=\""),
              Count(page, "<table"));
    EXPECT_EQ(Count(page, "<th>"), 0u);
    EXPECT_EQ(Count(page, "<td></td>"), 4u);  // Corners of the heat maps.
    EXPECT_EQ(Count(page, "aria-label=\"\""), 0u);
    EXPECT_EQ(Count(page, "rowspan=\"2\">a.<wbr>first<br>"), 2u);
  }
  const std::string page = EvaluationPage(Report(), "en");
  EXPECT_THAT(page, HasSubstr("\"Line chart: Share of all finds; across: "
                              "Inspected. in force from 50.0\u00a0% "
                              "(1.0\u00a0%) to 50.0\u00a0% (5.0\u00a0%); "));
  EXPECT_THAT(page, HasSubstr("Routes drawn: 1; with finds: 1."));
}

TEST(EvaluationPage, NamesFilesWithoutTheirFolders) {
  v1::EvaluationReport report = Report();
  report.mutable_variants(1)->set_name("/etc/rules/a.yaml + b/c.yaml + d 7");
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr("<h2>a.yaml + c.yaml + d 7</h2>"));
  EXPECT_THAT(page, Not(HasSubstr("/etc/rules")));
}

TEST(EvaluationPage, SaysInWordsWhatAPlotWouldNotShow) {
  v1::EvaluationReport report = Report();
  const char same[] = "exactly as much is found as by the first";
  const char uncontrolled[] = "None of these units was controlled";
  EXPECT_THAT(EvaluationPage(report, "en"), HasSubstr(same));
  report.mutable_variants(1)->mutable_rates(0)->set_recall(0.25);
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, Not(HasSubstr(same)));
  EXPECT_THAT(page, HasSubstr(">\u221225\u00a0%</text>"));
  EXPECT_THAT(page, Not(HasSubstr(uncontrolled)));
  for (v1::VariantReport& variant : *report.mutable_variants()) {
    for (v1::RateFigures& one : *variant.mutable_rates()) {
      one.clear_recall(), one.clear_weighted_precision();
    }
  }
  EXPECT_EQ(Count(EvaluationPage(report, "en"), uncontrolled), 2u);
}

TEST(EvaluationPage, SaysWhatItLeavesOut) {
  v1::EvaluationReport report = Report();
  v1::VariantReport& variant = *report.mutable_variants(0);
  variant.add_rules()->set_rule("c.never");
  for (int i = 0; i < 45; ++i) {
    v1::RuleFigures* rule = variant.add_rules();
    rule->set_rule(absl::StrCat("more.", i));
    rule->set_units(1);
  }
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr("Without a hit: c.never."));
  EXPECT_THAT(page, HasSubstr("7 more are in the tables."));   // Of 47, 40.
  EXPECT_THAT(page, HasSubstr("33 more are in the tables."));  // Of 47, 14.
  EXPECT_THAT(page, HasSubstr("A full bar is 70.0\u00a0%"));
}

TEST(EvaluationPage, NamesRulesThatCouldNotBeDecided) {
  v1::EvaluationReport report = Report();
  v1::VariantReport& variant = *report.mutable_variants(1);
  v1::RuleFigures* rule = variant.add_rules();
  rule->set_rule("mine.some");
  rule->set_evaluated(50);
  rule->set_not_evaluated(3);
  rule = variant.add_rules();
  rule->set_rule("mine.box");
  rule->set_evaluated(90);
  rule->set_not_evaluated(90);
  variant.add_rules()->set_rule("mine.never");
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr("history: mine.box (90/90), mine.some (3/50)."));
  EXPECT_THAT(page, HasSubstr("Without a hit: mine.never."));
}

TEST(EvaluationPage, ProvesWhatItIsAbout) {
  v1::Evaluation evaluation;
  evaluation.set_evaluation(17);
  evaluation.set_caller("<ann>");
  evaluation.set_last_sequence(4711);
  evaluation.set_report_hash("sha256:fe01");
  v1::EvaluatedRevision* revision = evaluation.add_candidates();
  revision->set_rule_set("nl.port.mine");
  revision->set_revision(6);
  revision->set_content_hash("sha256:ab02");
  for (const char* language : {"en", "es", "pt"}) {
    const std::string page = EvaluationPage(Report(), language, &evaluation);
    for (const char* part : {" 17,", "&lt;ann&gt;", "4711", "sha256:fe01",
                             "nl.port.mine", "<td>6</td>", "sha256:ab02"}) {
      EXPECT_THAT(page, HasSubstr(part));
    }
  }
  EXPECT_THAT(EvaluationPage(Report(), "en"), Not(HasSubstr("sha256")));
}

TEST(EvaluationPage, HasSomethingToSayOfNothing) {
  const std::string page = EvaluationPage(v1::EvaluationReport(), "en");
  EXPECT_THAT(page, HasSubstr("No movement lies in what was asked for."));
  EXPECT_THAT(page, Not(HasSubstr("1970")));
  EXPECT_THAT(page, HasSubstr("</html>"));
}

// Units without a score are taken by name: a curve through them says nothing.
TEST(EvaluationPage, DoesNotPlotWhatNoScoreRanks) {
  v1::EvaluationReport report = Report();
  const char note[] = "the names decide";
  EXPECT_THAT(EvaluationPage(report, "en"), Not(HasSubstr(note)));
  for (v1::VariantReport& variant : *report.mutable_variants()) {
    for (v1::RateFigures& one : *variant.mutable_rates()) {
      one.set_least_score(0);
    }
  }
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr(note));
  EXPECT_THAT(page, HasSubstr("<td>0<small>by name</small></td>"));
  EXPECT_EQ(Count(page, "or the scores rank none of them"), 2u);
}

// Whatever was found is then all that was found.
TEST(EvaluationPage, ShowsNoShareOfAllWhereNothingBeyondWasControlled) {
  v1::EvaluationReport report = Report();
  report.set_finds(3);
  for (v1::VariantReport& variant : *report.mutable_variants()) {
    for (v1::RateFigures& one : *variant.mutable_rates()) {
      one.set_recall(1);
      one.set_lift(2.5);
      one.set_normalised_precision(1);
      one.clear_effective_controls_beyond();
    }
  }
  const char note[] = "nothing beyond these inspections was controlled";
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr(note));
  EXPECT_EQ(Count(page, ">100\u00a0%<small>"), 0u);
  EXPECT_EQ(Count(page, ">2.5<small>"), 0u);
  EXPECT_EQ(Count(page, "so there is nothing to plot"), 1u);  // Of recall.
  EXPECT_THAT(page, HasSubstr("In all 20 units were controlled; something was "
                              "found in 3 of them."));
  // Where all are taken, nothing is beyond.
  for (v1::VariantReport& variant : *report.mutable_variants()) {
    for (v1::RateFigures& one : *variant.mutable_rates()) one.set_k(400);
  }
  const std::string all = EvaluationPage(report, "en");
  EXPECT_THAT(all, Not(HasSubstr(note)));
  EXPECT_EQ(Count(all, ">100\u00a0%<small>"), 8u);
}

TEST(EvaluationPage, WritesNumbersAsTheLanguageDoes) {
  v1::EvaluationReport report = Report();
  v1::VariantReport& variant = *report.mutable_variants(1);
  variant.mutable_rates(0)->set_recall(0.333);
  variant.mutable_rates(0)->set_lift(1.3);
  variant.set_drift_from_baseline(0.07);
  variant.add_workload()->set_selected(5);
  variant.mutable_workload(0)->set_per_day(2.75);
  variant.mutable_sensitivity(0)->set_condition("x < 1.5");
  variant.mutable_sensitivity(0)->mutable_points(1)->set_constant("2.5");
  const std::string en = EvaluationPage(report, "en");
  for (const char* text : {"33.3\u00a0%", ">1.3<small>", "2.75", "0.07"}) {
    EXPECT_THAT(en, HasSubstr(text));
  }
  for (const char* language : {"es", "pt"}) {
    SCOPED_TRACE(language);
    const std::string page = EvaluationPage(report, language);
    for (const char* text : {"33,3\u00a0%", ">1,3<small>", "2,75", "0,07",
                             "x &lt; 1.5", ">2.5</td>", "cx=\""}) {
      EXPECT_THAT(page, HasSubstr(text));
    }
    // Points are left in conditions and in what draws.
    EXPECT_FALSE(std::regex_search(page, std::regex("[0-9]\\.[0-9]+\u00a0%")));
    EXPECT_FALSE(std::regex_search(page, std::regex("c[xy]=\"[0-9]*,")));
  }
}

TEST(EvaluationPage, BarsOfAllVariantsHaveOneScale) {
  v1::EvaluationReport report = Report();
  double high = 0.4;
  for (v1::VariantReport& variant : *report.mutable_variants()) {
    high += 0.2;  // 60 %, 80 %.
    for (v1::RuleFigures& rule : *variant.mutable_rules()) {
      rule.mutable_precision()->set_high(high);
    }
    for (auto& point : *variant.mutable_sensitivity(0)->mutable_points()) {
      SetShare(1, 4, point.mutable_precision());
      point.mutable_precision()->set_high(high + 0.1);
    }
  }
  const std::string page = EvaluationPage(report, "en");
  EXPECT_EQ(Count(page, "A full bar is 80.0\u00a0%"), 2u);
  EXPECT_EQ(Count(page, "A full bar is 90.0\u00a0%"), 2u);
}

TEST(EvaluationPage, SaysASizeOnce) {
  v1::EvaluationReport report = Report();
  for (v1::VariantReport& variant : *report.mutable_variants()) {
    v1::BurdenFigures& one = *variant.mutable_burden(1);
    one.set_size_min(1);
    one.set_size_max(1);
    v1::BurdenFigures* more = variant.add_burden();
    *more = one;
    more->set_value("4");
    more->set_size_max(9);
  }
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr(">3 (units: 1)</th>"));
  EXPECT_THAT(page, HasSubstr(">4 (units: 1–9)</th>"));
  EXPECT_THAT(page, HasSubstr("so another may have no row."));
}

TEST(EvaluationPage, NamesTheSetWhereTwoHaveTheSameRule) {
  v1::EvaluationReport report = Report();
  for (const char* set : {"my.gate", "my.other"}) {
    v1::RuleFigures* rule = report.mutable_variants(1)->add_rules();
    rule->set_rule_set(set);
    rule->set_rule("my.heavy");
    rule->set_units(set[3] == 'g' ? 5 : 0);
  }
  const std::string page = EvaluationPage(report, "en");
  EXPECT_THAT(page, HasSubstr(">my.<wbr>gate my.<wbr>heavy</th>"));
  EXPECT_THAT(page, HasSubstr("Without a hit: my.other my.heavy."));
}

TEST(EvaluationPage, NamesRulesWhereNoneHits) {
  v1::EvaluationReport report = Report();
  report.mutable_variants(1)->clear_rules();
  report.mutable_variants(1)->add_rules()->set_rule("mine.never");
  EXPECT_THAT(EvaluationPage(report, "en"),
              HasSubstr("Without a hit: mine.never."));
}

}  // namespace
}  // namespace portrisk::service
