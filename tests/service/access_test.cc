// Who gets in, who gets what, and what the audit log says of it: a real server
// with TLS, and a certificate for each role.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/protobuf/descriptor.h"
#include "google/rpc/error_details.pb.h"
#include "portrisk/v1/audit_service.grpc.pb.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/outcome_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/gate.h"
#include "service/profile_api.h"
#include "service/rule_api.h"
#include "tests/service/access_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;

// The fully qualified methods of every service in proto/.
std::set<std::string> MethodsOfProto() {
  std::set<std::string> methods;
  const std::filesystem::path folder = PORTRISK_SOURCE_DIR "/proto/portrisk/v1";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      if (line.rfind("service ", 0) != 0) continue;
      const std::string name =
          absl::StrCat("portrisk.v1.",
                       std::vector<std::string>(absl::StrSplit(line, ' '))[1]);
      const auto* service =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
              name);
      EXPECT_NE(service, nullptr) << name;
      for (int i = 0; service != nullptr && i < service->method_count(); ++i) {
        methods.insert(
            absl::StrCat("/", name, "/", service->method(i)->name()));
      }
    }
  }
  return methods;
}

TEST(MethodRules, HaveEveryMethodOfTheProtoOnceAndNoOther) {
  std::set<std::string> methods;
  std::string before;
  for (const MethodRule& rule : MethodRules()) {
    EXPECT_LT(before, rule.method) << "they are looked up by name";
    before = rule.method;
    methods.insert(rule.method);
    EXPECT_FALSE(rule.roles.empty()) << rule.method;
  }
  EXPECT_EQ(methods, MethodsOfProto());
}

TEST(MethodRules, LetNobodyInByAMethodTheyLack) {
  EXPECT_EQ(FindMethod("/portrisk.v1.RuleService/Nothing"), nullptr);
  EXPECT_TRUE(Gate::RuleOf("portrisk.v1.RuleService", "Nothing").roles.empty());
}

TEST(RoleBook, ReadsCallersAndSaysWhereAMistakeIs) {
  const auto book = RoleBook::Parse(
      "callers:\n"
      "  - {name: gate, roles: [scorer]}\n"
      "  - name: ana\n"
      "    roles: [analyst, officer]\n"
      "    layers: [port]\n",
      "roles.yaml");
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->size(), 2u);
  EXPECT_TRUE(book->Find("gate")->roles.Has(Role::kScorer));
  EXPECT_FALSE(book->Find("gate")->roles.HasAnyOf(kCustoms));
  EXPECT_TRUE(book->Find("ana")->MayRead(v1::PORT));
  EXPECT_FALSE(book->Find("ana")->MayRead(v1::COMMON));
  EXPECT_EQ(book->Find("nobody"), nullptr);

  const std::pair<const char*, const char*> kWrong[] = {
      {"callers:\n  - {name: a, roles: [chief]}", "roles.yaml:2:23"},
      {"callers:\n  - {name: a}", "roles is missing"},
      {"callers:\n  - {roles: [scorer]}", "name is missing"},
      {"callers:\n  - {name: a, roles: [scorer]}\n"
       "  - {name: a, roles: [scorer]}",
       "twice"},
      {"callers:\n  - {name: a, rolls: [scorer]}", "no field \"rolls\""},
      {"callers:\n  - name: a\n    roles: [scorer]\n    sources: [b]\n"
       "    sources: [c]",
       "\"sources\" stands here twice"},
      {"callers:\n  - {name: a, roles: [scorer], layers: [sea]}",
       "no layer \"sea\""},
      {"callers: 7", "with a list"},
      {"", "with a list"},
      {"callers: [", "roles.yaml:"},
  };
  for (const auto& [yaml, says] : kWrong) {
    const auto wrong = RoleBook::Parse(yaml, "roles.yaml");
    ASSERT_FALSE(wrong.ok()) << yaml;
    EXPECT_THAT(std::string(wrong.status().message()), HasSubstr(says)) << yaml;
  }
}

