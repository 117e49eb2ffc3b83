#include "service/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/outcome_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/grpc_status.h"
#include "service/metrics.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kBox[] = "MSKU1234565";

constexpr char kRules[] = R"(
rule_set: test.service
layer: common
owner: EU
rules:
  - id: out
    title: {en: Left the port, es: Salió del puerto, pt: Saiu do porto}
    applies_to: [GATE_OUT]
    when: movement.haulier.id == "H1"
    score: 200
    explain:
      en: "Collected by {movement.haulier.id}"
      es: "Retirado por {movement.haulier.id}"
      pt: "Retirado por {movement.haulier.id}"
)";

class ServerTest : public EngineTest {
 protected:
  void SetUp() override { Start("store"); }

  void Start(const std::string& store) {
    channel_.reset();
    server_.reset();
    Open(TestOptions(absl::StrCat(directory_.path(), "/", store)));
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.development = true;
    options.drain_max = absl::Seconds(2);
    auto server = Server::Start(engine_.get(), options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(),
                                   grpc::InsecureChannelCredentials());
  }

  void TearDown() override {
    channel_.reset();
    server_.reset();
    engine_.reset();
  }

  std::unique_ptr<v1::ScoringService::Stub> Scoring() {
    return v1::ScoringService::NewStub(channel_);
  }

  grpc::Status Score(const v1::Movement& movement, v1::Assessment* reply,
                     const std::string& language = "") {
    grpc::ClientContext context;
    v1::ScoreMovementRequest request;
    *request.mutable_movement() = movement;
    request.set_language(language);
    return Scoring()->ScoreMovement(&context, request, reply);
  }

  std::vector<v1::ScoreResult> Stream(
      const std::vector<v1::Movement>& movements) {
    grpc::ClientContext context;
    auto stub = Scoring();
    auto stream = stub->StreamScoreMovements(&context);
    std::thread writer([&] {
      for (const v1::Movement& movement : movements) {
        v1::ScoreMovementRequest request;
        *request.mutable_movement() = movement;
        stream->Write(request);
      }
      stream->WritesDone();
    });
    std::vector<v1::ScoreResult> results;
    v1::ScoreResult result;
    while (stream->Read(&result)) results.push_back(result);
    writer.join();
    EXPECT_TRUE(stream->Finish().ok());
    return results;
  }

  grpc::Status Rule(grpc::Status (v1::RuleService::Stub::*method)(
                        grpc::ClientContext*, const v1::ChangeRevisionRequest&,
                        v1::Revision*),
                    uint64_t revision, const std::string& caller,
                    v1::Revision* reply) {
    grpc::ClientContext context;
    if (!caller.empty()) context.AddMetadata("portrisk-caller", caller);
    v1::ChangeRevisionRequest request;
    request.set_revision(revision);
    request.set_without_replay("a test");
    auto stub = v1::RuleService::NewStub(channel_);
    return (stub.get()->*method)(&context, request, reply);
  }

  grpc::Status Create(const std::string& yaml, const std::string& caller,
                      v1::Revision* reply) {
    grpc::ClientContext context;
    if (!caller.empty()) context.AddMetadata("portrisk-caller", caller);
    v1::CreateRevisionRequest request;
    request.set_yaml(yaml);
    request.set_file("test.yaml");
    return v1::RuleService::NewStub(channel_)->CreateRevision(&context, request,
                                                              reply);
  }

  void Activate(const std::string& yaml) {
    v1::Revision r;
    ASSERT_TRUE(Create(yaml, "development", &r).ok());
    const uint64_t number = r.revision();
    using Stub = v1::RuleService::Stub;
    ASSERT_TRUE(Rule(&Stub::ApproveRevision, number, "development", &r).ok());
    ASSERT_TRUE(Rule(&Stub::ActivateRevision, number, "development", &r).ok());
  }

  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& any : rpc.details()) {
    if (any.UnpackTo(&info)) break;
  }
  return info;
}

