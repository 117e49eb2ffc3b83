// What the audit log says of who looked, and of who was turned away.
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/operator_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "service/audit_log.h"
#include "tests/service/access_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(AccessTest, AConsultationNeedsAPurposeAndIsWrittenDownFirst) {
  v1::Movement known = MakeMovement("1", v1::GATE_OUT, kBox, 0);
  known.mutable_haulier()->set_id("NL-100");
  v1::Assessment taken;
  ASSERT_TRUE(Score(As("scorer"), known, &taken).ok());
  auto stub = v1::HistoryService::NewStub(As("officer"));
  v1::GetEntityRequest request;
  request.mutable_party()->set_role(v1::ROLE_HAULIER);
  request.mutable_party()->set_id("NL-100");
  v1::GetEntityResponse response;
  {
    grpc::ClientContext context;
    Prepare(&context, "");
    EXPECT_EQ(ReasonOf(stub->GetEntity(&context, request, &response)),
              "NO_PURPOSE");
  }
  grpc::ClientContext context;
  Prepare(&context, "investigation 12");
  const grpc::Status status = stub->GetEntity(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  const auto log = Log(v1::CONSULTATION);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].caller(), "officer");
  EXPECT_EQ(log[0].purpose(), "investigation 12");
  EXPECT_EQ(log[0].entry().result(), "OK");
  EXPECT_EQ(log[0].entry().method(), "/portrisk.v1.HistoryService/GetEntity");
  EXPECT_THAT(log[0].entry().subject(),
              HasSubstr("party.role=ROLE_HAULIER party.id=~"));
  EXPECT_THAT(log[0].entry().subject(), Not(HasSubstr("NL-100")))
      << "An erasure could not reach it here.";
}

TEST_F(AccessTest, WhateverIsAskedTheJournalCanBeRead) {
  // Names of 300 bytes and more end inside of a character.
  auto stub = v1::ScoringService::NewStub(As("officer"));
  for (size_t ascii = 280; ascii < 310; ++ascii) {
    v1::GetAssessmentRequest request;
    request.set_source(std::string(ascii, 'a') + "\u00e9\u00e9");
    v1::GetAssessmentResponse response;
    grpc::ClientContext context;
    Prepare(&context, std::string(ascii - 100, 'p'));
    EXPECT_EQ(stub->GetAssessment(&context, request, &response).error_code(),
              grpc::StatusCode::NOT_FOUND);
  }
  EXPECT_EQ(Log(v1::CONSULTATION).size(), 30u);
  server_.reset();
  const EngineOptions options =
      TestOptions(absl::StrCat(directory_.path(), "/store"));
  Open(options);
  Start(TlsOptions());
  EXPECT_EQ(Log(v1::CONSULTATION).size(), 31u) << "With the look before.";
}

TEST_F(AccessTest, WhoKnocksTooOftenDoesNotFillTheDisk) {
  const auto channel = As("stranger");
  v1::Assessment reply;
  const v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  for (int i = 0; i < 100; ++i) (void)Score(channel, movement, &reply);
  // The clock of the test stands still: it is all one second.
  EXPECT_EQ(Log(v1::LOGIN_FAILURE).size(), size_t{AuditLog::kPostedMax});
}

// Not even in a field as long as one likes.
TEST_F(AccessTest, NoLookUpHidesWhatItLooksFor) {
  Engine* const engine = engine_.get();
  ASSERT_TRUE(service::Score(engine, MakeMovement("1", v1::GATE_IN, kBox, 0))
                  .status.ok());
  auto stub = v1::HistoryService::NewStub(As("officer"));
  v1::GetContainerRequest request;
  v1::GetContainerResponse response;
  const auto get = [&](const std::string& number) {
    request.set_number(number);
    grpc::ClientContext context;
    Prepare(&context);
    return stub->GetContainer(&context, request, &response);
  };
  EXPECT_EQ(ReasonOf(get(std::string(600, '-') + kBox)), "TEXT_TOO_LONG");
  get(std::string(400, '-') + kBox);
  const auto log = Log(v1::CONSULTATION);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_THAT(log[0].entry().subject(), HasSubstr(kBox));
  v1::ListMovementsRequest list;
  list.set_page_token("77");
  v1::ListMovementsResponse listed;
  grpc::ClientContext context;
  Prepare(&context);
  stub->ListMovements(&context, list, &listed);
  EXPECT_THAT(Log(v1::CONSULTATION).back().entry().subject(),
              HasSubstr("page_token=77"));
}

TEST_F(AccessTest, WhomALookUpInListsNamesIsNotKept) {
  auto stub = v1::RuleService::NewStub(As("analyst"));
  for (const char* value : {"NL HAULIER-77", "MSKU 123456-5"}) {
    v1::LookUpListValueRequest request;
    request.set_value(value);
    v1::LookUpListValueResponse response;
    grpc::ClientContext context;
    Prepare(&context);
    EXPECT_TRUE(stub->LookUpListValue(&context, request, &response).ok());
  }
  const auto log = Log(v1::CONSULTATION);
  ASSERT_EQ(log.size(), 2u);
  EXPECT_THAT(log[0].entry().subject(), HasSubstr("value=~"));
  EXPECT_THAT(log[0].entry().subject(), Not(HasSubstr("77")));
  EXPECT_THAT(log[1].entry().subject(), HasSubstr("value=MSKU 123456-5"));
}