TEST_F(AccessTest, EveryMethodLetsInExactlyTheRolesOfTheTable) {
  for (int i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<Role>(i);
    const auto channel = As(std::string(NameOf(role)));
    for (const MethodRule& rule : MethodRules()) {
      const grpc::Status status = CallRaw(channel, rule.method);
      if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
        ADD_FAILURE() << rule.method << " is not served";
        continue;
      }
      const bool denied = ReasonOf(status) == "ROLE_MISSING";
      EXPECT_EQ(denied, !rule.roles.Has(role))
          << rule.method << " as " << NameOf(role) << ": "
          << status.error_message();
    }
  }
}

TEST_F(AccessTest, TurnsAwayWhomItDoesNotKnowAndWritesItDown) {
  v1::Assessment reply;
  const v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  grpc::Status status = Score(As("stranger"), movement, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOf(status), "UNKNOWN_CALLER");
  EXPECT_THAT(status.error_message(), HasSubstr("stranger"));

  status = Score(As("officer"), movement, &reply);
  EXPECT_EQ(ReasonOf(status), "ROLE_MISSING");
  EXPECT_THAT(status.error_message(), HasSubstr("scorer"));

  // No certificate, and one by another authority: no connection.
  EXPECT_EQ(Score(As(""), movement, &reply).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  Authority other(directory_.path(), "other");
  other.Sign("scorer");
  auto forged = ClientCredentials(ca_->Pem("ca"), other.Pem("scorer"),
                                  other.Key("scorer"));
  ASSERT_TRUE(forged.ok());
  EXPECT_EQ(
      Score(grpc::CreateChannel(server_->address(), *forged), movement, &reply)
          .error_code(),
      grpc::StatusCode::UNAVAILABLE);
  // Nor without TLS.
  EXPECT_EQ(Score(grpc::CreateChannel(server_->address(),
                                      grpc::InsecureChannelCredentials()),
                  movement, &reply)
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);

  const auto failures = Log(v1::LOGIN_FAILURE);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].entry().result(), "UNKNOWN_CALLER");
  EXPECT_THAT(failures[0].entry().peer(), HasSubstr("127.0.0.1"));
  const auto denied = Log(v1::ACCESS_DENIED);
  ASSERT_EQ(denied.size(), 1u);
  EXPECT_EQ(denied[0].caller(), "officer");
  EXPECT_EQ(denied[0].entry().method(),
            "/portrisk.v1.ScoringService/ScoreMovement");
}

TEST_F(AccessTest, TheCertificateSaysWhoItIsNotTheMetadata) {
  grpc::ClientContext context;
  Prepare(&context);
  context.AddMetadata("portrisk-caller", "auditor");
  v1::ListAuditRecordsResponse response;
  const grpc::Status status = v1::AuditService::NewStub(As("officer"))
                                  ->ListAuditRecords(&context, {}, &response);
  EXPECT_EQ(ReasonOf(status), "ROLE_MISSING");
}

TEST_F(AccessTest, ASenderSendsWhatItIsTheSourceOf) {
  server_->SetRoles(std::make_shared<const RoleBook>(*RoleBook::Parse(
      "callers:\n  - {name: scorer, roles: [scorer], sources: [terminal-2]}",
      "roles.yaml")));
  const auto channel = As("scorer");
  v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  v1::Assessment reply;
  EXPECT_EQ(ReasonOf(Score(channel, movement, &reply)), "SOURCE_NOT_YOURS");
  v1::BatchScoreMovementsRequest batch;
  *batch.add_movements() = movement;
  movement.set_source("terminal-2");
  *batch.add_movements() = movement;
  EXPECT_TRUE(Score(channel, movement, &reply).ok());
  v1::BatchScoreMovementsResponse results;
  grpc::ClientContext context;
  Prepare(&context, "");
  auto stub = v1::ScoringService::NewStub(channel);
  ASSERT_TRUE(stub->BatchScoreMovements(&context, batch, &results).ok());
  EXPECT_EQ(results.results(0).error().code(), 7) << "PERMISSION_DENIED";
  EXPECT_TRUE(results.results(1).has_assessment());
  grpc::ClientContext stream_context;
  Prepare(&stream_context, "");
  const auto stream = stub->StreamScoreMovements(&stream_context);
  v1::ScoreMovementRequest request;
  *request.mutable_movement() = batch.movements(0);
  ASSERT_TRUE(stream->Write(request));
  stream->WritesDone();
  v1::ScoreResult result;
  ASSERT_TRUE(stream->Read(&result));
  EXPECT_EQ(result.error().code(), 7);
}