std::vector<v1::Movement> Day(int count) {
  std::vector<v1::Movement> day;
  for (int i = 0; i < count; ++i) {
    v1::Movement m =
        MakeMovement(absl::StrCat("m", i), i % 2 ? v1::GATE_OUT : v1::GATE_IN,
                     absl::StrCat("MSKU", 1000000 + i / 4), i);
    m.mutable_haulier()->set_id(i % 3 ? "H1" : "H2");
    day.push_back(m);
  }
  return day;
}

TEST_F(ServerTest, UnaryBatchAndStreamGiveTheSameAssessments) {
  const std::vector<v1::Movement> day = Day(300);
  std::vector<std::string> unary, batch, stream;
  Activate(kRules);
  for (const v1::Movement& m : day) {
    v1::Assessment a;
    ASSERT_TRUE(Score(m, &a).ok());
    unary.push_back(a.SerializeAsString());
  }
  Start("batch");
  Activate(kRules);
  {
    grpc::ClientContext context;
    v1::BatchScoreMovementsRequest request;
    for (const v1::Movement& m : day) *request.add_movements() = m;
    v1::BatchScoreMovementsResponse reply;
    ASSERT_TRUE(Scoring()->BatchScoreMovements(&context, request, &reply).ok());
    for (const auto& result : reply.results()) {
      batch.push_back(result.assessment().SerializeAsString());
    }
  }
  Start("stream");
  Activate(kRules);
  for (const auto& result : Stream(day)) {
    stream.push_back(result.assessment().SerializeAsString());
  }
  EXPECT_EQ(unary, batch);
  EXPECT_EQ(unary, stream);
  // Sent again, the stored ones come back.
  std::vector<std::string> again;
  for (const auto& result : Stream(day)) {
    again.push_back(result.assessment().SerializeAsString());
  }
  EXPECT_EQ(again, stream);
}

