// Aggregates in the service: what a live movement reads equals the brute force
// of tests/scoring/aggregate_oracle.h, whatever the size of the cache, of the
// batches and the moment of a crash.
#include "service/aggregates.h"

#include "service/explain_api.h"
#include "service/history_api.h"
#include "tests/service/aggregates_fixture.h"

namespace portrisk::service {
namespace {

using scoring::cases::Cases;
using scoring::cases::Declared;
using scoring::cases::NamesOf;
using scoring::oracle::Oracle;
using scoring::oracle::Question;
using scoring::oracle::Version;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string AllCases() {
  return RulesThatTell(Declared(Cases()), NamesOf(Cases()));
}

struct Tally {
  int compared = 0;
  int known = 0;
  int approximate = 0;
};

double NumberOf(const Question& question, const std::string& text) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  v1::Event event = v1::EVENT_UNSPECIFIED;
  if (question.name == "t" && v1::Event_Parse(text, &event)) return event;
  return std::stod(text);
}

double Tolerance(const Question& question, const v1::Evidence& told) {
  if (question.function == "distinct" && told.approximate()) return 0.26;
  if (question.function == "quantile" && told.approximate()) return 1.0 / 64;
  if (question.half_life_s > 0 || question.function == "mean") return 1e-9;
  return question.decimal ? 1e-9 : 0;
}

// What a rule told of the aggregate beside what the oracle says.
void Compare(const Question& question, const scoring::oracle::Answer& answer,
             const v1::Hit* hit, Tally* tally) {
  SCOPED_TRACE(question.name);
  ++tally->compared;
  ASSERT_EQ(hit != nullptr, !answer.forgotten);
  if (hit == nullptr) return;
  const v1::Evidence* count = FindEvidence(*hit, question.name + "_count");
  ASSERT_NE(count, nullptr) << hit->ShortDebugString();
  EXPECT_EQ(count->value(), absl::StrCat(answer.count));
  const v1::Evidence* told = FindEvidence(*hit, question.name);
  ASSERT_EQ(told != nullptr, answer.known) << hit->ShortDebugString();
  if (told == nullptr) return;
  ++tally->known;
  tally->approximate += told->approximate();
  if (!answer.text.empty()) {
    EXPECT_EQ(told->value(), answer.text);
    return;
  }
  EXPECT_NEAR(NumberOf(question, told->value()), answer.number,
              std::fabs(answer.number) * Tolerance(question, *told) +
                  (question.decimal ? 1e-9 : 0));
}

class LiveAggregatesTest : public AggregatesTest {
 protected:
  void CompareAll(const std::vector<Version>& journal,
                  const std::vector<v1::Assessment>& assessments,
                  Tally* tally) {
    std::vector<Version> before;
    for (size_t i = 0; i < journal.size() && !HasFailure(); ++i) {
      SCOPED_TRACE(absl::StrCat("movement ", i));
      const v1::Movement& m = journal[i].movement;
      if (!m.retraction() && m.classifier() == v1::ACTUAL) {
        for (const auto& one : Cases()) {
          const auto key = one.question.key(m);
          const v1::Hit* hit = FindHit(assessments[i], one.question.name);
          if (!key) {
            EXPECT_EQ(hit, nullptr);
            continue;
          }
          Compare(one.question,
                  Oracle::Ask(one.question, *key, before, journal[i]), hit,
                  tally);
        }
      }
      before.push_back(journal[i]);
    }
  }
};

TEST_F(LiveAggregatesTest, WhatMovementsReadEqualsBruteForce) {
  const struct {
    uint64_t seed;
    int64_t spacing_s;
    uint64_t keys;
    int movements;
    size_t batch;
  } kLives[] = {{20261201, 2, 2, 300, 7},
                {20261202, 300, 3, 300, 1},
                {20261203, 6 * 3600, 2, 300, 64},
                {20261204, 2 * 86400, 2, 300, 19}};
  Tally tally;
  for (const auto& life : kLives) {
    SCOPED_TRACE(absl::StrCat("seed ", life.seed));
    EngineOptions options = TestOptions("");
    options.cache_states_max = 3;
    options.checkpoint_records = 60;
    Begin(options);
    ActivateAndWarm(AllCases());
    const auto journal =
        JournalOf(life.seed, life.spacing_s, life.keys, life.movements);
    CompareAll(journal, ScoreInBatches(MovementsOf(journal), life.batch),
               &tally);
    if (HasFailure()) return;
    ExpectVerified();
  }
  EXPECT_GT(tally.known, tally.compared / 2);
  EXPECT_GT(tally.approximate, 20);
}

TEST_F(LiveAggregatesTest, CachesBatchesAndCrashesChangeNoByte) {
  const auto movements = MovementsOf(JournalOf(20261205, 1800, 3, 500));
  std::vector<std::string> first;
  std::map<std::string, std::string> states;
  const auto live = [&](EngineOptions options, size_t batch, bool crashes) {
    Begin(std::move(options));
    ActivateAndWarm(AllCases());
    std::vector<std::string> bytes;
    const size_t half = movements.size() / 2;
    for (const bool later : {false, true}) {
      const auto part = ScoreInBatches(
          {movements.begin() + static_cast<long>(later ? half : 0),
           movements.begin() +
               static_cast<long>(later ? movements.size() : half)},
          batch);
      for (const auto& one : part) bytes.push_back(one.SerializeAsString());
      if (!later && crashes) Restart();
    }
    End();
    auto ended = StatesIn(Directory());
    // How far a table was written before it came into use.
    if (first.empty()) {
      first = bytes;
      states = ended;
      EXPECT_GT(states.size(), 50u);
      return;
    }
    EXPECT_TRUE(bytes == first);
    EXPECT_TRUE(ended == states);
  };
  EngineOptions smallest = TestOptions("");
  smallest.cache_states_max = 1;
  smallest.checkpoint_records = 20;
  live(smallest, 1, false);
  live(TestOptions(""), 100, false);
  live(smallest, 33, true);
  live(TestOptions(""), 10, true);
}

// 33 different boxes in a bucket are counted in registers, which cannot forget
// one; the largest of five that a bucket has seen is not what is left when the
// four that it keeps are taken out.
constexpr char kLossy[] =
    "  boxes: {key: movement.haulier.id, distinct: movement.container.number, "
    "window: 1d, resolution: 1d}\n"
    "  heaviest: {key: movement.haulier.id, max: movement.weights.vgm_kg, "
    "window: 1d, resolution: 1d}\n";

class LossyTest : public AggregatesTest {
 protected:
  v1::Movement Load(int i, int64_t update = 1) {
    v1::Movement m =
        MakeMovement(absl::StrCat("load", i), v1::GATE_OUT, Number(i), 100 + i);
    m.mutable_haulier()->set_id("NL-1");
    m.mutable_weights()->set_vgm_kg(30'000 - i);
    m.mutable_update_time()->set_seconds(update);
    return m;
  }
  v1::Movement Retraction(int i, int64_t update = 2) {
    v1::Movement m;
    m.set_source("terminal-1");
    m.set_id(absl::StrCat("load", i));
    m.set_retraction(true);
    m.mutable_update_time()->set_seconds(update);
    return m;
  }
  void Send(const std::vector<v1::Movement>& movements) {
    for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
      EXPECT_TRUE(answer.status.ok()) << answer.status;
    }
  }
  // "value, exact or not, count" of both.
  std::string Ask() {
    v1::Movement m = MakeMovement(absl::StrCat("ask", ++asked_), v1::GATE_IN,
                                  Number(0), 500);
    m.mutable_haulier()->set_id("NL-1");
    const Answer answer = Score(engine_.get(), m);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    // It is not to count itself the next time.
    v1::Movement gone = Retraction(0);
    gone.set_id(m.id());
    Send({gone});
    std::string all;
    for (const char* name : {"boxes", "heaviest"}) {
      const v1::Assessment assessment = answer.assessment();
      const v1::Hit* hit = FindHit(assessment, name);
      if (hit == nullptr) return "no hit";
      const v1::Evidence* told = FindEvidence(*hit, name);
      absl::StrAppend(
          &all, all.empty() ? "" : "; ",
          told == nullptr       ? "unknown"
          : told->approximate() ? "about "
                                : "",
          told == nullptr ? "" : told->value(), " of ",
          FindEvidence(*hit, absl::StrCat(name, "_count"))->value());
    }
    return all;
  }

