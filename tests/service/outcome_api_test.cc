#include "service/outcome_api.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/core_options.h"
#include "service/explain_api.h"
#include "tests/service/outcome_fixture.h"

namespace portrisk::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kBox[] = "MSKU1234565";

std::string Text(const absl::Status& status) {
  return Describe(ToRpcStatus(status));
}

// --- Identity: repeats, corrections, retractions, conflicts.

TEST_F(OutcomeTest, ARepeatReturnsWhatIsStored) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  const auto first = Record(MakeOutcome("C-1", kBox, 60));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->sequence(), 2u);
  EXPECT_EQ(first->caller(), kOfficer);
  EXPECT_EQ(first->recorded_time().seconds(), 1'800'000'000);
  EXPECT_EQ(first->corrects_sequence(), 0u);
  v1::Outcome again = MakeOutcome("C-1", "msku 123456-5", 60);
  EXPECT_EQ(Record(again)->SerializeAsString(), first->SerializeAsString())
      << "another writing of the number is the same content";
  Restart();
  EXPECT_EQ(Record(again)->SerializeAsString(), first->SerializeAsString());
  Reopen();
  EXPECT_EQ(Record(again)->SerializeAsString(), first->SerializeAsString());
  ExpectVerified();
}

TEST_F(OutcomeTest, OtherContentUnderOneIdIsAConflictThatNamesBoth) {
  ASSERT_TRUE(Record(UpdatedAt(MakeOutcome("C-1", kBox, 60), 500)).ok());
  for (const int64_t updated : {400, 500}) {
    const absl::Status status =
        Record(UpdatedAt(MakeOutcome("C-1", kBox, 60, v1::NOT_FOUND), updated))
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(ReasonOf(status), "OUTCOME_CONFLICT");
    EXPECT_THAT(Text(status), HasSubstr("C-1 of source nl-customs"));
    EXPECT_THAT(Text(status), HasSubstr("position 1 with other content, "
                                        "updated 1970-"));
    EXPECT_THAT(Text(status), HasSubstr("later update_time"));
  }
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  ASSERT_TRUE(Record(MakeDecision("D-1", "1")).ok());
  const absl::Status status =
      Record(MakeDecision("D-1", "1", v1::OVERRIDE)).status();
  EXPECT_EQ(ReasonOf(status), "DECISION_CONFLICT");
  EXPECT_THAT(Text(status), HasSubstr("D-1 of source nl-desk"));
  EXPECT_THAT(Text(status),
              HasSubstr("position 3 with other content, without update_time"));
}

TEST_F(OutcomeTest, IdsOfMovementsOutcomesAndDecisionsAreApart) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::Outcome outcome = MakeOutcome("1", kBox, 60);
  outcome.set_source("terminal-1");
  EXPECT_TRUE(Record(outcome).ok());
  v1::Decision decision = MakeDecision("1", "1");
  decision.set_source("terminal-1");
  EXPECT_TRUE(Record(decision).ok());
  EXPECT_EQ(GetAssessment("1").outcomes_size(), 1);
}

TEST_F(OutcomeTest, ACorrectionTakesThePlaceAndAllVersionsAreKept) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  const auto first = Record(MakeOutcome("C-1", kBox, 60));
  const auto second =
      Record(UpdatedAt(MakeOutcome("C-1", kBox, 60, v1::NOT_FOUND), 5));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->corrects_sequence(), first->sequence());
  // A late repeat of the first version is that version's repeat.
  EXPECT_EQ(Record(MakeOutcome("C-1", kBox, 60))->sequence(),
            first->sequence());
  // What is between the two is no newer than both.
  const absl::Status between =
      Record(UpdatedAt(MakeOutcome("C-1", kBox, 61), 3)).status();
  EXPECT_EQ(ReasonOf(between), "OUTCOME_CONFLICT");
  EXPECT_THAT(Text(between),
              HasSubstr(absl::StrCat("position ", second->sequence(),
                                     " with other content, updated 1970-")))
      << "the version in force";
  v1::Outcome voided;
  voided.set_source("nl-customs");
  voided.set_id("C-1");
  voided.set_retraction(true);
  const auto third = Record(UpdatedAt(voided, 9));
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->corrects_sequence(), second->sequence());
  EXPECT_EQ(third->tie().unit(), first->tie().unit())
      << "what voids it is about the same";

  v1::ListOutcomesRequest list;
  list.set_container_number(kBox);
  EXPECT_EQ(ListOutcomes(list).outcomes_size(), 0);
  EXPECT_EQ(GetAssessment("1").outcomes_size(), 0);
  list.set_superseded(true);
  const v1::ListOutcomesResponse all = ListOutcomes(list);
  ASSERT_EQ(all.outcomes_size(), 3);
  EXPECT_EQ(all.outcomes(1).SerializeAsString(), second->SerializeAsString());
  // It can come back.
  ASSERT_TRUE(Record(UpdatedAt(MakeOutcome("C-1", kBox, 60), 10)).ok());
  EXPECT_EQ(GetAssessment("1").outcomes_size(), 1);
  ExpectVerified();
}

