// A subject is taken out of all that is stored, beside live scoring and through
// crashes: its bytes are in no file, and the chain, states, replays, repeats
// and corrections hold as before.
#include <atomic>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "service/redaction.h"
#include "service/restore.h"
#include "store/chain.h"
#include "tests/service/erasure_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ErasureTest, ADryRunCountsAndChangesNothing) {
  Live(0, 10);
  v1::EraseSubjectRequest request = Party();
  request.set_dry_run(true);
  const auto counted = Ask(request);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->movements(), 10u) << "Nominations and gates of five.";
  EXPECT_EQ(counted->assessments(), 10u) << "Those of gates and of look-ups.";
  EXPECT_EQ(Latest().erasure(), 0u);
  ExpectVerified();
}

// Each reads the whole journal.
TEST_F(ErasureTest, OneDryRunAtATime) {
  Live(0, 20);
  v1::EraseSubjectRequest request = Party();
  request.set_dry_run(true);
  OperatorApi api(engine_.get());
  std::atomic<bool> refused{false};
  const absl::Time latest = absl::Now() + absl::Seconds(20);
  const auto ask_on = [&] {
    while (!refused && absl::Now() < latest) {
      const auto counted = api.Erase(request, kCaller);
      if (counted.ok()) {
        EXPECT_EQ(counted->movements(), 20u);
      } else {
        EXPECT_EQ(ReasonOf(counted.status()), "COUNT_RUNNING");
        refused = true;
      }
    }
  };
  std::thread other(ask_on);
  ask_on();
  other.join();
  EXPECT_TRUE(refused);
  EXPECT_TRUE(api.Erase(request, kCaller).ok());
}

TEST_F(ErasureTest, NothingOfAPartyIsLeftAndAllElseHolds) {
  Serve();
  Live(0, 20);
  Reopen();  // Now in table files, of states too.
  Serve();
  EXPECT_FALSE(FilesWith({kId}).empty());
  const v1::Erasure erased = Erase(Party());
  EXPECT_EQ(erased.records(), 30u) << "Three of each right that names it.";
  EXPECT_EQ(erased.reason(), "request under article 17");
  EXPECT_EQ(erased.caller(), kCaller);
  // While the server runs, at once.
  EXPECT_THAT(FilesWith({kId, kName, kAccount, kDevice}), IsEmpty());
  EXPECT_FALSE(FilesWith({kOther}).empty());
  ExpectGone();
  ExpectChain(30);
  ExpectVerified();
}

TEST_F(ErasureTest, WhoIsErasedStaysEqualToItself) {
  Serve();
  Live(0, 4);
  Erase(Party());
  v1::RightState right;
  const absl::Status status = engine_->Look([&](Core& core) {
    auto read = core.ReadRight(Number(0));
    if (read.ok()) right = *std::move(read);
    return read.status();
  });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(right.chain_size(), 2);
  EXPECT_THAT(right.chain(0).nominee_id(), HasSubstr("erased:"));
  EXPECT_EQ(right.chain(0).nominee_id(), right.chain(1).haulier_id());
  EXPECT_EQ(right.chain(0).actor_id(), "FORWARDER-1");
}

// A right that was about when its nominee was erased: who comes is compared
// with who was nominated, whatever it is called by now.
TEST_F(ErasureTest, ARightOutlivesTheErasureOfItsNominee) {
  Serve();
  ScoreThem({Nominated(0), Nominated(2)});
  Erase(Party());
  EXPECT_EQ(Score(engine_.get(), Collected(0)).assessment().score(), 20);
  EXPECT_EQ(Score(engine_.get(), Collected(2, kOther)).assessment().score(),
            40);
  ExpectVerified();
  // What came later is kept, and goes with the next one.
  Serve();
  Erase(Party());
  ExpectGone();
  ExpectVerified();
}

// The state of the right comes from the store then, with the token in it.
TEST_F(ErasureTest, AfterARestartWhoWasErasedIsRecognised) {
  Serve();
  ScoreThem({Nominated(0)});
  Erase(Party());
  Serve();
  EXPECT_EQ(engine_->open_report().folded_records, 0u);
  EXPECT_EQ(Score(engine_.get(), Collected(0)).assessment().score(), 20);
  ExpectVerified();
}

