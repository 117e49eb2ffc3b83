#include "service/replay.h"

#include <atomic>

#include "service/audit_log.h"
#include "service/fold_version.h"
#include "service/profile_api.h"
#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kCounts[] =
    "aggregates:\n"
    "  seen_30d: {key: movement.container.number, count: true, window: 30d}\n";

class ReplayTest : public OutcomeTest {
 protected:
  static ReplayOptions Options() {
    ReplayOptions options;
    options.draw_key = DrawKeyOf(TestSecrets());
    return options;
  }
  static std::shared_ptr<const scoring::RuleSet> Checked(
      const std::string& yaml) {
    const scoring::CheckResult checked = scoring::CheckRuleSet(yaml, "test");
    EXPECT_NE(checked.rule_set, nullptr);
    return checked.rule_set;
  }
  static ReplayVariant Recorded() {
    ReplayVariant variant;
    variant.as_recorded = true;
    return variant;
  }
  static ReplayVariant Candidate(const std::string& yaml) {
    ReplayVariant variant;
    variant.name = "candidate";
    Replace({{kReplayRevisions, Checked(yaml)}}, &variant);
    return variant;
  }
  // Of boxes that come and go, some often and some seldom.
  static v1::Movement ComeOrGo(int i) {
    return MakeMovement(absl::StrCat("m", i),
                        i % 2 ? v1::GATE_OUT : v1::GATE_IN, Number(i * i % 23),
                        i * 1200);
  }
  void ScoreMany(int from, int to) {
    std::vector<v1::Movement> movements;
    for (int i = from; i < to; ++i) {
      movements.push_back(MakeMovement(absl::StrCat("m", i),
                                       i % 2 ? v1::GATE_OUT : v1::GATE_IN,
                                       Number(i / 2), i * 600));
    }
    for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
      ASSERT_TRUE(answer.status.ok()) << answer.status;
    }
  }
};

TEST_F(ReplayTest, WhatWasScoredLiveComesOutAgainThroughEveryChange) {
  ScoreMany(0, 100);
  Activate(Document("s", "common", kWatched, kOnList));
  ScoreMany(100, 200);
  ASSERT_TRUE(Load(absl::StrCat("value,reason\n", Number(120), ",r\n")).ok());
  ScoreMany(200, 300);
  // Counted from history, then in force.
  Activate(Document("s", "common", kCounts,
                    "    when: seen_30d >= 1\n    score: 120\n"));
  while (Get(2).state() == v1::WARMING) absl::SleepFor(absl::Milliseconds(5));
  ASSERT_EQ(Get(2).state(), v1::ACTIVE);
  ScoreMany(300, 400);
  v1::Movement again = MakeMovement("m399", v1::GATE_OUT, Number(7), 399 * 600);
  again.mutable_update_time()->set_seconds(1);
  ASSERT_TRUE(Score(engine_.get(), again).status.ok());
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(150), 301 * 600)).ok());
  ScoreMany(400, 420);
  const auto store = Drained();
  const auto verified = VerifyAssessments(*store, Options());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->movements, 421u);
  EXPECT_EQ(verified->equal, 421u)
      << testing::PrintToString(verified->differences);
}

TEST_F(ReplayTest, AnotherKeyIsNamedAsTheReason) {
  ScoreMany(0, 10);
  const auto store = Drained();
  ReplayOptions options = Options();
  options.draw_key.key[0] ^= 1;
  const auto verified = VerifyAssessments(*store, options);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->equal, 0u);
  ASSERT_EQ(verified->differences.size(), 10u);
  EXPECT_THAT(verified->differences[0],
              testing::AllOf(testing::HasSubstr("position 1, movement "
                                                "terminal-1/m0: "),
                             testing::HasSubstr("another key")));
}

TEST_F(ReplayTest, WhichProgramAssessedIsNamedWhereItDiffers) {
  const auto starts = [&](uint32_t fold) {
    v1::AuditEntry entry;
    entry.set_kind(v1::CONFIGURATION);
    entry.set_fold_version(fold);
    const absl::Status status =
        AuditLog(engine_.get()).Record(Caller("portriskd"), std::move(entry));
    ASSERT_TRUE(status.ok()) << status;
  };
  ScoreMany(0, 1);
  starts(kFoldVersion + 6);
  ScoreMany(1, 2);
  starts(kFoldVersion);
  ScoreMany(2, 3);
  const auto store = Drained();
  ReplayOptions options = Options();
  options.draw_key.key[0] ^= 1;  // All differ.
  const auto verified = VerifyAssessments(*store, options);
  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_EQ(verified->differences.size(), 3u);
  EXPECT_THAT(verified->differences[0],
              testing::HasSubstr("m0: assessed by a program that did not tell "
                                 "its fold: drawn with another key"));
  EXPECT_THAT(verified->differences[1],
              testing::HasSubstr(absl::StrCat(
                  "m1: assessed by another version of the program (fold ",
                  kFoldVersion + 6, ", this one's is ", kFoldVersion,
                  "): drawn with another key")));
  EXPECT_THAT(verified->differences[2],
              testing::HasSubstr("m2: drawn with another key"));
}

