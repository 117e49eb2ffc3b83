#include "service/metrics.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "service/cli/scrape.h"
#include "service/engine_figures.h"
#include "service/errors.h"
#include "service/health_service.h"
#include "service/monitor.h"
#include "service/rule_api.h"
#include "service/tls.h"
#include "tests/service/certificates.h"
#include "tests/service/engine_fixture.h"
#include "tests/service/readers.h"

namespace portrisk::service {
namespace {

using cli::Scrape;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr char kBox[] = "MSKU1234565";

constexpr char kRules[] = R"(
rule_set: test.metrics
layer: common
owner: EU
rules:
  - id: out
    title: {en: Left}
    applies_to: [GATE_OUT]
    when: movement.haulier.id == "H1"
    score: 900
    lane_at_least: RED
    explain: {en: "Left with {movement.haulier.id}"}
    breaker: {share: 0.9, window: 20}
  - id: watched
    title: {en: "Left, too"}
    status: shadow
    applies_to: [GATE_OUT]
    when: movement.haulier.id == "H1"
    score: 100
    explain: {en: "Left with {movement.haulier.id}"}
)";

v1::Movement GateOut(const std::string& id, const std::string& haulier) {
  v1::Movement m = MakeMovement(id, v1::GATE_OUT, kBox, 0);
  if (!haulier.empty()) m.mutable_haulier()->set_id(haulier);
  return m;
}

class QuietTask : public MovementTask {
 public:
  void Done() override {}
};

class MetricsTest : public EngineTest {
 protected:
  void SetUp() override {
    options_ = TestOptions(directory_.path() + "/store");
    options_.metrics = &metrics_;
    Open(options_);
  }
  void TearDown() override { engine_.reset(); }

  void Activate(const std::string& yaml) {
    RuleApi api(engine_.get(), /*development=*/true);
    v1::CreateRevisionRequest create;
    create.set_yaml(yaml);
    const auto revision = api.Create(create, kDevelopmentCaller);
    ASSERT_TRUE(revision.ok()) << revision.status();
    v1::ChangeRevisionRequest change;
    change.set_revision(revision->revision());
    change.set_without_replay("a test");
    ASSERT_TRUE(api.Approve(change, kDevelopmentCaller).ok());
    ASSERT_TRUE(api.Activate(change, kDevelopmentCaller).ok());
    revision_ = revision->revision();
  }

  Scrape Look() {
    metrics_.Publish([this](Exposition* out) {
      ShowHealth(Examine(engine_.get()), out);
      ShowEngine(engine_.get(), out);
      ShowProcess(out);
    });
    const auto scrape = Scrape::Parse(metrics_.Text());
    metrics_.Withdraw();
    EXPECT_TRUE(scrape.ok()) << scrape.status();
    return scrape.value_or(Scrape());
  }
  double Value(const Metric& metric, const Scrape::Labels& labels = {}) {
    return Look().Sum(metric.name, labels);
  }