TEST_F(OutcomeTest, ARepeatIsKnownAmongTheLatestVersions) {
  const auto version = [](int64_t number) {
    return UpdatedAt(MakeOutcome("C-1", kBox, number), number);
  };
  constexpr int64_t kVersions = kVersionsSearchedMax + 2;
  for (int64_t i = 1; i <= kVersions; ++i) {
    ASSERT_TRUE(Record(version(i)).ok()) << i;
  }
  for (const int64_t known : {kVersions, int64_t{3}}) {
    const auto repeat = Record(version(known));
    ASSERT_TRUE(repeat.ok()) << repeat.status();
    EXPECT_EQ(repeat->outcome().update_time().seconds(), known);
  }
  for (const int64_t forgotten : {1, 2}) {
    EXPECT_EQ(ReasonOf(Record(version(forgotten)).status()),
              "OUTCOME_CONFLICT");
  }
}

// --- What it is about.

TEST_F(OutcomeTest, AnOutcomeIsTiedToTheVisitItsHitsAndItsRoute) {
  Activate(Document("s", "common", "", kAnyBox));
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  m.mutable_consignment()->set_loading_locode("ECGYE");
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  m.mutable_consignment()->set_commodity("080390");
  m.mutable_consignee()->set_name("Banana Import B.V.");
  const v1::Assessment assessment = Score(engine_.get(), m).assessment();
  const auto recorded = Record(MakeOutcome("C-1", kBox, 60));
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  const v1::OutcomeTie& tie = recorded->tie();
  EXPECT_EQ(tie.unit(), assessment.unit().id());
  EXPECT_THAT(tie.assessments(), ElementsAre(assessment.sequence()));
  EXPECT_EQ(tie.from_locode(), "ECGYE");
  EXPECT_EQ(tie.to_locode(), "NLRTM");
  EXPECT_EQ(tie.chapter(), "08");
  EXPECT_TRUE(tie.pseudonyms().has_consignee());
  ASSERT_EQ(tie.hits_size(), 1);
  EXPECT_EQ(tie.hits(0).rule(), "r");
  EXPECT_EQ(recorded->outcome().DebugString().find("Banana"),
            std::string::npos);
}

TEST_F(OutcomeTest, ACorrectedMovementSpeaksWithItsLatestVersionOnly) {
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  m.mutable_consignment()->set_loading_locode("ECGYE");
  Score(engine_.get(), m);
  m.mutable_consignment()->set_loading_locode("BRSSZ");
  m.mutable_update_time()->set_seconds(5);
  Score(engine_.get(), m);
  // A version that says another box takes the movement away from this one.
  v1::Movement moved = MakeMovement("2", v1::YARD_MOVE, kBox, 10);
  moved.mutable_consignment()->set_commodity("080390");
  Score(engine_.get(), moved);
  moved.mutable_container()->set_number("TCLU4265783");
  moved.mutable_update_time()->set_seconds(5);
  Score(engine_.get(), moved);
  const auto recorded = Record(MakeOutcome("C-1", kBox, 60));
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().from_locode(), "BRSSZ");
  EXPECT_EQ(recorded->tie().chapter(), "");
  EXPECT_THAT(recorded->tie().assessments(), ElementsAre(2));
}

TEST_F(OutcomeTest, AnOutcomeMayNameAnAssessmentInsteadOfABox) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::Outcome outcome = MakeOutcome("C-1", "", 60);
  outcome.mutable_assessment()->set_source("terminal-1");
  outcome.mutable_assessment()->set_movement_id("1");
  const auto recorded = Record(outcome);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().container_number(), kBox);
  EXPECT_THAT(recorded->tie().assessments(), ElementsAre(1));
  outcome.set_id("C-2");
  outcome.set_container_number("TCLU4265783");
  const absl::Status other = Record(outcome).status();
  EXPECT_EQ(ReasonOf(other), "INVALID_OUTCOME");
  EXPECT_THAT(Text(other), HasSubstr("outcome.container_number"));
  outcome.mutable_assessment()->set_movement_id("never sent");
  const absl::Status unknown = Record(outcome).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(unknown), "UNKNOWN_ASSESSMENT");
  EXPECT_THAT(Text(unknown), HasSubstr("never sent of source terminal-1"));
}

