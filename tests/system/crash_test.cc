// kill -9 at random moments under load: what was acknowledged is there, byte
// for byte, and nothing is there twice.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/history_service.grpc.pb.h"
#include "portrisk/v1/rule_service.grpc.pb.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"
#include "service/verify.h"
#include "tests/service/engine_fixture.h"
#include "tests/system/server_process.h"

namespace portrisk::service {
namespace {

constexpr int kKills = 50;

class CrashTest : public testing::Test {
 protected:
  CrashTest() : server_(directory_.path()) {}

  static v1::Movement MovementOf(int number) {
    v1::Movement m = MakeMovement(
        absl::StrCat("m", number), number % 2 ? v1::GATE_OUT : v1::GATE_IN,
        absl::StrCat("MSKU", 1'000'000 + number % 500), number);
    m.mutable_weights()->set_vgm_kg(20'000 + number % 7);
    return m;
  }

  std::unique_ptr<v1::ScoringService::Stub> Stub() {
    return v1::ScoringService::NewStub(grpc::CreateChannel(
        server_.address(), grpc::InsecureChannelCredentials()));
  }

  // One caller with one call in flight, until the server goes.
  void CallOneByOne() {
    auto stub = Stub();
    while (true) {
      const int number = next_++;
      grpc::ClientContext context;
      v1::ScoreMovementRequest request;
      *request.mutable_movement() = MovementOf(number);
      v1::Assessment reply;
      if (!stub->ScoreMovement(&context, request, &reply).ok()) return;
      Acknowledged(number, reply);
    }
  }

  // One caller with many movements in flight on a stream.
  void CallOnStream() {
    auto stub = Stub();
    grpc::ClientContext context;
    auto stream = stub->StreamScoreMovements(&context);
    std::mutex mutex;
    std::deque<int> sent;
    std::thread reader([&] {
      v1::ScoreResult result;
      while (stream->Read(&result)) {
        int number = 0;
        {
          std::lock_guard<std::mutex> lock(mutex);
          number = sent.front();
          sent.pop_front();
        }
        if (result.has_assessment()) {
          Acknowledged(number, result.assessment());
        }
      }
    });
    while (true) {
      const int number = next_++;
      {
        std::lock_guard<std::mutex> lock(mutex);
        sent.push_back(number);
      }
      v1::ScoreMovementRequest request;
      *request.mutable_movement() = MovementOf(number);
      if (!stream->Write(request)) break;
    }
    reader.join();
    stream->Finish();
  }

  void Acknowledged(int number, const v1::Assessment& assessment) {
    std::lock_guard<std::mutex> lock(mutex_);
    acknowledged_[number] = assessment.SerializeAsString();
  }

  std::unique_ptr<v1::RuleService::Stub> Rules() {
    return v1::RuleService::NewStub(grpc::CreateChannel(
        server_.address(), grpc::InsecureChannelCredentials()));
  }

  // Asks for an aggregate that is not there yet; the kill may come between any
  // two of these steps, and while it is filled.
  void AskForAnAggregate(int number) {
    auto stub = Rules();
    const auto call = [](auto method) {
      grpc::ClientContext context;
      context.AddMetadata("portrisk-caller", "development");
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(9)));
      return method(&context).ok();
    };
    v1::CreateRevisionRequest create;
    create.set_yaml(absl::StrCat(
        "rule_set: s\nlayer: port\nowner: EU\naggregates:\n"
        "  n: {key: movement.container.number, count: true, window: ",
        number + 1,
        "d}\n  w: {key: movement.location.locode, max: "
        "movement.weights.vgm_kg, window: ",
        number + 1,
        "d}\nrules:\n  - id: r\n    title: {en: T}\n"
        "    explain: {en: E}\n    score: 0\n"
        "    when: n > 1000000 && w > 1\n"));
    v1::Revision revision;
    if (!call([&](auto* context) {
          return stub->CreateRevision(context, create, &revision);
        })) {
      return;
    }
    v1::ChangeRevisionRequest change;
    change.set_revision(revision.revision());
    change.set_without_replay("a test");
    call([&](auto* context) {
      return stub->ApproveRevision(context, change, &revision);
    }) &&
        call([&](auto* context) {
          return stub->ActivateRevision(context, change, &revision);
        });
  }

  // The states of all revisions, once none is warming any more.
  std::map<v1::RevisionState, int> WarmedStates() {
    auto stub = Rules();
    for (int i = 0; i < 1000; ++i) {
      grpc::ClientContext context;
      v1::ListRevisionsResponse list;
      EXPECT_TRUE(stub->ListRevisions(&context, {}, &list).ok());
      std::map<v1::RevisionState, int> states;
      for (const auto& one : list.revisions()) ++states[one.state()];
      if (states[v1::WARMING] == 0) return states;
      absl::SleepFor(absl::Milliseconds(30));
    }
    ADD_FAILURE() << "still warming";
    return {};
  }

