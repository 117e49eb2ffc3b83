#include "scoring/selection_profile.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/decision.h"
#include "scoring/selection_profile_parser.h"

namespace portrisk::scoring {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kHead[] = "profile: nl\nowner: NL Customs\n";

v1::SelectionProfile Parsed(const std::string& yaml) {
  ParsedProfile parsed = ParseSelectionProfile(yaml, "p.yaml");
  for (const v1::Issue& issue : parsed.issues) {
    EXPECT_NE(issue.severity(), v1::ERROR) << issue.DebugString();
  }
  EXPECT_TRUE(parsed.profile.has_value());
  return parsed.profile.value_or(v1::SelectionProfile());
}

// "line:column CODE" of every issue.
std::string IssuesOf(const std::string& yaml) {
  const ParsedProfile parsed = ParseSelectionProfile(yaml, "p.yaml");
  std::vector<std::string> texts;
  bool errors = false;
  for (const v1::Issue& issue : parsed.issues) {
    errors |= issue.severity() == v1::ERROR;
    EXPECT_EQ(issue.file(), "p.yaml");
    texts.push_back(
        absl::StrCat(issue.line(), ":", issue.column(), " ", issue.code()));
  }
  EXPECT_NE(errors, parsed.profile.has_value());
  return absl::StrJoin(texts, ", ");
}

TEST(SelectionProfileTest, WhatIsLeftOutIsBuiltIn) {
  const SelectionProfiles profiles(Parsed(kHead));
  const SelectionProfile& terms = profiles.At("NLRTM", "ECTDELTA");
  const SelectionProfile built_in;
  EXPECT_EQ(terms.yellow_score_min, built_in.yellow_score_min);
  EXPECT_EQ(terms.red_score_min, built_in.red_score_min);
  EXPECT_EQ(terms.random_rate_ppm, built_in.random_rate_ppm);
  EXPECT_EQ(terms.top_up_lane, built_in.top_up_lane);
  EXPECT_FALSE(terms.has_capacity);
  EXPECT_EQ(terms.name, "nl.0");
}

TEST(SelectionProfileTest, APlaceTakesOverWhatItDoesNotSay) {
  v1::SelectionProfile profile =
      Parsed(absl::StrCat(kHead,
                          "scores: {yellow: 50}\n"
                          "random: {rate: 3%}\n"
                          "places:\n"
                          "  - {place: NLRTM/ECTDELTA, capacity: 9}\n"
                          "  - {place: NLRTM, random: {rate: 0.5, lane: RED}}\n"
                          "  - {place: BEANR/K869, scores: {red: 1001}}\n"));
  profile.set_version(4);
  const SelectionProfiles profiles(profile);
  const SelectionProfile& terminal = profiles.At("NLRTM", "ECTDELTA");
  EXPECT_EQ(terminal.name, "nl.4@NLRTM/ECTDELTA");
  EXPECT_EQ(terminal.yellow_score_min, 50);
  EXPECT_EQ(terminal.random_rate_ppm, 500'000u) << "of NLRTM";
  EXPECT_EQ(terminal.random_lane, v1::RED);
  ASSERT_TRUE(terminal.has_capacity);
  EXPECT_EQ(terminal.capacity[6], 9u);
  EXPECT_EQ(profiles.At("NLRTM", "OTHER").name, "nl.4@NLRTM");
  EXPECT_FALSE(profiles.At("NLRTM", "").has_capacity);
  const SelectionProfile& antwerp = profiles.At("BEANR", "K869");
  EXPECT_EQ(antwerp.random_rate_ppm, 30'000u) << "of everywhere else";
  EXPECT_EQ(antwerp.red_score_min, kScoreNever);
  for (const char* locode : {"BEANR", "DEHAM", ""}) {
    EXPECT_EQ(profiles.At(locode, "ECTDELTA").name, "nl.4") << locode;
  }
}

TEST(SelectionProfileTest, CapacitiesFollowTheDaysOfTheWeek) {
  const v1::SelectionProfile profile = Parsed(
      absl::StrCat(kHead, "capacity: {saturday: 20, sunday: 0, other: 60}\n"));
  EXPECT_THAT(profile.terms(0).capacity(),
              ElementsAre(60, 60, 60, 60, 60, 20, 0));
  EXPECT_EQ(WeekdayOf(0), 3u);  // 1970-01-01, a Thursday.
  EXPECT_EQ(WeekdayOf(-1), 2u);
  EXPECT_EQ(WeekdayOf(1'790'000'000), 0u);  // 2026-09-21, a Monday.
  EXPECT_EQ(WeekdayOf(1'790'000'000 + 6 * 86400), 6u);
}

TEST(SelectionProfileTest, MistakesAreNamedWhereTheyStand) {
  EXPECT_EQ(IssuesOf("owner: a\n"), "1:1 MISSING_KEY");
  EXPECT_EQ(IssuesOf("profile: default\nowner: a\n"), "1:10 BAD_NAME");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "scores: {yellow: 300, red: 200}\n")),
            "3:9 BAD_VALUE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "scores: {yelow: 3}\n")),
            "3:10 UNKNOWN_KEY");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "random: {rate: 120%}\n")),
            "3:16 BAD_VALUE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "random: {rate: x, lane: GREEN}\n")),
            "3:16 BAD_VALUE, 3:25 UNKNOWN_VALUE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "random: {rate: 1}\n")),
            "3:16 BAD_VALUE")
      << "all of them, or one of a hundred?";
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "random: {rate: 100%}\n")), "");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "capacity: {monday: 3}\n")),
            "3:11 MISSING_KEY");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "capacity: -1\n")), "3:11 BAD_VALUE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "places:\n  - {place: Rotterdam}\n")),
            "4:13 BAD_PLACE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "places:\n  - {place: NLRTM/}\n")),
            "4:13 BAD_PLACE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead,
                                  "places:\n  - {place: NLRTM, capacity: 1}\n"
                                  "  - {place: NLRTM, capacity: 2}\n")),
            "5:5 DUPLICATE");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "sender_learns: all\n")),
            "3:16 UNKNOWN_VALUE");
  EXPECT_EQ(IssuesOf("[1, 2]"), "1:1 YAML");
}