TEST_F(ReplayTest, ACandidateIsMeasuredBesideWhatIsInForce) {
  Activate(Document("s", "common", "",
                    "    when: movement.container.number == 'MSKU1000001'\n"
                    "    score: 200\n"));
  ScoreMany(0, 40);  // Boxes 0 to 19, one unit each.
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(1), 3 * 600)).ok());
  const auto store = Drained();
  ReplayOptions options = Options();
  options.profile.random_rate_ppm = 0;
  options.rates = {0.05, 0.1};
  auto in_force = InForce(*store, "in force");
  ASSERT_TRUE(in_force.ok()) << in_force.status();
  ReplayVariant candidate = *in_force;
  Replace(Candidate(Document("s", "common", "",
                             "    when: movement.container.number in "
                             "['MSKU1000002', 'MSKU1000003']\n"
                             "    score: 200\n"))
              .members,
          &candidate);
  const auto report = ReplayHistory(*store, {*in_force, candidate}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->movements(), 40u);
  EXPECT_EQ(report->units(), 20u);
  EXPECT_EQ(report->finds(), 1u);
  ASSERT_EQ(report->variants_size(), 2);
  EXPECT_EQ(report->variants(0).selected(), 1u);
  EXPECT_EQ(report->variants(0).selected_finds(), 1u);
  EXPECT_DOUBLE_EQ(report->variants(0).rates(0).recall(), 1);
  EXPECT_EQ(report->variants(1).selected(), 2u);
  const v1::SelectionChange& change = report->variants(1).change();
  EXPECT_EQ(change.gained(), 2u);
  EXPECT_EQ(change.lost(), 1u);
  EXPECT_EQ(change.lost_finds().count(), 1u);
  EXPECT_EQ(change.lost_examples(0), "MSKU1000001@NLRTM/ECTDELTA#1");
  EXPECT_EQ(report->variants(1).revisions(0).revision(), 0u) << "of a file";
}

// A rule on a manifest; the box comes days later, is opened, and what is found
// is told of the box.
TEST_F(ReplayTest, WhatABoxHeldIsCreditedToTheRulesOnItsPapers) {
  Activate(Document("s", "common", "",
                    "    when: movement.event == MANIFEST_LODGED\n"
                    "    score: 200\n"));
  v1::Movement papers = MakeMovement("p", v1::MANIFEST_LODGED, Number(1), 0);
  papers.mutable_consignment()->set_bill_of_lading("BL-1");
  ASSERT_TRUE(Score(engine_.get(), papers).status.ok());
  const v1::Movement box =
      MakeMovement("b", v1::DISCHARGE, Number(1), 5 * kDaySeconds);
  ASSERT_TRUE(Score(engine_.get(), box).status.ok());
  const auto told = Record(MakeOutcome("o", Number(1), 6 * kDaySeconds));
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->tie().papers_size(), 1);
  EXPECT_EQ(told->tie().papers(0).unit(), "consignment:BL-1");
  EXPECT_EQ(told->tie().channel(), v1::SCORE);
  const auto store = Drained();
  auto in_force = InForce(*store, "in force");
  ASSERT_TRUE(in_force.ok()) << in_force.status();
  const auto report = ReplayHistory(*store, {*in_force}, Options());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->controlled(), 1u);
  EXPECT_EQ(report->controlled_by_box(), 1u);
  EXPECT_EQ(report->unweighted(), 0u);
  ASSERT_EQ(report->variants(0).rules_size(), 1);
  EXPECT_EQ(report->variants(0).rules(0).precision().count(), 1u);
  EXPECT_EQ(report->variants(0).rules(0).precision().of(), 1u);
}

