// Movements that have passed their age are taken out of all that is stored,
// beside live scoring and through crashes: what rules have learnt from them
// stays, and chain, states, repeats, corrections and restores hold as before.
#include "service/audit_api.h"
#include "service/errors.h"
#include "service/history_api.h"
#include "service/restore.h"
#include "tests/service/erasure_fixture.h"
#include "tests/service/foreign_fold.h"

namespace portrisk::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kDay = 86'400;
constexpr int kOld = 4;     // Rights that are old.
constexpr int kRights = 6;  // All.

class RemovalTest : public ErasureTest {
 protected:
  void Keep(uint32_t movement_days, uint32_t party_days = 0) {
    v1::SetRetentionRequest request;
    request.mutable_retention()->set_movement_days(movement_days);
    request.mutable_retention()->set_party_days(party_days);
    request.set_reason("decided");
    const auto set = OperatorApi(engine_.get()).SetRetention(request, kCaller);
    ASSERT_TRUE(set.ok()) << set.status();
  }
  // Twelve movements, a hundred days later six more.
  void LiveLong() {
    Live(0, kOld);
    now_s_ += 100 * kDay;
    Live(kOld, kRights);
    // What is behind the checkpoint is not removed.
    WriteBehind();
  }
  void WriteBehind() {
    while (engine_->checkpoint_sequence() < engine_->durable_sequence()) {
      engine_->WantCheckpoint();
      ASSERT_TRUE(engine_->Look([](Core&) { return absl::OkStatus(); }).ok());
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
  // Everybody in them first, then they themselves.
  v1::Erasure Removed(uint64_t erasure = 2) {
    Keep(90);
    while (Latest().erasure() < erasure) absl::SleepFor(absl::Milliseconds(2));
    return Ended();
  }
  // Rules with an aggregate, in force.
  void CountVisits() {
    const uint64_t revision = Activate(
        Document("counts", "port",
                 "aggregates:\n"
                 "  visits: {key: movement.location.locode, count: true, "
                 "window: 5y}\n",
                 "    when: visits == 8\n    score: 77\n"));
    while (Get(revision).state() == v1::WARMING) {
      absl::SleepFor(absl::Milliseconds(2));
    }
  }
  std::vector<std::string> MovementsLeft() {
    std::vector<std::string> ids;
    const auto all = HistoryApi(engine_.get()).ListMovements({});
    EXPECT_TRUE(all.ok()) << all.status();
    if (!all.ok()) return ids;
    for (const auto& one : all->movements()) ids.push_back(one.movement().id());
    return ids;
  }
  absl::Status Assessment(const std::string& id) {
    v1::GetAssessmentRequest request;
    request.set_source("terminal-1");
    request.set_movement_id(id);
    return HistoryApi(engine_.get()).GetAssessment(request).status();
  }
  v1::Movement Corrected(v1::Movement m) {
    m.mutable_update_time()->set_seconds(1'790'000'900);
    m.mutable_container()->set_load_status(v1::EMPTY);
    return m;
  }
};

TEST_F(RemovalTest, OldMovementsGoAndWhatWasLearntStays) {
  Serve();
  LiveLong();
  const v1::Erasure removed = Removed();
  EXPECT_EQ(removed.kind(), v1::SUBJECT_MOVEMENTS);
  EXPECT_EQ(removed.reason(), "retention: movements are kept 90 days");
  EXPECT_THAT(MovementsLeft(), ElementsAre("nominate4", "query4", "gate4",
                                           "nominate5", "query5", "gate5"));
  EXPECT_TRUE(Assessment("gate4").ok());
  EXPECT_EQ(ReasonOf(Assessment("gate0")), "MOVEMENT_REMOVED");
  v1::GetContainerRequest container;
  container.set_number(Number(0));
  const auto state = HistoryApi(engine_.get()).GetContainer(container);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_GT(state->container().last_sequence(), 0u);
  v1::ListMovementsRequest list;
  list.set_container_number(Number(0));
  const auto of_it = HistoryApi(engine_.get()).ListMovements(list);
  ASSERT_TRUE(of_it.ok()) << of_it.status();
  EXPECT_THAT(of_it->movements(), IsEmpty());
  EXPECT_GT(of_it->removed_sequence(), 0u);
  const auto store = Drained();
  const auto chain = store::VerifyChain(*store, nullptr, nullptr);
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_EQ(chain->removed, 12u);
  const auto report = VerifyStore(*store, [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_GT(report->base_sequence, 0u);
  EXPECT_EQ(report->difference_count, 0u)
      << testing::PrintToString(report->differences);
}

TEST_F(RemovalTest, StatesOfAnotherFoldAreMadeAnewFromWhatWasKept) {
  CountVisits();
  Serve();
  LiveLong();
  Removed();
  Live(kRights, kRights + 2);
  Drained();
  store::Options stored;
  stored.directory = Directory();
  ASSERT_EQ(ForgetFold(stored), absl::OkStatus());
  Serve();
  const auto base = engine_->ReadCatalogue();
  ASSERT_TRUE(base.ok()) << base.status();
  EXPECT_EQ(engine_->open_report().folded_records,
            engine_->open_report().last_sequence - base->base().sequence());
  ExpectVerified();
}

TEST_F(RemovalTest, TheBytesAreInNoFile) {
  Serve();
  v1::Movement m = Collected(0);
  m.set_id("A-MOVEMENT-OF-LONG-AGO-0815");
  ScoreThem({m});
  EXPECT_FALSE(FilesWith({m.id()}).empty());
  LiveLong();
  Removed();
  EXPECT_THAT(FilesWith({m.id()}), IsEmpty());
  EXPECT_THAT(PlacesWith(m.id()), IsEmpty());
}

TEST_F(RemovalTest, WhatIsGoneIsNeitherRepeatedNorCorrected) {
  Serve();
  LiveLong();
  Removed();
  for (const v1::Movement& m : {Collected(0), Corrected(Collected(0))}) {
    const Answer answer = Score(engine_.get(), m);
    EXPECT_TRUE(absl::IsFailedPrecondition(answer.status));
    EXPECT_EQ(ReasonOf(answer.status), "MOVEMENT_REMOVED");
    EXPECT_THAT(std::string(answer.status.message()),
                HasSubstr("portrisk retention"));
  }
  EXPECT_TRUE(Score(engine_.get(), Collected(4)).status.ok());
  const Answer corrected = Score(engine_.get(), Corrected(Collected(4)));
  ASSERT_TRUE(corrected.status.ok()) << corrected.status;
  EXPECT_GT(corrected.assessment().corrects_sequence(), 0u);
  ExpectVerified();
}

v1::Movement Weighed(int i, int32_t kilograms) {
  v1::Movement m =
      MakeMovement(absl::StrCat("weigh", i), v1::GATE_IN, Number(i), i);
  m.mutable_haulier()->set_id(kOther);
  m.mutable_weights()->set_vgm_kg(kilograms);
  return m;
}

v1::Movement Voided(v1::Movement m) {
  m.set_retraction(true);
  m.mutable_update_time()->set_seconds(1'790'000'900);
  return m;
}

// What no correction can undo is made anew from the journal: from what is kept
// of it, live and when it is folded.
TEST_F(RemovalTest, AggregatesAreCountedOnAndMadeAnew) {
  Serve();
  const uint64_t revision = Activate(Document(
      "counts", "port",
      "aggregates:\n"
      "  heaviest: {key: movement.haulier.id, max: movement.weights.vgm_kg, "
      "window: 5y}\n"
      "  visits: {key: movement.location.locode, count: true, window: 5y}\n",
      "    when: visits >= 0 && heaviest == 9000\n    score: 3\n"));
  while (Get(revision).state() == v1::WARMING) {
    absl::SleepFor(absl::Milliseconds(2));
  }
  ScoreThem({Weighed(50, 20'000)});
  LiveLong();
  // More than a bucket keeps, and all that it keeps is voided again.
  ScoreThem({Weighed(51, 25'000), Weighed(52, 24'000), Weighed(53, 23'000),
             Weighed(54, 22'000), Weighed(55, 9'000)});
  WriteBehind();
  Removed();
  for (const int i : {51, 52, 53, 54}) ScoreThem({Voided(Weighed(i, 1))});
  const Answer next = Score(engine_.get(), Weighed(56, 8'000));
  ASSERT_TRUE(next.status.ok()) << next.status;
  EXPECT_EQ(next.assessment().score(), 3) << "9000 is left, not 20000.";
  Live(kRights, kRights + 2);
  ScoreThem({Corrected(Collected(6))});
  const auto report = VerifyStore(*Drained(), [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference_count, 0u)
      << testing::PrintToString(report->differences);
  EXPECT_EQ(report->tables_left_out, 0u);
}

TEST_F(RemovalTest, ATableThatCameLaterIsFilledWithWhatIsKept) {
  Serve();
  LiveLong();
  Removed();
  CountVisits();
  // The six that are kept, and two of now.
  Live(kRights, kRights + 1);
  const Answer ninth = Score(engine_.get(), Collected(kRights));
  ASSERT_TRUE(ninth.status.ok());
  EXPECT_GE(ninth.assessment().score(), 77);
  const auto report = VerifyStore(*Drained(), [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference_count, 0u)
      << testing::PrintToString(report->differences);
  EXPECT_EQ(report->tables_left_out, 1u) << "The base has none of it.";
}

TEST_F(RemovalTest, TheAuditLogShowsTheRemovalAndNothingRemoved) {
  Serve();
  LiveLong();
  Removed();
  v1::ListAuditRecordsRequest request;
  request.set_page_size(1000);
  const auto log = AuditApi(engine_.get()).List(request);
  ASSERT_TRUE(log.ok()) << log.status();
  size_t begun = 0;
  for (const auto& record : log->records()) {
    EXPECT_NE(record.caller(), "") << record.ShortDebugString();
    begun += record.entry().erasure().begun().removed_sequence() > 0;
  }
  EXPECT_EQ(begun, 1u);
}

TEST_F(RemovalTest, ItGoesOnDayByDay) {
  Serve();
  LiveLong();
  Removed();
  now_s_ += 95 * kDay;
  Live(kRights, kRights + 2);
  WriteBehind();
  Removed(4);
  EXPECT_THAT(MovementsLeft(), ElementsAre("nominate6", "query6", "gate6",
                                           "nominate7", "query7", "gate7"));
  Restart();
  ExpectVerified();
}

// What a base holds of somebody goes with the erasure of them.
TEST_F(RemovalTest, AnErasureReachesTheBase) {
  Serve();
  LiveLong();
  Removed();
  EXPECT_FALSE(PlacesWith(kId).empty());
  Serve();
  Erase(Party());
  EXPECT_THAT(FilesWith({kId, kName, kAccount, kDevice}), IsEmpty());
  ExpectGone();
  ExpectVerified();
}

TEST_F(RemovalTest, BothKindsOfRetentionGoTogether) {
  Serve();
  LiveLong();
  now_s_ += 60 * kDay;
  Live(kRights, kRights + 1);
  WriteBehind();
  Keep(150, 30);
  while (Latest().erasure() < 2) absl::SleepFor(absl::Milliseconds(2));
  Ended();
  const auto all = OperatorApi(engine_.get()).ListErasures({});
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->erasures_size(), 2);
  EXPECT_EQ(all->erasures(1).kind(), v1::SUBJECT_EVERYBODY);
  EXPECT_EQ(all->erasures(0).kind(), v1::SUBJECT_MOVEMENTS);
  EXPECT_EQ(MovementsLeft().size(), 9u);
  v1::RightState right;  // Of whom only what is removed has told.
  ASSERT_TRUE(engine_
                  ->Look([&](Core& core) {
                    right = *core.ReadRight(Number(0));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(right.SerializeAsString(), Not(HasSubstr(kId)));
  ExpectVerified();
}

// Everybody in it is erased before, in steps of their own; then the base is
// written, the journal says so, all is removed and ended.
TEST_F(RemovalTest, ACrashAtAnyStepIsMadeGood) {
  for (int step = 1;; ++step) {
    ++lives_;
    now_s_ = 1'800'000'000;
    StepGate gate(step);
    Serve(&gate);
    Activate(Document("names", "common", "", kRules));
    LiveLong();
    Keep(90);
    if (!Arrives(&gate, step, v1::SUBJECT_MOVEMENTS)) {
      EXPECT_GT(step, 6) << "Every kind of step was met.";
      break;
    }
    Live(kRights, kRights + 2);
    CopyToNextLife();
    gate.Open();
    Serve();
    while (Latest().kind() != v1::SUBJECT_MOVEMENTS) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_EQ(Ended().state(), v1::ERASURE_FINISHED);
    EXPECT_EQ(MovementsLeft().size(), 12u) << step;
    ExpectVerified();
    const auto report = store::VerifyChain(*Drained(), nullptr, nullptr);
    ASSERT_TRUE(report.ok()) << step << ": " << report.status();
    EXPECT_EQ(report->removed, 12u);
  }
}

TEST_F(RemovalTest, ARestoreBeginsWithTheBase) {
  Serve();
  CountVisits();
  LiveLong();
  const uint64_t before = engine_->durable_sequence();
  Removed();
  ASSERT_TRUE(Score(engine_.get(), Corrected(Collected(4))).status.ok());
  const uint64_t point = engine_->durable_sequence();
  ASSERT_TRUE(
      Score(engine_.get(), Corrected(Collected(5, kOther))).status.ok());
  Live(kRights, kRights + 2);
  engine_.reset();
  RestoreOptions options;
  options.store = Directory();
  options.to = absl::StrCat(directory_.path(), "/early");
  options.until_sequence = before;
  const auto early = Restore(options, [](uint64_t, uint64_t) {});
  EXPECT_TRUE(absl::IsOutOfRange(early.status())) << early.status();
  EXPECT_THAT(std::string(early.status().message()),
              HasSubstr("have been removed by their age"));
  ++lives_;
  options.to = Directory();
  options.until_sequence = point;
  const auto restored = Restore(options, [](uint64_t, uint64_t) {});
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->last_sequence, point);
  Serve();
  EXPECT_EQ(ReasonOf(Score(engine_.get(), Collected(0)).status),
            "MOVEMENT_REMOVED");
  // A repeat of what is kept, and what was left out is new.
  const Answer again = Score(engine_.get(), Collected(5, kOther));
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_LE(again.assessment().sequence(), before);
  EXPECT_EQ(Score(engine_.get(), Corrected(Collected(5, kOther)))
                .assessment()
                .sequence(),
            point + 1);
  Live(kRights, kRights + 2);
  ExpectVerified();
  const auto report = store::VerifyChain(*Drained(), nullptr, nullptr);
  EXPECT_TRUE(report.ok()) << report.status();
}

TEST_F(RemovalTest, AStateOfTheBaseThatChangedIsFound) {
  Serve();
  LiveLong();
  Removed();
  uint64_t base = engine_->ReadCatalogue()->base().sequence();
  engine_.reset();
  {
    store::Options options;
    options.directory = Directory();
    auto store = store::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)
                    ->IngestAside({{store::Table::kBase,
                                    {{store::BigEndian64(base) + "Cx", "y"}}}})
                    .ok());
  }
  const auto report = VerifyStore(*Drained(), [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_FALSE(report->differences.empty());
  EXPECT_THAT(report->differences[0], HasSubstr("base"));
}

TEST_F(RemovalTest, PartiesAreNotKeptLongerThanMovements) {
  OperatorApi api(engine_.get());
  v1::SetRetentionRequest request;
  request.set_reason("decided");
  request.mutable_retention()->set_movement_days(29);
  EXPECT_EQ(ReasonOf(api.SetRetention(request, kCaller).status()),
            "INVALID_REQUEST");
  request.mutable_retention()->set_movement_days(90);
  request.mutable_retention()->set_party_days(91);
  const absl::Status status = api.SetRetention(request, kCaller).status();
  EXPECT_EQ(ReasonOf(status), "INVALID_REQUEST");
  EXPECT_THAT(std::string(status.message()), HasSubstr("movement_days"));
}

}  // namespace
}  // namespace portrisk::service
