// Evaluations run beside live scoring, end with the same report whatever
// crashes, and are what an approval rests on.
#include "service/evaluations.h"

#include <atomic>

#include "absl/strings/str_split.h"
#include "service/evaluation_api.h"
#include "service/keys.h"
#include "service/profile_api.h"
#include "tests/service/gate.h"
#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kTwoBoxes[] =
    "    when: movement.container.number in ['MSKU1000002', 'MSKU1000003']\n"
    "    score: 200\n";

std::string Watching(absl::string_view name, int box) {
  return Document(name, "port", "",
                  absl::StrCat("    when: movement.container.number == '",
                               Number(box), "'\n    score: 200\n"));
}

class EvaluationsTest : public OutcomeTest {
 protected:
  void StartGated(StepGate* gate, uint64_t memory_max = 0) {
    EngineOptions options = TestOptions(Directory());
    options.evaluation_chunk_records = 10;
    options.evaluation_memory_max = memory_max;
    if (gate != nullptr) {
      options.after_evaluated_chunk = [gate] { gate->AfterStep(); };
    }
    Open(std::move(options));
    rules_ = std::make_unique<RuleApi>(engine_.get(), true);
    lists_ = std::make_unique<ListApi>(engine_.get());
  }
  EvaluationApi Api() { return EvaluationApi(engine_.get()); }

  uint64_t Draft(const std::string& yaml) {
    v1::CreateRevisionRequest create;
    create.set_yaml(yaml);
    const auto made = rules_->Create(create, kCaller);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->revision() : 0;
  }
  static v1::StartEvaluationRequest Of(const std::vector<uint64_t>& revisions) {
    v1::StartEvaluationRequest request;
    auto* const candidate = request.mutable_plan()->add_candidates();
    for (const uint64_t revision : revisions) {
      candidate->add_revisions(revision);
    }
    return request;
  }
  uint64_t Begin(const v1::StartEvaluationRequest& request) {
    const auto started = Api().Start(request, kCaller);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->evaluation() : 0;
  }
  v1::GetEvaluationResponse WaitFor(uint64_t evaluation) {
    v1::GetEvaluationRequest request;
    request.set_evaluation(evaluation);
    while (true) {
      const auto got = Api().Get(request, kCaller);
      EXPECT_TRUE(got.ok()) << got.status();
      if (!got.ok()) return {};
      if (got->evaluation().state() != v1::EVALUATION_WAITING &&
          got->evaluation().state() != v1::EVALUATION_RUNNING) {
        return *got;
      }
      absl::SleepFor(absl::Milliseconds(2));
    }
  }
  v1::GetEvaluationResponse Evaluate(
      const v1::StartEvaluationRequest& request) {
    v1::GetEvaluationResponse ended = WaitFor(Begin(request));
    EXPECT_EQ(ended.evaluation().state(), v1::EVALUATION_FINISHED)
        << ended.evaluation().failure();
    return ended;
  }
  absl::StatusOr<v1::Revision> ApproveIt(uint64_t revision,
                                         const std::string& note = "read it") {
    v1::ChangeRevisionRequest change = Change(revision);
    change.set_note(note);
    return rules_->Approve(change, kCaller);
  }
  void ScoreMany(int count) {
    for (int i = 0; i < count; ++i) Assess(Number(movements_ % 20));
  }
};

TEST_F(EvaluationsTest, AnApprovalRestsOnAReplayOfThatContent) {
  ScoreMany(40);
  const uint64_t draft = Draft(Watching("s", 1));
  auto refused = ApproveIt(draft);
  EXPECT_EQ(ReasonOf(refused.status()), "REPLAY_MISSING");
  EXPECT_THAT(refused.status().message(),
              HasSubstr(absl::StrCat("evaluations start ", draft)));
  // Of other content, it does not count.
  const uint64_t other = Draft(Watching("s", 2));
  Evaluate(Of({other}));
  EXPECT_EQ(ReasonOf(ApproveIt(draft).status()), "REPLAY_MISSING");
  const uint64_t evaluation = Evaluate(Of({draft})).evaluation().evaluation();
  EXPECT_EQ(ReasonOf(ApproveIt(draft, "").status()), "NOTE_MISSING");
  const auto approved = ApproveIt(draft);
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(approved->events(1).evaluation(), evaluation);
  EXPECT_EQ(approved->events(1).note(), "read it");
  // The same content is the same, whatever its number.
  EXPECT_TRUE(ApproveIt(Draft(Watching("s", 1))).ok());
}

