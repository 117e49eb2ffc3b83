// Whoever loses a role loses what is being told: streams that go on ask again.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "portrisk/v1/evaluation_service.grpc.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "portrisk/v1/selection_service.grpc.pb.h"
#include "service/evaluation_api.h"
#include "service/rule_api.h"
#include "tests/service/access_fixture.h"
#include "tests/service/gate.h"

namespace portrisk::service {
namespace {

class AccessStreamsTest : public AccessTest {
 protected:
  static constexpr int kQueued = 10'000;  // No more than wait at once.

  void ScoreMany(int count) {
    std::vector<v1::Movement> movements;
    for (int i = 0; i < count; ++i) {
      movements.push_back(
          MakeMovement(absl::StrCat("m", scored_), v1::GATE_IN, kBox, scored_));
      ++scored_;
    }
    for (const Answer& answer : ScoreAll(engine_.get(), movements)) {
      ASSERT_TRUE(answer.status.ok()) << answer.status;
    }
  }
  // Of more than is under way at a time.
  v1::ExportRequest ExportOfMany() {
    ScoreMany(kQueued);
    ScoreMany(kQueued);
    v1::ExportRequest request;
    request.set_key(std::string(32, 'k'));
    return request;
  }
  // Who could listen sends movements now, and nobody else is known.
  void TakeRoles() {
    server_->SetRoles(std::make_shared<const RoleBook>(
        *RoleBook::Parse("callers:\n"
                         "  - {name: officer, roles: [scorer]}\n"
                         "  - {name: operator, roles: [scorer]}\n"
                         "  - {name: analyst, roles: [scorer]}",
                         "roles.yaml")));
  }

 private:
  int scored_ = 0;
};

TEST_F(AccessStreamsTest, OfSelections) {
  auto stub = v1::SelectionService::NewStub(As("officer"));
  grpc::ClientContext context;
  Prepare(&context);
  const auto stream = stub->WatchAssessments(&context, {});
  v1::WatchAssessmentsResponse response;
  ASSERT_TRUE(stream->Read(&response)) << "Where it begins.";
  TakeRoles();
  // Enough that it is told how far it is, selected or not.
  ScoreMany(5'000);
  while (stream->Read(&response)) {
    EXPECT_TRUE(response.selections().empty());
  }
  EXPECT_EQ(ReasonOf(stream->Finish()), "ROLE_MISSING");
}

TEST_F(AccessStreamsTest, OfAnEvaluation) {
  // Lives as long as the engine, and lets it end.
  const auto gate = std::make_shared<StepGate>(1);
  const absl::Cleanup open = [gate] { gate->Open(); };
  server_.reset();
  EngineOptions engine = TestOptions(absl::StrCat(directory_.path(), "/other"));
  engine.evaluation_chunk_records = 10;
  engine.after_evaluated_chunk = [gate] { gate->AfterStep(); };
  Open(std::move(engine));
  Start(TlsOptions());
  ScoreMany(50);
  v1::CreateRevisionRequest create;
  create.set_yaml(
      "rule_set: s\nlayer: port\nowner: NL\nrules:\n"
      "  - id: r\n    title: {en: T, es: T, pt: T}\n"
      "    explain: {en: E, es: E, pt: E}\n"
      "    when: movement.weights.gross_kg > 30000\n    score: 300\n");
  const auto draft = RuleApi(engine_.get(), true).Create(create, "ana");
  ASSERT_TRUE(draft.ok()) << draft.status();
  v1::StartEvaluationRequest start;
  start.mutable_plan()->add_candidates()->add_revisions(draft->revision());
  const auto begun = EvaluationApi(engine_.get()).Start(start, "ana");
  ASSERT_TRUE(begun.ok()) << begun.status();
  gate->WaitUntilArrived();

  grpc::ClientContext context;
  Prepare(&context);
  v1::GetEvaluationRequest request;
  request.set_evaluation(begun->evaluation());
  auto stub = v1::EvaluationService::NewStub(As("analyst"));
  const auto stream = stub->WatchEvaluation(&context, request);
  v1::Evaluation evaluation;
  EXPECT_TRUE(stream->Read(&evaluation));
  EXPECT_EQ(evaluation.state(), v1::EVALUATION_RUNNING);
  TakeRoles();
  while (stream->Read(&evaluation)) {
  }
  EXPECT_EQ(ReasonOf(stream->Finish()), "ROLE_MISSING");
}

TEST_F(AccessStreamsTest, OfAnExport) {
  const v1::ExportRequest request = ExportOfMany();
  grpc::ClientContext context;
  Prepare(&context);
  auto stub = v1::HistoryService::NewStub(As("operator"));
  const auto stream = stub->Export(&context, request);
  v1::ExportChunk chunk;
  ASSERT_TRUE(stream->Read(&chunk));
  TakeRoles();
  // What was under way comes, and no more.
  int movements = chunk.movements_size();
  while (stream->Read(&chunk)) movements += chunk.movements_size();
  EXPECT_LT(movements, 2 * kQueued);
  EXPECT_EQ(ReasonOf(stream->Finish()), "ROLE_MISSING");
}

// Else nobody could export any more until it has gone.
TEST_F(AccessStreamsTest, AnExportThatIsNotReadIsCutOff) {
  server_.reset();
  ServerOptions options = TlsOptions();
  options.connections.unread_max = absl::Seconds(1);
  Start(options);
  const v1::ExportRequest request = ExportOfMany();
  grpc::ClientContext context;
  Prepare(&context);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::minutes(1));
  auto stub = v1::HistoryService::NewStub(As("operator"));
  const auto stream = stub->Export(&context, request);
  v1::ExportChunk chunk;
  ASSERT_TRUE(stream->Read(&chunk));
  const auto again = [&] {
    grpc::ClientContext another;
    Prepare(&another);
    const auto second = stub->Export(&another, request);
    while (second->Read(&chunk)) {
    }
    return second->Finish();
  };
  EXPECT_EQ(ReasonOf(again()), "EXPORT_RUNNING");
  grpc::Status status;
  for (int i = 0; i < 80 && !(status = again()).ok(); ++i) {
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  while (stream->Read(&chunk)) {
  }
  EXPECT_FALSE(stream->Finish().ok());
}

}  // namespace
}  // namespace portrisk::service