// As the chain of a right compares ids: else who comes would not be who was
// nominated, and another writing would stay.
TEST_F(ErasureTest, AnIdIsTheSameInAnyWriting) {
  constexpr char kWritten[] = "nl somebody.0815 who asked";
  Serve();
  ScoreThem({Nominated(0), Collected(2, kWritten)});
  EXPECT_EQ(Erase(Party()).records(), 2u);
  EXPECT_THAT(FilesWith({kId, kWritten}), IsEmpty());
  EXPECT_EQ(Score(engine_.get(), Collected(0, kWritten)).assessment().score(),
            0);
  ExpectVerified();
}

TEST_F(ErasureTest, ARepeatIsARepeatAndACorrectionCorrects) {
  Serve();
  const Answer first = Score(engine_.get(), Collected(0));
  Erase(Party());
  const Answer again = Score(engine_.get(), Collected(0));
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again.assessment().sequence(), first.assessment().sequence());
  v1::Movement other = Collected(0);
  other.mutable_haulier()->set_id("SOMEBODY-ELSE");
  EXPECT_EQ(ReasonOf(Score(engine_.get(), other).status), "MOVEMENT_CONFLICT");
  other = Collected(0);
  other.mutable_haulier()->set_name("Another name");
  EXPECT_EQ(ReasonOf(Score(engine_.get(), other).status), "MOVEMENT_CONFLICT");
  v1::Movement corrected = Collected(0);
  corrected.mutable_update_time()->set_seconds(1'790'000'900);
  corrected.mutable_container()->set_load_status(v1::EMPTY);
  const Answer correction = Score(engine_.get(), corrected);
  ASSERT_TRUE(correction.status.ok()) << correction.status;
  EXPECT_EQ(correction.assessment().corrects_sequence(),
            first.assessment().sequence());
  ExpectVerified();
}

TEST_F(ErasureTest, AccountsDevicesAndPlatesGoAlone) {
  Serve();
  Live(0, 4);
  v1::EraseSubjectRequest request = Party();
  request.mutable_subject()->clear_party();
  request.mutable_subject()->set_account(kAccount);
  EXPECT_EQ(Erase(request).records(), 2u);
  EXPECT_THAT(PlacesWith(kAccount), IsEmpty());
  Serve();
  request.mutable_subject()->clear_account();
  request.mutable_subject()->set_device(kDevice);
  EXPECT_EQ(Erase(request).records(), 2u);
  EXPECT_THAT(PlacesWith(kDevice), IsEmpty());
  Serve();
  request.mutable_subject()->clear_device();
  request.mutable_subject()->set_plate("vergessen 77");  // In any writing.
  EXPECT_EQ(Erase(request).records(), 2u);
  EXPECT_THAT(PlacesWith(kPlate), IsEmpty());
  EXPECT_FALSE(PlacesWith(kId).empty());
  ExpectChain(2);
  ExpectVerified();
}

TEST_F(ErasureTest, APartyWithoutAnIdIsKnownByItsName) {
  Serve();
  v1::Movement m = Collected(0);
  m.mutable_haulier()->clear_id();
  ScoreThem({m});
  v1::EraseSubjectRequest request = Party();
  request.mutable_subject()->clear_party();
  request.mutable_subject()->set_party_name("ERIKA vergessen-transporte");
  EXPECT_EQ(Erase(request).records(), 1u);
  EXPECT_THAT(PlacesWith(kName), IsEmpty());
  ExpectVerified();
}

// A store copied at any step, as after a crash at that moment, comes to the
// same end. Steps: entries, their end, blocks that were rewritten, the end.
TEST_F(ErasureTest, ACrashAtAnyStepIsMadeGood) {
  const int kRights = 8;
  for (int step = 1;; ++step) {
    ++lives_;
    StepGate gate(step);
    Serve(&gate);
    Activate(Document("names", "common", "", kRules));
    Live(0, kRights);
    ASSERT_TRUE(Ask(Party()).ok());
    if (!Arrives(&gate, step, v1::SUBJECT_PARTY)) {
      EXPECT_GT(step, 10) << "Every kind of step was met.";
      break;
    }
    Live(kRights, kRights + 2);
    CopyToNextLife();
    gate.Open();
    Serve();
    EXPECT_EQ(Ended().state(), v1::ERASURE_FINISHED);
    Erase(Party());  // Of what came after the first.
    ExpectGone();
    ExpectVerified();
    const auto report = store::VerifyChain(*Drained(), nullptr, nullptr);
    EXPECT_TRUE(report.ok()) << step << ": " << report.status();
  }
}