// Who opened the box knows what is in it, and so may a rule that looks later.
TEST_F(ReplayTest, WhatComesBehindAControlLedToNothing) {
  Activate(Document("s", "common", "",
                    "    when: movement.event == GATE_OUT\n    score: 400\n"));
  ScoreMany(0, 10);  // Five boxes; each leaves 600 seconds after it came.
  for (int box = 0; box < 4; ++box) {
    // Of two, after they had left.
    const int64_t at = box * 1200 + (box < 2 ? 300 : 900);
    ASSERT_TRUE(
        Record(MakeOutcome(absl::StrCat("o", box), Number(box), at)).ok());
  }
  // What was voided cuts nothing off.
  for (const bool voided : {false, true}) {
    v1::Outcome early = MakeOutcome("voided", Number(4), 4 * 1200 + 300);
    early.set_retraction(voided);
    ASSERT_TRUE(Record(voided ? UpdatedAt(early, 5) : early).ok());
  }
  const auto store = Drained();
  auto in_force = InForce(*store, "in force");
  ASSERT_TRUE(in_force.ok()) << in_force.status();
  ReplayOptions options = Options();
  options.profile.random_rate_ppm = 0;
  options.sensitivity = true;
  options.rates = {0.5, 1};
  const auto report = ReplayHistory(*store, {*in_force}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->units(), 5u);
  EXPECT_EQ(report->finds(), 4u);
  const v1::VariantReport& variant = report->variants(0);
  EXPECT_EQ(variant.selected(), 3u);
  EXPECT_EQ(variant.selected_finds(), 2u);
  EXPECT_EQ(report->unweighted(), 2u) << "nothing had selected them by then";
  ASSERT_EQ(variant.rules_size(), 1);
  EXPECT_EQ(variant.rules(0).hits(), 3u);
  EXPECT_EQ(variant.rules(0).precision().of(), 2u);
}

TEST_F(ReplayTest, ACandidateCountsItsAggregatesFromTheBeginning) {
  for (int round = 0; round < 3; ++round) {
    ScoreMany(round * 40, round * 40 + 40);
  }
  const auto store = Drained();
  ReplayOptions options = Options();
  options.profile.random_rate_ppm = 0;
  const auto report = ReplayHistory(
      *store,
      {ReplayVariant(),
       Candidate(Document("s", "common", kCounts,
                          "    when: seen_30d >= 1\n    score: 200\n"))},
      options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->variants(0).selected(), 0u);
  EXPECT_EQ(report->variants(1).change().gained(), report->units());
}

// Variants that go together share a history, and nothing else.
TEST_F(ReplayTest, VariantsTogetherAreWhatEachIsByItself) {
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 200; ++i) {
    movements.push_back(ComeOrGo(i));
    if (i % 17 == 0) {  // Corrected later on.
      movements.push_back(movements[movements.size() / 2]);
      movements.back().mutable_container()->set_load_status(v1::EMPTY);
      movements.back().mutable_update_time()->set_seconds(kMovementsBegin + i);
    }
  }
  for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
    ASSERT_TRUE(answer.status.ok()) << answer.status;
  }
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(4), 60 * 1200)).ok());
  const auto store = Drained();
  ReplayOptions options = Options();
  options.sensitivity = true;
  const auto rules = [](absl::string_view aggregates, absl::string_view when) {
    return Candidate(
        Document("s", "common", aggregates,
                 absl::StrCat("    when: ", when, "\n    score: 300\n")));
  };
  std::vector<ReplayVariant> all = {
      ReplayVariant(), rules(kCounts, "seen_30d >= 3"),
      rules("aggregates:\n"
            "  there_9d: {key: movement.location.locode, count: true, "
            "window: 9d}\n"
            "  seen_30d: {key: movement.container.number, count: true, "
            "window: 30d}\n",
            "there_9d >= 40 && seen_30d >= 2"),
      // Reads what the others do not, rates of finds among it.
      rules("",
            "container.since_handling_h > 1.0 && "
            "facility.finds.controls >= 0.0")};
  all.back().profiles = std::make_shared<const scoring::SelectionProfiles>([] {
    scoring::SelectionProfile terms;
    terms.name = "other";
    terms.random_rate_ppm = 200'000;
    return terms;
  }());
  const auto together = ReplayHistory(*store, all, options);
  ASSERT_TRUE(together.ok()) << together.status();
  ASSERT_EQ(together->variants_size(), 4);
  for (int i = 1; i < 4; ++i) {
    EXPECT_GT(together->variants(i).change().gained(), 0u) << i;
    const auto alone = ReplayHistory(*store, {all[0], all[i]}, options);
    ASSERT_TRUE(alone.ok()) << alone.status();
    EXPECT_EQ(alone->variants(1).SerializeAsString(),
              together->variants(i).SerializeAsString())
        << i;
    EXPECT_EQ(alone->variants(0).SerializeAsString(),
              together->variants(0).SerializeAsString());
  }
}