  Metrics metrics_;
  EngineOptions options_;
  uint64_t revision_ = 0;
  std::atomic<bool> fail_{false};
};

TEST_F(MetricsTest, CountsMovementsByWhatTheyAre) {
  const v1::Movement one = GateOut("1", "");
  Score(engine_.get(), one);
  Score(engine_.get(), one);  // A repeat.
  v1::Movement other = GateOut("1", "H9");
  Score(engine_.get(), other);  // Other content, no newer time.
  other.mutable_update_time()->set_seconds(1'790'000'500);
  Score(engine_.get(), other);  // A correction.
  other.mutable_update_time()->set_seconds(1'790'000'600);
  other.set_retraction(true);
  Score(engine_.get(), other);
  v1::Movement plan = GateOut("2", "");
  plan.set_classifier(v1::PLANNED);
  Score(engine_.get(), plan);
  const Scrape scrape = Look();
  for (const char* kind :
       {"new", "repeat", "refused", "correction", "retraction", "plan"}) {
    EXPECT_EQ(scrape.Sum(metric::kMovements.name, {{"kind", kind}}), 1) << kind;
  }
  EXPECT_EQ(scrape.Sum(metric::kAssessments.name), 2)
      << "plans and retractions are not assessed";
}

TEST_F(MetricsTest, CountsHitsAndWhatCouldNotBeEvaluatedByRule) {
  Activate(kRules);
  Score(engine_.get(), GateOut("1", "H1"));
  Score(engine_.get(), GateOut("2", "H2"));
  Score(engine_.get(), GateOut("3", ""));
  Score(engine_.get(), GateOut("4", ""));
  const Scrape scrape = Look();
  const Scrape::Labels out = {
      {"rule_set", "test.metrics"}, {"rule", "out"}, {"shadow", "false"}};
  EXPECT_EQ(scrape.Sum(metric::kRuleHits.name, out), 1);
  EXPECT_EQ(scrape.Sum(metric::kRuleNotEvaluated.name, out), 2);
  EXPECT_EQ(scrape.Sum(metric::kRuleHits.name,
                       {{"rule", "watched"}, {"shadow", "true"}}),
            1);
  EXPECT_GE(scrape.Sum(metric::kAssessments.name,
                       {{"lane", "RED"}, {"channel", "MANDATORY_RULE"}}),
            1);
  EXPECT_EQ(scrape.Sum(metric::kAssessments.name), 4);
}

TEST_F(MetricsTest, NoCounterFallsWhenOtherRulesComeIntoForce) {
  Activate(kRules);
  Score(engine_.get(), GateOut("1", "H1"));
  std::string next = kRules;  // Another first rule: numbers are shifted.
  next.insert(next.find("  - id: out"), R"(  - id: first
    title: {en: First}
    applies_to: [GATE_OUT]
    when: movement.haulier.id == "H7"
    score: 10
    explain: {en: First}
)");
  Activate(next);
  Score(engine_.get(), GateOut("2", "H1"));
  EXPECT_EQ(Value(metric::kRuleHits, {{"rule", "out"}}), 2);
  EXPECT_EQ(Value(metric::kRuleHits, {{"rule", "first"}}), 0);
}

TEST_F(MetricsTest, ShowsTheLagOfASource) {
  v1::Movement m = GateOut("1", "");
  m.mutable_occurrence_time()->set_seconds(1'800'000'000 - 90);
  Score(engine_.get(), m);
  const Scrape scrape = Look();
  const std::string lag = metric::kSourceLag.name;
  const Scrape::Labels labels = {{"source", "terminal-1"}};
  EXPECT_EQ(scrape.Sum(lag + "_count", labels), 1);
  EXPECT_EQ(scrape.Sum(lag + "_sum", labels), 90);
  EXPECT_EQ(scrape.Sum(metric::kSourceLast.name, labels), 1'800'000'000);
}

TEST_F(MetricsTest, TheNumberOfSourcesIsBounded) {
  std::vector<v1::Movement> movements;
  for (size_t i = 0; i < MovementCounts::kSourcesMax + 20; ++i) {
    movements.push_back(GateOut("1", ""));
    movements.back().set_source(absl::StrCat("source-", i));
  }
  ScoreAll(engine_.get(), movements);
  const Scrape scrape = Look();
  EXPECT_THAT(scrape.Of(metric::kSourceLast.name),
              SizeIs(MovementCounts::kSourcesMax + 1));
  EXPECT_EQ(scrape.Sum(absl::StrCat(metric::kSourceLag.name, "_count"),
                       {{"source", MovementCounts::kOtherSources}}),
            20);
}

// A batch reports itself after its answers have left, so what it reports is
// there for sure once the engine has drained.
TEST_F(MetricsTest, EachStageOfABatchIsObserved) {
  Score(engine_.get(), GateOut("1", "H1"));
  engine_->Drain();
  const Scrape scrape = Look();
  const std::string name = metric::kStage.name;
  for (const char* stage : {"assess", "commit"}) {
    EXPECT_EQ(scrape.Sum(name + "_count", {{"stage", stage}}), 1) << stage;
    EXPECT_GT(scrape.Sum(name + "_sum", {{"stage", stage}}), 0) << stage;
  }
  // Others had commands of their own.
  for (const char* stage : {"queue", "gather", "apply", "await", "reply"}) {
    EXPECT_GE(scrape.Sum(name + "_count", {{"stage", stage}}), 1) << stage;
  }
  EXPECT_GE(scrape.Sum(name + "_sum", {{"stage", "apply"}}),
            scrape.Sum(name + "_sum", {{"stage", "assess"}}));
  EXPECT_GE(scrape.Sum(absl::StrCat(metric::kBatch.name, "_sum")), 1);
}

TEST_F(MetricsTest, CallsCountByCodeAndRefusalsByReason) {
  QuietTask task;
  task.accepted_ns = SteadyNow();
  metrics_.Ended(HotMethod::kScore, absl::OkStatus(), task);
  metrics_.Ended(
      HotMethod::kScore,
      Error(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "full"), task);
  const Scrape scrape = Look();
  const std::string calls = absl::StrCat(metric::kCall.name, "_count");
  EXPECT_EQ(scrape.Sum(calls, {{"code", "OK"},
                               {"method", "ScoringService/ScoreMovement"}}),
            1);
  EXPECT_EQ(scrape.Sum(calls, {{"code", "RESOURCE_EXHAUSTED"}}), 1);
  EXPECT_EQ(scrape.Sum(metric::kRefused.name, {{"reason", "QUEUE_FULL"}}), 1);
}

TEST_F(MetricsTest, AFailedCommitShowsUntilTheStoreIsOpenedAgain) {
  options_.store.commit_fault = [this] {
    return fail_ ? absl::UnavailableError("no disk") : absl::OkStatus();
  };
  options_.reopen_after_min = absl::Hours(1);  // By the next call alone.
  options_.reopen_after_max = absl::Hours(1);
  Open(options_);
  WaitForReaders(engine_.get());
  EXPECT_TRUE(Examine(engine_.get()).is_healthy());
  fail_ = true;
  EXPECT_FALSE(Score(engine_.get(), GateOut("1", "")).status.ok());
  EXPECT_EQ(Value(metric::kWritable), 0);
  EXPECT_EQ(Value(metric::kCommitFailures), 1);
  EXPECT_EQ(Value(metric::kDegraded, {{"reason", "WRITES_REFUSED"}}), 1);
  const Health health = Examine(engine_.get());
  EXPECT_TRUE(health.is_ready()) << "reads go on";
  EXPECT_THAT(health.degraded,
              ElementsAre(Field(&Condition::reason, "WRITES_REFUSED")));
  EXPECT_THAT(health.degraded[0].detail,
              AllOf(HasSubstr("look at the log"), Not(HasSubstr("full"))));
  fail_ = false;
  EXPECT_TRUE(Score(engine_.get(), GateOut("1", "")).status.ok());
  EXPECT_EQ(Value(metric::kWritable), 1);
  EXPECT_EQ(Value(metric::kStoreOpened), 2);
  EXPECT_TRUE(Examine(engine_.get()).is_healthy());
}

TEST_F(MetricsTest, AFullDiskIsSaidAndThatItIsTriedAgainByItself) {
  options_.store.commit_fault = [this] {
    return fail_ ? absl::ResourceExhaustedError("no space") : absl::OkStatus();
  };
  options_.reopen_after_min = absl::Hours(1);
  options_.reopen_after_max = absl::Hours(1);
  Open(options_);
  WaitForReaders(engine_.get());
  fail_ = true;
  EXPECT_FALSE(Score(engine_.get(), GateOut("1", "")).status.ok());
  const Health health = Examine(engine_.get());
  ASSERT_THAT(health.degraded, SizeIs(1));
  EXPECT_THAT(health.degraded[0].detail,
              AllOf(HasSubstr("disk of the store is full, make room"),
                    HasSubstr("by itself, at the latest every 1h")));
}

TEST_F(MetricsTest, ATrippedBreakerDegradesUntilItIsReset) {
  Activate(kRules);
  std::vector<v1::Movement> movements;
  for (int i = 0; i < 22; ++i) {
    movements.push_back(GateOut(absl::StrCat(i), "H1"));
  }
  ScoreAll(engine_.get(), movements);
  EXPECT_EQ(Value(metric::kBreakerTrips), 1);
  EXPECT_EQ(Value(metric::kBreakersOpen), 1);
  EXPECT_THAT(Examine(engine_.get()).degraded,
              Contains(Field(&Condition::reason, "BREAKER_TRIPPED")));
  v1::ResetBreakerRequest reset;
  reset.set_revision(revision_);
  reset.set_rule("out");
  reset.set_note("a test");
  RuleApi api(engine_.get(), /*development=*/true);
  const auto done = api.ResetBreaker(reset, kDevelopmentCaller);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(Value(metric::kBreakersOpen), 0);
  EXPECT_TRUE(Examine(engine_.get()).is_healthy());
}

TEST_F(MetricsTest, CheckpointsShowAndADrainIsNotReady) {
  options_.checkpoint_records = 1;
  options_.store.directory = directory_.path() + "/other";
  Open(options_);
  for (int i = 0; i < 3; ++i)
    Score(engine_.get(), GateOut(absl::StrCat(i), ""));
  engine_->Drain();
  EXPECT_EQ(engine_->checkpoint_sequence(), 3u);
  EXPECT_THAT(Examine(engine_.get()).not_ready,
              ElementsAre(Field(&Condition::reason, "DRAINING")));
  options_.checkpoint_records = 1'000'000;
  Open(options_);
  EXPECT_EQ(engine_->checkpoint_sequence(), 3u) << "as the store was opened";
  EXPECT_EQ(Value(metric::kCheckpointAt), 3);
  Score(engine_.get(), GateOut("4", ""));
  EXPECT_EQ(Value(metric::kJournalEnd), 4);
}

TEST_F(MetricsTest, TheStoreShowsItsTables) {
  Score(engine_.get(), GateOut("1", ""));
  const Scrape scrape = Look();
  EXPECT_GT(scrape.Sum(metric::kTableMemory.name, {{"table", "journal"}}), 0);
  EXPECT_GT(scrape.Sum(metric::kTableFiles.name, {{"table", "meta"}}), 0);
  EXPECT_GT(scrape.Sum(metric::kCacheMax.name), 0);
  EXPECT_GT(scrape.Sum(metric::kDiskFree.name), 0);
  EXPECT_GT(scrape.Sum(metric::kMemory.name), 0);
}

// For the thread sanitizer.
TEST_F(MetricsTest, IsReadWhileItIsCounted) {
  Activate(kRules);
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) Look();
  });
  for (int i = 0; i < 200; ++i) {
    Score(engine_.get(), GateOut(absl::StrCat(i), i % 20 == 0 ? "H1" : ""));
    if (i == 100) Activate(kRules);
  }
  stop = true;
  reader.join();
  EXPECT_EQ(Value(metric::kMovements, {{"kind", "new"}}), 200);
}

// Files are renewed one after the other; a probe knows when both are there.
TEST_F(MetricsTest, NotReadyWhileCertificateAndKeyAreNotOfOneIssue) {
  const Authority authority(directory_.path());
  authority.Sign("one");
  authority.Sign("two");
  ServerOptions server;
  server.tls_cert = authority.Pem("one");
  server.tls_key = authority.Key("one");
  server.tls_ca = authority.Pem("ca");
  Metrics metrics;
  const auto monitor = Monitor::Start(&metrics, {"127.0.0.1:0", false});
  ASSERT_TRUE(monitor.ok()) << monitor.status();
  (*monitor)->Watch(engine_.get(), [&] { return CheckTlsFiles(server); });
  EXPECT_THAT(metrics.Text(), HasSubstr("\nportrisk_ready 1\n"));
  server.tls_cert = authority.Pem("two");
  EXPECT_THAT(metrics.Text(), HasSubstr("\nportrisk_ready 0\n"));
  EXPECT_THAT(HealthJson(Examine(engine_.get(), CheckTlsFiles(server))),
              AllOf(HasSubstr("NOBODY_GETS_IN"),
                    HasSubstr("install the two files of one issue")));
  server.tls_key = authority.Key("two");
  EXPECT_THAT(metrics.Text(), HasSubstr("\nportrisk_ready 1\n"));
  (*monitor)->Leave();
}

TEST(HealthTest, WithoutAnEngineNothingIsReady) {
  const Health health = ExamineStart({});
  EXPECT_FALSE(health.is_ready());
  EXPECT_THAT(HealthJson(health), HasSubstr("\"ready\":false"));
  EXPECT_THAT(HealthJson(health), HasSubstr("STARTING"));
  EXPECT_THAT(HealthJson(health), Not(HasSubstr("position")));
  EXPECT_THAT(HealthJson(ExamineStart({false, 20, 80})),
              HasSubstr("folded again; folded up to position 20 of 80"));
  EXPECT_THAT(HealthJson(ExamineStart({true, 20, 80})),
              AllOf(HasSubstr("STARTING"), HasSubstr("made anew"),
                    HasSubstr("position 20 of 80")));
}

TEST(HealthTest, ProbesOfGrpcTellTheStatesApart) {
  Health health;
  HealthService service({"portrisk.v1.RuleService"}, [&] { return health; });
  const auto serves = [&](const std::string& name) {
    grpc::health::v1::HealthCheckRequest request;
    grpc::health::v1::HealthCheckResponse reply;
    request.set_service(name);
    EXPECT_TRUE(service.Check(nullptr, &request, &reply).ok()) << name;
    return reply.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  };
  const auto names_that_serve = [&] {
    std::vector<std::string> names;
    for (const char* name :
         {"", "live", "ready", "healthy", "portrisk.v1.RuleService"}) {
      if (serves(name)) names.push_back(name);
    }
    return names;
  };
  EXPECT_THAT(names_that_serve(), SizeIs(5));
  health.degraded.push_back({"BREAKER_TRIPPED", ""});
  EXPECT_THAT(names_that_serve(),
              ElementsAre("", "live", "ready", "portrisk.v1.RuleService"));
  health.not_ready.push_back({"STORE_CLOSED", ""});
  EXPECT_THAT(names_that_serve(), ElementsAre("live"));
  health = {};
  service.Stop();
  EXPECT_THAT(names_that_serve(), ElementsAre("live"));
}

TEST(MonitorTest, ListensOnLoopbackUnlessToldOtherwise) {
  Metrics metrics;
  const auto refused = Monitor::Start(&metrics, {"0.0.0.0:0", false});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("--metrics-anywhere"));
  EXPECT_FALSE(Monitor::Start(&metrics, {"nonsense", false}).ok());
  const auto monitor = Monitor::Start(&metrics, {"127.0.0.1:0", false});
  ASSERT_TRUE(monitor.ok()) << monitor.status();
  const auto second = Monitor::Start(&metrics, {(*monitor)->address(), false});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable)
      << "two servers must not share a port in silence";
}

