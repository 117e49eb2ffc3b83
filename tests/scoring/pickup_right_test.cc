#include "scoring/pickup_right.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "scoring/party_ids.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kBegin = 1'700'000'000;

class PickupRightTest : public testing::Test {
 protected:
  static v1::Movement Step(v1::Event event, int64_t time) {
    v1::Movement m;
    m.set_source("s");
    m.set_event(event);
    m.mutable_occurrence_time()->set_seconds(kBegin + time);
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
    // As the engine does: an earlier version is taken out first.
    const JournaledMovement input{&m, key, ++sequence_};
    UnfoldRight(input, &state_);
    FoldRight(input, &state_);
  }
  const v1::RightView& Derive(const v1::Movement& m, uint64_t key) {
    own_ = m;
    buffer_.Begin(&state_, {&own_, key, ++sequence_}, *reference_, &container_);
    buffer_.DeriveAll();
    return buffer_.view();
  }
  static v1::Movement By(v1::Movement m, const std::string& actor,
                         const std::string& recipient = "") {
    m.mutable_pickup_right()->mutable_actor()->set_id(actor);
    m.mutable_pickup_right()->mutable_recipient()->set_id(recipient);
    return m;
  }
  static v1::Movement Refused(int64_t time, const std::string& haulier) {
    v1::Movement m = Step(v1::PICKUP_RIGHT_REFUSED, time);
    m.mutable_haulier()->set_id(haulier);
    return m;
  }
  // Issued by C to F1, who accepts, passes on to F2 and so on.
  void FoldChain() {
    Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
    Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 1), "F1"), 2);
    Fold(By(Step(v1::PICKUP_RIGHT_TRANSFERRED, 2), "F1", "F2"), 3);
    Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 3), "F2"), 4);
    Fold(By(Nominate(10, "H1"), "F2"), 5);
  }
  void Complete() {
    v1::ReferenceTable table;
    v1::Source* source = table.add_sources();
    source->set_id("s");
    for (int event = v1::PICKUP_RIGHT_ISSUED; event <= v1::PICKUP_RIGHT_REFUSED;
         ++event) {
      source->add_complete(static_cast<v1::Event>(event));
    }
    reference_ = std::make_unique<Reference>(table, "test");
  }

  std::unique_ptr<Reference> reference_ =
      std::make_unique<Reference>(v1::ReferenceTable(), "test");
  v1::Movement own_;
  v1::RightState state_;
  v1::ContainerState container_;
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

TEST_F(PickupRightTest, IdsAreComparedWithoutCaseBlanksDotsAndHyphens) {
  FoldChain();
  Complete();
  Fold(Nominate(20, "NL 100.200"), 6);
  Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 21), "nl-100200"), 7);
  for (const char* id : {"nl100200", "NL-100200", "NL 100.200"}) {
    const v1::RightUse& use = Derive(Collect(50, id), 8).use();
    EXPECT_TRUE(use.by_nominee()) << id;
    EXPECT_EQ(use.path(), v1::PATH_COMPLETE) << id;
  }
  EXPECT_FALSE(Derive(Collect(50, "NL100201"), 7).use().by_nominee());
  EXPECT_FALSE(Derive(Collect(50, "NL10020"), 7).use().by_nominee());
  EXPECT_FALSE(Derive(Collect(50, ""), 7).use().has_by_nominee());
}

// As by pseudonyms, so that an erasure changes no verdict.
TEST_F(PickupRightTest, PartiesAreComparedAsPseudonymsAre) {
  const char* ids[] = {"",      "-",     ". -",   "..",    "/",    "VOS",
                       "vos",   "V.O-S", "VOS/T", "VOS T", "VOST", "VOS_T",
                       "VOS&T", "VOS.T", "VOS-",  " VOS",  "VO",   "--"};
  for (const char* a : ids) {
    for (const char* b : ids) {
      std::string as_a, as_b;
      AppendPartyId(a, &as_a);
      AppendPartyId(b, &as_b);
      EXPECT_EQ(SameParty(a, b), as_a == as_b) << a << " and " << b;
    }
  }
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(Nominate(10, "VOS/TRANSPORT"), 2);
  EXPECT_FALSE(Derive(Collect(50, "VOS TRANSPORT"), 3).use().by_nominee());
  EXPECT_TRUE(Derive(Collect(50, "Vos/Transport"), 3).use().by_nominee());
}

TEST_F(PickupRightTest, IdsOfTwoKindsAreNotToldApart) {
  const auto of = [](v1::Movement m, const char* nominee, const char* haulier) {
    if (m.event() == v1::GATE_OUT) {
      m.mutable_haulier()->set_id_scheme(haulier);
    } else {
      m.mutable_pickup_right()->mutable_nominee()->set_id_scheme(nominee);
    }
    return m;
  };
  FoldChain();
  Complete();
  const struct {
    const char* nominee;
    const char* haulier;
    bool told_apart;
  } cases[] = {{"EORI", "SCAC", false},
               {"EORI", "eori", true},
               {"EORI", "", true},
               {"", "SCAC", true},
               {"", "", true}};
  for (const auto& one : cases) {
    Fold(of(Nominate(20, "NL854"), one.nominee, ""), 6);
    const v1::RightUse& use =
        Derive(of(Collect(50, "KRUI"), "", one.haulier), 8).use();
    EXPECT_EQ(use.has_by_nominee(), one.told_apart)
        << one.nominee << " " << one.haulier;
    EXPECT_EQ(use.path() == v1::PATH_BROKEN, one.told_apart);
    EXPECT_TRUE(
        Derive(of(Collect(50, "NL854"), "", one.haulier), 8).use().by_nominee())
        << "the same";
  }
}