TEST_F(ServerTest, OneBadMovementSpoilsOnlyItsOwnResult) {
  std::vector<v1::Movement> day = Day(3);
  day[1].mutable_location()->set_locode("nowhere!");
  const auto results = Stream(day);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(results[0].has_assessment());
  EXPECT_EQ(results[1].error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(results[2].has_assessment());
}

TEST_F(ServerTest, ErrorsCarryReasonAndFields) {
  v1::Assessment a;
  const grpc::Status status = Score(v1::Movement(), &a);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(InfoOf(status).reason(), "INVALID_MOVEMENT");
  EXPECT_EQ(InfoOf(status).domain(), "portrisk");
  EXPECT_THAT(Describe(status), testing::HasSubstr("movement.source"));
}

TEST_F(ServerTest, ABatchOfNothingOrTooManyIsRefused) {
  for (int count : {0, 1001}) {
    grpc::ClientContext context;
    v1::BatchScoreMovementsRequest request;
    for (int i = 0; i < count; ++i) request.add_movements();
    v1::BatchScoreMovementsResponse reply;
    const grpc::Status status =
        Scoring()->BatchScoreMovements(&context, request, &reply);
    EXPECT_EQ(InfoOf(status).reason(), "BAD_BATCH_SIZE");
  }
}

TEST_F(ServerTest, TheCallerChoosesTheLanguage) {
  Activate(kRules);
  v1::Movement m = MakeMovement("1", v1::GATE_OUT, kBox, 0);
  m.mutable_haulier()->set_id("H1");
  v1::Assessment plain, spanish, portuguese;
  ASSERT_TRUE(Score(m, &plain).ok());
  ASSERT_EQ(plain.hits_size(), 1);
  EXPECT_EQ(plain.hits(0).title(), "");
  ASSERT_TRUE(Score(m, &spanish, "es").ok());
  EXPECT_EQ(spanish.hits(0).title(), "Salió del puerto");
  EXPECT_EQ(spanish.hits(0).explanation(), "Retirado por H1");
  ASSERT_TRUE(Score(m, &portuguese, "pt").ok());
  EXPECT_EQ(portuguese.hits(0).title(), "Saiu do porto");
}

// A repeat is answered on the thread that commits, where nothing is compiled:
// titles of rules that nobody has used since the start are left out.
TEST_F(ServerTest, ARepeatOfLongAgoComesWithoutTitles) {
  Activate(kRules);
  v1::Movement m = MakeMovement("1", v1::GATE_OUT, kBox, 0);
  m.mutable_haulier()->set_id("H1");
  v1::Assessment first, again;
  ASSERT_TRUE(Score(m, &first).ok());
  std::string other = kRules;
  other.replace(other.find("score: 200"), 10, "score: 700");
  Activate(other);
  Start("store");
  ASSERT_TRUE(Score(m, &again, "es").ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  grpc::ClientContext context;
  v1::GetAssessmentRequest get;
  get.set_source(m.source());
  get.set_movement_id(m.id());
  get.set_language("es");
  v1::GetAssessmentResponse read;
  ASSERT_TRUE(Scoring()->GetAssessment(&context, get, &read).ok());
  ASSERT_EQ(read.assessment().hits_size(), 1);
  EXPECT_EQ(read.assessment().hits(0).title(), "Salió del puerto");
}

TEST_F(ServerTest, RulesNeedAnAuthorAnApproverAndTheRightState) {
  using Stub = v1::RuleService::Stub;
  v1::Revision r;
  EXPECT_EQ(InfoOf(Create(kRules, "", &r)).reason(), "NO_CALLER");
  ASSERT_TRUE(Create(kRules, "ana", &r).ok());
  EXPECT_EQ(r.state(), v1::DRAFT);
  EXPECT_EQ(InfoOf(Rule(&Stub::ActivateRevision, 1, "bo", &r)).reason(),
            "WRONG_STATE");
  EXPECT_EQ(InfoOf(Rule(&Stub::ApproveRevision, 1, "ana", &r)).reason(),
            "FOUR_EYES");
  ASSERT_TRUE(Rule(&Stub::ApproveRevision, 1, "bo", &r).ok());
  ASSERT_TRUE(Rule(&Stub::ActivateRevision, 1, "bo", &r).ok());
  EXPECT_EQ(r.events(2).sequence(), 4u) << "Who was refused stands before it.";
  EXPECT_EQ(InfoOf(Rule(&Stub::ApproveRevision, 99, "bo", &r)).reason(),
            "NOT_FOUND");
}

TEST_F(ServerTest, ANewRevisionRetiresTheOldOneAndSurvivesARestart) {
  Activate(kRules);
  std::string stricter = kRules;
  stricter.replace(stricter.find("score: 200"), 10, "score: 700");
  Activate(stricter);
  Start("store");
  v1::Movement m = MakeMovement("1", v1::GATE_OUT, kBox, 0);
  m.mutable_haulier()->set_id("H1");
  v1::Assessment a;
  ASSERT_TRUE(Score(m, &a).ok());
  EXPECT_EQ(a.score(), 700);
  EXPECT_EQ(a.lane(), v1::RED);
  ASSERT_EQ(a.revisions_size(), 1);
  EXPECT_EQ(a.revisions(0).revision(), 2u);
  grpc::ClientContext context;
  v1::ListRevisionsResponse list;
  ASSERT_TRUE(v1::RuleService::NewStub(channel_)
                  ->ListRevisions(&context, v1::ListRevisionsRequest(), &list)
                  .ok());
  ASSERT_EQ(list.revisions_size(), 2);
  EXPECT_EQ(list.revisions(0).state(), v1::RETIRED);
  EXPECT_EQ(list.revisions(1).state(), v1::ACTIVE);
}

TEST_F(ServerTest, ABrokenRuleSetIsRefusedWithItsIssues) {
  v1::Revision r;
  std::string broken = kRules;
  broken.replace(broken.find("movement.haulier.id =="), 22,
                 "movement.hauler.id == ");
  const grpc::Status status = Create(broken, "ana", &r);
  EXPECT_EQ(InfoOf(status).reason(), "INVALID_RULE_SET");
  EXPECT_THAT(Describe(status), testing::HasSubstr("haulier"));
}

TEST_F(ServerTest, MoreIssuesThanAnAnswerHoldsStillReachTheCaller) {
  std::string broken = "rule_set: test.many\nlayer: common\nowner: o\nrules:\n";
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&broken, "  - id: r", i,
                    "\n    title: {en: t}\n    when: nothing_like_it == ", i,
                    "\n    score: 1\n    explain: {en: e}\n");
  }
  v1::Revision r;
  const grpc::Status status = Create(broken, "ana", &r);
  EXPECT_EQ(InfoOf(status).reason(), "INVALID_RULE_SET");
  EXPECT_THAT(Describe(status), testing::HasSubstr("yaml:7:11: UNKNOWN_NAME"));
  EXPECT_THAT(Describe(status), testing::ContainsRegex("\n  and 1[0-9]+ more"));
}

