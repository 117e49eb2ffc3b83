#include "service/cli/replay_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/evaluations.h"

namespace portrisk::service::cli {
namespace {

absl::StatusOr<std::vector<scoring::Capacity>> Capacities(
    const std::vector<std::string>& texts) {
  const auto parsed = ParseCapacities(texts);
  if (!parsed.ok()) return parsed.status();
  v1::EvaluationPlan plan;
  for (const v1::EvaluationCapacity& one : *parsed) {
    *plan.add_capacities() = one;
  }
  return ReplayOptionsOf(plan).capacities;
}

std::vector<std::string> Parsed(const std::vector<std::string>& texts) {
  const auto capacities = Capacities(texts);
  if (!capacities.ok()) return {std::string(capacities.status().message())};
  std::vector<std::string> is;
  for (const scoring::Capacity& one : *capacities) is.push_back(one.ToString());
  return is;
}

TEST(ReplayTablesTest, CapacitiesAreOfAllFacilitiesAndOfSome) {
  using testing::ElementsAre;
  EXPECT_THAT(Parsed({}), testing::IsEmpty());
  EXPECT_THAT(Parsed({"5", "2", "5"}), ElementsAre("2", "5"));
  EXPECT_THAT(Parsed({"5", "NLRTM/B=20", "BEANR=0"}),
              ElementsAre("5, BEANR=0, NLRTM/B=20"));
  EXPECT_THAT(Parsed({"NLRTM/B=20"}), ElementsAre("NLRTM/B=20"));
  const auto capacity = *Capacities({"NLRTM/B=20"});
  EXPECT_EQ(capacity[0].Of("NLRTM/B"), 20u);
  EXPECT_EQ(capacity[0].Of("NLRTM/A"), 0u);
}

TEST(ReplayTablesTest, WhatIsNoCapacityIsNamed) {
  for (const char* text :
       {"", "many", "-1", "NLRTM=", "=5", "NLRTM=x", "5.5", "9999999"}) {
    EXPECT_THAT(Parsed({text})[0],
                testing::AllOf(testing::HasSubstr(text),
                               testing::HasSubstr("is no capacity")));
  }
  EXPECT_THAT(Parsed({"NLRTM=1", "NLRTM=2"})[0],
              testing::HasSubstr("two capacities"));
}

// Of ten units two are inspected, both with a find.
v1::EvaluationReport ReportOfTwoFinds(double effective_controls_beyond) {
  v1::EvaluationReport report;
  report.set_movements(10);
  report.set_units(10);
  v1::VariantReport& variant = *report.add_variants();
  variant.set_name("baseline");
  v1::CapacityFigures& capacity = *variant.add_capacities();
  capacity.set_capacity("2");
  for (v1::RateFigures* one : {variant.add_rates(), capacity.mutable_figures(),
                               capacity.mutable_worklist()}) {
    one->set_rate(0.2);
    one->set_k(2);
    one->set_least_score(100);
    one->set_recall(1);
    one->mutable_recall_interval()->set_low(0.5);
    one->mutable_recall_interval()->set_high(1);
    one->set_lift(5);
    one->set_effective_controls_beyond(effective_controls_beyond);
  }
  return report;
}

TEST(ReplayTablesTest, FindsThatNobodyLookedForAreNotSaidToBeAllFound) {
  using testing::HasSubstr;
  using testing::Not;
  const auto printed = [](const v1::EvaluationReport& report) {
    testing::internal::CaptureStdout();
    PrintReport(report, 10);
    return testing::internal::GetCapturedStdout();
  };
  const std::string known = printed(ReportOfTwoFinds(3));
  EXPECT_THAT(known, HasSubstr("1.000 (0.500 to 1.000)"));
  EXPECT_THAT(known, Not(HasSubstr("is not known")));
  EXPECT_THAT(known, Not(HasSubstr("no fewer finds")));
  v1::EvaluationReport unweighted = ReportOfTwoFinds(3);
  unweighted.set_unweighted(1);
  EXPECT_THAT(printed(unweighted), HasSubstr("no fewer finds are counted"));
  const std::string unknown = printed(ReportOfTwoFinds(0));
  EXPECT_THAT(unknown, Not(HasSubstr("1.000")));
  EXPECT_THAT(unknown, Not(HasSubstr("5.000")));
  EXPECT_THAT(unknown, HasSubstr("-: nothing beyond these inspections was"));
}

}  // namespace
}  // namespace portrisk::service::cli