TEST_F(PickupRightTest, ARightIsTheSameInAnyWriting) {
  FoldChain();
  for (const char* id : {"R1", "r1", "R-1", " R 1"}) {
    v1::Movement gate = Collect(50, "H9");
    gate.mutable_pickup_right()->set_id(id);
    const v1::RightUse& use = Derive(gate, 8).use();
    ASSERT_TRUE(use.has_by_nominee()) << id;
    EXPECT_FALSE(use.by_nominee());
  }
}

TEST_F(PickupRightTest, ARightThatWasNeverIssuedIsAnotherWordForTheOneThatWas) {
  FoldChain();
  v1::Movement gate = Collect(50, "H9");
  gate.mutable_pickup_right()->set_id("R9");
  EXPECT_FALSE(Derive(gate, 8).use().has_by_nominee())
      << "its issue may not have been reported";
  Complete();
  EXPECT_TRUE(Derive(gate, 8).use().has_by_nominee());
  EXPECT_EQ(Derive(gate, 8).use().path(), v1::PATH_BROKEN);
  v1::Movement issue = By(Step(v1::PICKUP_RIGHT_ISSUED, 30), "C", "F9");
  issue.mutable_pickup_right()->set_id("R9");
  Fold(issue, 7);
  EXPECT_FALSE(Derive(gate, 8).use().has_nominated()) << "it was, by now";
}

TEST_F(PickupRightTest, OnItsWayToWhereItIsCollectedNobodyUsesTheRight) {
  const auto at = [](v1::Movement m, const char* locode) {
    m.mutable_location()->set_locode(locode);
    m.clear_pickup_right();
    return m;
  };
  FoldChain();
  Complete();
  v1::Movement nomination = Nominate(20, "H2");
  nomination.mutable_location()->set_locode("NLVEN");
  Fold(nomination, 6);
  const v1::Movement barge = at(Collect(50, "BARGECO"), "NLRTM");
  EXPECT_FALSE(Derive(barge, 8).use().has_by_nominee()) << "he comes to Venlo";
  Fold(barge, 7);
  const v1::RightUse& use =
      Derive(at(Collect(50 + 3 * 86400, "H9"), "NLVEN"), 8).use();
  EXPECT_EQ(use.nominated().id(), "H2");
  EXPECT_FALSE(use.by_nominee());
}

TEST_F(PickupRightTest, WhoDrivesItToAScannerAndBackUsesNoRight) {
  constexpr int64_t kHour = 3600;
  const auto seen = [&](v1::Event event, int64_t time) {
    v1::TimelineEvent* const one = container_.add_timeline();
    one->set_event(event);
    one->mutable_occurrence_time()->set_seconds(kBegin + time);
    one->set_load_status(v1::FULL);
  };
  FoldChain();  // H1 is to come.
  Fold(Collect(kHour, "SHUTTLE"), 6);
  seen(v1::GATE_OUT, kHour);
  v1::Movement out = Collect(49 * kHour, "H9");
  out.mutable_pickup_right()->clear_id();
  EXPECT_FALSE(Derive(out, 9).use().has_by_nominee());
  seen(v1::SCAN, 2 * kHour);
  EXPECT_FALSE(Derive(out, 9).use().has_by_nominee()) << "it stayed away";
  seen(v1::GATE_IN, 3 * kHour);
  container_.mutable_timeline(1)->set_event(v1::POSITION);
  EXPECT_FALSE(Derive(out, 9).use().has_by_nominee()) << "nobody checked it";
  container_.mutable_timeline(1)->set_event(v1::SCAN);
  EXPECT_TRUE(Derive(out, 9).use().has_by_nominee());
  EXPECT_FALSE(Derive(out, 9).use().by_nominee());
  EXPECT_FALSE(buffer_.view().has_collected_time());
  // The nominee comes after him.
  Fold(out, 9);
  EXPECT_EQ(Derive(Refused(50 * kHour, "H1"), 10).use().second_claimant().id(),
            "H1");
}

TEST_F(PickupRightTest, TheUseSaysWhatStoodWhateverComesLast) {
  FoldChain();
  v1::Movement gate = Collect(50, "H9");
  gate.mutable_container()->set_load_status(v1::FULL);
  Fold(Step(v1::PICKUP_RIGHT_REVOKED, 30), 6);
  Fold(gate, 7);
  const v1::RightUse& use = Derive(Nominate(20, "H2"), 8).use();
  EXPECT_EQ(use.load_status(), v1::FULL);
  EXPECT_EQ(use.issued_time().seconds(), kBegin);
  EXPECT_EQ(use.revoked_time().seconds(), kBegin + 30);
  EXPECT_EQ(use.holder().id(), "F2");
  EXPECT_EQ(use.previous_nominee().id(), "H1");
}

TEST_F(PickupRightTest, WhoBringsTheEmptyBackClaimsNothing) {
  FoldChain();
  Fold(Nominate(20, "H2"), 6);
  Fold(Collect(50, "H2"), 7);
  v1::Movement announced = Step(v1::PRE_NOTIFICATION, 90);
  announced.clear_pickup_right();
  announced.mutable_haulier()->set_id("H1");
  EXPECT_TRUE(Derive(announced, 8).use().has_second_claimant());
  announced.mutable_container()->set_load_status(v1::EMPTY);
  EXPECT_FALSE(Derive(announced, 8).has_use());
  Fold(announced, 8);
  EXPECT_EQ(state_.attempts_size(), 0);
}