TEST_F(ReplayTest, OtherThresholdsAreTriedWithoutAnyTraceElsewhere) {
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 200; ++i) {
    movements.push_back(ComeOrGo(i));
  }
  for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
    ASSERT_TRUE(answer.status.ok()) << answer.status;
  }
  for (int i = 40; i < 200; i += 10) {
    const auto result = i % 20 ? v1::FOUND : v1::NOT_FOUND;
    ASSERT_TRUE(Record(MakeOutcome(absl::StrCat("o", i), Number(i * i % 23),
                                   i * 1200, result))
                    .ok());
  }
  const auto store = Drained();
  ReplayOptions options = Options();
  options.capacities = {{1, {}}};
  // Each threshold by itself, written by hand: what the pass must say.
  const auto candidate = [&](const std::string& when) {
    return Candidate(
        Document("s", "common", kCounts,
                 absl::StrCat("    when: ", when, "\n    score: 300\n")));
  };
  const auto replay = [&](const std::string& when, bool sensitivity) {
    options.sensitivity = sensitivity;
    auto report =
        ReplayHistory(*store, {ReplayVariant(), candidate(when)}, options);
    EXPECT_TRUE(report.ok()) << report.status();
    return *report;
  };
  const std::string first = "seen_30d >= ";
  const std::string second =
      " && movement.occurrence_time - container.first_seen < "
      "duration('";
  const auto plain = replay(first + "2" + second + "40h')", false);
  auto tried = replay(first + "2" + second + "40h')", true);
  EXPECT_EQ(plain.variants(1).sensitivity_size(), 0);
  const auto figures = tried.variants(1).sensitivity();
  // Three thresholds of score, and these two.
  ASSERT_EQ(figures.size(), 5);
  EXPECT_EQ(tried.variants(0).sensitivity_size(), 3);
  for (auto& variant : *tried.mutable_variants()) variant.clear_sensitivity();
  // How often rules were looked at, too.
  EXPECT_EQ(tried.SerializeAsString(), plain.SerializeAsString());
  int checked = 0;
  for (const v1::SensitivityFigures& one : figures) {
    if (one.rule().empty()) continue;
    for (const v1::SensitivityPoint& point : one.points()) {
      const bool counts = one.constant() == "2";
      const auto by_hand =
          replay(first + (counts ? point.constant() : "2") + second +
                     (counts ? "40h" : point.constant()) + "')",
                 false);
      ASSERT_EQ(by_hand.variants(1).rules_size(), 1);
      const v1::RuleFigures& rule = by_hand.variants(1).rules(0);
      EXPECT_EQ(point.units(), rule.units()) << point.constant();
      EXPECT_EQ(point.precision().count(), rule.precision().count());
      EXPECT_EQ(point.precision().of(), rule.precision().of());
      EXPECT_EQ(point.units() + point.lost() - point.gained(),
                plain.variants(1).rules(0).units());
      ++checked;
    }
  }
  EXPECT_EQ(checked, 4 + 5);  // Half, once and a half, double of 2, and it.
}

// As it was when they were scored, not as it is now.
TEST_F(ReplayTest, TheBaseRateIsOfWhatWasDrawnByTheProfileOfThen) {
  const auto draw = [&](absl::string_view rate) {
    ProfileApi profiles(engine_.get(), true);
    v1::CreateProfileRequest create;
    create.set_yaml(
        absl::StrCat("profile: nl\nowner: NL\nrandom: {rate: ", rate, "}\n"));
    const auto made = profiles.Create(create, kCaller);
    ASSERT_TRUE(made.ok()) << made.status();
    v1::ActivateProfileRequest activate;
    activate.set_version(made->version());
    ASSERT_TRUE(profiles.Activate(activate, kCaller).ok());
  };
  Activate(Document("s", "common", "", kAnyBox));
  draw("100%");
  ScoreMany(0, 20);
  draw("0%");
  ScoreMany(20, 60);
  for (int i = 0; i < 60; i += 4) {
    const auto result = i % 8 ? v1::FOUND : v1::NOT_FOUND;
    ASSERT_TRUE(Record(MakeOutcome(absl::StrCat("o", i), Number(i / 2), i * 600,
                                   result))
                    .ok());
  }
  const auto store = Drained();
  const auto report = ReplayHistory(*store, {ReplayVariant()}, Options());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->controlled(), 15u);
  EXPECT_EQ(report->base_rate().of(), 5u);
  EXPECT_EQ(report->base_rate().count(), 2u);
}

