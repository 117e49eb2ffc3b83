// What a tie rests on, and when it no longer stands.
#include "service/outcome_ties.h"

#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kBox[] = "MSKU1234565";

class OutcomeTiesTest : public OutcomeTest {
 protected:
  template <typename Tied>
  bool Stands(const Tied& tied) {
    bool stands = false;
    const absl::Status status = engine_->Run([&](Core& core) {
      auto now = StillStands(&core, tied);
      if (!now.ok()) return now.status();
      stands = *now;
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return stands;
  }
  TiedOutcome Tie(const v1::Outcome& outcome) {
    TiedOutcome tied;
    *tied.record.mutable_outcome() = outcome;
    EXPECT_TRUE(TieAll(engine_.get(), std::vector<TiedOutcome*>{&tied}).ok());
    EXPECT_TRUE(tied.status.ok()) << tied.status;
    return tied;
  }
  TiedDecision Tie(const v1::Decision& decision) {
    TiedDecision tied;
    *tied.record.mutable_decision() = decision;
    EXPECT_TRUE(TieAll(engine_.get(), std::vector<TiedDecision*>{&tied}).ok());
    EXPECT_TRUE(tied.status.ok()) << tied.status;
    return tied;
  }
};

TEST_F(OutcomeTiesTest, AnOutcomeStandsUntilItsBoxMoves) {
  const TiedOutcome unknown = Tie(MakeOutcome("C-1", kBox, 60));
  EXPECT_TRUE(Stands(unknown));
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  EXPECT_FALSE(Stands(unknown)) << "now there is a visit";
  const TiedOutcome known = Tie(MakeOutcome("C-1", kBox, 60));
  EXPECT_NE(known.record.tie().unit(), "");
  Score(engine_.get(), MakeMovement("2", v1::GATE_IN, "TCLU4265783", 0));
  EXPECT_TRUE(Stands(known)) << "another box does not matter";
  ASSERT_TRUE(Record(MakeOutcome("C-1", kBox, 60)).ok());
  EXPECT_TRUE(Stands(known)) << "nor does another outcome";
  Score(engine_.get(), MakeMovement("3", v1::YARD_MOVE, kBox, 30));
  EXPECT_FALSE(Stands(known));
}

TEST_F(OutcomeTiesTest, ACorrectionToAnotherBoxMovesBoth) {
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  Score(engine_.get(), m);
  const TiedOutcome was = Tie(MakeOutcome("C-1", kBox, 60));
  const TiedOutcome will_be = Tie(MakeOutcome("C-2", "TCLU4265783", 60));
  m.mutable_container()->set_number("TCLU4265783");
  m.mutable_update_time()->set_seconds(5);
  Score(engine_.get(), m);
  EXPECT_FALSE(Stands(was));
  EXPECT_FALSE(Stands(will_be));
  EXPECT_EQ(Tie(MakeOutcome("C-1", kBox, 60)).record.tie().unit(), "");
}

TEST_F(OutcomeTiesTest, ADecisionStandsUntilItsMovementIsCorrected) {
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  Score(engine_.get(), m);
  const TiedDecision tied = Tie(MakeDecision("D-1", "1"));
  Score(engine_.get(), MakeMovement("2", v1::YARD_MOVE, kBox, 30));
  EXPECT_TRUE(Stands(tied)) << "the box may move: the answer stays";
  m.mutable_update_time()->set_seconds(5);
  Score(engine_.get(), m);
  EXPECT_FALSE(Stands(tied));
  EXPECT_EQ(Tie(MakeDecision("D-1", "1")).record.tie().assessment_sequence(),
            3u);
}

TEST_F(OutcomeTiesTest, MovementsNotYetIndexedAreRead) {
  // Three checkpoints' worth of movements, the last ones only in memory.
  EngineOptions options = TestOptions(Directory());
  options.checkpoint_records = 20;
  Open(options);
  for (int i = 0; i < 70; ++i) {
    Score(engine_.get(), MakeMovement(absl::StrCat(i), v1::YARD_MOVE, kBox, i));
  }
  EXPECT_EQ(Tie(MakeOutcome("C-1", kBox, 100)).record.tie().assessments_size(),
            64);
  Reopen();
  EXPECT_EQ(Tie(MakeOutcome("C-1", kBox, 100)).record.tie().assessments(63),
            70u);
}

}  // namespace
}  // namespace portrisk::service