TEST_F(AccessTest, ASenderReportsWhatAndWhereItMay) {
  server_->SetRoles(std::make_shared<const RoleBook>(
      *RoleBook::Parse("callers:\n"
                       "  - name: scorer\n    roles: [scorer]\n"
                       "    events: [GATE_IN, PICKUP_RIGHT_NOMINATED]\n"
                       "    places: [NLRTM/ECTDELTA, BEANR]\n"
                       "  - {name: auditor, roles: [auditor]}",
                       "roles.yaml")));
  const auto channel = As("scorer");
  int sent = 0;
  const auto reason_of = [&](v1::Event event, const char* locode,
                             const char* facility, bool retraction = false) {
    v1::Movement m = MakeMovement(absl::StrCat("m", ++sent), event, kBox, sent);
    m.mutable_location()->set_locode(locode);
    m.mutable_location()->set_facility(facility);
    m.set_retraction(retraction);
    v1::Assessment reply;
    const grpc::Status status = Score(channel, m, &reply);
    return status.ok() ? "" : ReasonOf(status);
  };
  EXPECT_EQ(reason_of(v1::GATE_IN, "NLRTM", "ECTDELTA"), "");
  EXPECT_EQ(reason_of(v1::GATE_IN, " nlrtm", "ECTDELTA "), "") << "normal form";
  EXPECT_EQ(reason_of(v1::GATE_IN, "BEANR", "K869"), "");
  EXPECT_EQ(reason_of(v1::GATE_OUT, "BEANR", "K869"), "EVENT_NOT_YOURS");
  EXPECT_EQ(reason_of(v1::GATE_IN, "NLRTM", "RWG"), "PLACE_NOT_YOURS");
  EXPECT_EQ(reason_of(v1::GATE_IN, "NLRTM", ""), "PLACE_NOT_YOURS");
  EXPECT_EQ(reason_of(v1::GATE_IN, "", ""), "PLACE_NOT_YOURS")
      << "it happened somewhere";
  EXPECT_EQ(reason_of(v1::PICKUP_RIGHT_NOMINATED, "", ""), "")
      << "paper is nowhere";
  EXPECT_EQ(reason_of(v1::GATE_OUT, "", "", true), "NOTHING_TO_RETRACT")
      << "somebody else may be about to use that id";
  EXPECT_EQ(Log(v1::ACCESS_DENIED).size(), 5u);
}

// What another of the same source has reported is not for it to correct.
TEST_F(AccessTest, ASenderCorrectsWhatItMayReport) {
  server_->SetRoles(std::make_shared<const RoleBook>(
      *RoleBook::Parse("callers:\n"
                       "  - {name: scorer, roles: [scorer]}\n"
                       "  - name: analyst\n    roles: [scorer]\n"
                       "    events: [GATE_IN]\n    places: [BEANR]\n"
                       "  - {name: auditor, roles: [auditor]}",
                       "roles.yaml")));
  int64_t updated = 0;
  const auto send = [&](const char* who, const char* id, v1::Event event,
                        const char* locode, bool retraction = false) {
    v1::Movement m = MakeMovement(id, event, kBox, 1);
    m.mutable_location()->set_locode(locode);
    m.mutable_location()->set_facility("K869");
    m.mutable_update_time()->set_seconds(++updated);
    m.set_retraction(retraction);
    v1::Assessment reply;
    const grpc::Status status = Score(As(who), m, &reply);
    return status.ok() ? "" : ReasonOf(status);
  };
  EXPECT_EQ(send("scorer", "out", v1::GATE_OUT, "BEANR"), "");
  EXPECT_EQ(send("scorer", "far", v1::GATE_IN, "NLRTM"), "");
  EXPECT_EQ(send("scorer", "in", v1::GATE_IN, "BEANR"), "");
  EXPECT_EQ(send("analyst", "out", v1::GATE_IN, "BEANR"), "EVENT_NOT_YOURS");
  EXPECT_EQ(send("analyst", "out", v1::GATE_IN, "BEANR", true),
            "EVENT_NOT_YOURS");
  EXPECT_EQ(send("analyst", "far", v1::GATE_IN, "BEANR"), "PLACE_NOT_YOURS");
  EXPECT_EQ(send("analyst", "in", v1::GATE_IN, "BEANR"), "");
  EXPECT_EQ(send("analyst", "in", v1::GATE_IN, "BEANR", true), "");
  EXPECT_EQ(send("analyst", "in", v1::GATE_IN, "BEANR"), "") << "after all";
  EXPECT_EQ(send("scorer", "out", v1::GATE_OUT, "BEANR", true), "");
  std::vector<std::string> denied;
  for (const v1::AuditRecord& one : Log(v1::ACCESS_DENIED)) {
    EXPECT_EQ(one.caller(), "analyst");
    EXPECT_THAT(one.entry().peer(), HasSubstr("127.0.0.1"));
    denied.push_back(one.entry().result());
  }
  EXPECT_THAT(denied, testing::ElementsAre("EVENT_NOT_YOURS", "EVENT_NOT_YOURS",
                                           "PLACE_NOT_YOURS"));
}