TEST_F(AccessTest, ADryRunOfAnErasureIsALookUp) {
  auto stub = v1::OperatorService::NewStub(As("operator"));
  v1::EraseSubjectRequest request;
  request.mutable_subject()->set_plate("BX-123");
  request.set_dry_run(true);
  v1::EraseSubjectResponse response;
  grpc::ClientContext context;
  Prepare(&context, "asked by its owner");
  const grpc::Status status = stub->EraseSubject(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const auto log = Log(v1::CONSULTATION);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].caller(), "operator");
  EXPECT_EQ(log[0].purpose(), "asked by its owner");
  EXPECT_EQ(log[0].entry().method(),
            "/portrisk.v1.OperatorService/EraseSubject");
  EXPECT_THAT(log[0].entry().subject(), HasSubstr("subject.plate=~"));
  EXPECT_THAT(log[0].entry().subject(), Not(HasSubstr("BX-123")));
  EXPECT_THAT(log[0].entry().peer(), HasSubstr("127.0.0.1"));
}

TEST_F(AccessTest, WhatIsRefusedInsideOfACallIsWrittenDownToo) {
  server_->SetRoles(std::make_shared<const RoleBook>(*RoleBook::Parse(
      "callers:\n  - {name: scorer, roles: [scorer], sources: [other]}\n"
      "  - {name: analyst, roles: [analyst, approver]}\n"
      "  - {name: auditor, roles: [auditor]}",
      "roles.yaml")));
  v1::Assessment reply;
  EXPECT_EQ(ReasonOf(Score(As("scorer"),
                           MakeMovement("1", v1::GATE_IN, kBox, 0), &reply)),
            "SOURCE_NOT_YOURS");
  auto stub = v1::RuleService::NewStub(As("analyst"));
  v1::CreateRevisionRequest create;
  create.set_yaml(
      "rule_set: s\nlayer: port\nowner: o\nrules:\n  - id: r\n"
      "    title: {en: t}\n    applies_to: [GATE_IN]\n"
      "    when: movement.container.number == 'MSKU1234565'\n"
      "    score: 1\n    explain: {en: e}\n");
  v1::Revision revision;
  {
    grpc::ClientContext context;
    Prepare(&context);
    const grpc::Status made = stub->CreateRevision(&context, create, &revision);
    ASSERT_TRUE(made.ok()) << made.error_message();
  }
  v1::ChangeRevisionRequest change;
  change.set_revision(revision.revision());
  change.set_without_replay("a test");
  {
    grpc::ClientContext context;
    Prepare(&context);
    EXPECT_EQ(ReasonOf(stub->ApproveRevision(&context, change, &revision)),
              "FOUR_EYES");
  }
  change.set_note(std::string(100'000, 'n'));
  {
    grpc::ClientContext context;
    Prepare(&context);
    EXPECT_EQ(ReasonOf(stub->ApproveRevision(&context, change, &revision)),
              "TEXT_TOO_LONG");
  }
  const auto denied = Log(v1::ACCESS_DENIED);
  ASSERT_EQ(denied.size(), 2u);
  EXPECT_EQ(denied[0].caller(), "scorer");
  EXPECT_EQ(denied[0].entry().result(), "SOURCE_NOT_YOURS");
  EXPECT_EQ(denied[1].caller(), "analyst");
  EXPECT_EQ(denied[1].entry().result(), "FOUR_EYES");
}

// It may be open for weeks.
TEST_F(AccessTest, AStreamKnowsWhatItsCallerMayNow) {
  const auto let = [this](const std::string& entry) {
    server_->SetRoles(std::make_shared<const RoleBook>(
        *RoleBook::Parse("callers:\n  - " + entry, "roles.yaml")));
  };
  let("{name: scorer, roles: [scorer, officer]}");
  auto stub = v1::ScoringService::NewStub(As("scorer"));
  grpc::ClientContext context;
  Prepare(&context, "");
  const auto stream = stub->StreamScoreMovements(&context);
  int sent = 0;
  const auto score = [&] {
    v1::ScoreMovementRequest request;
    *request.mutable_movement() =
        MakeMovement(absl::StrCat(++sent), v1::GATE_IN, kBox, sent);
    EXPECT_TRUE(stream->Write(request));
    v1::ScoreResult result;
    EXPECT_TRUE(stream->Read(&result));
    return result;
  };
  EXPECT_EQ(score().assessment().lane(), v1::GREEN);
  let("{name: scorer, roles: [scorer]}");
  const v1::ScoreResult told = score();
  EXPECT_TRUE(told.has_assessment());
  EXPECT_EQ(told.assessment().lane(), v1::LANE_UNSPECIFIED);
  let("{name: scorer, roles: [scorer], sources: [another]}");
  EXPECT_EQ(score().error().code(), 7) << "PERMISSION_DENIED";
  let("{name: scorer, roles: [scorer, officer]}");
  EXPECT_EQ(score().assessment().lane(), v1::GREEN);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace portrisk::service
