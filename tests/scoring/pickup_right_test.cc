#include "scoring/pickup_right.h"

#include <gtest/gtest.h>

namespace portrisk::scoring {
namespace {

class PickupRightTest : public testing::Test {
 protected:
  static v1::Movement Step(v1::Event event, int64_t time) {
    v1::Movement m;
    m.set_event(event);
    m.mutable_occurrence_time()->set_seconds(1'700'000'000 + time);
    m.mutable_container()->set_number("MSKU1234565");
    m.mutable_pickup_right()->set_id("R1");
    return m;
  }
  static v1::Movement Nominate(int64_t time, const std::string& haulier) {
    v1::Movement m = Step(v1::PICKUP_RIGHT_NOMINATED, time);
    m.mutable_pickup_right()->mutable_nominee()->set_id(haulier);
    return m;
  }
  static v1::Movement Collect(int64_t time, const std::string& haulier) {
    v1::Movement m = Step(v1::GATE_OUT, time);
    m.mutable_haulier()->set_id(haulier);
    return m;
  }

  void Fold(const v1::Movement& m, uint64_t key) {
    FoldRight({&m, key, ++sequence_, /*corrects=*/true}, &state_);
  }
  const v1::RightView& Derive(const v1::Movement& m, uint64_t key) {
    buffer_.Derive(&state_, {&m, key, ++sequence_});
    return buffer_.view();
  }

  v1::RightState state_;
  RightViewBuffer buffer_;
  uint64_t sequence_ = 0;
};

TEST_F(PickupRightTest, TheLastNomineeBeforeTheGateCounts) {
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(Nominate(10, "H1"), 2);
  Fold(Nominate(20, "H2"), 3);
  Fold(Nominate(99, "H3"), 4);  // After the gate.
  const v1::RightView& view = Derive(Collect(50, "H2"), 5);
  EXPECT_EQ(view.nominated().id(), "H2");
  EXPECT_EQ(view.id(), "R1");
  EXPECT_TRUE(view.has_issued_time());
}

TEST_F(PickupRightTest, NoNominationIsUnknownNotEmpty) {
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  EXPECT_FALSE(Derive(Collect(50, "H2"), 5).has_nominated());
}

TEST_F(PickupRightTest, RevocationAndTransferEndANomination) {
  Fold(Nominate(10, "H1"), 1);
  Fold(Step(v1::PICKUP_RIGHT_REVOKED, 20), 2);
  EXPECT_FALSE(Derive(Collect(50, "H1"), 5).has_nominated());
  EXPECT_TRUE(Derive(Collect(50, "H1"), 5).has_revoked_time());
  v1::Movement transfer = Step(v1::PICKUP_RIGHT_TRANSFERRED, 30);
  transfer.mutable_pickup_right()->mutable_recipient()->set_id("F1");
  Fold(transfer, 3);
  EXPECT_EQ(Derive(Collect(50, "H1"), 5).holder().id(), "F1");
}

TEST_F(PickupRightTest, NamingTheHaulierInARevocationNominatesNobody) {
  Fold(Nominate(10, "H1"), 1);
  v1::Movement revoked = Step(v1::PICKUP_RIGHT_REVOKED, 20);
  revoked.mutable_pickup_right()->mutable_nominee()->set_id("H1");
  Fold(revoked, 2);
  EXPECT_FALSE(Derive(Collect(50, "H1"), 5).has_nominated());
}

TEST_F(PickupRightTest, StepsOfOneSecondComeInTheOrderOfLife) {
  Fold(Nominate(10, "H1"), 1);  // The smaller key, and it arrives first.
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 10), 2);
  EXPECT_EQ(Derive(Collect(50, "H1"), 5).nominated().id(), "H1");
}

TEST_F(PickupRightTest, ANewRightForgetsTheOldOne) {
  Fold(Nominate(10, "H1"), 1);
  Fold(Collect(20, "H1"), 2);
  v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, 30);
  issued.mutable_pickup_right()->set_id("R2");
  Fold(issued, 3);
  const v1::RightView& view = Derive(Collect(50, "H9"), 5);
  EXPECT_EQ(view.id(), "R2");
  EXPECT_FALSE(view.has_nominated());
  EXPECT_FALSE(view.has_collected_by());
}

TEST_F(PickupRightTest, ALateNominationSeesWhoCollectedAfterIt) {
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(Collect(50, "H9"), 2);
  EXPECT_EQ(Derive(Nominate(10, "H1"), 3).collected_by().id(), "H9");
}

TEST_F(PickupRightTest, ARetractedNominationCountsNoMore) {
  Fold(Nominate(10, "H1"), 1);
  Fold(Nominate(20, "H2"), 2);
  v1::Movement voided;
  voided.set_retraction(true);
  Fold(voided, 2);
  EXPECT_EQ(Derive(Collect(50, "H2"), 5).nominated().id(), "H1");
}

}  // namespace
}  // namespace portrisk::scoring
