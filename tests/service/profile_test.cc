// Selection profiles in an engine: their life, what they decide, what survives.
#include "tests/service/selection_fixture.h"

namespace portrisk::service {
namespace {

using testing::HasSubstr;

class ProfileApiTest : public SelectionTest {
 protected:
  // A box with 10 points.
  v1::Assessment AssessAt(const std::string& locode,
                          const std::string& facility) {
    ++movements_;
    v1::Movement m = MakeMovement(absl::StrCat("m", movements_), v1::GATE_IN,
                                  Number(movements_), movements_);
    m.mutable_location()->set_locode(locode);
    m.mutable_location()->set_facility(facility);
    const Answer answer = Score(engine_.get(), m);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.assessment();
  }
};

TEST_F(ProfileApiTest, ADraftDecidesNothingAndAnActivatedOneFromThenOn) {
  Activate(Document("s", "common", "", kAnyBox));
  EXPECT_EQ(AssessAt("NLRTM", "ECTDELTA").profile(), "default.1");
  auto made = Create(Profile("scores: {yellow: 10}\n"));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->version(), 1u);
  EXPECT_EQ(made->state(), v1::DRAFT);
  EXPECT_EQ(AssessAt("NLRTM", "ECTDELTA").profile(), "default.1");
  auto active = ActivateProfile(1);
  ASSERT_TRUE(active.ok()) << active.status();
  EXPECT_EQ(active->state(), v1::ACTIVE);
  const v1::Assessment after = AssessAt("NLRTM", "ECTDELTA");
  EXPECT_EQ(after.profile(), "nl.1");
  EXPECT_EQ(after.lane(), v1::YELLOW);
  EXPECT_EQ(after.channel(), v1::SCORE);
  EXPECT_EQ(ReasonOf(ActivateProfile(1).status()), "WRONG_STATE");
}

TEST_F(ProfileApiTest, APlaceHasItsOwnTerms) {
  Activate(Document("s", "common", "", kAnyBox));
  PutInForce(
      Profile("random: {rate: 0%}\n"
              "places:\n"
              "  - {place: NLRTM/ECTDELTA, scores: {yellow: 5, orange: 10}}\n"
              "  - {place: BEANR, random: {rate: 100%, lane: RED}}\n"));
  const v1::Assessment terminal = AssessAt("NLRTM", "ECTDELTA");
  EXPECT_EQ(terminal.profile(), "nl.1@NLRTM/ECTDELTA");
  EXPECT_EQ(terminal.lane(), v1::ORANGE);
  EXPECT_EQ(AssessAt("NLRTM", "RST").profile(), "nl.1");
  EXPECT_EQ(AssessAt("NLRTM", "RST").lane(), v1::GREEN);
  const v1::Assessment antwerp = AssessAt("BEANR", "K869");
  EXPECT_EQ(antwerp.profile(), "nl.1@BEANR");
  EXPECT_EQ(antwerp.lane(), v1::RED);
  EXPECT_EQ(antwerp.channel(), v1::RANDOM);
  EXPECT_EQ(antwerp.unit().selection_ppm(), 1'000'000u);
}

TEST_F(ProfileApiTest, AUnitKeepsTheProbabilityThatAHigherRateGaveIt) {
  PutInForce(Profile("random: {rate: 100%}\n"));
  ASSERT_EQ(Assess(Number(1)).channel(), v1::RANDOM);
  PutInForce(Profile("random: {rate: 1%}\n"));
  v1::Movement m = MakeMovement("later", v1::YARD_MOVE, Number(1), 100);
  m.set_work_order("w");
  const v1::Assessment later = Score(engine_.get(), m).assessment();
  EXPECT_EQ(later.profile(), "nl.2");
  EXPECT_EQ(later.unit().channel(), v1::RANDOM);
  EXPECT_EQ(later.unit().selection_ppm(), 1'000'000u);
  EXPECT_EQ(Assess(Number(2)).unit().selection_ppm(), 10'000u);
  ExpectVerified();
}

TEST_F(ProfileApiTest, VersionsRetireComeBackAndAreKeptWithTheirDocuments) {
  const std::string first = Profile("# the first\ncapacity: 4\n");
  PutInForce(first);
  PutInForce(Profile("capacity: 5\n"));
  auto back = ActivateProfile(1);
  ASSERT_TRUE(back.ok()) << back.status();
  auto list = Profiles().List({});
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->profiles_size(), 2);
  EXPECT_EQ(list->profiles(0).state(), v1::ACTIVE);
  EXPECT_EQ(list->profiles(0).events_size(), 4)
      << "draft, active, retired, active";
  EXPECT_EQ(list->profiles(1).state(), v1::RETIRED);
  auto shown = Profiles().Get({});
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->version(), 1u);
  EXPECT_EQ(shown->yaml(), first);
  EXPECT_EQ(shown->profile().terms(0).capacity(3), 4u);
  EXPECT_EQ(shown->author(), kCaller);
  EXPECT_EQ(shown->events(0).note(), "because");
}