TEST_F(PickupRightTest, WhoWasNominatedLongAgoWasForAnotherTrip) {
  constexpr int64_t kDay = 86400;
  Fold(Nominate(0, "H1"), 1);
  const auto collect = [](int64_t days) {
    v1::Movement m = Collect(days * kDay, "H2");
    m.clear_pickup_right();  // It names none, which would tell.
    return m;
  };
  EXPECT_TRUE(Derive(collect(29), 5).use().has_by_nominee());
  EXPECT_FALSE(Derive(collect(31), 5).use().has_by_nominee());
  EXPECT_TRUE(Derive(Collect(31 * kDay, "H2"), 5).use().has_by_nominee());
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, -1), 2);
  EXPECT_FALSE(Derive(collect(31), 5).use().has_by_nominee())
      << "issued as long ago";
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

TEST_F(PickupRightTest, AStrangersRevocationHidesNoNominee) {
  FoldChain();  // Issued by C, held by F2, who nominated H1.
  for (const char* actor : {"C", "F2", "H1", ""}) {
    Fold(By(Step(v1::PICKUP_RIGHT_REVOKED, 20), actor), 6);
    EXPECT_FALSE(Derive(Collect(50, "H9"), 9).use().has_by_nominee()) << actor;
    EXPECT_TRUE(buffer_.view().use().after_revocation());
  }
  Fold(By(Step(v1::PICKUP_RIGHT_REVOKED, 20), "X"), 6);
  const v1::RightUse& use = Derive(Collect(50, "H9"), 9).use();
  EXPECT_TRUE(use.has_by_nominee());
  EXPECT_FALSE(use.by_nominee());
  EXPECT_EQ(use.nominated().id(), "H1");
  EXPECT_TRUE(use.after_revocation()) << "it may be true all the same";
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

TEST_F(PickupRightTest, WhoIsReplacedInOneInstantLeavesNothingRevoked) {
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(Nominate(5, "H1"), 2);
  Fold(Nominate(10, "H2"), 3);
  Fold(Step(v1::PICKUP_RIGHT_REVOKED, 10), 4);
  EXPECT_EQ(Derive(Collect(50, "H2"), 5).nominated().id(), "H2");
  EXPECT_FALSE(buffer_.view().use().after_revocation());
  Fold(Step(v1::PICKUP_RIGHT_REVOKED, 11), 6);
  EXPECT_TRUE(Derive(Collect(50, "H2"), 5).use().after_revocation());
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

// Issued again with a new code, or told twice: the chain goes on.
TEST_F(PickupRightTest, ARightThatIsIssuedAgainIsTheSame) {
  FoldChain();
  v1::Movement again = By(Step(v1::PICKUP_RIGHT_ISSUED, 20), "C", "F1");
  again.mutable_pickup_right()->set_pin_hash("new");
  Fold(again, 6);
  v1::Movement out = Collect(50, "H1");
  out.mutable_pickup_right()->set_pin_hash("new");
  const v1::RightView& view = Derive(out, 9);
  EXPECT_EQ(view.use().path(), v1::PATH_COMPLETE);
  EXPECT_TRUE(view.use().by_nominee());
  EXPECT_TRUE(view.use().pin_matches());
  EXPECT_EQ(view.issued_time().seconds(), kBegin) << "when it was first";
  // A nomination that is told late sees who collected beyond it.
  EXPECT_EQ(Derive(By(Nominate(15, "H2"), "F2"), 8).use().time().seconds(), 0);
  Fold(out, 9);
  EXPECT_EQ(Derive(By(Nominate(15, "H2"), "F2"), 8).use().time().seconds(),
            kBegin + 50);
  // Another recipient, one after a revocation, and one after the collection
  // begin anew.
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 60), "C", "F1"), 10);
  EXPECT_FALSE(Derive(Collect(70, "H1"), 11).use().has_nominated());
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 20), "C", "F7"), 6);
  EXPECT_FALSE(Derive(out, 9).use().has_nominated());
  Fold(Step(v1::PICKUP_RIGHT_REVOKED, 19), 7);
  Fold(again, 6);
  EXPECT_FALSE(Derive(out, 9).use().has_nominated());
  EXPECT_FALSE(view.use().after_revocation());
}

// Where the platform of the issuer reports all steps, nobody else's word makes
// one: not for the collector, and not against the rightful haulier.
TEST_F(PickupRightTest, AStrangersWordIsNoStepWhereAllAreReported) {
  const auto strange = [](v1::Movement m) {
    m.set_source("stranger");
    return m;
  };
  const v1::Movement steps[] = {
      strange(By(Nominate(20, "H9"), "F2")),
      strange(Nominate(20, "H9")),
      strange(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 20), "H9")),
      strange(By(Step(v1::PICKUP_RIGHT_TRANSFERRED, 20), "", "H9")),
      strange(By(Step(v1::PICKUP_RIGHT_REVOKED, 20), "C")),
      strange(By(Step(v1::PICKUP_RIGHT_ISSUED, 20), "C", "H9")),
      strange(By(Nominate(60, "H9"), "F2"))};  // "After" the gate-out.
  for (const bool complete : {false, true}) {
    if (complete) Complete();
    for (const v1::Movement& step : steps) {
      state_.Clear();
      FoldChain();
      Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 11), "H1"), 6);
      Fold(step, 7);
      const v1::RightUse by_stranger = Derive(Collect(50, "H9"), 9).use();
      const v1::RightUse by_nominee = Derive(Collect(50, "H1"), 9).use();
      EXPECT_FALSE(by_stranger.has_named_after_h());
      if (!complete) continue;
      EXPECT_TRUE(by_stranger.has_by_nominee());
      EXPECT_FALSE(by_stranger.by_nominee()) << step.ShortDebugString();
      EXPECT_EQ(by_stranger.path(), v1::PATH_BROKEN);
      EXPECT_TRUE(by_nominee.by_nominee()) << step.ShortDebugString();
      EXPECT_EQ(by_nominee.path(), v1::PATH_COMPLETE);
      EXPECT_FALSE(by_nominee.after_revocation());
    }
  }
}