// What was controlled is what the assessment of then was about.
TEST_F(OutcomeTest, AnOutcomeMayNameAnEarlierVersionOfAnAssessment) {
  v1::Movement movement = MakeMovement("1", v1::GATE_IN, kBox, 0);
  const Answer first = Score(engine_.get(), movement);
  movement.mutable_container()->set_number("TCLU4265783");
  movement.mutable_update_time()->set_seconds(5);
  const Answer second = Score(engine_.get(), movement);
  EXPECT_EQ(second.assessment().corrected_container_number(), kBox);
  v1::Outcome outcome = MakeOutcome("C-1", "", 60);
  v1::AssessmentRef& ref = *outcome.mutable_assessment();
  ref.set_source("terminal-1");
  ref.set_movement_id("1");
  ref.set_sequence(first.assessment().sequence());
  auto recorded = Record(outcome);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().container_number(), kBox);
  EXPECT_EQ(recorded->tie().unit(), first.assessment().unit().id());
  EXPECT_THAT(recorded->tie().assessments(),
              ElementsAre(first.assessment().sequence()));
  outcome.set_id("C-2");
  outcome.set_container_number(kBox);
  EXPECT_TRUE(Record(outcome).ok());
  outcome.set_id("C-3");
  ref.clear_sequence();
  EXPECT_EQ(ReasonOf(Record(outcome).status()), "INVALID_OUTCOME");
  outcome.clear_container_number();
  recorded = Record(outcome);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().container_number(), "TCLU4265783");
  outcome.set_id("C-4");
  ref.set_sequence(1000);
  EXPECT_EQ(ReasonOf(Record(outcome).status()), "UNKNOWN_ASSESSMENT");
}

TEST_F(OutcomeTest, WhatIsNamedMustAgree) {
  const Answer answer =
      Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::Outcome outcome = MakeOutcome("C-1", "TCLU4265783", 60);
  outcome.set_unit(answer.assessment().unit().id());
  absl::Status status = Record(outcome).status();
  EXPECT_EQ(ReasonOf(status), "INVALID_OUTCOME");
  EXPECT_THAT(Text(status), HasSubstr("outcome.unit"));
  outcome.set_container_number(kBox);
  EXPECT_TRUE(Record(outcome).ok());
  outcome.set_id("C-2");
  outcome.set_unit(std::string(kBox) + "@NLRTM/ECT#9");
  outcome.mutable_assessment()->set_source("terminal-1");
  outcome.mutable_assessment()->set_movement_id("1");
  status = Record(outcome).status();
  EXPECT_EQ(ReasonOf(status), "INVALID_OUTCOME");
  EXPECT_THAT(Text(status), HasSubstr("outcome.unit"));
}

TEST_F(OutcomeTest, PapersWithoutABoxAreAUnitOfTheirOwn) {
  v1::Movement papers = MakeMovement("1", v1::MANIFEST_LODGED, "", 0);
  papers.mutable_consignment()->set_bill_of_lading("BL@1");
  const Answer answer = Score(engine_.get(), papers);
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  const std::string unit = answer.assessment().unit().id();
  v1::Outcome outcome = MakeOutcome("C-1", "", 60);
  outcome.set_control(v1::DOCUMENT_CHECK);
  outcome.mutable_assessment()->set_source("terminal-1");
  outcome.mutable_assessment()->set_movement_id("1");
  const auto recorded = Record(outcome);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().unit(), unit);
  v1::ListOutcomesRequest list;
  list.set_unit(unit);
  EXPECT_EQ(ListOutcomes(list).outcomes_size(), 1);
  EXPECT_EQ(GetAssessment("1").outcomes_size(), 1);
}

// What its sender took back had been on the officer's list.
TEST_F(OutcomeTest, AUnitThatWasTakenBackIsKnown) {
  v1::Movement in = MakeMovement("1", v1::GATE_IN, kBox, 0);
  const Answer answer = Score(engine_.get(), in);
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  in.set_retraction(true);
  in.mutable_update_time()->set_seconds(kMovementsBegin + 1);
  ASSERT_TRUE(Score(engine_.get(), in).status.ok());
  v1::Outcome outcome = MakeOutcome("C-1", kBox, 60);
  outcome.set_unit(answer.assessment().unit().id());
  const auto recorded = Record(outcome);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().unit(), answer.assessment().unit().id());
}

