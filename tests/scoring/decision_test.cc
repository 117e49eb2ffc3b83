#include "scoring/decision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "scoring/container_history.h"

namespace portrisk::scoring {
namespace {

class DecisionTest : public testing::Test {
 protected:
  DecisionTest() : programme_(*Programme::Compile({})) {
    assessment_.mutable_unit()->set_draw_ppm(999'999);
  }

  v1::Hit* Hit(int32_t contribution, const std::string& category = "") {
    v1::Hit* hit = assessment_.add_hits();
    hit->set_contribution(contribution);
    hit->set_category(category);
    return hit;
  }
  const v1::Assessment& Run() {
    Decide(*programme_, SelectionProfile(), &assessment_);
    return assessment_;
  }

  std::shared_ptr<const Programme> programme_;
  v1::Assessment assessment_;
};

TEST_F(DecisionTest, NoHitIsGreenWithoutControl) {
  EXPECT_EQ(Run().lane(), v1::GREEN);
  EXPECT_EQ(Run().control(), v1::NO_CONTROL);
  EXPECT_EQ(Run().channel(), v1::CHANNEL_UNSPECIFIED);
}

TEST_F(DecisionTest, ContributionsAddUpToAThousandAtMost) {
  Hit(700);
  Hit(800);
  EXPECT_EQ(Run().score(), 1000);
  EXPECT_EQ(Run().lane(), v1::RED);
  EXPECT_EQ(Run().channel(), v1::SCORE);
}

TEST_F(DecisionTest, AMandatoryLaneStandsWhateverTheScore) {
  v1::Hit* hit = Hit(10);
  hit->set_lane_at_least(v1::RED);
  hit->set_control(v1::HOLD_AND_INSPECT);
  EXPECT_EQ(Run().lane(), v1::RED);
  EXPECT_EQ(Run().control(), v1::HOLD_AND_INSPECT);
  EXPECT_EQ(Run().channel(), v1::MANDATORY_RULE);
}

TEST_F(DecisionTest, ShadowHitsAddNothing) {
  v1::Hit* hit = Hit(900);
  hit->set_lane_at_least(v1::RED);
  hit->set_shadow(true);
  EXPECT_EQ(Run().score(), 0);
  EXPECT_EQ(Run().lane(), v1::GREEN);
  EXPECT_EQ(Run().hits_size(), 1);
}

TEST_F(DecisionTest, HitsAreOrderedByContributionThenRule) {
  Hit(10)->set_rule("a");
  Hit(300)->set_rule("b");
  Hit(10)->set_rule("c");
  const v1::Assessment& a = Run();
  EXPECT_EQ(a.hits(0).rule(), "b");
  EXPECT_EQ(a.hits(1).rule(), "a");
  EXPECT_EQ(a.hits(2).rule(), "c");
}

TEST_F(DecisionTest, TheRandomStreamSelectsWhatScoredNothing) {
  assessment_.mutable_unit()->set_draw_ppm(9'999);
  EXPECT_EQ(Run().lane(), v1::ORANGE);
  EXPECT_EQ(Run().channel(), v1::RANDOM);
  EXPECT_EQ(Run().unit().selection_ppm(), 10'000u);
}

TEST_F(DecisionTest, ARuleMakesADrawnUnitCertain) {
  assessment_.mutable_unit()->set_channel(v1::RANDOM);
  Hit(700);
  EXPECT_EQ(Run().unit().channel(), v1::RANDOM);
  EXPECT_EQ(Run().unit().selection_ppm(), 1'000'000u);
}

TEST_F(DecisionTest, AUnitKeepsItsStrongestLaneAndItsFirstChannel) {
  assessment_.mutable_unit()->set_lane(v1::RED);
  assessment_.mutable_unit()->set_channel(v1::MANDATORY_RULE);
  Hit(200);
  EXPECT_EQ(Run().lane(), v1::YELLOW);
  EXPECT_EQ(Run().unit().lane(), v1::RED);
  EXPECT_EQ(Run().unit().channel(), v1::MANDATORY_RULE);
}

TEST_F(DecisionTest, WhatRaisesAUnitSaysWhatItRoseFrom) {
  EXPECT_EQ(Run().unit().lane_before(), v1::LANE_UNSPECIFIED) << "green";
  Hit(200);
  EXPECT_EQ(Run().unit().lane_before(), v1::GREEN);
  EXPECT_EQ(Run().unit().lane(), v1::YELLOW);
  Hit(500);
  EXPECT_EQ(Run().unit().lane_before(), v1::YELLOW);
  assessment_.mutable_unit()->clear_lane_before();  // As AssignUnit does.
  EXPECT_EQ(Run().unit().lane_before(), v1::LANE_UNSPECIFIED) << "no rise";
}

TEST_F(DecisionTest, TheHighestRandomRateAUnitHasMetIsItsProbability) {
  assessment_.mutable_unit()->set_selection_ppm(20'000);
  EXPECT_EQ(Run().unit().selection_ppm(), 20'000u);
  assessment_.mutable_unit()->set_selection_ppm(5'000);
  EXPECT_EQ(Run().unit().selection_ppm(), 10'000u);
}

v1::Movement Visit(v1::Event event, const std::string& locode) {
  v1::Movement m;
  m.set_event(event);
  m.mutable_container()->set_number("MSKU1234565");
  m.mutable_location()->set_locode(locode);
  m.mutable_location()->set_facility("T1");
  return m;
}

TEST(UnitTest, AVisitLastsFromArrivalToDeparture) {
  const DrawKey key{"k", {}};
  v1::ContainerState state;
  v1::Unit unit;
  const auto next = [&](const v1::Movement& m) {
    AssignUnit(m, &state, key, &unit);
    FoldContainer({&m, 1, 1}, &unit, &state);
    return unit.id();
  };
  const std::string first = next(Visit(v1::DISCHARGE, "NLRTM"));
  EXPECT_EQ(first, "MSKU1234565@NLRTM/T1#1");
  EXPECT_EQ(next(Visit(v1::YARD_MOVE, "NLRTM")), first);
  EXPECT_EQ(next(Visit(v1::GATE_OUT, "NLRTM")), first);
  EXPECT_FALSE(unit.visit_open());
  EXPECT_EQ(next(Visit(v1::GATE_OUT, "NLRTM")), first);
  EXPECT_EQ(next(Visit(v1::GATE_IN, "NLRTM")), "MSKU1234565@NLRTM/T1#2");
  EXPECT_EQ(next(Visit(v1::GATE_IN, "BEANR")), "MSKU1234565@BEANR/T1#3");
}

TEST(UnitTest, ATopUpStaysWithTheVisitAndEndsWithIt) {
  const DrawKey key{"k", {}};
  v1::ContainerState state;
  v1::Unit unit;
  const auto next = [&](const v1::Movement& m) {
    AssignUnit(m, &state, key, &unit);
    unit.set_selection_ppm(std::max(unit.selection_ppm(), 10'000u));
    FoldContainer({&m, 1, 1}, &unit, &state);
  };
  next(Visit(v1::DISCHARGE, "NLRTM"));
  v1::WorklistUnit taken;
  taken.set_unit(unit.id());
  taken.set_channel(v1::CAPACITY);
  taken.set_lane(v1::ORANGE);
  taken.set_selection_ppm(1'000'000);
  EXPECT_FALSE(IsToppedUpBy(taken, state)) << "left out for want of capacity";
  taken.set_within_capacity(true);
  ASSERT_TRUE(IsToppedUpBy(taken, state));
  TopUp(taken, 7, &state);
  EXPECT_EQ(state.last_sequence(), 7u);
  next(Visit(v1::YARD_MOVE, "NLRTM"));
  EXPECT_EQ(unit.lane(), v1::ORANGE);
  EXPECT_EQ(unit.channel(), v1::CAPACITY);
  EXPECT_EQ(unit.selection_ppm(), 1'000'000u);
  next(Visit(v1::GATE_IN, "BEANR"));
  EXPECT_EQ(unit.channel(), v1::CHANNEL_UNSPECIFIED);
  EXPECT_EQ(unit.selection_ppm(), 10'000u);
  EXPECT_FALSE(IsToppedUpBy(taken, state)) << "another visit";
}

TEST(UnitTest, AnUnnamedFacilityAndPapersStayInTheVisit) {
  const DrawKey key{"k", {}};
  v1::ContainerState state;
  v1::Unit unit;
  const v1::Movement in = Visit(v1::DISCHARGE, "NLRTM");
  AssignUnit(in, &state, key, &unit);
  FoldContainer({&in, 1, 1}, &unit, &state);
  v1::Movement position = Visit(v1::POSITION, "NLRTM");
  position.mutable_location()->clear_facility();
  AssignUnit(position, &state, key, &unit);
  EXPECT_EQ(unit.visit_ordinal(), 1u);
  AssignUnit(Visit(v1::RELEASE_ORDER, "BEANR"), &state, key, &unit);
  EXPECT_EQ(unit.visit_ordinal(), 1u);
  v1::ContainerState nowhere;
  AssignUnit(Visit(v1::RELEASE_ORDER, "BEANR"), &nowhere, key, &unit);
  EXPECT_EQ(unit.id(), "consignment:MSKU1234565");
}

TEST(UnitTest, ALateDepartureDoesNotEndThePresentVisit) {
  const DrawKey key{"k", {}};
  v1::ContainerState state;
  v1::Unit unit;
  v1::Movement in = Visit(v1::GATE_IN, "NLRTM");
  in.mutable_occurrence_time()->set_seconds(2000);
  AssignUnit(in, &state, key, &unit);
  FoldContainer({&in, 1, 1}, &unit, &state);
  v1::Movement late = Visit(v1::GATE_OUT, "NLRTM");
  late.mutable_occurrence_time()->set_seconds(1000);
  AssignUnit(late, &state, key, &unit);
  EXPECT_EQ(unit.id(), "MSKU1234565@NLRTM/T1~0") << "of a stay before";
  FoldContainer({&late, 2, 2}, &unit, &state);
  EXPECT_TRUE(state.visit().open());
}

// Whatever is reported of the box behind the gate, and however late: it left.
TEST(UnitTest, ADepartureEndsItsVisitWhateverCameAfterIt) {
  const DrawKey key{"k", {}};
  v1::ContainerState state;
  v1::Unit unit;
  uint64_t sequence = 0;
  const auto take = [&](v1::Movement m, int64_t time, uint64_t movement,
                        bool corrects = false) {
    m.mutable_occurrence_time()->set_seconds(time);
    const JournaledMovement input{&m, movement, ++sequence};
    if (corrects) UnfoldContainer(input, &state);
    AssignUnit(m, &state, key, &unit);
    FoldContainer(input, &unit, &state);
  };
  v1::Movement position = Visit(v1::POSITION, "");
  position.mutable_location()->clear_facility();
  take(Visit(v1::DISCHARGE, "NLRTM"), 1000, 1);
  take(position, 3000, 3);
  EXPECT_TRUE(state.visit().open());
  take(Visit(v1::GATE_OUT, "NLRTM"), 2000, 2);
  EXPECT_FALSE(state.visit().open()) << "reported late";
  take(Visit(v1::GATE_OUT, "NLRTM"), 2000, 2, /*corrects=*/true);
  EXPECT_FALSE(state.visit().open()) << "corrected";
  take(position, 3000, 3, /*corrects=*/true);
  EXPECT_FALSE(state.visit().open()) << "something else corrected";
  v1::Movement moved = Visit(v1::GATE_OUT, "NLRTM");
  const JournaledMovement retracted{&moved, 2, ++sequence};
  UnfoldContainer(retracted, &state);
  EXPECT_TRUE(state.visit().open()) << "it did not leave";
  // Where its place is not named it left the place where it was.
  take(position, 2000, 4);
  v1::Movement out = Visit(v1::GATE_OUT, "");
  take(out, 2500, 5);
  EXPECT_FALSE(state.visit().open());
  take(position, 2000, 4, /*corrects=*/true);
  EXPECT_FALSE(state.visit().open());
}

// A container whose movements are assigned to units and folded as the engine
// does it, earlier versions taken out first.
class WithdrawnVisitTest : public ::testing::Test {
 protected:
  // The unit of a movement, by the number of which versions of it are told.
  std::string Take(uint64_t movement, v1::Event event,
                   const std::string& facility, int64_t time,
                   bool retracts = false) {
    v1::Movement m = Visit(event, "NLRTM");
    m.mutable_location()->set_facility(facility);
    // Days apart: within one, two codes may be of one terminal.
    m.mutable_occurrence_time()->set_seconds(time * 100);
    if (retracts) {
      m.Clear();
      m.set_retraction(true);
    }
    const JournaledMovement input{&m, movement, ++sequence_};
    if (!known_.insert(movement).second) UnfoldContainer(input, &state_);
    v1::Unit unit;
    AssignUnit(m, &state_, {"k", {}}, &unit);
    FoldContainer(input, &unit, &state_);
    return unit.id().substr(unit.id().find('/') + 1);
  }
  std::string Retract(uint64_t movement) {
    Take(movement, v1::GATE_IN, "", 0, /*retracts=*/true);
    return state_.has_visit() ? state_.visit().unit().substr(
                                    state_.visit().unit().find('/') + 1)
                              : "none";
  }

  v1::ContainerState state_;
  std::set<uint64_t> known_;
  uint64_t sequence_ = 0;
};

TEST_F(WithdrawnVisitTest, AnArrivalThatNeverWasLeavesTheStayWhole) {
  EXPECT_EQ(Take(1, v1::GATE_IN, "T1", 1000), "T1#1");
  EXPECT_EQ(Take(2, v1::GATE_IN, "T2", 2000), "T2#2");
  EXPECT_EQ(Retract(2), "T1#1");
  EXPECT_TRUE(state_.visit().open());
  EXPECT_EQ(Take(3, v1::YARD_MOVE, "T1", 3000), "T1#1");
  // No other stay is called as the one that was withdrawn.
  EXPECT_EQ(Take(4, v1::GATE_IN, "T2", 4000), "T2#3");
}

TEST_F(WithdrawnVisitTest, ACorrectedPlaceIsTheStayThatWasMeant) {
  Take(1, v1::GATE_IN, "T1", 1000);
  EXPECT_EQ(Take(2, v1::YARD_MOVE, "T3", 2000), "T3#2");
  EXPECT_EQ(Take(2, v1::YARD_MOVE, "T1", 2000), "T1#1");
  // Of the same place it is the same stay, whatever else is corrected.
  EXPECT_EQ(Take(1, v1::GATE_IN, "T1", 1100), "T1#1");
  EXPECT_EQ(Take(3, v1::GATE_IN, "T2", 3000), "T2#3");
  EXPECT_EQ(Take(1, v1::GATE_IN, "T1", 1200), "T1#1");
  EXPECT_EQ(Retract(3), "T1#1") << "corrected meanwhile";
  EXPECT_EQ(Retract(2), "T1#1");
  EXPECT_EQ(Retract(1), "none") << "all that told of it is gone";
}

TEST_F(WithdrawnVisitTest, WhatOthersToldOfStays) {
  Take(1, v1::GATE_IN, "T1", 1000);
  Take(2, v1::GATE_IN, "T2", 2000);
  EXPECT_EQ(Take(3, v1::YARD_MOVE, "T2", 3000), "T2#2");
  EXPECT_EQ(Retract(2), "T2#2");
}

TEST_F(WithdrawnVisitTest, TheStayBeforeMayHaveEndedMeanwhile) {
  Take(1, v1::GATE_IN, "T1", 1000);
  Take(2, v1::GATE_IN, "T2", 3000);
  Take(3, v1::GATE_OUT, "T1", 2000);  // Told late.
  EXPECT_EQ(Retract(2), "T1#1");
  EXPECT_FALSE(state_.visit().open());
}

TEST_F(WithdrawnVisitTest, OneThatNeverWasIsNotComeBackTo) {
  Take(1, v1::GATE_IN, "T1", 1000);
  Take(2, v1::GATE_IN, "T2", 2000);
  Take(3, v1::GATE_IN, "T3", 3000);
  EXPECT_EQ(Retract(2), "T3#3");
  EXPECT_EQ(Retract(3), "none") << "T1 is not known any more";
  EXPECT_EQ(Take(4, v1::GATE_IN, "T1", 4000), "T1#4");
}

TEST_F(WithdrawnVisitTest, ADepartureAloneIsAVisitUntilItIsWithdrawn) {
  EXPECT_EQ(Take(1, v1::GATE_OUT, "T1", 1000), "T1#1");
  EXPECT_EQ(Retract(1), "none");
}

TEST(UnitTest, TheDrawIsTheSameForAllMessagesOfAVisit) {
  const DrawKey key{"k", {1, 2, 3}};
  v1::ContainerState state;
  v1::Unit first, second;
  const v1::Movement in = Visit(v1::GATE_IN, "NLRTM");
  AssignUnit(in, &state, key, &first);
  FoldContainer({&in, 1, 1}, &first, &state);
  AssignUnit(Visit(v1::YARD_MOVE, "NLRTM"), &state, key, &second);
  EXPECT_EQ(first.draw_ppm(), second.draw_ppm());
}

TEST(UnitTest, DrawsAreUniformAndDependOnTheKey) {
  const DrawKey a{"a", {1}}, b{"b", {2}};
  int below = 0;
  int same = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string unit = "unit " + std::to_string(i);
    below += DrawPpm(a, unit) < 10'000;
    same += DrawPpm(a, unit) == DrawPpm(b, unit);
  }
  EXPECT_NEAR(below, 200, 60);
  EXPECT_LT(same, 5);
}

TEST(UnitTest, ADocumentBelongsToItsConsignment) {
  v1::Movement m;
  m.mutable_consignment()->set_bill_of_lading("BL1");
  v1::Unit unit;
  AssignUnit(m, nullptr, DrawKey{"k", {}}, &unit);
  EXPECT_EQ(unit.id(), "consignment:BL1");
}

TEST(UnitTest, AConsignmentKeepsWhatWasDecidedOfIt) {
  const DrawKey key{"k", {}};
  v1::Movement m;
  m.set_event(v1::MANIFEST_LODGED);
  m.mutable_consignment()->set_bill_of_lading("BL1");
  v1::Unit unit;
  AssignUnit(m, nullptr, key, &unit);
  unit.set_lane(v1::RED);
  unit.set_channel(v1::MANDATORY_RULE);
  unit.set_selection_ppm(1'000'000);
  v1::ConsignmentState state;
  FoldConsignment(unit, 3, &state);
  v1::Unit later;
  AssignUnit(m, nullptr, key, &later, &state);
  EXPECT_EQ(later.SerializeAsString(), unit.SerializeAsString());
  // Whoever's state has the same key.
  m.mutable_consignment()->set_bill_of_lading("BL2");
  AssignUnit(m, nullptr, key, &later, &state);
  EXPECT_EQ(later.lane(), v1::LANE_UNSPECIFIED);
}

TEST(UnitTest, ABoxAloneIsNoReference) {
  v1::Movement m;
  m.mutable_container()->set_number("MSCU1234566");
  EXPECT_EQ(ReferenceOf(m), "");
  m.mutable_pickup_right()->set_id("R");
  EXPECT_EQ(ReferenceOf(m), "R");
  m.mutable_consignment()->set_booking("B");
  EXPECT_EQ(ReferenceOf(m), "B");
}

}  // namespace
}  // namespace portrisk::scoring