TEST_F(ReplayTest, WhatConditionsCostIsCounted) {
  ScoreMany(0, 40);
  const auto store = Drained();
  const auto report = ReplayHistory(
      *store,
      {ReplayVariant(),
       Candidate(Document("s", "common", kCounts,
                          "    applies_to: [GATE_OUT]\n"
                          "    when: seen_30d >= 1\n    score: 200\n"))},
      Options());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->variants(0).replayed(), 40u);
  EXPECT_EQ(report->variants(0).rules_size(), 0);
  ASSERT_EQ(report->variants(1).rules_size(), 1);
  const v1::RuleFigures& rule = report->variants(1).rules(0);
  // The index leaves the other half out by their event.
  EXPECT_EQ(rule.evaluated(), 20u);
  EXPECT_GT(rule.operations(), 0u);
  EXPECT_EQ(rule.cost_share(), 1);
}

TEST_F(ReplayTest, OnlyThePeriodAskedForIsMeasured) {
  ScoreMany(0, 40);
  const auto store = Drained();
  ReplayOptions options = Options();
  options.from = 1'790'000'000 + 10 * 600;
  options.until = 1'790'000'000 + 20 * 600;
  const auto report = ReplayHistory(*store, {Recorded()}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->movements(), 10u);
  EXPECT_EQ(report->units(), 5u);
  EXPECT_EQ(report->first_sequence(), 11u);
}

// What was recorded before is as if it had never been: a store in which only
// the rest was scored gives the same report.
TEST_F(ReplayTest, HistoryBeginsWhereItIsTold) {
  static std::atomic<int64_t> now;  // The engine outlives this function.
  const auto begin = [&] {
    EngineOptions options = TestOptions(Directory());
    options.clock = [] { return absl::FromUnixSeconds(now.load()); };
    Open(std::move(options));
  };
  const auto corrected = [](int i, bool retraction) {
    v1::Movement again = MakeMovement(absl::StrCat("m", i), v1::GATE_OUT,
                                      Number(i), i * 600 + 7);
    again.mutable_update_time()->set_seconds(1);
    again.set_retraction(retraction);
    return again;
  };
  v1::Outcome outcome = MakeOutcome("o1", Number(30), 61 * 600);
  const std::string yaml = Document(
      "s", "common", kCounts, "    when: seen_30d >= 2\n    score: 200\n");
  ReplayOptions options = Options();
  options.profile.random_rate_ppm = 0;
  std::vector<std::string> reports;
  for (const bool early : {true, false}) {
    ++lives_;
    now = 1'800'000'000;
    begin();
    if (early) ScoreMany(0, 60);
    now += 100;
    ScoreMany(60, 100);
    ScoreMany(100, 120);
    // The movement it corrects is not part of the history.
    ASSERT_TRUE(Score(engine_.get(), corrected(5, false)).status.ok());
    if (early) {
      ASSERT_TRUE(Score(engine_.get(), corrected(6, true)).status.ok());
    }
    ASSERT_TRUE(Score(engine_.get(), corrected(70, false)).status.ok());
    ASSERT_TRUE(Score(engine_.get(), corrected(71, true)).status.ok());
    ASSERT_TRUE(Record(outcome).ok());
    outcome = UpdatedAt(outcome, 1'799'000'000);
    ScoreMany(120, 200);
    const auto store = Drained();
    options.history_from = early ? 1'800'000'100 : INT64_MIN;
    auto report =
        ReplayHistory(*store, {ReplayVariant(), Candidate(yaml)}, options);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_GT(report->variants(1).selected(), 0u);
    report->clear_first_sequence();
    report->clear_last_sequence();
    // A retraction of what is no history is taken, and changes nothing.
    for (auto& variant : *report->mutable_variants()) {
      variant.clear_replayed();
      for (auto& rule : *variant.mutable_rules()) rule.clear_evaluated();
    }
    reports.push_back(report->DebugString());
    if (early) {
      options.history_from = INT64_MIN;
      const auto all =
          ReplayHistory(*store, {ReplayVariant(), Candidate(yaml)}, options);
      EXPECT_GT(all->movements(), report->movements());
    }
  }
  EXPECT_EQ(reports[0], reports[1]);
}

TEST_F(ReplayTest, ItEndsWhereItIsToldAndWhenItIsStopped) {
  ScoreMany(0, 40);
  const auto store = Drained();
  ReplayOptions options = Options();
  options.last_sequence = 25;
  auto report = ReplayHistory(*store, {Recorded()}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->movements(), 25u);
  options.chunk_records = 10;
  uint64_t reached = 0;
  options.progress = [&](uint64_t sequence) {
    reached = sequence;
    return sequence < 20 ? absl::OkStatus() : absl::AbortedError("enough");
  };
  EXPECT_TRUE(
      absl::IsAborted(ReplayHistory(*store, {Recorded()}, options).status()));
  EXPECT_EQ(reached, 20u);
}

}  // namespace
}  // namespace portrisk::service