TEST_F(OutcomeTest, AUnitThatNobodyReportedIsRefused) {
  ASSERT_TRUE(Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0))
                  .status.ok());
  for (const std::string& unit : {absl::StrCat(kBox, "@NLRTM/ECTDELTA#77"),
                                  std::string("consignment:NEVER")}) {
    v1::Outcome outcome = MakeOutcome("C-1", kBox, 60);
    outcome.set_unit(unit);
    const absl::Status status = Record(outcome).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << unit;
    EXPECT_EQ(ReasonOf(status), "UNKNOWN_UNIT");
  }
  v1::Outcome alone = MakeOutcome("C-1", "", 60);
  alone.set_unit("consignment:BL1");
  EXPECT_THAT(Text(Record(alone).status()), HasSubstr("outcome.unit"));
}

TEST_F(OutcomeTest, ABoxThatNobodyReportedIsKeptWithItsPlace) {
  const auto recorded = Record(MakeOutcome("C-1", kBox, 60));
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().unit(), "");
  EXPECT_EQ(recorded->tie().locode(), "NLRTM");
  v1::ListOutcomesRequest list;
  list.set_container_number(kBox);
  EXPECT_EQ(ListOutcomes(list).outcomes_size(), 1);
}

// --- Decisions.

TEST_F(OutcomeTest, ADecisionStandsBesideWhatWasRecommended) {
  Activate(Document("s", "common", "",
                    "    when: movement.event == GATE_IN\n    score: 900\n"
                    "    lane_at_least: RED\n    control: INSPECT\n"));
  const Answer answer =
      Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  const auto recorded = Record(MakeDecision("D-1", "1", v1::OVERRIDE));
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().assessment_sequence(),
            answer.assessment().sequence());
  EXPECT_EQ(recorded->tie().unit(), answer.assessment().unit().id());
  EXPECT_EQ(recorded->tie().container_number(), kBox);
  EXPECT_EQ(recorded->tie().score(), 900);
  EXPECT_EQ(recorded->tie().lane(), v1::RED);
  EXPECT_EQ(recorded->tie().control(), v1::INSPECT);
  EXPECT_EQ(recorded->caller(), kOfficer);
  const v1::GetAssessmentResponse got = GetAssessment("1");
  EXPECT_EQ(got.assessment().SerializeAsString(), answer.bytes)
      << "an assessment is never rewritten";
  ASSERT_EQ(got.decisions_size(), 1);
  EXPECT_EQ(got.decisions(0).SerializeAsString(),
            recorded->SerializeAsString());
}

TEST_F(OutcomeTest, ADecisionIsAboutOneVersion) {
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  Score(engine_.get(), m);
  m.mutable_update_time()->set_seconds(5);
  Score(engine_.get(), m);
  EXPECT_EQ(Record(MakeDecision("D-1", "1"))->tie().assessment_sequence(), 2u);
  v1::Decision first = MakeDecision("D-2", "1");
  first.mutable_assessment()->set_sequence(1);
  EXPECT_EQ(Record(first)->tie().assessment_sequence(), 1u);
  first.set_id("D-3");
  first.mutable_assessment()->set_sequence(3);
  const absl::Status status = Record(first).status();
  EXPECT_EQ(ReasonOf(status), "UNKNOWN_ASSESSMENT");
  EXPECT_THAT(Text(status), HasSubstr("at position 3"));
  EXPECT_EQ(GetAssessment("1").decisions_size(), 2)
      << "those about any version are shown";
  // Another movement of the box shows neither.
  Score(engine_.get(), MakeMovement("2", v1::YARD_MOVE, kBox, 60));
  EXPECT_EQ(GetAssessment("2").decisions_size(), 0);
}

// The same words of another officer, or about another version, are no repeat.
TEST_F(OutcomeTest, ADecisionIsSomebodys) {
  v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  Score(engine_.get(), m);
  v1::RecordDecisionRequest request;
  *request.mutable_decision() = MakeDecision("D-1", "1");
  OutcomeApi api(engine_.get());
  const auto first = api.Record(request, Caller("ana"));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(api.Record(request, Caller("ana"))->sequence(), first->sequence());
  const absl::Status other = api.Record(request, Caller("bo")).status();
  EXPECT_EQ(ReasonOf(other), "DECISION_CONFLICT");
  EXPECT_THAT(Text(other), HasSubstr("what ana decided"));
  m.mutable_update_time()->set_seconds(5);
  Score(engine_.get(), m);
  EXPECT_EQ(ReasonOf(api.Record(request, Caller("ana")).status()),
            "DECISION_CONFLICT");
  request.mutable_decision()->mutable_update_time()->set_seconds(9);
  const auto later = api.Record(request, Caller("bo"));
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->caller(), "bo");
  EXPECT_EQ(later->tie().assessment_sequence(), 3u);
}

