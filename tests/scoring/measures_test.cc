#include "scoring/measures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

v1::Movement At(const std::string& facility, int64_t hour) {
  v1::Movement m;
  m.mutable_location()->set_locode("NLRTM");
  m.mutable_location()->set_facility(facility);
  m.mutable_occurrence_time()->set_seconds(1'780'000'000 + hour * 3600);
  return m;
}

v1::Assessment Assessed(const std::string& unit, int32_t score,
                        v1::Channel channel,
                        std::initializer_list<const char*> rules = {}) {
  v1::Assessment assessment;
  assessment.mutable_unit()->set_id(unit);
  assessment.mutable_unit()->set_channel(channel);
  assessment.set_channel(channel);
  assessment.set_score(score);
  for (const char* rule : rules) {
    v1::Hit* hit = assessment.add_hits();
    hit->set_rule_set("s");
    hit->set_rule(rule);
  }
  return assessment;
}

TEST(MeasuresTest, AnEstimateOfNothingSaysNothing) {
  const v1::ShareEstimate none = Estimate(0, 0);
  EXPECT_FALSE(none.has_share());
  EXPECT_EQ(none.low(), 0);
  EXPECT_EQ(none.high(), 1);
  const v1::ShareEstimate half = Estimate(5, 10);
  EXPECT_DOUBLE_EQ(half.share(), 0.5);
  EXPECT_NEAR(half.low(), 0.2366, 0.0005);  // Wilson, 95 %.
  EXPECT_NEAR(half.high(), 0.7634, 0.0005);
}

TEST(MeasuresTest, AVisitTakesTheRouteItsOutcomeWasTiedTo) {
  UnitTable table;
  v1::Movement m = At("A", 0);
  table.Add(m, Assessed("visit", 0, v1::SCORE));
  m.mutable_consignment()->set_loading_locode("CNSHA");
  table.Add(m, Assessed("half", 0, v1::SCORE));
  for (const char* unit : {"visit", "half", "nobody"}) {
    table.SetOutcome(unit, true, v1::SCORE, 1'000'000);
    table.SetRoute(unit, "BRSSZ", "NLRTM");
    table.SetRoute(unit, "ECGYE", "BEANR");  // The first one stays.
  }
  v1::EvaluationReport report;
  ReportRoutes(table, {}, &report);
  // "half" said where it was loaded: what it is tied to does not change that.
  ASSERT_EQ(report.routes_size(), 1);
  EXPECT_EQ(report.routes(0).from_locode(), "BRSSZ");
  EXPECT_EQ(report.routes(0).to_locode(), "NLRTM");
  EXPECT_EQ(report.routes(0).units(), 1u);
  EXPECT_EQ(report.routes(0).precision().count(), 1u);
}

TEST(MeasuresTest, NoControlledRouteIsLeftOutForOneThatNobodyControlled) {
  UnitTable table;
  v1::Movement m = At("A", 0);
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  for (int route = 0; route < 250; ++route) {
    m.mutable_consignment()->set_loading_locode(absl::StrCat("R", route));
    for (int i = 0; i < (route == 249 ? 1 : 2); ++i) {
      table.Add(m, Assessed(absl::StrCat(route, ".", i), 0, v1::SCORE));
    }
  }
  table.SetOutcome("249.0", true, v1::SCORE, 1'000'000);
  v1::EvaluationReport report;
  ReportRoutes(table, {}, &report);
  ASSERT_EQ(report.routes_size(), 200);
  EXPECT_EQ(report.routes(199).from_locode(), "R249");
  EXPECT_EQ(report.routes(199).precision().count(), 1u);
}

// One place a day: by score the best has it, on a worklist what chance drew.
TEST(MeasuresTest, CapacitiesAreFilledByScoreAndAsAWorklistDoes) {
  UnitTable table;
  Selection selection;
  SelectionProfile terms;
  terms.random_rate_ppm = 10;
  const auto add = [&](const char* id, int hour, int32_t score,
                       v1::Channel channel, uint32_t draw_ppm) {
    const v1::Movement m = At("A", hour);
    v1::Assessment assessment = Assessed(id, score, channel);
    assessment.mutable_unit()->set_draw_ppm(draw_ppm);
    selection.Add(table.Add(m, assessment), m.occurrence_time().seconds(),
                  assessment, terms);
  };
  add("best", 0, 500, v1::SCORE, 999);
  add("drawn", 1, 0, v1::RANDOM, 9);
  add("mandatory", 48, 20, v1::MANDATORY_RULE, 999);
  add("high", 49, 300, v1::SCORE, 10);
  table.SetOutcome("drawn", true, v1::RANDOM, 10);
  table.SetOutcome("mandatory", true, v1::MANDATORY_RULE, 1'000'000);
  table.SetOutcome("best", false, v1::SCORE, 1'000'000);
  table.SetOutcome("high", false, v1::SCORE, 1'000'000);
  v1::VariantReport report;
  selection.Report(table, {}, &report);
  selection.ReportCapacities(table, {{1, {}}}, &report);
  const v1::CapacityFigures& figures = report.capacities(0);
  EXPECT_EQ(figures.figures().k(), 2u);
  EXPECT_EQ(figures.figures().precision().count(), 0u);
  EXPECT_EQ(figures.worklist().k(), 2u);
  EXPECT_EQ(figures.worklist().precision().count(), 2u);
  EXPECT_EQ(figures.worklist_left_out(), 2u);
  // The one that was drawn stands for 100,000 units, of which the others were
  // not drawn: on the list it is one find.
  EXPECT_DOUBLE_EQ(figures.worklist().recall(), 2.0 / 100'001);
  EXPECT_LE(figures.worklist().normalised_precision(), 1);
}

// A movement before what is measured selected it.
TEST(MeasuresTest, WhatWasSelectedBeforeThePeriodIsNotSelectedInIt) {
  UnitTable table;
  Selection selection;
  const v1::Movement m = At("A", 0);
  v1::Assessment assessed = Assessed("u", 0, v1::CHANNEL_UNSPECIFIED);
  assessed.mutable_unit()->set_channel(v1::SCORE);
  assessed.mutable_unit()->set_lane(v1::RED);
  selection.Add(table.Add(m, assessed), 0, assessed);
  v1::VariantReport report;
  selection.Report(table, {}, &report);
  EXPECT_EQ(report.selected(), 0u);
  assessed = Assessed("u", 400, v1::SCORE);
  selection.Add(table.Add(At("A", 5), assessed), 5 * 3600, assessed);
  report.Clear();
  selection.Report(table, {}, &report);
  EXPECT_EQ(report.selected(), 1u);
  EXPECT_EQ(report.by_score(), 1u);
}

// What is found by controls that nothing selected has no weight, but is known.
TEST(MeasuresTest, RecallDoesNotContradictTheFindsThatAreKnown) {
  UnitTable table;
  Selection selection;
  for (int i = 0; i < 100; ++i) {
    const auto assessed = Assessed(absl::StrCat("u", 100 + i), i < 2 ? 500 : 0,
                                   v1::CHANNEL_UNSPECIFIED);
    selection.Add(table.Add(At("A", 0), assessed), 0, assessed);
  }
  table.SetOutcome("u100", true, v1::SCORE, 1'000'000);
  table.SetOutcome("u101", true, v1::MANUAL, 0);
  for (const char* unit : {"u150", "u151", "u152"}) {
    table.SetOutcome(unit, true, v1::MANUAL, 0);
  }
  table.SetOutcome("u160", false, v1::RANDOM, 100'000);
  v1::VariantReport report;
  selection.Report(table, std::vector<double>{0.02}, &report);
  const v1::RateFigures& figures = report.rates(0);
  EXPECT_DOUBLE_EQ(figures.weighted_precision(), 1);
  EXPECT_DOUBLE_EQ(figures.recall(), 2.0 / 5);
  EXPECT_LE(figures.recall_interval().low(), 2.0 / 5);
  EXPECT_NEAR(figures.recall_interval().high(), 2.0 / 5, 1e-9);
  EXPECT_DOUBLE_EQ(figures.lift(), 2.0 / (5.0 / 11));
}

// A weighted find may stand for more than there is room for.
TEST(MeasuresTest, NormalisedPrecisionIsOneAtMost) {
  UnitTable table;
  Selection selection;
  for (int i = 0; i < 100; ++i) {
    const auto assessed = Assessed(absl::StrCat("u", 100 + i), i == 0 ? 500 : 0,
                                   v1::CHANNEL_UNSPECIFIED);
    selection.Add(table.Add(At("A", 0), assessed), 0, assessed);
  }
  table.SetOutcome("u100", true, v1::RANDOM, 10'000);
  table.SetOutcome("u101", true, v1::RANDOM, 10'000);
  table.SetOutcome("u102", false, v1::RANDOM, 10'000);
  v1::VariantReport report;
  selection.Report(table, std::vector<double>{0.01}, &report);
  EXPECT_DOUBLE_EQ(report.rates(0).normalised_precision(), 1);
  EXPECT_LE(report.rates(0).normalised_precision_interval().high(), 1);
}

TEST(MeasuresTest, UnitsAreRankedByTheirBestScoreAndTiesByName) {
  UnitTable table;
  Selection selection;
  for (int i = 0; i < 100; ++i) {
    const v1::Movement m = At("A", i);
    const std::string unit = absl::StrCat("u", 100 + i);
    const v1::Assessment low = Assessed(unit, 5, v1::CHANNEL_UNSPECIFIED);
    const uint32_t number = table.Add(m, low);
    selection.Add(number, m.occurrence_time().seconds(), low);
    // Later, but the best counts.
    selection.Add(number, m.occurrence_time().seconds(),
                  Assessed(unit,
                           i < 4    ? 500
                           : i < 10 ? 100
                                    : 0,
                           i < 4 ? v1::SCORE : v1::CHANNEL_UNSPECIFIED));
  }
  table.SetOutcome("u100", true, v1::SCORE, 1'000'000);
  table.SetOutcome("u101", false, v1::SCORE, 1'000'000);
  table.SetOutcome("u150", true, v1::RANDOM, 10'000);
  table.SetOutcome("u151", false, v1::RANDOM, 10'000);
  table.SetOutcome("u152", false, v1::MANUAL, 10'000);
  table.SetOutcome("nobody", true, v1::SCORE, 1'000'000);
  v1::VariantReport report;
  selection.Report(table, std::vector<double>{0.04, 0.06}, &report);
  EXPECT_EQ(report.selected(), 4u);
  EXPECT_EQ(report.by_score(), 4u);
  EXPECT_EQ(report.selected_finds(), 1u);
  ASSERT_EQ(report.rates_size(), 2);
  const v1::RateFigures& four = report.rates(0);
  EXPECT_EQ(four.k(), 4u);
  EXPECT_EQ(four.least_score(), 500u);
  EXPECT_EQ(four.precision().count(), 1u);
  EXPECT_EQ(four.precision().of(), 2u);
  EXPECT_DOUBLE_EQ(four.weighted_precision(), 0.5);
  // One find here; the one that chance met stands for a hundred.
  EXPECT_DOUBLE_EQ(four.recall(), 1.0 / 101);
  EXPECT_DOUBLE_EQ(four.lift(), 0.5 / (101.0 / 202));
  EXPECT_DOUBLE_EQ(four.normalised_precision(), 1.0 / 4);
  EXPECT_EQ(report.rates(1).least_score(), 100u);
  ASSERT_EQ(report.scores_size(), 11);
  EXPECT_EQ(report.scores(5).units(), 4u);
  EXPECT_EQ(report.scores(5).precision().of(), 2u);
  EXPECT_EQ(report.scores(0).units(), 90u);
  v1::EvaluationReport all;
  table.Report(&all);
  EXPECT_EQ(all.units(), 100u);
  EXPECT_EQ(all.controlled(), 5u);
  EXPECT_EQ(all.finds(), 2u);
  EXPECT_EQ(all.unweighted(), 1u);
  EXPECT_EQ(all.base_rate().of(), 2u);
  EXPECT_EQ(all.base_rate().count(), 1u);
}

// What was found in a box was found in its papers, which a rule may have hit
// before it came; chance counts once.
TEST(MeasuresTest, AControlOfABoxIsOneOfItsPapers) {
  UnitTable table;
  Selection selection;
  for (const char* unit : {"papers", "visit", "others"}) {
    v1::Assessment assessed = Assessed(unit, 0, v1::CHANNEL_UNSPECIFIED);
    if (unit[0] == 'p') {
      assessed = Assessed(unit, 300, v1::SCORE);
      v1::Hit& hit = *assessed.add_hits();
      hit.set_rule_set("s");
      hit.set_rule("r");
    }
    const v1::Movement m = At("A", 0);
    selection.Add(table.Add(m, assessed), 0, assessed);
  }
  table.SetOutcome("visit", true, v1::RANDOM, 10'000, 50);
  table.SetOutcomeOfBox("papers", "visit", true, v1::RANDOM, 10'000, 50);
  table.SetOutcomeOfBox("nobody", "visit", true, v1::RANDOM, 10'000, 50);
  v1::EvaluationReport all;
  table.Report(&all);
  EXPECT_EQ(all.controlled(), 1u);
  EXPECT_EQ(all.controlled_by_box(), 1u);
  EXPECT_EQ(all.finds(), 1u);
  EXPECT_EQ(all.base_rate().of(), 1u);
  v1::VariantReport report;
  selection.Report(table, std::vector<double>{0.4, 1}, &report);
  EXPECT_EQ(report.selected_finds(), 1u);
  // The papers alone are taken, then all three: one find of one, each time.
  for (const v1::RateFigures& one : report.rates()) {
    EXPECT_EQ(one.precision().count(), 1u);
    EXPECT_EQ(one.precision().of(), 1u);
    EXPECT_DOUBLE_EQ(one.recall(), 1);
  }
  Selection nothing;
  for (uint32_t unit = 0; unit < 3; ++unit) {
    nothing.Add(unit, 0, Assessed("", 0, v1::CHANNEL_UNSPECIFIED));
  }
  v1::SelectionChange change;
  selection.Compare(table, nothing, &change);
  EXPECT_EQ(change.gained(), 1u);
  EXPECT_EQ(change.gained_finds().count(), 1u);
  EXPECT_EQ(change.gained_finds().of(), 1u);
  ASSERT_EQ(report.rules_size(), 1);
  EXPECT_EQ(report.rules(0).precision().count(), 1u);
  EXPECT_EQ(report.rules(0).precision().of(), 1u);
  EXPECT_EQ(report.rules(0).marginal_finds(), 1u);
  // A control of their own, before or after, says more.
  table.SetOutcome("others", false, v1::SCORE, 1'000'000, 40);
  table.SetOutcomeOfBox("others", "visit", true, v1::RANDOM, 10'000, 50);
  table.SetOutcome("papers", false, v1::SCORE, 1'000'000, 60);
  for (const UnitTable::Unit& unit : table.units()) {
    if (unit.id == "visit") continue;
    EXPECT_TRUE(unit.found) << unit.id;
    EXPECT_FALSE(unit.by_box) << unit.id;
    EXPECT_EQ(unit.channel, v1::SCORE) << unit.id;
    EXPECT_EQ(unit.selection_ppm, 1'000'000u) << unit.id;
  }
}

// To leave out those that a rule selected as well would leave out most finds.
TEST(MeasuresTest, TheBaseRateIsOfAllThatWereDrawnWhateverElseSelectedThem) {
  UnitTable table;
  constexpr uint32_t kRate = 10'000;
  const auto add = [&](const std::string& unit, uint32_t draw_ppm,
                       v1::Channel channel, bool found) {
    v1::Assessment assessed = Assessed(unit, 0, channel);
    assessed.mutable_unit()->set_draw_ppm(draw_ppm);
    table.Add(At("A", 0), assessed, kRate);
    // Where the rate was lower.
    table.Add(At("A", 1), assessed, 0);
    table.SetOutcome(unit, found, channel,
                     channel == v1::RANDOM ? kRate : 1'000'000);
  };
  add("drawn", 0, v1::RANDOM, false);
  add("drawn, too", kRate - 1, v1::SCORE, true);
  add("not drawn", kRate, v1::SCORE, true);
  add("mandatory, drawn", 7, v1::MANDATORY_RULE, false);
  v1::Assessment nobody_looked = Assessed("open", 0, v1::RANDOM);
  table.Add(At("A", 0), nobody_looked, kRate);
  v1::EvaluationReport report;
  table.Report(&report);
  EXPECT_EQ(report.base_rate().of(), 3u);
  EXPECT_EQ(report.base_rate().count(), 1u);
}

TEST(MeasuresTest, ARuleInShadowTakesNothingFromThoseInForce) {
  UnitTable table;
  Selection selection;
  const auto add = [&](const std::string& unit,
                       std::initializer_list<const char*> rules) {
    v1::Assessment assessed = Assessed(unit, 0, v1::SCORE, rules);
    for (v1::Hit& hit : *assessed.mutable_hits()) {
      hit.set_shadow(hit.rule()[0] == 's');
    }
    selection.Add(table.Add(At("A", 0), assessed), 0, assessed);
    table.SetOutcome(unit, true, v1::SCORE, 1'000'000);
  };
  add("1", {"a", "shadow"});
  add("2", {"a", "b", "shadow"});
  add("3", {"shadow", "shade"});
  v1::VariantReport report;
  selection.Report(table, {}, &report);
  std::map<std::string, uint64_t> alone, marginal;
  for (const v1::RuleFigures& rule : report.rules()) {
    alone[rule.rule()] = rule.alone();
    marginal[rule.rule()] = rule.marginal_finds();
  }
  const std::map<std::string, uint64_t> expected = {
      {"a", 1}, {"b", 0}, {"shadow", 1}, {"shade", 1}};
  EXPECT_EQ(alone, expected);
  EXPECT_EQ(marginal, expected);
}

TEST(MeasuresTest, ChangesAreCountedByUnit) {
  UnitTable table;
  Selection before, after;
  const auto add = [&](const std::string& unit, bool then, bool now) {
    const v1::Movement m = At("A", 0);
    const auto assessed = [&](bool selected) {
      return Assessed(unit, 0, selected ? v1::SCORE : v1::CHANNEL_UNSPECIFIED);
    };
    const uint32_t number = table.Add(m, assessed(then));
    before.Add(number, 0, assessed(then));
    after.Add(number, 0, assessed(now));
  };
  add("kept", true, true);
  add("gained", false, true);
  add("lost", true, false);
  add("never", false, false);
  table.SetOutcome("gained", true, v1::RANDOM, 10'000);
  v1::SelectionChange change;
  after.Compare(table, before, &change);
  EXPECT_EQ(change.kept(), 1u);
  EXPECT_EQ(change.gained(), 1u);
  EXPECT_EQ(change.lost(), 1u);
  EXPECT_EQ(change.gained_finds().count(), 1u);
  EXPECT_EQ(change.lost_finds().of(), 0u);
  ASSERT_EQ(change.gained_examples_size(), 1);
  EXPECT_EQ(change.gained_examples(0), "gained");
}

// Rules against sets that are counted by hand.
TEST(MeasuresTest, RulesAgreeWithSetsOfUnits) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const char* const names[] = {"a", "b", "c", "d"};
    UnitTable table;
    Selection selection;
    std::map<std::string, std::set<std::string>> rules_of, units_of;
    std::set<std::string> found, controlled;
    std::map<std::string, uint64_t> hits;
    for (int i = 0; i < 400; ++i) {
      const std::string unit = absl::StrCat("u", random() % 60);
      v1::Assessment assessed = Assessed(unit, 0, v1::CHANNEL_UNSPECIFIED);
      for (const char* name : names) {
        if (random() % 9 != 0) continue;
        v1::Hit* hit = assessed.add_hits();
        hit->set_rule_set("s");
        hit->set_rule(name);
        ++hits[name];
        rules_of[unit].insert(name);
        units_of[name].insert(unit);
      }
      selection.Add(table.Add(At("A", i), assessed), i, assessed);
    }
    for (int i = 0; i < 60; i += 2) {
      const std::string unit = absl::StrCat("u", i);
      controlled.insert(unit);
      if (i % 3 == 0) found.insert(unit);
      table.SetOutcome(unit, i % 3 == 0, v1::SCORE, 1'000'000);
    }
    v1::VariantReport report;
    selection.Report(table, {}, &report);
    ASSERT_EQ(report.rules_size(), 4);
    for (const v1::RuleFigures& rule : report.rules()) {
      const auto& units = units_of[rule.rule()];
      uint64_t alone = 0, marginal = 0, checked = 0, finds = 0;
      for (const std::string& unit : units) {
        const bool only = rules_of[unit].size() == 1;
        alone += only;
        marginal += only && found.count(unit);
        checked += controlled.count(unit);
        finds += found.count(unit);
      }
      EXPECT_EQ(rule.hits(), hits[rule.rule()]);
      EXPECT_EQ(rule.units(), units.size());
      EXPECT_EQ(rule.alone(), alone);
      EXPECT_EQ(rule.marginal_finds(), marginal);
      EXPECT_EQ(rule.precision().of(), checked);
      EXPECT_EQ(rule.precision().count(), finds);
      EXPECT_DOUBLE_EQ(rule.alert_share(),
                       static_cast<double>(units.size()) / rules_of.size());
    }
    for (const v1::RuleOverlap& overlap : report.overlaps()) {
      const auto& a = units_of[report.rules(overlap.first()).rule()];
      const auto& b = units_of[report.rules(overlap.second()).rule()];
      uint64_t both = 0;
      for (const std::string& unit : a) both += b.count(unit);
      EXPECT_EQ(overlap.units(), both);
    }
  }
}

TEST(MeasuresTest, WorkloadIsByFacilityDayAndHour) {
  UnitTable table;
  Selection selection;
  // Ten a day at A for four days, all in one hour; none at B.
  for (int i = 0; i < 40; ++i) {
    const v1::Movement m = At("A", i / 10 * 24);
    const v1::Assessment one = Assessed(absl::StrCat("a", i), 0, v1::SCORE);
    selection.Add(table.Add(m, one), m.occurrence_time().seconds(), one);
  }
  const v1::Assessment other = Assessed("b", 0, v1::CHANNEL_UNSPECIFIED);
  selection.Add(table.Add(At("B", 0), other), 0, other);
  v1::VariantReport report;
  selection.Report(table, {}, &report);
  ASSERT_EQ(report.workload_size(), 2);
  EXPECT_EQ(report.workload(0).facility(), "NLRTM/A");
  EXPECT_EQ(report.workload(0).selected(), 40u);
  EXPECT_DOUBLE_EQ(report.workload(0).per_day(), 10);
  EXPECT_EQ(report.workload(0).busiest_day(), 10u);
  EXPECT_EQ(report.workload(0).busiest_hour(), 10u);
  EXPECT_EQ(report.workload(1).selected(), 0u);
  ASSERT_EQ(report.selected_by_hour_size(), 168);
  // 2026-05-28 20:26 UTC was a Thursday.
  EXPECT_EQ(report.selected_by_hour(3 * 24 + 20), 10u);
  ASSERT_EQ(report.months_size(), 1);
  EXPECT_EQ(report.months(0).month(), "2026-05");
  EXPECT_EQ(report.months(0).units(), 41u);
}

}  // namespace
}  // namespace portrisk::scoring