TEST_F(ErasureTest, ScoringGoesOnMeanwhile) {
  StepGate gate(1);
  Serve(&gate);
  Live(0, 6);
  ASSERT_TRUE(Ask(Party()).ok());
  gate.WaitUntilArrived();  // Half of it is named.
  Live(6, 10);
  gate.Open();
  EXPECT_EQ(Ended().records(), 15u) << "What came before its end is in it.";
  ExpectGone();
  ExpectVerified();
}

// A rule that looks for an id letter by letter finds no token: a replay cannot
// answer again, says so, and takes the recorded answer.
TEST_F(ErasureTest, WhatARuleLookedForByNameIsNoDifference) {
  Serve();
  Activate(Document("literal", "port", "",
                    absl::StrCat("    when: movement.haulier.id == '", kId,
                                 "'\n    score: 300\n")));
  Live(0, 6);
  Erase(Party());
  const auto store = Drained();
  ReplayOptions options;
  options.draw_key = DrawKeyOf(TestSecrets());
  const auto again = VerifyAssessments(*store, options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->movements, 18u);
  EXPECT_EQ(again->erased, 3u);
  EXPECT_EQ(again->equal, 15u) << testing::PrintToString(again->differences);
}

TEST_F(ErasureTest, NorIsItInACopyOfBefore) {
  Serve();
  Activate(Document("literal", "port", "",
                    absl::StrCat("    when: movement.haulier.id == '", kId,
                                 "'\n    score: 300\n")));
  Live(0, 6);
  const uint64_t before = engine_->durable_sequence();
  Erase(Party());
  ASSERT_NO_FATAL_FAILURE(GoBackTo(before));
  ReplayOptions options;
  options.draw_key = DrawKeyOf(TestSecrets());
  const auto again = VerifyAssessments(*Drained(), options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->erased, 3u);
  EXPECT_EQ(again->equal, 15u) << testing::PrintToString(again->differences);
}