TEST_F(OutcomeTest, ARetractedDecisionIsNoLongerShown) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  ASSERT_TRUE(Record(MakeDecision("D-1", "1")).ok());
  v1::Decision voided;
  voided.set_source("nl-desk");
  voided.set_id("D-1");
  voided.set_retraction(true);
  const auto recorded = Record(UpdatedAt(voided, 5));
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->tie().assessment_sequence(), 1u);
  EXPECT_EQ(GetAssessment("1").decisions_size(), 0);
  v1::ListDecisionsRequest list;
  list.set_container_number(kBox);
  EXPECT_EQ(ListDecisions(list).decisions_size(), 0);
  list.set_superseded(true);
  EXPECT_EQ(ListDecisions(list).decisions_size(), 2);
}

// --- Refusals and batches.

TEST_F(OutcomeTest, WhoRecordsMustSaySo) {
  v1::RecordOutcomeRequest outcome;
  *outcome.mutable_outcome() = MakeOutcome("C-1", kBox, 60);
  EXPECT_EQ(ReasonOf(OutcomeApi(engine_.get()).Record(outcome, "").status()),
            "NO_CALLER");
  v1::BatchRecordOutcomesRequest batch;
  *batch.add_outcomes() = outcome.outcome();
  EXPECT_EQ(ReasonOf(OutcomeApi(engine_.get()).RecordBatch(batch, "").status()),
            "NO_CALLER");
}

TEST_F(OutcomeTest, ARefusalNamesTheFieldAndWhatToSend) {
  v1::Outcome outcome = MakeOutcome("C-1", kBox, 60);
  outcome.clear_result();
  outcome.set_locode("?");
  const absl::Status status = Record(outcome).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "INVALID_OUTCOME");
  EXPECT_THAT(Text(status), HasSubstr("outcome.result"));
  EXPECT_THAT(Text(status), HasSubstr("send FOUND, NOT_FOUND"));
  EXPECT_THAT(Text(status), HasSubstr("outcome.locode"));
  v1::Decision decision = MakeDecision("D-1", "1", v1::OVERRIDE);
  decision.clear_reason();
  const absl::Status other = Record(decision).status();
  EXPECT_EQ(ReasonOf(other), "INVALID_DECISION");
  EXPECT_THAT(Text(other), HasSubstr("decision.reason"));
}

TEST_F(OutcomeTest, OneBadOutcomeSpoilsOnlyItself) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::BatchRecordOutcomesRequest request;
  *request.add_outcomes() = MakeOutcome("C-1", kBox, 60);
  *request.add_outcomes() = MakeOutcome("", kBox, 60);
  *request.add_outcomes() = MakeOutcome("C-1", kBox, 60);
  *request.add_outcomes() = MakeOutcome("C-1", kBox, 61);
  *request.add_outcomes() = MakeOutcome("C-2", "TCLU4265783", 60);
  const auto response =
      OutcomeApi(engine_.get()).RecordBatch(request, kOfficer);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results_size(), 5);
  EXPECT_EQ(response->results(0).outcome().sequence(), 2u);
  EXPECT_THAT(Describe(response->results(1).error()), HasSubstr("outcome.id"));
  EXPECT_EQ(response->results(2).outcome().sequence(), 2u)
      << "a repeat within one batch";
  EXPECT_THAT(Describe(response->results(3).error()),
              HasSubstr("is stored at position 2"));
  EXPECT_EQ(response->results(4).outcome().sequence(), 3u);

  v1::BatchRecordDecisionsRequest decisions;
  *decisions.add_decisions() = MakeDecision("D-1", "unknown");
  *decisions.add_decisions() = MakeDecision("D-2", "1");
  const auto decided =
      OutcomeApi(engine_.get()).RecordBatch(decisions, kOfficer);
  ASSERT_TRUE(decided.ok()) << decided.status();
  EXPECT_THAT(Describe(decided->results(0).error()),
              HasSubstr("no assessment of movement unknown"));
  EXPECT_EQ(decided->results(1).decision().sequence(), 4u);
}

