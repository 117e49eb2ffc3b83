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

}  // namespace
}  // namespace portrisk::service::cli