TEST_F(ServerTest, MovementsAreListedPageByPage) {
  for (const v1::Movement& m : Day(25)) {
    v1::Assessment a;
    ASSERT_TRUE(Score(m, &a).ok());
  }
  auto stub = v1::HistoryService::NewStub(channel_);
  for (const char* number : {"", "MSKU1000002"}) {
    v1::ListMovementsRequest request;
    request.set_container_number(number);
    request.set_page_size(3);
    std::vector<uint64_t> sequences;
    v1::ListMovementsResponse page;
    do {
      request.set_page_token(page.next_page_token());
      grpc::ClientContext context;
      ASSERT_TRUE(stub->ListMovements(&context, request, &page).ok());
      EXPECT_LE(page.movements_size(), 3);
      for (const auto& m : page.movements()) {
        sequences.push_back(m.assessment().sequence());
      }
    } while (!page.next_page_token().empty());
    EXPECT_TRUE(std::is_sorted(sequences.begin(), sequences.end()));
    EXPECT_EQ(sequences.size(), number[0] ? 4u : 25u);
  }
}

// Whatever the size of the movements, by a client that takes 4 MiB.
TEST_F(ServerTest, APageIsNoLargerThanAClientTakes) {
  constexpr int kCount = 900;
  const std::string text(500, 'g');
  for (int i = 0; i < kCount; ++i) {
    v1::Movement m = MakeMovement(absl::StrCat("m", i), v1::GATE_IN, kBox, i);
    m.mutable_consignment()->set_goods(text);
    for (v1::Party* const party :
         {m.mutable_haulier(), m.mutable_carrier(), m.mutable_shipper(),
          m.mutable_consignee(), m.mutable_declarant()}) {
      party->set_name(text);
      party->set_account(text);
    }
    v1::Assessment a;
    const grpc::Status scored = Score(m, &a);
    ASSERT_TRUE(scored.ok()) << Describe(scored);
  }
  auto stub = v1::HistoryService::NewStub(channel_);
  for (const char* number : {"", kBox}) {
    v1::ListMovementsRequest request;
    request.set_container_number(number);
    request.set_page_size(1000);
    int listed = 0;
    v1::ListMovementsResponse page;
    do {
      request.set_page_token(page.next_page_token());
      grpc::ClientContext context;
      const grpc::Status status = stub->ListMovements(&context, request, &page);
      ASSERT_TRUE(status.ok()) << Describe(status);
      listed += page.movements_size();
    } while (!page.next_page_token().empty());
    EXPECT_EQ(listed, kCount);
  }
}

TEST_F(ServerTest, OfManyVersionsTheNewestAreShown) {
  for (int version = 0; version < 110; ++version) {
    v1::Movement m = MakeMovement("m", v1::GATE_IN, kBox, version);
    m.mutable_update_time()->set_seconds(version + 1);
    v1::Assessment a;
    ASSERT_TRUE(Score(m, &a).ok());
  }
  v1::GetAssessmentRequest request;
  request.set_source("terminal-1");
  request.set_movement_id("m");
  v1::GetAssessmentResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::ScoringService::NewStub(channel_)
                  ->GetAssessment(&context, request, &response)
                  .ok());
  EXPECT_EQ(response.assessment().sequence(), 110u);
  EXPECT_EQ(response.superseded_size(), 100);
  EXPECT_EQ(response.superseded(99).sequence(), 10u);
  EXPECT_TRUE(response.superseded_left_out());
}