TEST_F(OutcomeTest, ABatchHoldsOneToAThousand) {
  v1::BatchRecordOutcomesRequest request;
  EXPECT_EQ(
      ReasonOf(
          OutcomeApi(engine_.get()).RecordBatch(request, kOfficer).status()),
      "BAD_BATCH_SIZE");
  for (int i = 0; i < 1000; ++i) {
    *request.add_outcomes() = MakeOutcome(absl::StrCat(i), Number(i % 50), i);
  }
  auto full = OutcomeApi(engine_.get()).RecordBatch(request, kOfficer);
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->results(999).outcome().sequence(), 1000u);
  *request.add_outcomes() = MakeOutcome("more", kBox, 0);
  EXPECT_EQ(
      ReasonOf(
          OutcomeApi(engine_.get()).RecordBatch(request, kOfficer).status()),
      "BAD_BATCH_SIZE");
}

TEST_F(OutcomeTest, AFailedCommitKeepsNothingAndARepeatIsHarmless) {
  EngineOptions options = TestOptions(Directory());
  auto failures = std::make_shared<std::atomic<int>>(0);
  options.store.commit_fault = [failures] {
    return failures->fetch_sub(1) > 0 ? absl::InternalError("injected")
                                      : absl::OkStatus();
  };
  failures->store(0);
  Open(options);
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  failures->store(1);
  const v1::Outcome outcome = MakeOutcome("C-1", kBox, 60);
  EXPECT_EQ(ReasonOf(Record(outcome).status()), "STORE_UNAVAILABLE");
  failures->store(0);
  EXPECT_EQ(GetAssessment("1").outcomes_size(), 0);
  const auto again = Record(outcome);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->sequence(), 2u);
  ExpectVerified();
}

// --- Listing.

TEST_F(OutcomeTest, ListsGoByPagesInTheOrderOfRecording) {
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(Record(MakeOutcome(absl::StrCat("C-", i),
                                   i % 2 ? kBox : "TCLU4265783", 60 + i))
                    .ok());
    ASSERT_TRUE(Record(MakeDecision(absl::StrCat("D-", i), "1")).ok());
  }
  for (const std::string number : {"", kBox, "tclu 426578-3"}) {
    SCOPED_TRACE(number);
    v1::ListOutcomesRequest request;
    request.set_container_number(number);
    request.set_page_size(2);
    std::vector<uint64_t> seen;
    int pages = 0;
    do {
      const v1::ListOutcomesResponse page = ListOutcomes(request);
      ASSERT_LE(page.outcomes_size(), 2);
      for (const auto& one : page.outcomes()) seen.push_back(one.sequence());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty() && ++pages < 9);
    if (number.empty()) {
      EXPECT_THAT(seen, ElementsAre(2, 4, 6, 8, 10, 12, 14));
    } else if (number == kBox) {
      EXPECT_THAT(seen, ElementsAre(4, 8, 12));
    } else {
      EXPECT_THAT(seen, ElementsAre(2, 6, 10, 14));
    }
  }
  v1::ListDecisionsRequest decisions;
  decisions.set_container_number(kBox);
  EXPECT_EQ(ListDecisions(decisions).decisions_size(), 7);
  decisions.clear_container_number();
  decisions.set_unit(GetAssessment("1").assessment().unit().id());
  EXPECT_EQ(ListDecisions(decisions).decisions_size(), 7);
  decisions.set_unit(std::string(kBox) + "@another");
  EXPECT_EQ(ListDecisions(decisions).decisions_size(), 0);
}

TEST_F(OutcomeTest, ABoxShowsItsNewest64) {
  for (int i = 0; i < 70; ++i) {
    ASSERT_TRUE(Record(MakeOutcome(absl::StrCat(i), kBox, i)).ok());
  }
  v1::ListOutcomesRequest request;
  request.set_container_number(kBox);
  const v1::ListOutcomesResponse response = ListOutcomes(request);
  ASSERT_EQ(response.outcomes_size(), 64);
  EXPECT_EQ(response.outcomes(0).sequence(), 7u);
  request.clear_container_number();
  EXPECT_EQ(ListOutcomes(request).outcomes_size(), 70);
}

TEST_F(OutcomeTest, DecisionsPushNoOutcomeOut) {
  ASSERT_TRUE(Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 1))
                  .status.ok());
  ASSERT_TRUE(Record(MakeOutcome("o", kBox, 2)).ok());
  for (int i = 0; i < 70; ++i) {
    ASSERT_TRUE(Record(MakeDecision(absl::StrCat(i), "1")).ok());
  }
  v1::ListOutcomesRequest request;
  request.set_container_number(kBox);
  EXPECT_EQ(ListOutcomes(request).outcomes_size(), 1);
  EXPECT_EQ(GetAssessment("1").outcomes_size(), 1);
}