TEST(SelectionProfileTest, WhatASenderLearnsIsSaidByPlace) {
  const SelectionProfiles profiles(
      Parsed(absl::StrCat(kHead,
                          "places:\n  - {place: NLRTM, sender_learns: "
                          "control}\n")));
  EXPECT_FALSE(profiles.everywhere().control_to_sender);
  EXPECT_FALSE(profiles.At("BEANR", "").control_to_sender);
  EXPECT_TRUE(profiles.At("NLRTM", "ECTDELTA").control_to_sender);
}

TEST(SelectionProfileTest, WhatIsOddIsAWarning) {
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "random: {rate: 0}\n")),
            "3:9 NO_RANDOM_STREAM");
  EXPECT_EQ(IssuesOf(absl::StrCat(kHead, "top_up: {score_min: 100}\n")),
            "3:9 NEVER_TOPS_UP");
}

TEST(SelectionProfileTest, TheTermsAreThoseOfThePlaceOfTheUnit) {
  const SelectionProfiles profiles(Parsed(
      absl::StrCat(kHead, "places: [{place: NLRTM/ECTDELTA, capacity: 1}]\n")));
  v1::Movement movement;
  movement.mutable_location()->set_locode("NLRTM");
  movement.mutable_location()->set_facility("ECTDELTA");
  v1::ContainerState state;
  v1::Unit unit;
  unit.set_visit_ordinal(1);
  // The first movement of a visit.
  EXPECT_EQ(TermsOf(profiles, movement, &state, unit).name,
            "nl.0@NLRTM/ECTDELTA");
  EXPECT_EQ(TermsOf(profiles, movement, nullptr, v1::Unit()).name,
            "nl.0@NLRTM/ECTDELTA");
  // A document that says another place, of a box that is there.
  state.mutable_visit()->set_ordinal(1);
  state.mutable_visit()->set_locode("NLRTM");
  state.mutable_visit()->set_facility("ECTDELTA");
  movement.mutable_location()->set_locode("BRSSZ");
  movement.mutable_location()->clear_facility();
  EXPECT_EQ(TermsOf(profiles, movement, &state, unit).name,
            "nl.0@NLRTM/ECTDELTA");
  EXPECT_EQ(TermsOf(profiles, movement, nullptr, v1::Unit()).name, "nl.0");
}

}  // namespace
}  // namespace portrisk::scoring