TEST_F(ProfileApiTest, SomebodyElseActivatesIt) {
  ASSERT_TRUE(Create(Profile(""), "ana").ok());
  EXPECT_EQ(ReasonOf(ActivateProfile(1, "ana").status()), "FOUR_EYES");
  EXPECT_EQ(ReasonOf(ActivateProfile(1, "").status()), "NO_CALLER");
  ASSERT_TRUE(ActivateProfile(1, "bo").ok());
  ASSERT_TRUE(Create(Profile("capacity: 1\n"), "bo").ok());
  ASSERT_TRUE(ActivateProfile(2, "ana").ok());
  // Going back to what somebody else has put in force needs nobody.
  EXPECT_TRUE(ActivateProfile(1, "ana").ok());
  EXPECT_EQ(ReasonOf(ActivateProfile(3, "bo").status()), "NOT_FOUND");
  EXPECT_EQ(ReasonOf(ActivateProfile(0, "bo").status()), "NOT_FOUND");
}

TEST_F(ProfileApiTest, ABrokenOneIsRefusedWithItsMistakesAndNothingIsKept) {
  const auto refused = Create(Profile("scores: {yelow: 3}\ncapacity: x\n"));
  EXPECT_EQ(ReasonOf(refused.status()), "INVALID_PROFILE");
  const std::string text = Describe(ToRpcStatus(refused.status()));
  EXPECT_THAT(text, HasSubstr("yaml:3:10"));
  EXPECT_THAT(text, HasSubstr("yellow"));
  EXPECT_THAT(text, HasSubstr("yaml:4:11"));
  EXPECT_EQ(Profiles().List({})->profiles_size(), 0);
  EXPECT_EQ(ReasonOf(Profiles().Get({}).status()), "NOT_FOUND");
}

TEST_F(ProfileApiTest, WhatIsInForceSurvivesCrashAndRestart) {
  Activate(Document("s", "common", "", kAnyBox));
  PutInForce(Profile("scores: {yellow: 10}\nrandom: {rate: 0%}\n"));
  Assess(Number(1));
  Restart();
  EXPECT_EQ(Assess(Number(2)).lane(), v1::YELLOW);
  Reopen();
  const v1::Assessment again = Assess(Number(3));
  EXPECT_EQ(again.profile(), "nl.1");
  EXPECT_EQ(again.lane(), v1::YELLOW);
  ASSERT_TRUE(Profiles().Get({}).ok());
  ExpectVerified();
}

TEST_F(ProfileApiTest, ACandidateProfileIsTriedOnHistory) {
  Activate(Document("s", "common", "",
                    "    when: movement.container.load_status == FULL\n"
                    "    score: 60\n"));
  PutInForce(Profile("random: {rate: 0%}\n"));
  for (int i = 0; i < 20; ++i) Assess(Number(i));
  const auto store = Drained();
  ReplayOptions options;
  options.draw_key = DrawKeyOf(TestSecrets());
  auto in_force = InForce(*store, "in force");
  ASSERT_TRUE(in_force.ok()) << in_force.status();
  const scoring::SelectionProfiles lower([] {
    scoring::SelectionProfile terms;
    terms.name = "lower";
    terms.yellow_score_min = 50;
    terms.random_rate_ppm = 0;
    return terms;
  }());
  ReplayVariant candidate = *in_force;
  candidate.profiles =
      std::make_shared<const scoring::SelectionProfiles>(lower);
  const auto report = ReplayHistory(*store, {*in_force, candidate}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->variants(0).selected(), 0u)
      << "by the profile of the journal, without a random stream";
  EXPECT_EQ(report->variants(1).selected(), 20u);
  EXPECT_EQ(report->variants(1).change().gained(), 20u);
}

}  // namespace
}  // namespace portrisk::service
