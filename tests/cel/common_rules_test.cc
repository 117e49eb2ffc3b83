// The rule sets we ship: every pattern of the catalogue has a rule, every rule
// speaks three languages, tells the officer what to do, and shows in its own
// tests when it hits, when it does not and when it cannot tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "scoring/programme.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {
namespace {

using ::testing::IsEmpty;

constexpr int kPatterns = 33;
// Those that say by themselves that a box must be held.
const std::set<int> kHardPatterns = {1, 2, 9, 14, 19};

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

template <typename Function>
void ForEachRule(Function function) {
  for (const auto& file : RuleFiles()) {
    const CheckResult checked = CheckRuleSet(Read(file), "");
    ASSERT_NE(checked.rule_set, nullptr) << file;
    for (const Rule& rule : checked.rule_set->rules) function(rule);
  }
}

std::vector<int> PatternsOf(const Rule& rule) {
  std::vector<int> patterns;
  for (absl::string_view tag : rule.tags) {
    int number = 0;
    if (absl::ConsumePrefix(&tag, "pattern.") &&
        absl::SimpleAtoi(tag, &number)) {
      patterns.push_back(number);
    }
  }
  return patterns;
}

bool IsHard(const Rule& rule) { return rule.lane_at_least >= v1::ORANGE; }

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

TEST(CommonRules, CoverEveryPattern) {
  std::map<int, int> rules;
  ForEachRule([&](const Rule& rule) {
    EXPECT_FALSE(PatternsOf(rule).empty()) << rule.id;
    if (rule.status != RuleStatus::kActive) return;
    for (int pattern : PatternsOf(rule)) ++rules[pattern];
  });
  for (int pattern = 1; pattern <= kPatterns; ++pattern) {
    EXPECT_GT(rules[pattern], 0) << "pattern." << pattern;
  }
  EXPECT_EQ(rules.size(), static_cast<size_t>(kPatterns))
      << "a tag names a pattern that does not exist";
}

// Nobody is stopped by weight of evidence that was meant to add weight only.
TEST(CommonRules, OnlyHardPatternsCarryAMandatoryLane) {
  std::set<int> mandatory;
  ForEachRule([&](const Rule& rule) {
    if (!IsHard(rule)) return;
    for (int pattern : PatternsOf(rule)) {
      EXPECT_EQ(kHardPatterns.count(pattern), 1u) << rule.id;
      mandatory.insert(pattern);
    }
    EXPECT_GE(rule.control, v1::SCAN_IMAGE) << rule.id;
  });
  EXPECT_EQ(mandatory, kHardPatterns);
}

TEST(CommonRules, SpeakThreeLanguagesAndTellTheOfficerWhatToDo) {
  ForEachRule([](const Rule& rule) {
    for (size_t i = 0; i < kLanguages.size(); ++i) {
      EXPECT_FALSE(rule.title[i].empty()) << rule.id << " " << kLanguages[i];
      EXPECT_FALSE(rule.explain[i].empty()) << rule.id << " " << kLanguages[i];
      EXPECT_FALSE(rule.task[i].empty()) << rule.id << " " << kLanguages[i];
    }
  });
}

std::vector<std::string> FieldsOf(const TextTemplate& text) {
  std::vector<std::string> fields;
  for (const TextTemplate::Piece& piece : text.pieces) {
    if (piece.is_field) fields.push_back(piece.text);
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

// A translation that leaves a value out tells its reader less than the others.
TEST(CommonRules, ShowTheSameValuesInEveryLanguage) {
  ForEachRule([](const Rule& rule) {
    for (size_t i = 1; i < kLanguages.size(); ++i) {
      EXPECT_EQ(FieldsOf(rule.explain[i]), FieldsOf(rule.explain[0]))
          << rule.id << " " << kLanguages[i];
    }
  });
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
  movement.mutable_container()->set_operator_code("MAEU");
  movement.mutable_container()->set_type_code("45R1");
  movement.mutable_container()->set_reefer_unit("TK1");
  movement.mutable_location()->set_locode("NLRTM");
  movement.mutable_haulier()->set_id("H1");
  movement.add_seals()->set_number("A1");
  v1::ContainerView container;
  container.mutable_previous_handling()->set_event(v1::DISCHARGE);
  container.set_whereabouts(v1::IN_FACILITY);
  container.set_dwell_h(30);
  container.set_owner_registered(true);
  container.set_tare_difference_kg(0);
  container.mutable_known()->set_operator_code("MAEU");
  container.mutable_known()->set_type_code("45R1");
  container.mutable_known()->set_reefer_unit("TK1");
  container.mutable_leg_in()->set_distance_km(0);
  container.mutable_leg_in()->set_elapsed_h(30);
  container.set_weight_change(0.01);
  container.mutable_last_discharge()->set_voyage("V2");
  container.mutable_declared()->set_voyage("V1");
  container.add_seals("A1");
  container.add_last_seals("A1");
  container.set_seals_accounted_for(false);
  v1::RightView right;
  right.mutable_nominated()->set_id("H1");
  v1::PartyView party;
  party.mutable_haulier()->set_movements(900);
  party.mutable_haulier()->set_age_h(9000);
  party.mutable_haulier_plate()->set_movements(40);
  v1::FacilityView facility;
  facility.mutable_profile()->set_age_h(9000);
  Scope scope{&movement, &container, &right, &party};
  scope.facility = &facility;
  EvalScratch scratch;
  v1::Assessment assessment;
  (*programme)->Evaluate(scope, &scratch, &assessment);
  EXPECT_THAT(assessment.hits(), IsEmpty()) << assessment.DebugString();
  EXPECT_THAT(assessment.not_evaluated(), IsEmpty())
      << assessment.DebugString();
}

}  // namespace
}  // namespace portrisk::scoring