TEST_F(ServerTest, ScoringGoesOnWhileRulesAreSwapped) {
  std::atomic<bool> stop{false};
  std::atomic<int> scored{0};
  std::thread client([&] {
    for (int i = 0; !stop; ++i) {
      v1::Assessment a;
      v1::Movement m =
          MakeMovement(absl::StrCat("s", i), v1::GATE_OUT, kBox, i);
      m.mutable_haulier()->set_id("H1");
      const grpc::Status status = Score(m, &a);
      ASSERT_TRUE(status.ok()) << status.error_message();
      // Never half of a programme: all of one revision or none.
      ASSERT_LE(a.revisions_size(), 1);
      ASSERT_EQ(a.hits_size(), a.revisions_size());
      ++scored;
    }
  });
  for (int i = 0; i < 10; ++i) Activate(kRules);
  stop = true;
  client.join();
  EXPECT_GT(scored, 0);
}

TEST_F(ServerTest, OutcomesAndDecisionsTravelWithWhoRecordedThem) {
  v1::Assessment assessment;
  ASSERT_TRUE(Score(MakeMovement("m", v1::GATE_IN, kBox, 0), &assessment).ok());
  auto stub = v1::OutcomeService::NewStub(channel_);
  using Stub = v1::OutcomeService::Stub;
  const auto call = [&](auto method, const auto& request, auto* reply) {
    grpc::ClientContext context;
    context.AddMetadata("portrisk-caller", "officer-7");
    return (stub.get()->*method)(&context, request, reply);
  };
  v1::BatchRecordOutcomesRequest outcomes;
  v1::Outcome& outcome = *outcomes.add_outcomes();
  outcome.set_source("nl");
  outcome.set_id("C-1");
  outcome.set_container_number(kBox);
  outcome.mutable_time()->set_seconds(1'790'000'060);
  outcome.set_result(v1::FOUND);
  v1::RecordOutcomeRequest one_outcome;
  *one_outcome.mutable_outcome() = outcome;
  v1::RecordedOutcome recorded;
  ASSERT_TRUE(call(&Stub::RecordOutcome, one_outcome, &recorded).ok());
  EXPECT_EQ(recorded.caller(), "officer-7");
  v1::BatchRecordOutcomesResponse outcome_results;
  ASSERT_TRUE(
      call(&Stub::BatchRecordOutcomes, outcomes, &outcome_results).ok());
  EXPECT_EQ(outcome_results.results(0).outcome().sequence(),
            recorded.sequence());
  v1::ListOutcomesResponse outcome_list;
  ASSERT_TRUE(
      call(&Stub::ListOutcomes, v1::ListOutcomesRequest(), &outcome_list).ok());
  EXPECT_EQ(outcome_list.outcomes_size(), 1);

  v1::BatchRecordDecisionsRequest decisions;
  v1::Decision& decision = *decisions.add_decisions();
  decision.set_source("nl");
  decision.set_id("D-1");
  decision.mutable_assessment()->set_source("terminal-1");
  decision.mutable_assessment()->set_movement_id("m");
  decision.set_kind(v1::ACCEPT);
  v1::RecordDecisionRequest one_decision;
  *one_decision.mutable_decision() = decision;
  v1::RecordedDecision decided;
  ASSERT_TRUE(call(&Stub::RecordDecision, one_decision, &decided).ok());
  v1::BatchRecordDecisionsResponse decision_results;
  ASSERT_TRUE(
      call(&Stub::BatchRecordDecisions, decisions, &decision_results).ok());
  EXPECT_EQ(decision_results.results(0).decision().sequence(),
            decided.sequence());
  v1::ListDecisionsResponse decision_list;
  ASSERT_TRUE(
      call(&Stub::ListDecisions, v1::ListDecisionsRequest(), &decision_list)
          .ok());
  EXPECT_EQ(decision_list.decisions_size(), 1);

  decision.set_kind(v1::OVERRIDE);
  *one_decision.mutable_decision() = decision;
  const grpc::Status refused =
      call(&Stub::RecordDecision, one_decision, &decided);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Describe(refused), testing::HasSubstr("decision.reason_code"));
  grpc::ClientContext nobody;
  EXPECT_EQ(
      InfoOf(stub->RecordOutcome(&nobody, one_outcome, &recorded)).reason(),
      "NO_CALLER");
}