// However it is sent, what the core refuses stands in the audit log.
TEST_F(AccessTest, WhatIsNotForASenderToTakeBackIsWrittenDown) {
  server_->SetRoles(std::make_shared<const RoleBook>(
      *RoleBook::Parse("callers:\n"
                       "  - name: scorer\n    roles: [scorer]\n"
                       "    events: [GATE_IN]\n"
                       "  - {name: auditor, roles: [auditor]}",
                       "roles.yaml")));
  auto stub = v1::ScoringService::NewStub(As("scorer"));
  v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  movement.set_retraction(true);
  v1::BatchScoreMovementsRequest batch;
  *batch.add_movements() = movement;
  v1::BatchScoreMovementsResponse results;
  grpc::ClientContext context;
  Prepare(&context, "");
  ASSERT_TRUE(stub->BatchScoreMovements(&context, batch, &results).ok());
  EXPECT_EQ(results.results(0).error().code(), 9) << "FAILED_PRECONDITION";
  grpc::ClientContext stream_context;
  Prepare(&stream_context, "");
  const auto stream = stub->StreamScoreMovements(&stream_context);
  v1::ScoreMovementRequest request;
  *request.mutable_movement() = movement;
  ASSERT_TRUE(stream->Write(request));
  v1::ScoreResult result;
  ASSERT_TRUE(stream->Read(&result));
  EXPECT_EQ(result.error().code(), 9);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  const auto denied = Log(v1::ACCESS_DENIED);
  ASSERT_EQ(denied.size(), 2u);
  EXPECT_EQ(denied[0].entry().result(), "NOTHING_TO_RETRACT");
  EXPECT_EQ(denied[0].entry().method(),
            "/portrisk.v1.ScoringService/BatchScoreMovements");
  EXPECT_EQ(denied[1].entry().method(),
            "/portrisk.v1.ScoringService/StreamScoreMovements");
}

TEST_F(AccessTest, ARolesFileNamesWhatIsWrongWithEventsAndPlaces) {
  const auto error = [](absl::string_view fields) {
    return std::string(
        RoleBook::Parse(
            absl::StrCat("callers:\n  - {name: a, roles: [scorer], ", fields,
                         "}"),
            "roles.yaml")
            .status()
            .message());
  };
  using testing::HasSubstr;
  EXPECT_THAT(error("events: [GATE_OPEN]"), HasSubstr("GATE_OPEN"));
  EXPECT_THAT(error("events: [GATE_OPEN]"), HasSubstr("GATE_OUT"));
  EXPECT_THAT(error("events: GATE_OUT"), HasSubstr("roles.yaml:2:"));
  EXPECT_THAT(error("places: [Rotterdam]"), HasSubstr("NLRTM/ECTDELTA"));
  EXPECT_THAT(error("places: [NLRTM/]"), HasSubstr("NLRTM/"));
  EXPECT_THAT(error("place: [NLRTM]"), HasSubstr("no field \"place\""));
}

