#include "service/engine.h"

#include <gmock/gmock.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "service/core_options.h"
#include "service/errors.h"
#include "service/history_api.h"
#include "service/verify.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {
namespace {

constexpr char kBox[] = "MSKU1234565";

std::string ReasonOf(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const auto& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

v1::Movement Updated(v1::Movement movement, int64_t seconds) {
  movement.mutable_update_time()->set_seconds(seconds);
  return movement;
}

TEST_F(EngineTest, ARepeatReturnsTheStoredAssessmentByteForByte) {
  Open();
  const v1::Movement m = MakeMovement("1", v1::GATE_IN, kBox, 0);
  const Answer first = Score(engine_.get(), m);
  ASSERT_TRUE(first.status.ok()) << first.status;
  EXPECT_EQ(first.assessment().sequence(), 1u);
  EXPECT_EQ(Score(engine_.get(), m).bytes, first.bytes);
  // Within one batch, too, and after a restart.
  const v1::Movement other = MakeMovement("2", v1::GATE_OUT, kBox, 60);
  const auto pair = ScoreAll(engine_.get(), {other, other, m});
  EXPECT_EQ(pair[0].bytes, pair[1].bytes);
  EXPECT_EQ(pair[2].bytes, first.bytes);
  Open();
  EXPECT_EQ(Score(engine_.get(), m).bytes, first.bytes);
  EXPECT_EQ(engine_->open_report().last_sequence, 2u);
}

TEST_F(EngineTest, OtherContentUnderOneIdIsAConflictThatNamesBoth) {
  Open();
  Score(engine_.get(),
        Updated(MakeMovement("1", v1::GATE_IN, kBox, 0), 1'790'000'100));
  const Answer answer =
      Score(engine_.get(),
            Updated(MakeMovement("1", v1::GATE_OUT, kBox, 0), 1'790'000'100));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(answer.status), "MOVEMENT_CONFLICT");
  EXPECT_THAT(ToRpcStatus(answer.status).SerializeAsString(),
              testing::HasSubstr("stored_sequence"));
}

TEST_F(EngineTest, ACorrectionGetsItsOwnAssessmentAndHistoryFollows) {
  Open();
  const Answer first =
      Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::Movement fixed =
      Updated(MakeMovement("1", v1::GATE_IN, "TCLU4265783", 0), 1'790'000'500);
  const Answer second = Score(engine_.get(), fixed);
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(second.assessment().corrects_sequence(),
            first.assessment().sequence());

  const HistoryApi history(engine_.get());
  v1::GetContainerRequest request;
  request.set_number(kBox);
  auto before = history.GetContainer(request);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->container().timeline_size(), 0)
      << "the wrong number keeps the event";
  request.set_number("TCLU4265783");
  EXPECT_EQ(history.GetContainer(request)->container().timeline_size(), 1);

  v1::GetAssessmentRequest get;
  get.set_source("terminal-1");
  get.set_movement_id("1");
  auto both = history.GetAssessment(get);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->assessment().SerializeAsString(), second.bytes);
  ASSERT_EQ(both->superseded_size(), 1);
  EXPECT_EQ(both->superseded(0).SerializeAsString(), first.bytes);
  // A late repeat of the first version is still that version's repeat.
  EXPECT_EQ(Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0)).bytes,
            first.bytes);
}

// A walk through all that a sender ever sent would hold up everybody.
TEST_F(EngineTest, ARepeatIsKnownAmongTheLatestVersions) {
  Open();
  const auto version = [](int64_t number) {
    return Updated(MakeMovement("1", v1::GATE_IN, kBox, number), number);
  };
  constexpr int64_t kVersions = kVersionsSearchedMax + 2;
  std::vector<Answer> answers(1);
  for (int64_t i = 1; i <= kVersions; ++i) {
    answers.push_back(Score(engine_.get(), version(i)));
    ASSERT_TRUE(answers.back().status.ok()) << answers.back().status;
  }
  for (const int64_t known : {kVersions, kVersions - 1, int64_t{3}}) {
    const Answer repeat = Score(engine_.get(), version(known));
    ASSERT_TRUE(repeat.status.ok()) << repeat.status;
    EXPECT_EQ(repeat.bytes, answers[known].bytes) << known;
  }
  for (const int64_t forgotten : {1, 2}) {
    EXPECT_EQ(ReasonOf(Score(engine_.get(), version(forgotten)).status),
              "MOVEMENT_CONFLICT");
  }
}

TEST_F(EngineTest, ARetractionVoidsAndIsKept) {
  Open();
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  v1::Movement voided;
  voided.set_source("terminal-1");
  voided.set_id("1");
  voided.set_retraction(true);
  voided.mutable_update_time()->set_seconds(1'790'000'900);
  const Answer answer = Score(engine_.get(), voided);
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_TRUE(answer.assessment().retraction());
  EXPECT_EQ(answer.assessment().corrects_sequence(), 1u);
  const HistoryApi history(engine_.get());
  v1::GetContainerRequest request;
  request.set_number(kBox);
  EXPECT_EQ(history.GetContainer(request)->container().timeline_size(), 0);
}

TEST_F(EngineTest, InvalidMovementsNameEveryFieldAndKeepTheOthers) {
  Open();
  v1::Movement bad = MakeMovement("", v1::GATE_IN, kBox, 0);
  bad.mutable_location()->set_locode("??");
  const auto answers =
      ScoreAll(engine_.get(), {bad, MakeMovement("2", v1::GATE_IN, kBox, 0)});
  EXPECT_EQ(ReasonOf(answers[0].status), "INVALID_MOVEMENT");
  const std::string text = Describe(ToRpcStatus(answers[0].status));
  EXPECT_THAT(text, testing::HasSubstr("movement.id"));
  EXPECT_THAT(text, testing::HasSubstr("movement.location.locode"));
  EXPECT_TRUE(answers[1].status.ok());
}

TEST_F(EngineTest, AFullQueueRefusesAllOfACallWithARetryHint) {
  EngineOptions options = TestOptions(directory_.path() + "/store");
  options.queue_max = 2;
  Open(options);
  std::vector<v1::Movement> three;
  for (int i = 0; i < 3; ++i) {
    three.push_back(MakeMovement(absl::StrCat(i), v1::GATE_IN, kBox, i));
  }
  const auto answers = ScoreAll(engine_.get(), three);
  for (const Answer& answer : answers) {
    EXPECT_EQ(ReasonOf(answer.status), "QUEUE_FULL");
    EXPECT_THAT(ToRpcStatus(answer.status).SerializeAsString(),
                testing::HasSubstr("RetryInfo"));
  }
  EXPECT_EQ(Score(engine_.get(), three[0]).assessment().sequence(), 1u);
}

TEST_F(EngineTest, AFailedCommitKeepsNothingAndTheEngineComesBack) {
  EngineOptions options = TestOptions(directory_.path() + "/store");
  auto failures = std::make_shared<std::atomic<int>>(0);
  options.store.commit_fault = [failures] {
    return failures->fetch_sub(1) > 0 ? absl::InternalError("injected")
                                      : absl::OkStatus();
  };
  failures->store(0);
  Open(options);
  const Answer kept =
      Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  ASSERT_TRUE(kept.status.ok()) << kept.status;
  failures->store(1);
  const v1::Movement lost = MakeMovement("2", v1::GATE_OUT, kBox, 60);
  EXPECT_EQ(ReasonOf(Score(engine_.get(), lost).status), "STORE_UNAVAILABLE");
  failures->store(0);
  const Answer again = Score(engine_.get(), lost);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again.assessment().sequence(), 2u);
  EXPECT_EQ(Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0)).bytes,
            kept.bytes);
}

TEST_F(EngineTest, RecordedTimeNeverGoesBack) {
  EngineOptions options = TestOptions(directory_.path() + "/store");
  auto now = std::make_shared<std::atomic<int64_t>>(1'800'000'000);
  options.clock = [now] { return absl::FromUnixSeconds(*now); };
  Open(options);
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  *now -= 1000;
  const Answer second =
      Score(engine_.get(), MakeMovement("2", v1::GATE_IN, kBox, 1));
  EXPECT_EQ(second.assessment().recorded_time().seconds(), 1'800'000'000);
  Open(options);
  const Answer third =
      Score(engine_.get(), MakeMovement("3", v1::GATE_IN, kBox, 2));
  EXPECT_EQ(third.assessment().recorded_time().seconds(), 1'800'000'000);
}

// --- A random history, in several ways, must be the same history.

std::vector<v1::Movement> RandomHistory(uint32_t seed, int count) {
  std::mt19937 random(seed);
  const auto pick = [&](int n) { return static_cast<int>(random() % n); };
  const v1::Event events[] = {v1::GATE_IN,
                              v1::GATE_OUT,
                              v1::DISCHARGE,
                              v1::LOAD,
                              v1::WEIGHING,
                              v1::INSPECTION,
                              v1::PICKUP_RIGHT_ISSUED,
                              v1::PICKUP_RIGHT_NOMINATED};
  const char* places[] = {"NLRTM", "BEANR", "BRSSZ", "ESVLC"};
  std::vector<v1::Movement> history;
  for (int i = 0; i < count; ++i) {
    v1::Movement m = MakeMovement(
        absl::StrCat(pick(count)), events[pick(8)],
        absl::StrCat("MSKU", 1'000'000 + pick(count / 10)), pick(5'000'000));
    m.mutable_location()->set_locode(places[pick(4)]);
    m.mutable_haulier()->set_id(absl::StrCat("H", pick(5)));
    m.mutable_pickup_right()->mutable_nominee()->set_id(
        absl::StrCat("H", pick(5)));
    m.mutable_weights()->set_vgm_kg(10'000 + pick(20'000));
    if (pick(3) == 0) m.add_seals()->set_number(absl::StrCat("S", pick(9)));
    if (pick(20) == 0) m.set_classifier(v1::PLANNED);
    m.mutable_consignee()->set_name(absl::StrCat("Consignee ", pick(30)));
    m.mutable_shipper()->set_id(absl::StrCat("S", pick(9)));
    m.mutable_consignment()->set_commodity(pick(2) ? "080390" : "200911");
    m.mutable_consignment()->set_loading_locode(places[pick(4)]);
    m.mutable_consignment()->set_discharge_locode(places[pick(4)]);
    m.mutable_pickup_right()->mutable_actor()->set_account(
        absl::StrCat("A", pick(20)));
    m.mutable_transport()->set_plate(absl::StrCat("P-", pick(40)));
    m.mutable_transport()->set_vessel_imo(absl::StrCat(9'000'000 + pick(6)));
    m.mutable_transport()->set_voyage(absl::StrCat("V", pick(4)));
    m.mutable_update_time()->set_seconds(1'790'000'000 + i);
    m.set_retraction(pick(15) == 0);
    if (pick(12) == 0 && !history.empty()) m = history[pick(history.size())];
    history.push_back(std::move(m));
  }
  return history;
}

std::vector<std::string> Play(const EngineOptions& options,
                              const std::vector<v1::Movement>& history,
                              size_t batch, size_t reopen_every) {
  std::vector<std::string> answers;
  auto engine = Engine::Open(options);
  for (size_t i = 0; i < history.size(); i += batch) {
    if (reopen_every > 0 && i > 0 && i % reopen_every == 0) {
      engine->reset();
      engine = Engine::Open(options);
    }
    const size_t end = std::min(history.size(), i + batch);
    for (const Answer& answer : ScoreAll(
             engine->get(), {history.begin() + i, history.begin() + end})) {
      answers.push_back(answer.status.ok() ? answer.bytes
                                           : answer.status.ToString());
    }
  }
  return answers;
}

// The first answer that differs, for people; empty when none does.
std::string FirstDifference(const std::vector<std::string>& a,
                            const std::vector<std::string>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    const auto text = [](const std::string& bytes) {
      v1::Assessment parsed;
      return parsed.ParseFromString(bytes) ? parsed.ShortDebugString() : bytes;
    };
    return absl::StrCat("movement ", i, ":\n  ", text(a[i]), "\n  ",
                        text(b[i]));
  }
  return a.size() == b.size() ? "" : "another number of answers";
}

TEST_F(EngineTest, BatchesRestartsCachesAndCheckpointsChangeNoAnswer) {
  constexpr uint32_t kSeed = 20261122;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  const auto history = RandomHistory(kSeed, 3000);
  const auto options = [&](const char* name) {
    return TestOptions(absl::StrCat(directory_.path(), "/", name));
  };
  const auto expected = Play(options("plain"), history, 100, 0);
  EXPECT_EQ(FirstDifference(Play(options("one"), history, 1, 0), expected), "");
  EXPECT_EQ(
      FirstDifference(Play(options("restarts"), history, 50, 250), expected),
      "");
  EngineOptions small = options("small");
  small.cache_states_max = 1;
  small.checkpoint_records = 97;
  small.batch_max = 7;
  EXPECT_EQ(FirstDifference(Play(small, history, 100, 0), expected), "");
  // Sent again, everything is a repeat (or the same refusal).
  EXPECT_EQ(FirstDifference(Play(options("plain"), history, 100, 0), expected),
            "");

  for (const char* name : {"plain", "one", "restarts", "small"}) {
    store::Options read;
    read.directory = absl::StrCat(directory_.path(), "/", name);
    read.read_only = true;
    auto store = store::Store::Open(read);
    ASSERT_TRUE(store.ok()) << store.status();
    auto report = VerifyStore(**store, [](uint64_t) {});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->difference_count, 0u)
        << name << ": " << report->differences[0];
    EXPECT_GT(report->states_compared, 100u);
    EXPECT_EQ(report->checkpoint_sequence, report->last_sequence);
  }
}

TEST_F(EngineTest, VerificationFindsAChangedState) {
  Open();
  Score(engine_.get(), MakeMovement("1", v1::GATE_IN, kBox, 0));
  engine_.reset();
  store::Options options;
  options.directory = directory_.path() + "/store";
  {
    auto store = store::Store::Open(options);
    std::string key, value;
    const auto first = [&](absl::string_view k, absl::string_view v) {
      key = std::string(k);
      value = std::string(v);
      return false;
    };
    ASSERT_TRUE(
        (*store)->ScanPrefix(store::Table::kStates, "C", "", first).ok());
    v1::ContainerState state;
    ASSERT_TRUE(state.ParseFromString(value));
    state.set_movement_count(7);
    ASSERT_TRUE((*store)
                    ->Ingest({{store::Table::kStates,
                               {{key, state.SerializeAsString()}}}},
                             *(*store)->ReadCheckpoint())
                    .ok());
  }
  options.read_only = true;
  auto store = store::Store::Open(options);
  auto report = VerifyStore(**store, [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->difference_count, 1u);
  EXPECT_THAT(report->differences[0], testing::HasSubstr(kBox));
}

}  // namespace
}  // namespace portrisk::service