TEST_F(ServerTest, HealthAnswersServing) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel_);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  grpc::Slice none;
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                    grpc::ByteBuffer(&none, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  ASSERT_TRUE(reply.DumpToSingleSlice(&slice).ok());
  EXPECT_EQ(std::string(slice.begin(), slice.end()), "\x08\x01");  // SERVING
}

TEST_F(ServerTest, AnIdleStreamDoesNotHoldUpADrain) {
  grpc::ClientContext context;
  auto stub = Scoring();
  auto stream = stub->StreamScoreMovements(&context);
  v1::ScoreMovementRequest request;
  *request.mutable_movement() = MakeMovement("1", v1::GATE_IN, kBox, 0);
  stream->Write(request);
  v1::ScoreResult result;
  ASSERT_TRUE(stream->Read(&result));
  const absl::Time start = absl::Now();
  server_->Shutdown();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2)) << "of ten that it may take";
  EXPECT_FALSE(stream->Read(&result));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(InfoOf(status).reason(), "SHUTTING_DOWN");
}

// Whoever sends again what has no result yet has lost nothing, and needs to
// know nothing else.
TEST_F(ServerTest, AStreamEndsWithTheServerBehindWhatWasAnswered) {
  grpc::ClientContext context;
  auto stub = Scoring();
  auto stream = stub->StreamScoreMovements(&context);
  constexpr int kMost = 200'000;
  std::atomic<int> written{0};
  std::thread writer([&] {
    v1::ScoreMovementRequest request;
    for (int i = 0; i < kMost; ++i) {
      *request.mutable_movement() =
          MakeMovement(absl::StrCat("m", i), v1::GATE_IN, kBox, i);
      if (!stream->Write(request)) break;
      ++written;
    }
  });
  v1::ScoreResult result;
  int answered = 0;
  while (stream->Read(&result)) {
    ASSERT_FALSE(result.has_error()) << result.error().message();
    EXPECT_EQ(result.assessment().movement_id(), absl::StrCat("m", answered));
    // As a server does for half a second before it closes.
    if (++answered == 100) engine_->Refuse();
  }
  const grpc::Status status = stream->Finish();
  writer.join();
  EXPECT_EQ(InfoOf(status).reason(), "SHUTTING_DOWN") << status.error_message();
  EXPECT_GE(answered, 100);
  EXPECT_LT(answered, kMost);
  EXPECT_LE(answered, written);
}

TEST_F(ServerTest, ASecondServerOnTheAddressIsRefused) {
  ServerOptions options;
  options.listen = server_->address();
  options.development = true;
  testing::internal::CaptureStderr();
  auto second = Server::Start(engine_.get(), options);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "said once";
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              testing::HasSubstr("Address already in use"));
}

// Whoever watches does so for hours; what is slow should be seen among that.
TEST_F(ServerTest, AStreamThatLastsIsNoSlowCall) {
  server_.reset();
  MetricsOptions slow;
  slow.trace_slow = absl::Milliseconds(5);
  Metrics metrics(slow);
  ServerOptions options;
  options.metrics = &metrics;
  auto server = Server::Start(engine_.get(), options);
  ASSERT_TRUE(server.ok()) << server.status();
  {
    grpc::ClientContext context;
    auto stub =
        grpc::health::v1::Health::NewStub((*server)->InProcessChannel());
    const auto watch = stub->Watch(&context, {});
    grpc::health::v1::HealthCheckResponse response;
    ASSERT_TRUE(watch->Read(&response));
    absl::SleepFor(absl::Milliseconds(20));
    context.TryCancel();
    watch->Finish();
  }
  server->reset();  // All its calls are over.
  const std::string text = metrics.Text();
  EXPECT_THAT(text, testing::HasSubstr("method=\"Health/Watch\""));
  EXPECT_THAT(text, testing::HasSubstr("\nportrisk_slow_calls_total 0\n"));
}

}  // namespace
}  // namespace portrisk::service