// It holds a thread for as long as its caller likes, and asks nobody's role.
TEST_F(AccessTest, ReflectionIsForServersWhereAllIsOpen) {
  const grpc::Status status =
      CallRaw(As("stranger"),
              "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED)
      << status.error_message();
}

TEST_F(AccessTest, ADnsNameCountsElseTheCommonName) {
  const auto reason_as = [&](const std::string& file, const std::string& name,
                             const std::string& alternatives) {
    ca_->Sign(file, name, alternatives);
    v1::Assessment reply;
    const grpc::Status status =
        Score(As(file), MakeMovement(file, v1::GATE_IN, kBox, 0), &reply);
    return status.ok() ? "" : ReasonOf(status);
  };
  EXPECT_EQ(reason_as("a", "scorer", "IP:10.0.0.1"), "")
      << "an address is no name";
  EXPECT_EQ(reason_as("b", "nobody", "DNS:scorer"), "");
  EXPECT_EQ(reason_as("c", "scorer", "DNS:nobody"), "UNKNOWN_CALLER");
  EXPECT_EQ(reason_as("d", "nobody", "URI:scorer"), "UNKNOWN_CALLER");
  EXPECT_EQ(reason_as("e", "nobody", "email:scorer"), "UNKNOWN_CALLER");
}

TEST_F(AccessTest, APurposeMayBeWrittenInAnyLanguage) {
  grpc::ClientContext context;
  Prepare(&context, "");
  context.AddMetadata("portrisk-purpose-bin", "investigação");
  v1::GetContainerRequest request;
  request.set_number(kBox);
  v1::GetContainerResponse response;
  const grpc::Status status = v1::HistoryService::NewStub(As("officer"))
                                  ->GetContainer(&context, request, &response);
  EXPECT_NE(ReasonOf(status), "NO_PURPOSE");
  const auto log = Log(v1::CONSULTATION);
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(log[0].purpose(), "investigação");
}

constexpr char kSelectsGateOut[] = R"(
rule_set: test.access
layer: common
owner: EU
rules:
  - id: out
    title: {en: Out, es: Fuera, pt: Fora}
    applies_to: [GATE_OUT]
    when: movement.haulier.id == "H1"
    score: 700
    lane_at_least: RED
    control: HOLD_AND_INSPECT
    sensitivity: restricted
    explain: {en: "By {movement.haulier.id}", es: "x", pt: "x"}
)";

class SenderTest : public AccessTest {
 protected:
  void SetUp() override {
    AccessTest::SetUp();
    RuleApi rules(engine_.get(), true);
    v1::CreateRevisionRequest create;
    create.set_yaml(kSelectsGateOut);
    auto revision = rules.Create(create, "ana");
    ASSERT_TRUE(revision.ok()) << revision.status();
    v1::ChangeRevisionRequest change;
    change.set_revision(revision->revision());
    change.set_without_replay("a test");
    ASSERT_TRUE(rules.Approve(change, "bo").ok());
    ASSERT_TRUE(rules.Activate(change, "bo").ok());
  }
  void ActivateProfile(const std::string& learns) {
    ProfileApi profiles(engine_.get(), true);
    v1::CreateProfileRequest create;
    create.set_yaml(absl::StrCat(
        "profile: nl\nowner: NL\nrandom: {rate: 0%}\nsender_learns: ", learns,
        "\n"));
    const auto made = profiles.Create(create, "ana");
    ASSERT_TRUE(made.ok()) << made.status();
    v1::ActivateProfileRequest activate;
    activate.set_version(made->version());
    ASSERT_TRUE(profiles.Activate(activate, "bo").ok());
  }
  // Two boxes of the same gate, one of which is selected.
  std::pair<v1::Movement, v1::Movement> Boxes(const std::string& tag) {
    v1::Movement selected =
        MakeMovement(tag + "1", v1::GATE_OUT, "MSKU1234565", 0);
    v1::Movement not_selected =
        MakeMovement(tag + "2", v1::GATE_OUT, "TCLU4265244", 0);
    selected.mutable_haulier()->set_id("H1");
    not_selected.mutable_haulier()->set_id("H2");
    return {selected, not_selected};
  }
};