TEST_F(OutcomeTest, ListsRefuseWhatTheyCannotRead) {
  v1::ListOutcomesRequest request;
  request.set_page_token("seven");
  const OutcomeApi api(engine_.get());
  EXPECT_EQ(ReasonOf(api.List(request).status()), "BAD_PAGE_TOKEN");
  request.set_page_token(absl::StrCat(UINT64_MAX));
  EXPECT_EQ(ReasonOf(api.List(request).status()), "BAD_PAGE_TOKEN");
  request.clear_page_token();
  request.set_page_size(-1);
  const absl::Status negative = api.List(request).status();
  EXPECT_EQ(ReasonOf(negative), "BAD_PAGE_SIZE");
  EXPECT_EQ(OneLineOf(ToRpcStatus(negative)),
            "page_size: is -1; give 1 to 1,000, or 0 for 100");
  request.set_page_size(INT32_MAX);  // As many as there may be.
  EXPECT_TRUE(api.List(request).ok());
  request.set_container_number(std::string(40, 'X'));
  EXPECT_EQ(ReasonOf(api.List(request).status()), "BAD_REQUEST");
}

// --- Find rates: later movements only.

constexpr char kReadsFinds[] = R"(
    when: >
      route.finds.finds > 0 && route.origin_finds.controls > 0 &&
      route.commodity_finds.rate > 0.1 && route.chapter_finds.lift > 0.0 &&
      facility.finds.recent_finds > 0.0 &&
      party.consignee_finds.recent_controls > 0.0
    score: 100
)";

v1::Movement Bananas(const std::string& id, const std::string& number,
                     int64_t time_s) {
  v1::Movement m = MakeMovement(id, v1::GATE_OUT, number, time_s);
  m.mutable_consignment()->set_loading_locode("ECGYE");
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  m.mutable_consignment()->set_commodity("080390");
  m.mutable_consignee()->set_id("C-1");
  return m;
}