TEST(SlowCallsTest, NamesTheMovementAndTheStagesAndNothingElse) {
  v1::Movement movement = GateOut("gate-1", "H1");
  movement.mutable_pickup_right()->set_id("SECRET");
  BatchTimes times;
  times.apply_ns = 2'000'000;
  times.commit_ns = 30'000'000;
  QuietTask task;
  task.movement = &movement;
  task.accepted_ns = 1;
  task.submitted_ns = 1'000'001;
  task.times = &times;
  const LogFields fields =
      SlowCallFields("ScoringService/ScoreMovement", "OK", 40'000'000, &task);
  EXPECT_THAT(fields, Contains(Pair("source", "terminal-1")));
  EXPECT_THAT(fields, Contains(Pair("movement_id", "gate-1")));
  EXPECT_THAT(fields, Contains(Pair("admit_ms", "1.000")));
  EXPECT_THAT(fields, Contains(Pair("commit_ms", "30.000")));
  EXPECT_THAT(fields, Contains(Pair("other_ms", "7.000")));
  for (const auto& [name, value] : fields) {
    EXPECT_THAT(value, Not(HasSubstr("SECRET"))) << name;
    EXPECT_THAT(value, Not(HasSubstr("H1"))) << name;
    EXPECT_THAT(value, Not(HasSubstr(kBox))) << name;
  }
}

TEST(SlowCallsTest, LogsNoMoreThanItsLinesASecond) {
  SlowCalls calls(absl::Milliseconds(5));
  EXPECT_FALSE(calls.IsSlow(5'000'000));
  EXPECT_TRUE(calls.IsSlow(5'000'001));
  EXPECT_FALSE(SlowCalls(absl::InfiniteDuration()).IsSlow(INT64_MAX));
  for (int i = 0; i < 100; ++i) calls.Tell("m", "OK", 6'000'000, nullptr);
  EXPECT_EQ(calls.slow(), 100u);
  // A second may have ended in between.
  EXPECT_GE(calls.untold(), 100u - 3 * SlowCalls::kLinesPerSecond);
}

}  // namespace
}  // namespace portrisk::service