TEST_F(SenderTest, ATerminalLearnsThatItWasTakenAndNoMore) {
  ActivateProfile("nothing");
  const auto channel = As("scorer");
  const auto [red, green] = Boxes("a");
  v1::Assessment selected, not_selected;
  ASSERT_TRUE(Score(channel, red, &selected, "en").ok());
  ASSERT_TRUE(Score(channel, green, &not_selected, "en").ok());
  EXPECT_EQ(selected.movement_id(), "a1");
  EXPECT_GT(selected.sequence(), 0u);
  EXPECT_TRUE(selected.has_recorded_time());
  EXPECT_EQ(selected.ByteSizeLong(), not_selected.ByteSizeLong());
  selected.set_movement_id("a2");
  selected.set_container_number("TCLU4265244");
  selected.set_sequence(not_selected.sequence());
  EXPECT_EQ(selected.SerializeAsString(), not_selected.SerializeAsString());

  // Nor by the other ways in, nor by asking again.
  v1::Assessment again;
  ASSERT_TRUE(Score(channel, red, &again).ok());
  EXPECT_EQ(again.lane(), v1::LANE_UNSPECIFIED);
  v1::BatchScoreMovementsRequest batch;
  const auto [red2, green2] = Boxes("b");
  *batch.add_movements() = red2;
  *batch.add_movements() = green2;
  batch.set_language("en");
  v1::BatchScoreMovementsResponse results;
  grpc::ClientContext context;
  Prepare(&context, "");
  auto stub = v1::ScoringService::NewStub(channel);
  ASSERT_TRUE(stub->BatchScoreMovements(&context, batch, &results).ok());
  EXPECT_EQ(results.results(0).ByteSizeLong(),
            results.results(1).ByteSizeLong());
  EXPECT_EQ(results.results(0).assessment().score(), 0);
  EXPECT_TRUE(results.results(0).assessment().hits().empty());
  grpc::ClientContext stream_context;
  Prepare(&stream_context, "");
  const auto stream = stub->StreamScoreMovements(&stream_context);
  const auto [red3, green3] = Boxes("c");
  for (const v1::Movement& movement : {red3, green3}) {
    v1::ScoreMovementRequest request;
    *request.mutable_movement() = movement;
    request.set_language("en");
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  v1::ScoreResult one, other;
  ASSERT_TRUE(stream->Read(&one));
  ASSERT_TRUE(stream->Read(&other));
  EXPECT_EQ(one.ByteSizeLong(), other.ByteSizeLong());
  EXPECT_EQ(one.assessment().lane(), v1::LANE_UNSPECIFIED);
}

TEST_F(SenderTest, ATerminalLearnsTheControlWhereTheProfileLetsIt) {
  ActivateProfile("control");
  const auto [red, green] = Boxes("a");
  v1::Assessment selected, not_selected;
  ASSERT_TRUE(Score(As("scorer"), red, &selected).ok());
  ASSERT_TRUE(Score(As("scorer"), green, &not_selected).ok());
  EXPECT_EQ(selected.control(), v1::HOLD_AND_INSPECT);
  EXPECT_EQ(not_selected.control(), v1::NO_CONTROL);
  EXPECT_EQ(selected.ByteSizeLong(), not_selected.ByteSizeLong());
  EXPECT_EQ(selected.score(), 0);
  EXPECT_TRUE(selected.hits().empty());
  EXPECT_EQ(selected.lane(), v1::LANE_UNSPECIFIED);
}

TEST_F(SenderTest, RestrictedTextReachesWhomRoleAndLayerAllow) {
  v1::Assessment ignored;
  ASSERT_TRUE(Score(As("scorer"), Boxes("a").first, &ignored).ok());
  const auto explain = [&](const std::string& name) {
    grpc::ClientContext context;
    Prepare(&context);
    v1::ExplainRequest request;
    request.set_source("terminal-1");
    request.set_movement_id("a1");
    request.set_rule("out");
    v1::ExplainResponse response;
    const grpc::Status status = v1::RuleService::NewStub(As(name))->Explain(
        &context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  EXPECT_TRUE(explain("analyst").has_condition());
  EXPECT_TRUE(explain("auditor").has_condition());
  EXPECT_FALSE(explain("port-analyst").has_condition());
  const v1::ExplainResponse officer = explain("officer");
  EXPECT_FALSE(officer.has_condition());
  EXPECT_EQ(officer.title(), "Out");
  EXPECT_EQ(officer.recorded(), "hit");

  const auto yaml = [&](const std::string& name) {
    grpc::ClientContext context;
    Prepare(&context);
    v1::GetRevisionRequest request;
    request.set_revision(1);
    v1::Revision revision;
    return v1::RuleService::NewStub(As(name))->GetRevision(&context, request,
                                                           &revision);
  };
  EXPECT_TRUE(yaml("approver").ok());
  EXPECT_EQ(ReasonOf(yaml("port-analyst")), "RESTRICTED");
  EXPECT_EQ(ReasonOf(yaml("officer")), "ROLE_MISSING");
}

TEST_F(AccessTest, RolesChangeWithoutARestart) {
  v1::Assessment reply;
  const auto channel = As("stranger");
  const v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  EXPECT_FALSE(Score(channel, movement, &reply).ok());
  server_->SetRoles(std::make_shared<const RoleBook>(*RoleBook::Parse(
      "callers:\n  - {name: stranger, roles: [scorer]}", "roles.yaml")));
  EXPECT_TRUE(Score(channel, movement, &reply).ok());
}

TEST_F(AccessTest, CertificatesRotateWithoutARestart) {
  server_.reset();
  TemporaryDirectory files;
  const auto copy = [&](const Authority& from, const std::string& name) {
    namespace fs = std::filesystem;
    const auto over = fs::copy_options::overwrite_existing;
    fs::copy_file(from.Key(name), files.path() + "/key", over);
    fs::copy_file(from.Pem(name), files.path() + "/cert", over);
  };
  copy(*ca_, "server");
  ServerOptions options = TlsOptions();
  options.tls_cert = files.path() + "/cert";
  options.tls_key = files.path() + "/key";
  options.tls_look_again_s = 1;
  Start(options);
  v1::Assessment reply;
  const v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  ASSERT_TRUE(Score(As("scorer"), movement, &reply).ok());
  // From now on the server shows a certificate by another authority.
  Authority other(directory_.path(), "other");
  other.Sign("server");
  copy(other, "server");
  auto credentials = ClientCredentials(other.Pem("other"), ca_->Pem("scorer"),
                                       ca_->Key("scorer"));
  ASSERT_TRUE(credentials.ok());
  bool answered = false;
  for (int i = 0; i < 100 && !answered; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    answered = Score(grpc::CreateCustomChannel(server_->address(), *credentials,
                                               arguments),
                     movement, &reply)
                   .ok();
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_TRUE(answered);
}

TEST_F(AccessTest, WillNotServeOthersWithoutTls) {
  server_.reset();
  const auto start = [&](const ServerOptions& options) {
    return std::string(
        Server::Start(engine_.get(), options).status().message());
  };
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  EXPECT_THAT(start(options), HasSubstr("--development"));
  options.development = true;
  options.listen = "0.0.0.0:0";
  EXPECT_THAT(start(options), HasSubstr("this machine only"));
  options = TlsOptions();
  options.tls_key.clear();
  EXPECT_THAT(start(options), HasSubstr("go together"));
  options = TlsOptions();
  options.tls_key = ca_->Pem("server");
  EXPECT_THAT(start(options), HasSubstr("no PEM block"));
  options.tls_key = ca_->Key("scorer");
  EXPECT_THAT(start(options), HasSubstr("not the key of the certificate"));
  options = TlsOptions();
  options.roles = nullptr;
  EXPECT_THAT(start(options), HasSubstr("--roles"));
  for (const char* address : {"127.0.0.1", "127.0.0.1:99999", ":1", "gate"}) {
    options = TlsOptions();
    options.listen = address;
    EXPECT_THAT(start(options), HasSubstr("--listen takes")) << address;
  }
}

}  // namespace
}  // namespace portrisk::service