class FindRatesOfRulesTest : public OutcomeTest {
 protected:
  v1::Truth Explain(const std::string& movement_id) {
    v1::ExplainRequest request;
    request.set_source("terminal-1");
    request.set_movement_id(movement_id);
    request.set_rule("r");
    auto response = ExplainApi(engine_.get()).Explain(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->condition().truth()
                         : v1::TRUTH_UNSPECIFIED;
  }
};

TEST_F(FindRatesOfRulesTest, AFindWeighsLaterMovementsAndNeverThePast) {
  Activate(Document("s", "common", "", kReadsFinds));
  const v1::Movement before = Bananas("before", kBox, 0);
  const Answer first = Score(engine_.get(), before);
  EXPECT_EQ(first.assessment().hits_size(), 0);
  ASSERT_TRUE(Record(MakeOutcome("C-1", kBox, 60)).ok());

  // The same assessment, asked for again and sent again.
  EXPECT_EQ(Score(engine_.get(), before).bytes, first.bytes);
  EXPECT_EQ(GetAssessment("before").assessment().SerializeAsString(),
            first.bytes);
  EXPECT_EQ(Explain("before"), v1::FAILS)
      << "as of that movement nothing had been controlled";

  // Of the same day it is not known whether the find is about the movement.
  EXPECT_EQ(Score(engine_.get(), Bananas("same day", Number(1), 3600))
                .assessment()
                .hits_size(),
            0);
  const Answer later =
      Score(engine_.get(), Bananas("later", Number(2), 2 * kDaySeconds));
  ASSERT_EQ(later.assessment().hits_size(), 1);
  EXPECT_EQ(Explain("later"), v1::HOLDS);
  // A late report of what happened before the control sees none of it.
  EXPECT_EQ(Score(engine_.get(), Bananas("late", Number(3), -kDaySeconds))
                .assessment()
                .hits_size(),
            0);

  // What is taken back counts no longer, and what was answered stays.
  v1::Outcome voided;
  voided.set_source("nl-customs");
  voided.set_id("C-1");
  voided.set_retraction(true);
  ASSERT_TRUE(Record(UpdatedAt(voided, 5)).ok());
  EXPECT_EQ(Score(engine_.get(), Bananas("after", Number(4), 2 * kDaySeconds))
                .assessment()
                .hits_size(),
            0);
  EXPECT_EQ(Explain("later"), v1::HOLDS);
  EXPECT_EQ(
      Score(engine_.get(), Bananas("later", Number(2), 2 * kDaySeconds)).bytes,
      later.bytes);
  ExpectVerified();
}

TEST_F(FindRatesOfRulesTest, TheCountStandsBehindEveryRate) {
  Activate(Document("s", "common", "",
                    "    when: route.finds.rate > 0.0 && "
                    "route.finds.controls >= 3 && route.finds.finds == 1\n"
                    "    score: 100\n"));
  Score(engine_.get(), Bananas("1", kBox, 0));
  const auto hits = [&](const std::string& id) {
    return Score(engine_.get(), Bananas(id, Number(7), 3 * kDaySeconds))
        .assessment()
        .hits_size();
  };
  ASSERT_TRUE(Record(MakeOutcome("C-1", kBox, 60)).ok());
  EXPECT_EQ(hits("thin"), 0);
  ASSERT_TRUE(Record(MakeOutcome("C-2", kBox, 61, v1::NOT_FOUND)).ok());
  ASSERT_TRUE(Record(MakeOutcome("C-3", kBox, 62, v1::INCONCLUSIVE)).ok());
  EXPECT_EQ(hits("still thin"), 0) << "what is inconclusive is no control";
  ASSERT_TRUE(Record(MakeOutcome("C-4", kBox, 63, v1::NOT_FOUND)).ok());
  EXPECT_EQ(hits("enough"), 1);
}

TEST_F(FindRatesOfRulesTest, WhatWasRecordedBeforeTheRuleCameCounts) {
  Score(engine_.get(), Bananas("1", kBox, 0));
  ASSERT_TRUE(Record(MakeOutcome("C-1", kBox, 60)).ok());
  Activate(Document("s", "common", "", kReadsFinds));
  EXPECT_EQ(Score(engine_.get(), Bananas("2", Number(1), 2 * kDaySeconds))
                .assessment()
                .hits_size(),
            1);
}

// Counts what is still to be done of a call.
struct Waiter {
  std::mutex mutex;
  std::condition_variable ready;
  int left = 0;
  void Done() {
    std::lock_guard<std::mutex> lock(mutex);
    if (--left == 0) ready.notify_one();
  }
};
struct WaitingMovement : MovementTask {
  Waiter* waiter = nullptr;
  v1::Assessment answer;
  void Done() override {
    answer.ParseFromString(std::string(assessment));
    waiter->Done();
  }
};
struct WaitingChange : CommandTask {
  Waiter* waiter = nullptr;
  void Done() override { waiter->Done(); }
};

TEST_F(FindRatesOfRulesTest, ARuleMayBeginToReadThemWithinABatch) {
  Score(engine_.get(), Bananas("1", kBox, 0));
  ASSERT_TRUE(Record(MakeOutcome("C-1", kBox, 60)).ok());
  const scoring::CheckResult checked =
      scoring::CheckRuleSet(Document("s", "common", "", kReadsFinds), "test");
  ASSERT_NE(checked.rule_set, nullptr);
  Waiter waiter;
  WaitingChange change;
  WaitingMovement movement;
  waiter.left = 2;
  change.waiter = movement.waiter = &waiter;
  change.run = [&](Core& core) {
    core.SetProgramme(*scoring::Programme::Compile({{1, checked.rule_set}}));
    return absl::OkStatus();
  };
  v1::Movement m = Bananas("2", Number(1), 2 * kDaySeconds);
  ASSERT_TRUE(engine_->Prepare(&m, &movement).ok());
  Task* const tasks[] = {&change, &movement};
  ASSERT_TRUE(engine_->Submit(tasks).ok());
  std::unique_lock<std::mutex> lock(waiter.mutex);
  waiter.ready.wait(lock, [&] { return waiter.left == 0; });
  ASSERT_TRUE(movement.status.ok()) << movement.status;
  EXPECT_EQ(movement.answer.hits_size(), 1)
      << "the batch was gathered for rules that read no finds";
}

TEST_F(FindRatesOfRulesTest, ACorrectedOutcomeMovesToWhereItBelongs) {
  Activate(Document("s", "common", "",
                    "    when: facility.finds.finds > 0\n    score: 100\n"));
  Score(engine_.get(), Bananas("1", kBox, 0));
  ASSERT_TRUE(Record(MakeOutcome("C-1", kBox, 60)).ok());
  v1::Outcome moved = UpdatedAt(MakeOutcome("C-1", kBox, 60), 5);
  moved.set_facility("APMT");
  ASSERT_TRUE(Record(moved).ok());
  v1::Movement there = Bananas("2", Number(1), 2 * kDaySeconds);
  EXPECT_EQ(Score(engine_.get(), there).assessment().hits_size(), 0);
  there.set_id("3");
  there.mutable_location()->set_facility("APMT");
  EXPECT_EQ(Score(engine_.get(), there).assessment().hits_size(), 1);
  EXPECT_EQ(Explain("3"), v1::HOLDS);
  EXPECT_EQ(Explain("2"), v1::FAILS);
}

}  // namespace
}  // namespace portrisk::service