// Else it would end the server, and do so again when that is back.
TEST_F(EvaluationsTest, WhatNeedsTooMuchMemoryEndsAlone) {
  StartGated(nullptr, /*memory_max=*/1);
  ScoreMany(40);
  const v1::GetEvaluationResponse ended =
      WaitFor(Begin(Of({Draft(Watching("s", 1))})));
  EXPECT_EQ(ended.evaluation().state(), v1::EVALUATION_FAILED);
  EXPECT_THAT(ended.evaluation().failure(), HasSubstr("shorter period"));
  ScoreMany(1);
}

TEST_F(EvaluationsTest, AReplayOfNothingIsNone) {
  ScoreMany(20);
  const uint64_t draft = Draft(Watching("s", 1));
  v1::StartEvaluationRequest request = Of({draft});
  request.mutable_plan()->mutable_begin_time()->set_seconds(2'000'000'000);
  EXPECT_EQ(Evaluate(request).report().movements(), 0u);
  EXPECT_EQ(ReasonOf(ApproveIt(draft).status()), "REPLAY_MISSING");
}

// What is only planned is not evaluated: its answer has no costs, and those of
// the movement before it belong to other rules by then.
TEST_F(EvaluationsTest, PlansCostNothingAndMeetNoRulesOfThePast) {
  Activate(Document("s", "port", "", kTwoBoxes));
  ScoreMany(3);
  ASSERT_TRUE(rules_->Retire(Change(1), kCaller).ok());
  v1::Movement plan = MakeMovement("plan", v1::GATE_IN, Number(2), 100);
  plan.set_classifier(v1::PLANNED);
  ASSERT_TRUE(Score(engine_.get(), plan).status.ok());
  ScoreMany(2);
  v1::StartEvaluationRequest request = Of({1});
  request.mutable_plan()->set_baseline(v1::BASELINE_RECORDED);
  const v1::GetEvaluationResponse ended = Evaluate(request);
  ASSERT_EQ(ended.report().variants(0).rules_size(), 1);
  EXPECT_EQ(ended.report().variants(0).rules(0).evaluated(), 3u);
  EXPECT_EQ(ended.report().variants(1).rules(0).evaluated(), 5u);
  ExpectVerified();
}

TEST_F(EvaluationsTest, AReplayBesideRulesOfYesterdayIsOutdated) {
  ScoreMany(20);
  const uint64_t draft = Draft(Watching("s", 1));
  Evaluate(Of({draft}));
  Activate(Watching("t", 3));
  const auto refused = ApproveIt(draft);
  EXPECT_EQ(ReasonOf(refused.status()), "REPLAY_OUTDATED");
  Evaluate(Of({draft}));
  EXPECT_TRUE(ApproveIt(draft).ok());
}

TEST_F(EvaluationsTest, SoIsOneByAnotherSelectionProfile) {
  ScoreMany(20);
  const uint64_t draft = Draft(Watching("s", 1));
  Evaluate(Of({draft}));
  ProfileApi profiles(engine_.get(), true);
  v1::CreateProfileRequest create;
  create.set_yaml("profile: nl\nowner: NL\nscores: {yellow: 50}\n");
  const auto made = profiles.Create(create, kCaller);
  ASSERT_TRUE(made.ok()) << made.status();
  v1::ActivateProfileRequest activate;
  activate.set_version(made->version());
  ASSERT_TRUE(profiles.Activate(activate, kCaller).ok());
  EXPECT_EQ(ReasonOf(ApproveIt(draft).status()), "REPLAY_OUTDATED");
  Evaluate(Of({draft}));
  EXPECT_TRUE(ApproveIt(draft).ok());
}

TEST_F(EvaluationsTest, AnApprovalWithoutReplaySaysWhyForEver) {
  const uint64_t draft = Draft(Watching("s", 1));
  v1::ChangeRevisionRequest change = Change(draft);
  change.set_without_replay("a tip-off for tonight");
  ASSERT_TRUE(rules_->Approve(change, kCaller).ok());
  Restart();
  EXPECT_EQ(Get(draft).events(1).without_replay(), "a tip-off for tonight");
  EXPECT_EQ(Get(draft).events(1).evaluation(), 0u);
}

TEST_F(EvaluationsTest, AnEmptyStoreIsReplayedToo) {
  const v1::GetEvaluationResponse ended =
      Evaluate(Of({Draft(Watching("s", 1)), Draft(Watching("t", 2))}));
  EXPECT_EQ(ended.report().movements(), 0u);
  EXPECT_TRUE(ApproveIt(1).ok());
  EXPECT_TRUE(ApproveIt(2).ok());
  ASSERT_TRUE(rules_->Activate(Change(1), kCaller).ok());
  ASSERT_TRUE(rules_->Activate(Change(2), kCaller).ok());
}

TEST_F(EvaluationsTest, TheReportIsThatOfAReplayOfTheStore) {
  Activate(Watching("s", 1));
  ScoreMany(100);
  ASSERT_TRUE(Record(MakeOutcome("o1", Number(1), 50)).ok());
  const std::string yaml = Document("s", "port", "", kTwoBoxes);
  const uint64_t draft = Draft(yaml);
  const v1::GetEvaluationResponse ended = Evaluate(Of({draft}));
  EXPECT_EQ(ended.report().variants(1).change().gained(), 2u);
  EXPECT_EQ(ended.report().variants(1).change().lost(), 1u);
  const auto store = Drained();
  ReplayOptions options;
  options.draw_key = DrawKeyOf(TestSecrets());
  auto baseline = InForce(*store, "in-force");
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  ReplayVariant candidate = *baseline;
  candidate.name = absl::StrCat("s ", draft);
  Replace({{draft, scoring::CheckRuleSet(yaml, "test").rule_set}}, &candidate);
  const auto report = ReplayHistory(*store, {*baseline, candidate}, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->SerializeAsString(), ended.report().SerializeAsString());
}

TEST_F(EvaluationsTest, ThresholdsReachWhoMayReadTheLayer) {
  ScoreMany(40);
  const uint64_t national =
      Draft(Document("n", "national", "",
                     "    when: movement.weights.gross_kg > 20000\n"
                     "    score: 300\n"));
  v1::StartEvaluationRequest request = Of({Draft(Watching("s", 1)), national});
  request.mutable_plan()->set_sensitivity(true);
  const uint64_t evaluation = Evaluate(request).evaluation().evaluation();
  const auto rule_sets = [&](const Caller& caller) {
    v1::GetEvaluationRequest get;
    get.set_evaluation(evaluation);
    const auto got = Api().Get(get, caller);
    EXPECT_TRUE(got.ok()) << got.status();
    std::set<std::string> names;
    for (const v1::VariantReport& variant : got->report().variants()) {
      for (const auto& one : variant.sensitivity())
        names.insert(one.rule_set());
    }
    return names;
  };
  EXPECT_EQ(rule_sets(kCaller).count("n"), 1u);
  Caller port(kCaller);
  port.layers = 1u << v1::PORT;
  EXPECT_EQ(rule_sets(port).count("n"), 0u);
  EXPECT_EQ(rule_sets(port).count(""), 1u) << "Those of score are all's.";
  Caller officer("officer");
  officer.roles = {Role::kOfficer};
  EXPECT_EQ(rule_sets(officer).count("n"), 0u);
}

TEST_F(EvaluationsTest, AReportThatIsNotTheOneThatWasMadeIsNamed) {
  ScoreMany(20);
  Evaluate(Of({Draft(Watching("s", 1))}));
  ASSERT_TRUE(engine_
                  ->Run([](Core& core) {
                    // Some record, and bytes where the report is.
                    core.Append({}, {{store::Table::kRuleSets, ReportKey(1),
                                      "something else"}});
                    return absl::OkStatus();
                  })
                  .ok());
  v1::GetEvaluationRequest request;
  request.set_evaluation(1);
  const auto got = Api().Get(request, kCaller);
  EXPECT_EQ(ReasonOf(got.status()), "STORE_DAMAGED");
  ExpectVerified(1);
}

TEST_F(EvaluationsTest, ACrashInTheMiddleEndsWithTheSameReport) {
  StartGated(nullptr);
  ScoreMany(100);
  Evaluate(Of({Draft(Watching("s", 1))}));
  const std::string undisturbed =
      Evaluate(Of({1})).report().SerializeAsString();
  StepGate gate(5);
  StartGated(&gate);
  const uint64_t evaluation = Begin(Of({1}));
  gate.WaitUntilArrived();
  v1::GetEvaluationRequest request;
  request.set_evaluation(evaluation);
  const auto running = Api().Get(request, kCaller);
  ASSERT_TRUE(running.ok()) << running.status();
  EXPECT_EQ(running->evaluation().state(), v1::EVALUATION_RUNNING);
  EXPECT_EQ(running->evaluation().progress().read_sequence(), 50u);
  EXPECT_GT(running->evaluation().progress().resident_bytes(), 0u);
  EXPECT_FALSE(running->has_report());
  // Scoring goes on meanwhile, and so do changes of rules.
  ScoreMany(30);
  Activate(Watching("t", 3));
  CopyToNextLife();
  gate.Open();
  StartGated(nullptr);
  const v1::GetEvaluationResponse ended = WaitFor(evaluation);
  EXPECT_EQ(ended.evaluation().state(), v1::EVALUATION_FINISHED);
  EXPECT_EQ(ended.report().SerializeAsString(), undisturbed);
  EXPECT_EQ(ended.evaluation().report_hash(), ContentHash(undisturbed));
  ExpectVerified();
}

TEST_F(EvaluationsTest, ACancelledOneEndsWithoutReportAndTheNextOneRuns) {
  StepGate gate(2);
  StartGated(&gate);
  ScoreMany(50);
  Draft(Watching("s", 1));
  const uint64_t first = Begin(Of({1}));
  const uint64_t second = Begin(Of({1}));
  gate.WaitUntilArrived();
  v1::CancelEvaluationRequest cancel;
  cancel.set_evaluation(first);
  const auto cancelled = Api().Cancel(cancel, kOfficer);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  gate.Open();
  EXPECT_EQ(WaitFor(second).evaluation().state(), v1::EVALUATION_FINISHED);
  const v1::GetEvaluationResponse ended = WaitFor(first);
  EXPECT_EQ(ended.evaluation().state(), v1::EVALUATION_CANCELLED);
  EXPECT_EQ(ended.evaluation().ended_by(), kOfficer);
  EXPECT_TRUE(ended.evaluation().has_end_time());
  EXPECT_FALSE(ended.has_report());
  EXPECT_EQ(ReasonOf(Api().Cancel(cancel, kOfficer).status()), "WRONG_STATE");
  cancel.set_evaluation(9);
  EXPECT_EQ(ReasonOf(Api().Cancel(cancel, kOfficer).status()), "NOT_FOUND");
  const auto listed = Api().List({});
  ASSERT_TRUE(listed.ok());
  EXPECT_THAT(listed->evaluations(), SizeIs(2));
}

TEST_F(EvaluationsTest, OfTwoThatAreCancelledNeitherRunsOn) {
  StepGate gate(2);
  StartGated(&gate);
  ScoreMany(50);
  Draft(Watching("s", 1));
  const uint64_t running = Begin(Of({1}));
  const uint64_t waiting = Begin(Of({1}));
  gate.WaitUntilArrived();
  for (const uint64_t one : {running, waiting}) {
    v1::CancelEvaluationRequest cancel;
    cancel.set_evaluation(one);
    ASSERT_TRUE(Api().Cancel(cancel, kOfficer).ok());
  }
  const int steps = gate.steps();
  gate.Open();
  const uint64_t third = Begin(Of({1}));
  EXPECT_EQ(WaitFor(third).evaluation().state(), v1::EVALUATION_FINISHED);
  // The third's six or seven chunks, and none of those called off.
  EXPECT_LE(gate.steps(), steps + 8);
  EXPECT_EQ(WaitFor(running).evaluation().state(), v1::EVALUATION_CANCELLED);
  EXPECT_EQ(WaitFor(waiting).evaluation().state(), v1::EVALUATION_CANCELLED);
}

TEST_F(EvaluationsTest, APlanThatCannotBeRunIsRefused) {
  Draft(Watching("s", 1));
  Draft(Watching("s", 2));
  const auto reason = [&](const v1::StartEvaluationRequest& request) {
    return ReasonOf(Api().Start(request, kCaller).status());
  };
  EXPECT_EQ(reason({}), "BAD_PLAN");
  EXPECT_EQ(reason(Of({})), "BAD_PLAN");
  EXPECT_EQ(reason(Of({1, 2})), "BAD_PLAN");
  EXPECT_EQ(reason(Of({7})), "NOT_FOUND");
  v1::StartEvaluationRequest request = Of({1});
  request.mutable_plan()->add_rates(1.5);
  EXPECT_EQ(reason(request), "BAD_PLAN");
  request = Of({1});
  request.mutable_plan()->mutable_begin_time()->set_seconds(5);
  request.mutable_plan()->mutable_end_time()->set_seconds(5);
  EXPECT_EQ(reason(request), "BAD_PLAN");
  request = Of({1});
  for (int i = 0; i < 101; ++i) request.mutable_plan()->add_rates(0.1);
  EXPECT_EQ(reason(request), "BAD_PLAN");
  request = Of({1});
  request.mutable_plan()->add_capacities()->add_facilities()->set_facility(
      std::string(65, 'x'));
  EXPECT_EQ(reason(request), "BAD_PLAN");
  EXPECT_EQ(ReasonOf(Api().Start(Of({1}), "").status()), "NO_CALLER");
  EXPECT_TRUE(Api().List({})->evaluations().empty());
}

TEST_F(EvaluationsTest, WhatIsInShadowByABreakerStaysSo) {
  Activate(Document("s", "port", "",
                    "    when: movement.container.load_status == FULL\n"
                    "    score: 200\n"
                    "    breaker: {share: 0.1, window: 20}\n"));
  ScoreMany(40);
  ASSERT_THAT(Get(1).overrides(), SizeIs(1));
  const v1::GetEvaluationResponse ended =
      Evaluate(Of({Draft(Watching("t", 1))}));
  EXPECT_EQ(ended.report().variants(0).by_rule() +
                ended.report().variants(0).by_score(),
            0u);
  EXPECT_EQ(ended.report().variants(1).change().gained(), 1u);
}

// While the store is closed, or its disk is full, it cannot be worked on.
TEST_F(EvaluationsTest, ItWaitsForTheStoreInSilence) {
  ScoreMany(40);
  const uint64_t draft = Draft(Watching("s", 1));
  StoreReader& reader = engine_->evaluations().reader();
  reader.LetGo();
  testing::internal::CaptureStderr();
  const uint64_t evaluation = Begin(Of({draft}));
  for (int i = 0; i < 5; ++i) {
    reader.Wake();
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::Not(HasSubstr("evaluation")));
  reader.GoOn();
  EXPECT_EQ(WaitFor(evaluation).evaluation().state(), v1::EVALUATION_FINISHED);
}

TEST(StoreReaderTest, AnErrorThatComesAgainIsLoggedOnce) {
  StoreReader reader("working");
  std::atomic<int> steps{0};
  testing::internal::CaptureStderr();
  reader.Start([&]() -> absl::StatusOr<StoreReader::Work> {
    return absl::UnavailableError(++steps < 3 ? "no disk" : "no room");
  });
  while (steps < 6) {
    reader.Wake();
    absl::SleepFor(absl::Milliseconds(1));
  }
  reader.Stop();
  const std::vector<std::string> lines = absl::StrSplit(
      testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty());
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("no disk"));
  EXPECT_THAT(lines[1], HasSubstr("no room"));
}

}  // namespace
}  // namespace portrisk::service
