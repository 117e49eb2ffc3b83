// The rule sets we ship.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "scoring/programme.h"

namespace portrisk::scoring {
namespace {

using ::testing::IsEmpty;

std::vector<std::filesystem::path> RuleFiles() {
  std::vector<std::filesystem::path> files;
  const auto folder =
      std::filesystem::path(PORTRISK_SOURCE_DIR) / "deploy" / "rules";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(CommonRules, HaveNoIssueOfAnyKind) {
  const auto files = RuleFiles();
  EXPECT_GE(files.size(), 3);
  for (const auto& file : files) {
    const CheckResult result =
        CheckRuleSet(Read(file), file.filename().string());
    for (const v1::Issue& issue : result.issues) {
      ADD_FAILURE() << issue.DebugString() << issue.excerpt();
    }
    ASSERT_NE(result.rule_set, nullptr);
    EXPECT_EQ(RuleSetName(*result.rule_set), file.stem().string());
  }
}

TEST(CommonRules, EachRuleIsTriedForHitMissAndUnknown) {
  for (const auto& file : RuleFiles()) {
    std::map<std::string, std::set<std::string>> outcomes;
    const CheckResult result = CheckRuleSet(Read(file), "");
    for (const v1::RuleTestResult& test : result.tests) {
      EXPECT_TRUE(test.passed()) << test.ShortDebugString();
      const std::string rest =
          test.detail().substr(std::string("expected ").size());
      outcomes[test.rule()].insert(rest.substr(0, rest.find(',')));
    }
    ASSERT_NE(result.rule_set, nullptr);
    EXPECT_EQ(outcomes.size(), RuleCount(*result.rule_set));
    for (const auto& [rule, seen] : outcomes) {
      EXPECT_EQ(seen, (std::set<std::string>{"hit", "miss", "unknown"}))
          << rule;
    }
  }
}

TEST(CommonRules, OrderlyFullImportRaisesNothing) {
  std::vector<Programme::Member> members;
  for (const auto& file : RuleFiles()) {
    members.push_back(
        {members.size() + 1, CheckRuleSet(Read(file), "").rule_set});
    ASSERT_NE(members.back().rule_set, nullptr);
  }
  const auto programme = Programme::Compile(std::move(members));
  ASSERT_TRUE(programme.ok());
  v1::Movement movement;
  movement.set_source("terminal");
  movement.set_event(v1::GATE_OUT);
  movement.mutable_occurrence_time()->set_seconds(1767225600);
  movement.mutable_container()->set_number("MSKU1234565");
  movement.mutable_container()->set_number_status(v1::NUMBER_VALID);
  movement.mutable_container()->set_load_status(v1::FULL);
  movement.mutable_location()->set_locode("NLRTM");
  movement.mutable_haulier()->set_id("H1");
  movement.add_seals()->set_number("A1");
  v1::ContainerView container;
  container.mutable_previous_handling()->set_event(v1::DISCHARGE);
  container.mutable_leg_in()->set_distance_km(0);
  container.mutable_leg_in()->set_elapsed_h(30);
  container.set_weight_change(0.01);
  container.add_seals("A1");
  container.add_last_seals("A1");
  container.set_seals_accounted_for(false);
  v1::RightView right;
  right.mutable_nominated()->set_id("H1");
  EvalScratch scratch;
  v1::Assessment assessment;
  (*programme)
      ->Evaluate({&movement, &container, &right}, &scratch, &assessment);
  EXPECT_THAT(assessment.hits(), IsEmpty()) << assessment.DebugString();
  EXPECT_THAT(assessment.not_evaluated(), IsEmpty())
      << assessment.DebugString();
}

}  // namespace
}  // namespace portrisk::scoring
