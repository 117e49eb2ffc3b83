// New aggregates are filled beside live scoring and come into use whole, in one
// step, whatever crashes; what nobody reads any more is let go of.
#include "service/warming.h"

#include <thread>

#include "tests/service/aggregates_fixture.h"
#include "tests/service/gate.h"

namespace portrisk::service {
namespace {

using scoring::cases::Cases;
using scoring::cases::Declared;
using scoring::cases::NamesOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kCount[] =
    "  n: {key: movement.location.locode, count: true, window: 5y}\n";

class WarmingTest : public AggregatesTest {
 protected:
  // A store whose journal holds `movements` in blocks of ten, then a server
  // whose warmings stop at the gate.
  void BeginWith(const std::vector<v1::Movement>& movements, StepGate* gate,
                 size_t flush_states = 4) {
    Begin();
    ScoreInBatches(movements, 10);
    End();
    Continue(gate, flush_states);
  }
  void Continue(StepGate* gate, size_t flush_states = 4,
                StepGate* later = nullptr) {
    EngineOptions options = TestOptions(Directory());
    options.fill_flush_states = flush_states;
    if (gate != nullptr) {
      options.after_filled_block = [gate, later] {
        gate->AfterStep();
        if (later != nullptr) later->AfterStep();
      };
    }
    Open(std::move(options));
    rules_ = std::make_unique<RuleApi>(engine_.get(), true);
    lists_ = std::make_unique<ListApi>(engine_.get());
  }
  static std::vector<v1::Movement> Visits(int begin, int end) {
    std::vector<v1::Movement> movements;
    for (int i = begin; i < end; ++i) {
      movements.push_back(
          MakeMovement(absl::StrCat("v", i), v1::GATE_IN, Number(i % 50), i));
    }
    return movements;
  }
  // Asks for it, without waiting for the end.
  uint64_t Warm(const std::string& yaml) {
    const uint64_t revision = Approve(yaml);
    auto changed = rules_->Activate(Change(revision), kCaller);
    EXPECT_TRUE(changed.ok()) << changed.status();
    EXPECT_EQ(changed->state(), v1::WARMING);
    return revision;
  }
  // The count that the rule told; -1: it told nothing.
  static int64_t Told(const v1::Assessment& assessment,
                      const std::string& rule = "n") {
    const v1::Hit* hit = FindHit(assessment, rule);
    return hit == nullptr ? -1 : std::stoll(FindEvidence(*hit, rule)->value());
  }
};

TEST_F(WarmingTest, LiveScoresNeverSeeHalfAWindow) {
  StepGate gate(20);
  BeginWith(Visits(0, 400), &gate);
  const uint64_t before = Activate(Document("s", "port", "", kAnyBox));
  const uint64_t revision = Warm(RulesThatTell(kCount, {"n"}));
  gate.WaitUntilArrived();
  // Until it is filled, what was in force stays so.
  int next = 400;
  const auto score = [&] {
    return ScoreInBatches(Visits(next, next + 1), 1)[0];
  };
  for (; next < 500; ++next) {
    const v1::Assessment live = score();
    ASSERT_THAT(live.revisions(), SizeIs(1));
    EXPECT_EQ(live.revisions(0).revision(), before);
  }
  const v1::Revision warming = Get(revision);
  EXPECT_EQ(warming.state(), v1::WARMING);
  EXPECT_GE(warming.warming().filled_sequence(), 100u);
  EXPECT_LT(warming.warming().filled_sequence(), 300u);
  EXPECT_GT(warming.warming().share_ppm(), 0u);
  EXPECT_LT(warming.warming().share_ppm(), 1'000'000u);
  gate.Open();
  bool swapped = false;
  for (int last = next + 20'000; next < last && !swapped; ++next) {
    const v1::Assessment live = score();
    swapped = live.revisions(0).revision() == revision;
    if (swapped) {
      EXPECT_EQ(Told(live), next);
    } else {
      ASSERT_EQ(live.revisions(0).revision(), before);
    }
  }
  EXPECT_TRUE(swapped);
  for (int last = next + 50; next < last; ++next) {
    EXPECT_EQ(Told(score()), next);
  }
  EXPECT_EQ(Get(before).state(), v1::RETIRED);
  Restart();
  EXPECT_EQ(Told(score()), next);
  ExpectVerified();
}

TEST_F(WarmingTest, ItIsNotSaidToBeDoneBeforeItIs) {
  StepGate half(20), all(40);  // Of what is there as it begins.
  BeginWith(Visits(0, 400), nullptr);
  End();
  Continue(&half, 4, &all);
  const uint64_t revision = Warm(RulesThatTell(kCount, {"n"}));
  half.WaitUntilArrived();
  ScoreInBatches(Visits(400, 500), 10);
  half.Open();
  all.WaitUntilArrived();
  const v1::WarmingProgress warming = Get(revision).warming();
  EXPECT_GE(warming.last_sequence(), 500u);
  EXPECT_LT(warming.share_ppm(), 900'000u);
  all.Open();
  EXPECT_EQ(Warmed(revision).state(), v1::ACTIVE);
}

TEST_F(WarmingTest, ACrashInTheMiddleResumesAndGivesTheSameStates) {
  const auto movements = MovementsOf(JournalOf(20261206, 3600, 4, 600));
  const std::string yaml = RulesThatTell(Declared(Cases()), NamesOf(Cases()));
  // Whole, in one go.
  BeginWith(movements, nullptr);
  ActivateAndWarm(yaml);
  End();
  const auto whole = CellsIn(Directory());
  EXPECT_GT(whole.size(), 10u);
  // Counted from the beginning.
  Begin();
  ActivateAndWarm(yaml);
  ScoreInBatches(movements, 10);
  End();
  EXPECT_TRUE(CellsIn(Directory()) == whole);
  // Twice interrupted.
  StepGate first(25);
  BeginWith(movements, &first);
  const uint64_t revision = Warm(yaml);
  first.WaitUntilArrived();
  CopyToNextLife();
  first.Open();
  StepGate second(15);
  Continue(&second);
  second.WaitUntilArrived();
  EXPECT_EQ(Get(revision).state(), v1::WARMING);
  CopyToNextLife();
  second.Open();
  StepGate none(0);
  Continue(&none);
  EXPECT_EQ(Warmed(revision).state(), v1::ACTIVE);
  // It has not begun again: of 60 blocks of movements few were left.
  EXPECT_LT(none.steps(), 60 - 30);
  End();
  EXPECT_TRUE(CellsIn(Directory()) == whole);
}

TEST_F(WarmingTest, ACrashAfterTheSwapLosesNothing) {
  BeginWith(Visits(0, 300), nullptr, 1'000'000);
  ActivateAndWarm(RulesThatTell(kCount, {"n"}));
  EXPECT_EQ(Told(ScoreInBatches(Visits(300, 301), 1)[0]), 300);
  // Nothing of the table is written yet, and the checkpoint lies before it.
  Restart();
  EXPECT_EQ(Told(ScoreInBatches(Visits(301, 302), 1)[0]), 301);
  Restart();
  EXPECT_EQ(Told(ScoreInBatches(Visits(302, 303), 1)[0]), 302);
  Reopen();
  EXPECT_EQ(Told(ScoreInBatches(Visits(303, 304), 1)[0]), 303);
  ExpectVerified();
}

TEST_F(WarmingTest, FillingBesideLiveScoringGivesWhatCountingFromTheStartDoes) {
  const auto movements = MovementsOf(JournalOf(20261207, 900, 3, 900));
  const std::string yaml = RulesThatTell(Declared(Cases()), NamesOf(Cases()));
  Begin();
  ActivateAndWarm(yaml);
  ScoreInBatches(movements, 10);
  End();
  const auto counted = CellsIn(Directory());
  const std::vector<v1::Movement> old(movements.begin(),
                                      movements.begin() + 500);
  BeginWith(old, nullptr, 10);
  uint64_t revision = 0;
  std::thread asks([&] { revision = Activate(yaml); });
  ScoreInBatches({movements.begin() + 500, movements.end()}, 3);
  asks.join();
  EXPECT_EQ(Warmed(revision).state(), v1::ACTIVE);
  End();
  EXPECT_TRUE(CellsIn(Directory()) == counted);
}

TEST_F(WarmingTest, ARevisionWithKnownAggregatesComesIntoForceAtOnce) {
  BeginWith(Visits(0, 100), nullptr);
  ActivateAndWarm(RulesThatTell(kCount, {"n"}));
  // The same aggregate under another name, in another set.
  const uint64_t other = Activate(RulesThatTell(
      "  visits: {key: movement.location.locode, count: true, window: 5y}\n",
      {"visits"}, "t"));
  const v1::Revision shown = Get(other);
  for (const v1::RevisionEvent& event : shown.events()) {
    EXPECT_NE(event.state(), v1::WARMING);
  }
  EXPECT_EQ(Told(ScoreInBatches(Visits(100, 101), 1)[0], "visits"), 100);
}

TEST_F(WarmingTest, WhatIsCalledOffLeavesNothingBehind) {
  StepGate gate(20);
  BeginWith(Visits(0, 400), &gate);
  const uint64_t revision = Warm(RulesThatTell(kCount, {"n"}));
  gate.WaitUntilArrived();
  EXPECT_EQ(ReasonOf(rules_->Activate(Change(revision), kCaller).status()),
            "WRONG_STATE");
  ASSERT_TRUE(rules_->Retire(Change(revision), kCaller).ok());
  gate.Open();
  EXPECT_EQ(Get(revision).state(), v1::RETIRED);
  EXPECT_THAT(engine_->ReadCatalogue()->tables(), IsEmpty());
  ScoreInBatches(Visits(400, 410), 1);
  End();
  EXPECT_THAT(StatesIn(Directory(), "Gg"), IsEmpty());
}

// Its breaker has tripped before; a person looks at that in the meantime.
TEST_F(WarmingTest, AResetBreakerDoesNotCallItOff) {
  StepGate gate(20);
  BeginWith(Visits(0, 100), nullptr);
  const uint64_t revision =
      Activate(Document("s", "port", absl::StrCat("aggregates:\n", kCount),
                        "    when: n >= 0\n    score: 10\n"
                        "    breaker: {share: 0.001, window: 1000}\n"));
  while (Get(revision).state() == v1::WARMING) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  ScoreInBatches(Visits(100, 110), 1);
  ASSERT_THAT(Get(revision).overrides(), SizeIs(1));
  ASSERT_TRUE(rules_->Retire(Change(revision), kCaller).ok());
  End();
  Continue(&gate);
  ASSERT_TRUE(rules_->Activate(Change(revision), kCaller).ok());
  ASSERT_EQ(Get(revision).state(), v1::WARMING);
  v1::ResetBreakerRequest reset;
  reset.set_revision(revision);
  reset.set_rule("r");
  reset.set_note("a ship of full boxes");
  ASSERT_TRUE(rules_->ResetBreaker(reset, kCaller).ok());
  gate.Open();
  while (Get(revision).state() == v1::WARMING) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(Get(revision).state(), v1::ACTIVE);
  EXPECT_THAT(Get(revision).overrides(), IsEmpty());
}

TEST_F(WarmingTest, WhatNoRevisionReadsIsDropped) {
  BeginWith(Visits(0, 50), nullptr);
  const std::string with = RulesThatTell(kCount, {"n"});
  const std::string without = Document("s", "port", "", kAnyBox);
  ActivateAndWarm(with);
  Activate(without);
  // A rollback would bring it back, at once.
  EXPECT_THAT(engine_->ReadCatalogue()->tables(), SizeIs(1));
  ScoreInBatches(Visits(50, 60), 1);
  EXPECT_EQ(Rollback()->state(), v1::ACTIVE);
  EXPECT_EQ(Told(ScoreInBatches(Visits(60, 61), 1)[0]), 60);
  Activate(without);
  const uint64_t last = Activate(without);
  EXPECT_THAT(engine_->ReadCatalogue()->tables(), IsEmpty());
  ScoreInBatches(Visits(61, 62), 1);
  Reopen();
  EXPECT_THAT(engine_->ReadCatalogue()->tables(), IsEmpty());
  // It begins anew where it is wanted again.
  ASSERT_TRUE(rules_->Retire(Change(last), kCaller).ok());
  ActivateAndWarm(with);
  EXPECT_EQ(Told(ScoreInBatches(Visits(62, 63), 1)[0]), 62);
  const std::string directory = Directory();
  ExpectVerified();
  EXPECT_THAT(StatesIn(directory, "G"), SizeIs(1));
}

TEST_F(WarmingTest, AnAggregateThatCameIntoUseMeanwhileIsNotLost) {
  const auto told = [](const std::string& aggregates,
                       const std::vector<std::string>& names,
                       const std::string& set) {
    return RulesThatTell(aggregates, names, set);
  };
  const std::string a =
      "  a: {key: movement.location.locode, count: true, window: 1y}\n";
  const std::string b =
      "  b: {key: movement.location.locode, count: true, window: 2y}\n";
  const std::string c =
      "  c: {key: movement.location.locode, count: true, window: 3y}\n";
  BeginWith(Visits(0, 200), nullptr);
  ActivateAndWarm(told(a + b, {"a", "b"}, "s"));
  // b is kept in the table of a, and nobody needs it.
  Activate(told(a, {"a"}, "s"));
  Activate(told(a, {"a"}, "s"));
  End();
  StepGate gate(10);
  Continue(&gate);
  const uint64_t third = Warm(told(c, {"c"}, "t"));
  gate.WaitUntilArrived();
  Activate(told(b, {"b"}, "u"));
  gate.Open();
  EXPECT_EQ(Warmed(third).state(), v1::ACTIVE);
  const v1::Assessment now = ScoreInBatches(Visits(200, 201), 1)[0];
  for (const char* rule : {"a", "b", "c"}) EXPECT_EQ(Told(now, rule), 200);
  ExpectVerified();
}

TEST_F(WarmingTest, AWarmingOutlivesAnOrderlyEnd) {
  StepGate gate(20);
  BeginWith(Visits(0, 400), &gate);
  const uint64_t revision = Warm(RulesThatTell(kCount, {"n"}));
  gate.WaitUntilArrived();
  std::thread ends([&] { End(); });
  absl::SleepFor(absl::Milliseconds(20));
  gate.Open();
  ends.join();
  Continue(nullptr);
  EXPECT_EQ(Warmed(revision).state(), v1::ACTIVE);
  EXPECT_EQ(Told(ScoreInBatches(Visits(400, 401), 1)[0]), 400);
}

// The first table: what was gathered before it knew of none. Callers that do
// not wait for one another and batches that take a while, so that mostly some
// movements stand behind the change in its batch.
TEST_F(WarmingTest, TablesComeIntoUseInTheMiddleOfABatch) {
  for (int round = 0; round < 3; ++round) {
    EngineOptions options = TestOptions("");
    options.clock = [] {
      absl::SleepFor(absl::Milliseconds(3));
      return absl::FromUnixSeconds(1'800'000'000);
    };
    Begin(std::move(options));
    const uint64_t revision = Approve(RulesThatTell(kCount, {"n"}));
    std::vector<std::vector<v1::Assessment>> parts(4);
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&, i] {
        for (int at = 60 * i; at < 60 * i + 60; at += 4) {
          absl::SleepFor(absl::Microseconds(700 * i));
          for (auto& one : ScoreInBatches(Visits(at, at + 4), 4)) {
            parts[static_cast<size_t>(i)].push_back(std::move(one));
          }
        }
      });
    }
    EXPECT_TRUE(rules_->Activate(Change(revision), kCaller).ok());
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(Warmed(revision).state(), v1::ACTIVE);
    std::map<uint64_t, int64_t> told;
    for (const auto& part : parts) {
      for (const v1::Assessment& one : part) told[one.sequence()] = Told(one);
    }
    ASSERT_THAT(told, SizeIs(240));
    int64_t before = 0;
    for (const auto& [sequence, count] : told) {
      if (count >= 0) {
        ASSERT_EQ(count, before) << sequence;
      }
      ++before;
    }
    EXPECT_EQ(Told(ScoreInBatches(Visits(240, 241), 1)[0]), 240);
  }
  ExpectVerified();
}

}  // namespace
}  // namespace portrisk::service