// A gate that names the right is judged by the steps of that right.
TEST_F(PickupRightTest, AStepOfAnotherRightSaysNothingOfTheOneThatIsNamed) {
  FoldChain();
  v1::Movement other = By(Nominate(20, "H9"), "F2");
  other.mutable_pickup_right()->set_id("R2");
  Fold(other, 6);
  const v1::RightUse& use = Derive(Collect(50, "H9"), 9).use();
  EXPECT_EQ(use.nominated().id(), "H1");
  EXPECT_FALSE(use.by_nominee());
  v1::Movement out = Collect(50, "H9");
  out.mutable_pickup_right()->set_id("R2");
  EXPECT_TRUE(Derive(out, 9).use().by_nominee());
}

TEST_F(PickupRightTest, ANominationAfterTheGateOutIsTimed) {
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
  Fold(By(Nominate(10, "H1"), "F1"), 2);
  const v1::Movement out = Collect(50'000, "H2");
  EXPECT_FALSE(Derive(out, 9).use().has_named_after_h());
  Fold(By(Nominate(57'200, "H2"), "F1"), 3);
  EXPECT_FALSE(Derive(out, 9).use().by_nominee());
  EXPECT_DOUBLE_EQ(Derive(out, 9).use().named_after_h(), 2);
  Fold(By(Nominate(51'800, "H2"), "F1"), 4);
  EXPECT_DOUBLE_EQ(Derive(out, 9).use().named_after_h(), 0.5);
  EXPECT_FALSE(Derive(Collect(50'000, "H1"), 9).use().has_named_after_h());
  EXPECT_FALSE(Derive(Collect(50'000, "H3"), 9).use().has_named_after_h());
  v1::Movement other = out;
  other.mutable_pickup_right()->set_id("R2");
  EXPECT_FALSE(Derive(other, 9).use().has_named_after_h());
  // The nomination itself comes last.
  Fold(out, 9);
  EXPECT_NEAR(Derive(By(Nominate(50'360, "H2"), "F1"), 5).use().named_after_h(),
              0.1, 1e-12);
}

TEST_F(PickupRightTest, AUseBeforeTheIssueOfItsRightIsSeen) {
  const v1::Movement out = Collect(50'000, "H1");
  const v1::Movement issued =
      By(Step(v1::PICKUP_RIGHT_ISSUED, 51'800), "C", "F1");
  Fold(issued, 1);
  EXPECT_EQ(Derive(out, 9).use().issued_time().seconds(), kBegin + 51'800);
  EXPECT_FALSE(buffer_.view().use().has_since_issue_h());
  // Another right, a day alone, days later, and an issue before as well.
  v1::Movement other = out;
  other.mutable_pickup_right()->set_id("R2");
  EXPECT_FALSE(Derive(other, 9).use().has_issued_time());
  other = out;
  other.set_occurrence_date_only(true);
  EXPECT_FALSE(Derive(other, 9).use().has_issued_time());
  EXPECT_FALSE(Derive(Collect(-90'000, "H1"), 9).use().has_issued_time());
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 46'400), 2);
  EXPECT_EQ(Derive(out, 9).use().issued_time().seconds(), kBegin + 46'400);
  // By the code that was shown; and the issue comes last.
  state_.Clear();
  other = out;
  other.mutable_pickup_right()->clear_id();
  other.mutable_pickup_right()->set_pin_hash("hash of 1234");
  Fold(other, 9);
  v1::Movement code = issued;
  EXPECT_FALSE(Derive(code, 1).has_use());
  code.mutable_pickup_right()->set_pin_hash("hash of 1234");
  EXPECT_EQ(Derive(code, 1).use().issued_time().seconds(), kBegin + 51'800);
}

// Its 00:00 says nothing of what else is told of that day.
TEST_F(PickupRightTest, AGateOutOfADayIsNotJudgedByWhatThatDayBrought) {
  const auto collect = [](const std::string& haulier) {
    v1::Movement out = Collect(100'000, haulier);
    out.set_occurrence_date_only(true);
    return out;
  };
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
  Fold(By(Nominate(10, "H1"), "F1"), 2);
  EXPECT_TRUE(Derive(collect("H1"), 9).use().by_nominee());
  EXPECT_TRUE(Derive(collect("H1"), 9).use().has_since_issue_h());
  // Before it or after it.
  Fold(By(Nominate(130'000, "H2"), "F1"), 3);
  for (const char* haulier : {"H1", "H2"}) {
    const v1::RightUse& use = Derive(collect(haulier), 9).use();
    EXPECT_TRUE(use.has_time());
    EXPECT_FALSE(use.has_by_nominee());
    EXPECT_FALSE(use.has_since_issue_h());
    EXPECT_EQ(use.path(), v1::PATH_UNSPECIFIED);
  }
  EXPECT_FALSE(Derive(Collect(100'000, "H2"), 9).use().by_nominee());
  // Who was not named at all is a stranger at any time.
  EXPECT_TRUE(Derive(collect("H9"), 9).use().has_by_nominee());
  EXPECT_FALSE(Derive(collect("H9"), 9).use().by_nominee());
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

TEST_F(PickupRightTest, ANominationThatComesLateIsJudgedAtTheGate) {
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(Collect(50, "H9"), 2);
  const v1::RightView& view = Derive(Nominate(10, "H1"), 3);
  EXPECT_EQ(view.use().haulier().id(), "H9");
  EXPECT_EQ(view.use().nominated().id(), "H1");
  EXPECT_EQ(view.use().time().seconds(), kBegin + 50);
  // One made after the gate-out changes nothing of it.
  EXPECT_FALSE(Derive(Nominate(60, "H1"), 3).use().has_nominated());
}

TEST_F(PickupRightTest, APathIsCompleteWhereEveryStepWasMadeByTheHolder) {
  FoldChain();
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).use().path(), v1::PATH_COMPLETE);
  EXPECT_EQ(Derive(Collect(50, "F2"), 9).use().path(), v1::PATH_COMPLETE);
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).holder().id(), "F2");
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).issuer().id(), "C");
}

TEST_F(PickupRightTest, AStrangerBreaksThePathOnlyWhereAllStepsAreReported) {
  FoldChain();
  EXPECT_EQ(Derive(Collect(50, "H9"), 9).use().path(), v1::PATH_UNSPECIFIED);
  Complete();
  EXPECT_EQ(Derive(Collect(50, "H9"), 9).use().path(), v1::PATH_BROKEN);
  // The nominee has not accepted, and that is known now.
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).use().path(), v1::PATH_BROKEN);
  EXPECT_FALSE(Derive(Collect(50, "H1"), 9).use().nominee_accepted());
  Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 11), "H1"), 6);
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).use().path(), v1::PATH_COMPLETE);
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).use().unaccepted_transfers(), 0);
  // An acceptance by the nominee makes him no holder.
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).holder().id(), "F2");
}

TEST_F(PickupRightTest, AMissingAcceptanceIsUnknownOrAFact) {
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
  Fold(By(Step(v1::PICKUP_RIGHT_TRANSFERRED, 2), "F1", "F2"), 2);
  EXPECT_FALSE(Derive(Collect(50, "F2"), 9).has_holder_accepted());
  EXPECT_FALSE(buffer_.view().use().has_unaccepted_transfers());
  EXPECT_FALSE(buffer_.view().has_acceptances_reported_completely());
  Complete();
  Derive(Collect(50, "F2"), 9);
  EXPECT_TRUE(buffer_.view().acceptances_reported_completely());
  ASSERT_TRUE(buffer_.view().has_holder_accepted());
  EXPECT_FALSE(buffer_.view().holder_accepted());
  EXPECT_EQ(buffer_.view().use().unaccepted_transfers(), 1);
  EXPECT_EQ(buffer_.view().use().path(), v1::PATH_BROKEN);
}

TEST_F(PickupRightTest, ATransferByWhoDoesNotHoldItBreaksThePath) {
  Complete();
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
  Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 1), "F1"), 2);
  Fold(By(Nominate(10, "H9"), "X"), 3);
  Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 11), "H9"), 4);
  EXPECT_EQ(Derive(Collect(50, "H9"), 9).use().path(), v1::PATH_BROKEN);
}

TEST_F(PickupRightTest, UseAfterRevocationOrExpiryIsSeen) {
  v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, 0);
  issued.mutable_pickup_right()->mutable_expire_time()->set_seconds(kBegin +
                                                                    40);
  Fold(issued, 1);
  Fold(Nominate(10, "H1"), 2);
  EXPECT_FALSE(Derive(Collect(30, "H1"), 9).use().after_revocation());
  EXPECT_FALSE(buffer_.view().use().after_expiry());
  Fold(Step(v1::PICKUP_RIGHT_REVOKED, 20), 3);
  EXPECT_TRUE(Derive(Collect(50, "H1"), 9).use().after_revocation());
  EXPECT_TRUE(buffer_.view().use().after_expiry());
  Fold(Nominate(25, "H2"), 4);  // Granted again.
  EXPECT_FALSE(Derive(Collect(50, "H2"), 9).use().after_revocation());
}

TEST_F(PickupRightTest, ReNominationsAreCountedAndTimed) {
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(Nominate(3600, "H1"), 2);
  EXPECT_EQ(Derive(Collect(36'000, "H1"), 9).changes(), 0);
  EXPECT_FALSE(buffer_.view().use().has_since_change_h());
  Fold(Nominate(7200, "H2"), 3);
  Derive(Collect(36'000, "H2"), 9);
  EXPECT_EQ(buffer_.view().changes(), 1);
  EXPECT_EQ(buffer_.view().previous_nominee().id(), "H1");
  EXPECT_DOUBLE_EQ(buffer_.view().use().since_change_h(), 8);
  v1::Movement slot = Nominate(10'800, "H2");
  slot.mutable_pickup_right()->mutable_slot_time()->set_seconds(kBegin +
                                                                30'000);
  Fold(slot, 4);
  slot.mutable_pickup_right()->mutable_slot_time()->set_seconds(kBegin +
                                                                33'000);
  slot.mutable_occurrence_time()->set_seconds(kBegin + 14'400);
  Fold(slot, 5);
  EXPECT_EQ(Derive(Collect(36'000, "H2"), 9).changes(), 2);
}

TEST_F(PickupRightTest, AFacilityInAnotherCaseIsNoOtherPlace) {
  const auto at = [](int64_t time, const std::string& facility) {
    v1::Movement m = Nominate(time, "H1");
    m.mutable_location()->set_facility(facility);
    return m;
  };
  Fold(Step(v1::PICKUP_RIGHT_ISSUED, 0), 1);
  Fold(at(10, "ECT"), 2);
  Fold(at(20, "Ect"), 3);
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).changes(), 0);
  Fold(at(30, "RWG"), 4);
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).changes(), 1);
}

TEST_F(PickupRightTest, ALookUpByAnOrganisationOutsideTheChainIsAnOrphan) {
  FoldChain();
  Fold(By(Step(v1::PICKUP_RIGHT_QUERIED, 20), "F1"), 6);
  Fold(By(Step(v1::PICKUP_RIGHT_QUERIED, 30), "X"), 7);
  Derive(Collect(3650, "H1"), 9);
  EXPECT_EQ(buffer_.view().use().orphan_queries(), 1);
  EXPECT_EQ(buffer_.view().use().orphan().id(), "X");
  EXPECT_EQ(buffer_.view().queries(), 2);
  EXPECT_EQ(buffer_.view().last_queried_by().id(), "X");
  EXPECT_NEAR(buffer_.view().use().since_query_h(), 3620 / 3600.0, 1e-9);
  EXPECT_FALSE(
      Derive(By(Step(v1::PICKUP_RIGHT_QUERIED, 40), "Y"), 8).actor_in_chain());
  EXPECT_TRUE(
      Derive(By(Step(v1::PICKUP_RIGHT_QUERIED, 40), "C"), 8).actor_in_chain());
}

TEST_F(PickupRightTest, TheTerminalLooksUpWhatItIsShown) {
  FoldChain();
  Fold(By(Step(v1::PICKUP_RIGHT_QUERIED, 30), "T"), 7);
  v1::Movement gate = Collect(3650, "H1");
  EXPECT_EQ(Derive(gate, 9).use().orphan_queries(), 1);
  gate.mutable_terminal()->set_id("t");
  EXPECT_EQ(Derive(gate, 9).use().orphan_queries(), 0);
}

TEST_F(PickupRightTest, WithoutAnIssueNobodyIsAnOrphan) {
  Fold(By(Step(v1::PICKUP_RIGHT_QUERIED, 30), "X"), 7);
  Derive(Collect(50, "H1"), 9);
  EXPECT_FALSE(buffer_.view().use().has_orphan_queries());
  EXPECT_EQ(buffer_.view().use().path(), v1::PATH_UNSPECIFIED);
  EXPECT_FALSE(buffer_.view().use().has_after_revocation());
}

TEST_F(PickupRightTest, TheNomineeWhoComesTooLateIsTheSecondClaimant) {
  FoldChain();
  Fold(Collect(50, "H9"), 6);
  EXPECT_EQ(Derive(Refused(60, "H1"), 7).use().second_claimant().id(), "H1");
  // Somebody who was never nominated proves nothing.
  EXPECT_FALSE(Derive(Refused(60, "H7"), 7).use().has_second_claimant());
  // Whichever of the two is reported last.
  Fold(Refused(60, "H1"), 7);
  EXPECT_EQ(Derive(Collect(50, "H9"), 6).use().second_claimant().id(), "H1");
  EXPECT_EQ(Derive(Collect(70, "H1"), 8).refusals(), 1);
}

// He drove the trip before, and comes to bring something.
TEST_F(PickupRightTest, ANomineeOfAnEarlierTripClaimsNothing) {
  constexpr int64_t kWeek = 7 * 24 * 3600;
  FoldChain();
  Fold(Collect(50, "H1"), 6);
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, kWeek), "C", "F1"), 7);
  Fold(By(Nominate(kWeek + 10, "H9"), "F1"), 8);
  Fold(Collect(kWeek + 50, "H9"), 9);
  v1::Movement told = Step(v1::PRE_NOTIFICATION, kWeek + 60);
  told.mutable_haulier()->set_id("H1");
  EXPECT_EQ(Derive(told, 10).use().haulier().id(), "H9");
  EXPECT_FALSE(buffer_.view().use().has_second_claimant());
  // Nor where the second issue is not known.
  v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, kWeek);
  UnfoldRight({&issued, 7, ++sequence_}, &state_);
  EXPECT_EQ(Derive(told, 10).use().haulier().id(), "H9");
  EXPECT_FALSE(buffer_.view().use().has_second_claimant());
  // He who was nominated for this one does.
  told.mutable_haulier()->set_id("H5");
  EXPECT_FALSE(Derive(told, 10).use().has_second_claimant());
  Fold(By(Nominate(kWeek + 5, "H5"), "F1"), 11);
  EXPECT_EQ(Derive(told, 10).use().second_claimant().id(), "H5");
}

TEST_F(PickupRightTest, WhereNobodyIsNominatedTheCodeOrAnAnnouncementClaims) {
  v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, 0);
  issued.mutable_pickup_right()->set_pin_hash("hash of 1234");
  Fold(issued, 1);
  Fold(Collect(50, "H9"), 2);
  // He shows the code that was issued; another one does not.
  v1::Movement refused = Refused(60, "H1");
  refused.mutable_pickup_right()->set_pin_hash("hash of 1234");
  EXPECT_EQ(Derive(refused, 7).use().second_claimant().id(), "H1");
  refused.mutable_pickup_right()->set_pin_hash("hash of 9999");
  EXPECT_FALSE(Derive(refused, 7).use().has_second_claimant());
  // He had announced himself, and only announces himself again.
  v1::Movement told = Step(v1::PRE_NOTIFICATION, 40);
  told.mutable_haulier()->set_id("H1");
  Fold(told, 3);
  EXPECT_EQ(Derive(Refused(60, "H1"), 7).use().second_claimant().id(), "H1");
  v1::Movement again = Step(v1::PRE_NOTIFICATION, 60);
  again.mutable_haulier()->set_id("H1");
  EXPECT_FALSE(Derive(again, 7).use().has_second_claimant());
}

TEST_F(PickupRightTest, AnAcceptedNominationStandsBeforeItIsReported) {
  Complete();
  Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
  Fold(By(Step(v1::PICKUP_RIGHT_ACCEPTED, 1), "F1"), 2);
  v1::Movement yes = By(Step(v1::PICKUP_RIGHT_ACCEPTED, 20), "H1");
  yes.mutable_pickup_right()->mutable_nominee()->set_id("H1");
  Fold(yes, 3);
  EXPECT_EQ(Derive(Collect(50, "H1"), 9).use().path(), v1::PATH_COMPLETE);
  EXPECT_EQ(buffer_.view().use().nominated().id(), "H1");
  EXPECT_EQ(buffer_.view().holder().id(), "F1");
}

TEST_F(PickupRightTest, ARightIsUsedUpByItsCollection) {
  constexpr int64_t kDays = 86'400;
  Fold(Nominate(10, "H1"), 1);
  Fold(Collect(50, "H1"), 2);
  // A month later, and nothing is known of the steps of that trip.
  v1::Movement next = Collect(30 * kDays, "H7");
  next.mutable_pickup_right()->clear_id();
  EXPECT_EQ(Derive(next, 9).use().haulier().id(), "H7");
  EXPECT_FALSE(buffer_.view().use().has_nominated());
  // Two systems report one collection.
  v1::Movement twin = Collect(900, "H7");
  twin.mutable_pickup_right()->clear_id();
  EXPECT_EQ(Derive(twin, 9).use().nominated().id(), "H1");
}

TEST_F(PickupRightTest, AnEmptyBoxThatLeavesUsesNoRight) {
  Fold(Nominate(10, "H1"), 1);
  v1::Movement empty = Collect(50, "H9");
  empty.mutable_pickup_right()->Clear();
  empty.mutable_container()->set_load_status(v1::EMPTY);
  Fold(empty, 2);
  EXPECT_EQ(state_.chain_size(), 1);
  EXPECT_FALSE(Derive(Nominate(20, "H2"), 9).has_use());
  EXPECT_FALSE(Derive(empty, 2).has_use());
  EXPECT_EQ(Derive(Collect(90, "H1"), 9).use().nominated().id(), "H1");
  // Where a right is named for it, it is one like any other.
  empty.mutable_pickup_right()->set_id("R1");
  Fold(empty, 2);
  EXPECT_EQ(state_.chain_size(), 2);
}

TEST_F(PickupRightTest, WhatStoodForAnotherRightSaysNothing) {
  FoldChain();  // Of R1; its collection is never reported.
  v1::Movement out = Collect(50, "H9");
  EXPECT_EQ(Derive(out, 9).use().nominated().id(), "H1");
  out.mutable_pickup_right()->set_id("R2");
  EXPECT_FALSE(Derive(out, 9).use().has_nominated());
  EXPECT_FALSE(buffer_.view().use().has_since_issue_h());
  // The issue of R2 is lost, its nomination is not: the issue of R1 is none.
  v1::Movement named = By(Nominate(40, "H9"), "F7");
  named.mutable_pickup_right()->set_id("R2");
  Fold(named, 8);
  EXPECT_EQ(Derive(out, 9).use().nominated().id(), "H9");
  EXPECT_EQ(buffer_.view().use().path(), v1::PATH_UNSPECIFIED);
}

TEST_F(PickupRightTest, APinIsComparedByItsHash) {
  v1::Movement issued = Step(v1::PICKUP_RIGHT_ISSUED, 0);
  issued.mutable_pickup_right()->set_pin_hash("hash of 1234");
  Fold(issued, 1);
  v1::Movement out = Collect(50, "H1");
  EXPECT_FALSE(Derive(out, 9).use().has_pin_matches());
  out.mutable_pickup_right()->set_pin_hash("hash of 1234");
  EXPECT_TRUE(Derive(out, 9).use().pin_matches());
  out.mutable_pickup_right()->set_pin_hash("hash of 9999");
  ASSERT_TRUE(Derive(out, 9).use().has_pin_matches());
  EXPECT_FALSE(buffer_.view().use().pin_matches());
}

// A key's replacement: by K1, by K2 with K1 before it, by K2 alone.
TEST_F(PickupRightTest, PinsAreComparedByAKeyThatBothHave) {
  struct Hashed {
    const char* hash;
    const char* key;
    const char* before;
  };
  constexpr Hashed kOld = {"hash of 1234, 1.", "K1", ""};
  constexpr Hashed kBoth = {"hash of 1234, 2.", "K2", "hash of 1234, 1.K1"};
  constexpr Hashed kNew = {"hash of 1234, 2.", "K2", ""};
  constexpr Hashed kOtherOld = {"hash of 9999, 1.", "K1", ""};
  constexpr Hashed kOtherBoth = {"hash of 9999, 2.", "K2",
                                 "hash of 9999, 1.K1"};
  constexpr Hashed kLast = {"hash of 1234, 3.", "K3", "hash of 1234, 2.K2"};
  const auto matches = [&](const Hashed& issued, const Hashed& shown) {
    const auto show = [](const Hashed& pin, v1::Movement m) {
      m.mutable_pickup_right()->set_pin_hash(pin.hash);
      m.mutable_pickup_right()->set_pin_key_id(pin.key);
      m.mutable_pickup_right()->set_previous_pin_hash(pin.before);
      return m;
    };
    state_.Clear();
    Fold(show(issued, Step(v1::PICKUP_RIGHT_ISSUED, 0)), 1);
    const v1::RightUse& use = Derive(show(shown, Collect(50, "H")), 9).use();
    return !use.has_pin_matches() ? "unknown"
           : use.pin_matches()    ? "yes"
                                  : "no";
  };
  for (const auto& [one, other, expected] :
       {std::tuple(&kOld, &kOld, "yes"), std::tuple(&kOld, &kBoth, "yes"),
        std::tuple(&kBoth, &kNew, "yes"), std::tuple(&kBoth, &kBoth, "yes"),
        std::tuple(&kNew, &kLast, "yes"), std::tuple(&kOld, &kOtherOld, "no"),
        std::tuple(&kOld, &kOtherBoth, "no"),
        std::tuple(&kBoth, &kOtherBoth, "no"),
        std::tuple(&kNew, &kOtherBoth, "no"),
        std::tuple(&kOld, &kNew, "unknown"),
        std::tuple(&kOld, &kLast, "unknown")}) {
    EXPECT_STREQ(matches(*one, *other), expected) << one->key << other->key;
    EXPECT_STREQ(matches(*other, *one), expected) << one->key << other->key;
  }
}

TEST_F(PickupRightTest, ManyLookUpsPushNoStepOfTheChainOut) {
  FoldChain();
  for (int i = 0; i < 200; ++i) {
    Fold(By(Step(v1::PICKUP_RIGHT_QUERIED, 20 + i), "X"), 100 + i);
  }
  EXPECT_EQ(state_.attempts_size(), 16);
  EXPECT_EQ(Derive(Collect(500, "H1"), 9).use().path(), v1::PATH_COMPLETE);
}

// Repeating a step on purpose pushes none of another kind out.
TEST_F(PickupRightTest, ManyStepsOfOneKindPushNoOtherOut) {
  for (const v1::Event event :
       {v1::PICKUP_RIGHT_ACCEPTED, v1::GATE_OUT, v1::PICKUP_RIGHT_REVOKED}) {
    state_.Clear();
    Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 1);
    Fold(By(Nominate(10, "H1"), "F1"), 2);
    for (int i = 0; i < 60; ++i) {
      v1::Movement m = By(Step(event, 20 + i), "F1");
      if (event == v1::GATE_OUT) m.mutable_haulier()->set_id("H1");
      Fold(m, 100 + i);
    }
    EXPECT_EQ(state_.chain(0).event(), v1::PICKUP_RIGHT_ISSUED);
    EXPECT_EQ(state_.chain(1).event(), v1::PICKUP_RIGHT_NOMINATED);
    if (event == v1::PICKUP_RIGHT_REVOKED) continue;
    const v1::RightUse& use = Derive(Collect(500, "H2"), 9).use();
    EXPECT_TRUE(use.has_by_nominee()) << v1::Event_Name(event);
    EXPECT_FALSE(use.by_nominee());
  }
}

// Which of the two came last is not known where clocks tell minutes.
TEST_F(PickupRightTest, WhoeverWasNominatedInTheLastInstantIsTheNominee) {
  for (uint64_t key = 1; key < 9; ++key) {
    state_.Clear();
    Fold(By(Step(v1::PICKUP_RIGHT_ISSUED, 0), "C", "F1"), 100);
    Fold(By(Nominate(10, "H0"), "F1"), 101);
    Fold(By(Nominate(20, "H1"), "F1"), 10);
    Fold(By(Nominate(20, "H2"), "F1"), key * 3);
    EXPECT_TRUE(Derive(Collect(50, "H1"), 99).use().by_nominee());
    EXPECT_TRUE(Derive(Collect(50, "H2"), 99).use().by_nominee());
    EXPECT_FALSE(Derive(Collect(50, "H0"), 99).use().by_nominee());
    Fold(By(Nominate(30, "H3"), "F1"), 102);
    EXPECT_FALSE(Derive(Collect(50, "H1"), 99).use().by_nominee());
    Fold(By(Step(v1::PICKUP_RIGHT_REVOKED, 40), "C"), 103);
    EXPECT_FALSE(Derive(Collect(50, "H2"), 99).use().by_nominee());
  }
}

TEST_F(PickupRightTest, AnyOrderOfArrivalGivesTheSameChain) {
  std::mt19937 random(20261125);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::pair<v1::Movement, uint64_t>> movements;
    for (uint64_t i = 1; i <= 80; ++i) {
      v1::Movement m =
          Step(static_cast<v1::Event>(v1::PICKUP_RIGHT_ISSUED + random() % 7),
               static_cast<int64_t>(random() % 50));
      if (random() % 5 == 0) m.set_event(v1::GATE_OUT);
      movements.emplace_back(m, i);
    }
    const auto state_of = [&] {
      v1::RightState state;
      for (const auto& [m, key] : movements) FoldRight({&m, key, key}, &state);
      state.set_last_sequence(0);
      return state.SerializeAsString();
    };
    const std::string expected = state_of();
    std::shuffle(movements.begin(), movements.end(), random);
    ASSERT_EQ(state_of(), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace portrisk::scoring