  int asked_ = 0;
};

TEST_F(LossyTest, WhatABucketCannotUndoIsMadeAnewFromTheJournal) {
  Begin();
  ActivateAndWarm(RulesThatTell(kLossy, {"boxes", "heaviest"}));
  std::vector<v1::Movement> loads;
  for (int i = 0; i < 34; ++i) loads.push_back(Load(i));
  Send(loads);
  EXPECT_THAT(Ask(), HasSubstr("about "));
  // Below what registers begin at, so the bucket made anew is exact; in the
  // same batch as movements that it has to count.
  Send({Retraction(0), Load(34), Retraction(1), Retraction(2), Retraction(3)});
  EXPECT_EQ(Ask(), "31 of 31; 29996 of 31");
  // From the store, too, and a version moved out of the step and back in.
  Restart();
  v1::Movement moved = Load(4, 5);
  moved.mutable_occurrence_time()->set_seconds(1'790'000'000 - 3 * 86400);
  Send({moved, Retraction(5)});
  EXPECT_EQ(Ask(), "29 of 29; 29994 of 29");
  Send({Load(4, 9), Retraction(6), Retraction(7), Retraction(8)});
  EXPECT_EQ(Ask(), "27 of 27; 29996 of 27");
  ExpectVerified();
}

// What was read of a step is kept for the next correction, whatever its key.
TEST_F(LossyTest, ARunOfCorrectionsIsTheSameWithAndWithoutWhatWasKept) {
  const auto load = [&](int i, int64_t update) {
    v1::Movement m = Load(i, update);
    m.mutable_haulier()->set_id(i % 2 == 0 ? "NL-1" : "NL-2");
    return m;
  };
  const std::string yaml = RulesThatTell(kLossy, {"boxes", "heaviest"});
  const auto live = [&](int restart_every) {
    Begin();
    ActivateAndWarm(yaml);
    std::vector<v1::Movement> loads;
    for (int i = 0; i < 90; ++i) loads.push_back(load(i, 1));
    Send(loads);
    for (int i = 0; i < 24; ++i) {
      if (restart_every > 0 && i % restart_every == 0) Restart();
      v1::Movement moved = load(i + 1, 3 + i);  // Again and again.
      if (i % 3 == 0) {
        moved.mutable_occurrence_time()->set_seconds(1'790'000'000 - 86400);
      }
      Send({Retraction(i, 100), moved, load(90 + i, 1)});
    }
    EXPECT_THAT(Ask(), HasSubstr(" of "));
    ExpectVerified();
    End();
    return CellsIn(Directory());
  };
  const auto kept = live(0);
  EXPECT_THAT(kept, SizeIs(2));
  EXPECT_EQ(live(1), kept);
  EXPECT_EQ(live(5), kept);
}

TEST_F(LossyTest, AFilledBucketIsTheSameAsALiveOne) {
  std::vector<v1::Movement> sent;
  for (int i = 0; i < 40; ++i) sent.push_back(Load(i));
  for (int i = 0; i < 20; ++i) sent.push_back(Retraction(i));
  for (int i = 10; i < 15; ++i) sent.push_back(Load(i, 7));
  const std::string yaml = RulesThatTell(kLossy, {"boxes", "heaviest"});
  Begin();
  ActivateAndWarm(yaml);
  Send(sent);
  End();
  const auto live = CellsIn(Directory());
  Begin();
  Send(sent);
  ActivateAndWarm(yaml);
  EXPECT_EQ(Ask(), "25 of 25; 29990 of 25");
  End();
  Begin();
  Send(sent);
  ActivateAndWarm(yaml);
  End();
  EXPECT_EQ(CellsIn(Directory()), live);
  EXPECT_THAT(live, SizeIs(1));
}

TEST_F(LossyTest, ExplainShowsTheValueOfThen) {
  Begin();
  Send({Load(0), Load(1), Load(2)});
  ActivateAndWarm(
      absl::StrCat("rule_set: s\nlayer: port\nowner: EU\naggregates:\n", kLossy,
                   "rules:\n  - id: r\n    title: {en: T}\n"
                   "    explain: {en: E}\n    score: 1\n"
                   "    when: boxes >= 20 && heaviest > 5\n"));
  Send({Load(3), Retraction(0), Load(4)});
  const auto explain = [&](int i) {
    v1::ExplainRequest request;
    request.set_source("terminal-1");
    request.set_movement_id(absl::StrCat("load", i));
    request.set_rule("r");
    auto response = ExplainApi(engine_.get()).Explain(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response->DebugString();
  };
  // Also for what came before the aggregate was declared.
  EXPECT_THAT(explain(2), HasSubstr("value: \"2\""));
  EXPECT_THAT(explain(3), HasSubstr("value: \"3\""));
  EXPECT_THAT(explain(4), HasSubstr("value: \"3\""));
}

TEST_F(LossyTest, AnEntityIsReadWithTheAggregatesOfItsName) {
  Begin();
  Send({Load(0), Load(1)});
  const uint64_t revision =
      ActivateAndWarm(RulesThatTell(kLossy, {"boxes", "heaviest"}));
  EngineOptions options = TestOptions("");
  v1::GetEntityRequest request;
  request.mutable_party()->set_role(v1::ROLE_HAULIER);
  request.mutable_party()->set_id("NL-1");
  End();
  // As of now: a day after the loads there is nothing in the window.
  auto now =
      std::make_shared<absl::Time>(absl::FromUnixSeconds(1'790'000'000 + 1000));
  options.clock = [now] { return *now; };
  options.store.directory = Directory();
  Open(options);
  const HistoryApi history(engine_.get());
  auto read = history.GetEntity(request);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_THAT(read->aggregates(), SizeIs(2));
  EXPECT_EQ(read->aggregates(0).name(), "boxes");
  EXPECT_EQ(read->aggregates(0).value(), "2");
  EXPECT_EQ(read->aggregates(0).count(), 2u);
  EXPECT_EQ(read->aggregates(0).revision(), revision);
  EXPECT_EQ(read->aggregates(0).key(), "movement.haulier.id");
  EXPECT_EQ(read->aggregates(1).value(), "30000");
  *now += absl::Hours(48);
  read = history.GetEntity(request);
  EXPECT_EQ(read->aggregates(0).value(), "0");
  EXPECT_FALSE(read->aggregates(1).has_value());
  v1::GetContainerRequest box;
  box.set_number(Number(0));
  EXPECT_THAT(history.GetContainer(box)->aggregates(), IsEmpty());
}

TEST_F(LossyTest, NoKeyOfAStateSaysWhoItIsOf) {
  Begin();
  ActivateAndWarm(RulesThatTell(
      "  n: {key: [movement.haulier.id, movement.transport.plate], count: "
      "true, window: 1d}\n",
      {"n"}));
  v1::Movement m = Load(1);
  m.mutable_transport()->set_plate("12-AB-3");
  Send({m});
  End();
  const auto states = StatesIn(Directory(), "G");
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_THAT(states.begin()->first, Not(HasSubstr("NL-1")));
  EXPECT_THAT(states.begin()->first + states.begin()->second,
              Not(HasSubstr("12-AB-3")));
}

}  // namespace
}  // namespace portrisk::service