TEST_F(ErasureTest, ATableThatCountsNamesIsLeftOutOfVerification) {
  Serve();
  Activate(Document(
      "counts", "port",
      "aggregates:\n"
      "  hauliers: {key: movement.location.locode, distinct: "
      "movement.haulier.id, window: 5y}\n"
      "  visits: {key: movement.haulier.id, count: true, window: 5y}\n",
      "    when: hauliers_count >= 0 && visits_count >= 0\n    score: 1\n"));
  while (Get(2).state() == v1::WARMING) absl::SleepFor(absl::Milliseconds(2));
  Live(0, 6);
  Erase(Party());
  const auto report = VerifyStore(*Drained(), [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->tables_left_out, 1u) << "Not the one that has it as key.";
  EXPECT_EQ(report->difference_count, 0u)
      << testing::PrintToString(report->differences);
}

TEST_F(ErasureTest, RequestsThatTellTooMuchOrTooLittleAreRefused) {
  v1::EraseSubjectRequest request = Party();
  request.set_reason("");
  EXPECT_EQ(ReasonOf(Ask(request).status()), "INVALID_REQUEST");
  request = Party();
  request.set_reference(absl::StrCat("of ", absl::AsciiStrToLower(kId)));
  EXPECT_EQ(ReasonOf(Ask(request).status()), "INVALID_REQUEST");
  request = Party();
  request.mutable_subject()->set_account("x");
  EXPECT_EQ(ReasonOf(Ask(request).status()), "INVALID_REQUEST");
  request.clear_subject();
  EXPECT_EQ(ReasonOf(Ask(request).status()), "INVALID_REQUEST");
}

TEST_F(ErasureTest, NobodyMayPassForWhoWasErased) {
  v1::Movement m = Collected(0, "Erased:0123456789abcdef");
  const Answer answer = Score(engine_.get(), m);
  EXPECT_EQ(ReasonOf(answer.status), "INVALID_MOVEMENT");
}

TEST_F(ErasureTest, ARestoreToAPointBeforeItBringsNothingBack) {
  Serve();
  Live(0, 4);
  const uint64_t before = engine_->durable_sequence();
  Erase(Party());
  const uint64_t after = engine_->durable_sequence();
  Drained();
  for (const uint64_t until : {before, before + 1, after}) {
    RestoreOptions options;
    options.store = Directory();
    options.to = absl::StrCat(directory_.path(), "/to", until);
    options.until_sequence = until;
    const auto restored = Restore(options, [](uint64_t, uint64_t) {});
    ASSERT_TRUE(restored.ok()) << until << ": " << restored.status();
    // Heads that were signed of the store match one that has all of it.
    EXPECT_EQ(restored->chain_new_from == 0, until == after) << until;
  }
}

// Its journal has the records as they are now, and no entry of an erasure.
TEST_F(ErasureTest, ACopyOfBeforeItRecognisesWhoWasErased) {
  Serve();
  ScoreThem({Nominated(0), Queried(0)});
  const uint64_t before = engine_->durable_sequence();
  Erase(Party());
  ASSERT_NO_FATAL_FAILURE(GoBackTo(before));
  Serve();
  const Answer answer = Score(engine_.get(), Collected(0));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  ASSERT_EQ(answer.assessment().hits_size(), 1);
  EXPECT_EQ(answer.assessment().hits(0).rule(), "same");
  // A fold that knows of another erasure comes to the same as one that does
  // not know of it yet.
  v1::EraseSubjectRequest request = Party();
  request.mutable_subject()->clear_party();
  request.mutable_subject()->set_plate(kPlate);
  Erase(request);
  ExpectVerified();
}

// Who was erased comes again for a right that was about, is recognised, and is
// erased again when that is old: in all of the right.
TEST_F(ErasureTest, WhoWasRecognisedGoesWithWhatRecognisedThem) {
  Serve();
  ScoreThem({Nominated(0), Queried(0)});
  Erase(Party());
  now_s_ += 10 * 86'400;
  ScoreThem({Collected(0)});
  EXPECT_FALSE(PlacesWith(kId).empty());
  Serve();
  now_s_ += 100 * 86'400;
  v1::SetRetentionRequest request;
  request.mutable_retention()->set_party_days(90);
  request.set_reason("decided");
  ASSERT_TRUE(OperatorApi(engine_.get()).SetRetention(request, kCaller).ok());
  while (Latest().erasure() < 2) absl::SleepFor(absl::Milliseconds(2));
  Ended();
  ExpectGone();
  ExpectVerified();
}

// Retention: everybody in what is old, nobody in what is not.
TEST_F(ErasureTest, OldPartiesGoByThemselves) {
  Serve();
  Live(0, 4);
  now_s_ += 100 * 86'400;
  Live(4, 6);
  v1::SetRetentionRequest request;
  request.mutable_retention()->set_party_days(29);
  request.set_reason("decided");
  OperatorApi api(engine_.get());
  EXPECT_EQ(ReasonOf(api.SetRetention(request, kCaller).status()),
            "INVALID_REQUEST");
  request.mutable_retention()->set_party_days(90);
  ASSERT_TRUE(api.SetRetention(request, kCaller).ok());
  const v1::Erasure erased = Ended();
  EXPECT_EQ(erased.kind(), v1::SUBJECT_EVERYBODY);
  EXPECT_EQ(erased.records(), 12u);
  ASSERT_TRUE(api.GetRetention().ok());
  EXPECT_EQ(api.GetRetention()->party_days(), 90u);
  const auto store = Drained();
  uint64_t old = 0, recent = 0;
  const absl::Status status =
      store->ScanJournal(1, [&](const store::Block& block) {
        v1::JournalBlock parsed;
        EXPECT_TRUE(parsed.ParseFromString(block.bytes));
        for (const v1::JournalRecord& record : parsed.records()) {
          if (!record.has_movement()) continue;
          const bool named =
              absl::StrContains(record.movement().movement(), kId) ||
              absl::StrContains(record.movement().movement(), kOther) ||
              absl::StrContains(record.movement().movement(), "CURIOUS");
          const bool is_old = record.recorded_time().seconds() < 1'800'000'001;
          (is_old ? old : recent) += named;
        }
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(old, 0u);
  EXPECT_EQ(recent, 6u);
  ExpectVerified();
  ExpectChain(12);
}

}  // namespace
}  // namespace portrisk::service
