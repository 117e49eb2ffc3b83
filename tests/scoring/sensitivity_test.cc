// Variants of rules beside rule sets in which the constant was changed by hand.
#include "scoring/sensitivity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "scoring/decision.h"

namespace portrisk::scoring {
namespace {

constexpr char kSet[] = R"(
rule_set: test
layer: common
owner: T
rules:
  - id: heavy
    title: {en: Heavy}
    when: movement.weights.gross_kg > 20000 && movement.weights.vgm_kg >= 0
    score: 100
    explain: {en: Heavy}
  - id: soon
    title: {en: Soon}
    when: >
      movement.transport.estimated_arrival_time - movement.occurrence_time
        < duration('4h')
    score: 200
    explain: {en: Soon}
  - id: lighter
    title: {en: Lighter}
    when: double(movement.weights.vgm_kg) * 1.2 < double(movement.weights.gross_kg)
    score: 50
    explain: {en: Lighter}
  - id: none
    title: {en: None}
    when: movement.container.number == 'X' || movement.weights.vgm_kg == 7
    score: 50
    explain: {en: None}
  - id: draft
    title: {en: Draft}
    when: movement.weights.vgm_kg > 5
    score: 50
    status: draft
    explain: {en: Draft}
)";

std::shared_ptr<const RuleSet> Checked(const std::string& yaml) {
  const CheckResult checked = CheckRuleSet(yaml, "test");
  for (const v1::Issue& issue : checked.issues) {
    EXPECT_NE(issue.severity(), v1::ERROR) << issue.ShortDebugString();
  }
  return checked.rule_set;
}

v1::Movement RandomMovement(std::mt19937* random) {
  v1::Movement m;
  m.set_event(v1::GATE_OUT);
  m.mutable_container()->set_number("MSKU1234565");
  m.mutable_occurrence_time()->set_seconds(1'780'000'000);
  if ((*random)() % 8) {
    m.mutable_weights()->set_gross_kg((*random)() % 50'000);
  }
  if ((*random)() % 8) m.mutable_weights()->set_vgm_kg((*random)() % 50'000);
  if ((*random)() % 8) {
    m.mutable_transport()->mutable_estimated_arrival_time()->set_seconds(
        1'780'000'000 + (*random)() % 40'000);
  }
  return m;
}

v1::Assessment Evaluate(const Programme& programme, const v1::Movement& m) {
  EvalScratch scratch;
  Scope scope{&m};
  v1::Assessment assessment;
  assessment.mutable_unit()->set_id("u");
  assessment.mutable_unit()->set_rollout_ppm(5);
  programme.Evaluate(scope, &scratch, &assessment);
  Decide(programme, SelectionProfile(), &assessment);
  return assessment;
}

std::shared_ptr<const Programme> Compiled(
    std::vector<Programme::Member> members) {
  auto programme = Programme::Compile(std::move(members));
  EXPECT_TRUE(programme.ok()) << programme.status();
  return *programme;
}

TEST(SensitivityTest, FindsWhatIsComparedAndNothingElse) {
  const auto set = Checked(kSet);
  const SensitivityPlan plan = PlanSensitivity(*set, 100);
  std::vector<std::string> found;
  for (size_t i = 0; i < plan.thresholds.size(); ++i) {
    const Threshold& one = plan.thresholds[i];
    std::string text = absl::StrCat(one.rule, " ", one.constant, ":");
    for (const auto& point : plan.points) {
      if (point.threshold == i) absl::StrAppend(&text, " ", point.constant);
    }
    found.push_back(text);
  }
  // Zero has no half; what is equal to something is no threshold.
  EXPECT_THAT(found,
              testing::ElementsAre("heavy 20000: 10000 15000 30000 40000",
                                   "soon 4h: 2h 3h 6h 8h",
                                   "lighter 1.2: 0.6 0.9 1.8 2.4"));
  EXPECT_EQ(plan.thresholds[0].condition, "movement.weights.gross_kg > 20000");
  EXPECT_EQ(plan.thresholds[0].offset, 28u);
  EXPECT_EQ(plan.left_out, 0u);
  const SensitivityPlan two = PlanSensitivity(*set, 2);
  EXPECT_EQ(two.thresholds.size(), 2u);
  EXPECT_EQ(two.left_out, 1u);
}

TEST(SensitivityTest, AVariantHitsWhatTheRuleWouldIfWrittenSo) {
  const auto set = Checked(kSet);
  const SensitivityPlan plan = PlanSensitivity(*set, 100);
  Programme::Member variants{77, plan.variants, /*shadow=*/true};
  variants.apart = true;
  const auto programme = Compiled({{1, set}, variants});
  const Sensitivity sensitivity(plan, 77);
  const auto alone = Compiled({{1, set}});
  // Each constant as it would be written by hand, and where.
  const std::pair<const char*, const char*> places[] = {
      {"> 20000", "> $"}, {"'4h'", "'$'"}, {"* 1.2", "* $"}};
  std::vector<std::shared_ptr<const Programme>> by_hand;
  for (const auto& point : plan.points) {
    const auto& [from, to] = places[point.threshold];
    by_hand.push_back(Compiled(
        {{1, Checked(absl::StrReplaceAll(
                 kSet, {{from, absl::StrReplaceAll(
                                   to, {{"$", point.constant}})}}))}}));
  }
  std::mt19937 random(7);
  std::vector<int> hits(plan.points.size());
  for (int i = 0; i < 500; ++i) {
    const v1::Movement m = RandomMovement(&random);
    v1::Assessment answer = Evaluate(*programme, m);
    std::vector<uint32_t> points;
    sensitivity.TakeOut(&answer, &points);
    // No trace is left.
    EXPECT_EQ(answer.SerializeAsString(),
              Evaluate(*alone, m).SerializeAsString());
    const std::set<uint32_t> is(points.begin(), points.end());
    for (uint32_t p = 0; p < plan.points.size(); ++p) {
      const std::string& rule = plan.thresholds[plan.points[p].threshold].rule;
      bool would = false;
      const v1::Assessment written = Evaluate(*by_hand[p], m);
      for (const v1::Hit& hit : written.hits()) {
        would |= hit.rule() == rule;
      }
      EXPECT_EQ(is.count(p) > 0, would)
          << rule << " " << plan.points[p].constant;
      hits[p] += would;
    }
  }
  EXPECT_THAT(hits, testing::Each(testing::Gt(0)));
}

TEST(SensitivityTest, ReportsWhatIsGainedAndLost) {
  const auto set = Checked(kSet);
  SensitivityPlan plan = PlanSensitivity(*set, 1);
  Sensitivity sensitivity(plan, 77);
  UnitTable table;
  Selection selection;
  // Units of 12, 17, 25, 35 and 45 tons; something was in the first two and
  // the last.
  const int weights[] = {12, 17, 25, 35, 45};
  for (int i = 0; i < 5; ++i) {
    v1::Movement m;
    v1::Assessment a;
    a.mutable_unit()->set_id(absl::StrCat("u", i));
    if (weights[i] > 20) {
      v1::Hit* const hit = a.add_hits();
      hit->set_rule_set("test");
      hit->set_rule("heavy");
    }
    const uint32_t unit = table.Add(m, a);
    selection.Add(unit, 0, a);
    const int limits[] = {10, 15, 30, 40};
    for (uint32_t p = 0; p < 4; ++p) {
      if (weights[i] > limits[p]) sensitivity.Add(unit, p);
    }
    table.SetOutcome(absl::StrCat("u", i), i < 2 || i == 4, v1::SCORE,
                     1'000'000);
  }
  v1::VariantReport report;
  selection.Report(table, {}, &report);
  sensitivity.Report(table, selection, &report);
  ASSERT_EQ(report.sensitivity_size(), 1);
  const v1::SensitivityFigures& figures = report.sensitivity(0);
  EXPECT_EQ(figures.rule(), "heavy");
  EXPECT_EQ(figures.constant(), "20000");
  std::vector<std::string> points;
  for (const v1::SensitivityPoint& one : figures.points()) {
    points.push_back(absl::StrCat(
        one.constant(), one.as_written() ? "*" : "", " ", one.units(), " +",
        one.gained(), " -", one.lost(), " finds +", one.gained_finds().count(),
        " -", one.lost_finds().count(), "/", one.lost_finds().of()));
  }
  EXPECT_THAT(points, testing::ElementsAre("10000 5 +2 -0 finds +2 -0/0",
                                           "15000 4 +1 -0 finds +1 -0/0",
                                           "20000* 3 +0 -0 finds +0 -0/0",
                                           "30000 2 +0 -1 finds +0 -0/1",
                                           "40000 1 +0 -2 finds +0 -0/2"));
}

// Variants have an index of their own: the other one is as without them.
TEST(SensitivityTest, RulesAreLookedAtAsOftenAsWithoutVariants) {
  const auto set = Checked(kSet);
  Programme::Member variants{77, PlanSensitivity(*set, 100).variants,
                             /*shadow=*/true};
  variants.apart = true;
  const auto with = Compiled({{1, set}, variants});
  const auto without = Compiled({{1, set}});
  std::mt19937 random(7);
  std::vector<uint64_t> is, was;
  for (int i = 0; i < 500; ++i) {
    const v1::Movement m = RandomMovement(&random);
    for (const bool tried : {true, false}) {
      EvalScratch scratch;
      v1::Assessment assessment;
      (tried ? with : without)->Evaluate({&m}, &scratch, &assessment);
      Programme::CountEvaluated(scratch, tried ? &is : &was);
    }
  }
  EXPECT_EQ(is, was);
}

TEST(SensitivityTest, ACostIsThatOfTheCondition) {
  const auto set = Checked(kSet);
  EXPECT_GT(ConditionCost(*set, "heavy"), ConditionCost(*set, "draft"));
  EXPECT_GT(ConditionCost(*set, "draft"), 0);
  EXPECT_EQ(ConditionCost(*set, "nobody"), 0);
}

}  // namespace
}  // namespace portrisk::scoring