  void LoadUntilKilled(absl::Duration after) {
    std::vector<std::thread> callers;
    callers.emplace_back(
        [this, number = asked_++] { AskForAnAggregate(number); });
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([this] { CallOneByOne(); });
    }
    callers.emplace_back([this] { CallOnStream(); });
    absl::SleepFor(after);
    server_.Stop(SIGKILL);
    for (std::thread& caller : callers) caller.join();
  }

  // Sends acknowledged movements from `first` on again: each must come back
  // as it was answered.
  void CheckAcknowledged(int first) {
    auto stub = Stub();
    v1::BatchScoreMovementsRequest request;
    std::vector<std::string> expected;
    const auto flush = [&] {
      if (expected.empty()) return;
      grpc::ClientContext context;
      v1::BatchScoreMovementsResponse reply;
      ASSERT_TRUE(stub->BatchScoreMovements(&context, request, &reply).ok());
      ASSERT_EQ(reply.results_size(), static_cast<int>(expected.size()));
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(reply.results(i).assessment().SerializeAsString(),
                  expected[i]);
      }
      request.Clear();
      expected.clear();
    };
    for (auto it = acknowledged_.lower_bound(first); it != acknowledged_.end();
         ++it) {
      *request.add_movements() = MovementOf(it->first);
      expected.push_back(it->second);
      if (expected.size() == 500) flush();
    }
    flush();
  }

  // Every movement in the journal once, sequences in order.
  void CheckNothingTwice() {
    auto stub = v1::HistoryService::NewStub(grpc::CreateChannel(
        server_.address(), grpc::InsecureChannelCredentials()));
    std::set<std::string> ids;
    uint64_t last = 0;
    v1::ListMovementsRequest request;
    request.set_page_size(1000);
    v1::ListMovementsResponse page;
    do {
      request.set_page_token(page.next_page_token());
      grpc::ClientContext context;
      ASSERT_TRUE(stub->ListMovements(&context, request, &page).ok());
      for (const auto& m : page.movements()) {
        // Changes of rules lie between.
        ASSERT_GT(m.assessment().sequence(), last);
        last = m.assessment().sequence();
        ASSERT_TRUE(ids.insert(m.movement().id()).second)
            << m.movement().id() << " is there twice";
      }
    } while (!page.next_page_token().empty());
    EXPECT_GE(ids.size(), acknowledged_.size());
  }

  TemporaryDirectory directory_;
  ServerProcess server_;
  std::atomic<int> next_{0};
  int asked_ = 0;
  std::mutex mutex_;
  std::map<int, std::string> acknowledged_;
};

TEST_F(CrashTest, FiftyKillsLoseNothingAcknowledged) {
  const uint32_t seed = std::random_device()();
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", kill ", kill));
    // Small checkpoints, so that kills hit them too.
    ASSERT_TRUE(server_.Start({"--checkpoint-records", "700"}))
        << server_.Log();
    const int first = next_;
    LoadUntilKilled(absl::Milliseconds(20 + random() % 280));
    ASSERT_TRUE(server_.Start()) << server_.Log();
    CheckAcknowledged(first);
    if (HasFatalFailure()) return;
    server_.Stop(SIGKILL);
  }
  ASSERT_TRUE(server_.Start()) << server_.Log();
  CheckAcknowledged(0);
  CheckNothingTwice();
  EXPECT_GT(acknowledged_.size(), 1000u);
  EXPECT_EQ(WarmedStates()[v1::ACTIVE], 1);
  std::cout << acknowledged_.size() << " acknowledged, " << next_ << " sent, "
            << kKills << " kills under load" << std::endl;
  EXPECT_EQ(server_.Stop(SIGTERM), 0) << server_.Log();

  store::Options options;
  options.directory = server_.store();
  options.read_only = true;
  auto store = store::Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  auto report = VerifyStore(**store, [](uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference_count, 0u) << report->differences[0];
  EXPECT_EQ(report->checkpoint_sequence, report->last_sequence);
}

// SIGTERM: what is under way finishes, what is acknowledged stays.
TEST_F(CrashTest, ADrainFinishesWhatIsUnderWay) {
  ASSERT_TRUE(server_.Start()) << server_.Log();
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([this] { CallOneByOne(); });
  }
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(server_.Stop(SIGTERM), 0) << server_.Log();
  for (std::thread& caller : callers) caller.join();
  ASSERT_TRUE(server_.Start()) << server_.Log();
  EXPECT_GT(acknowledged_.size(), 10u);
  CheckAcknowledged(0);
  CheckNothingTwice();
}

}  // namespace
}  // namespace portrisk::service
