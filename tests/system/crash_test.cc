// kill -9 at random moments under load: what was acknowledged is there, byte
// for byte, and nothing is there twice. tests/system/kill_many.cc does the same
// a thousand times.
#include <gtest/gtest.h>

#include <random>

#include "service/verify.h"
#include "tests/system/kill_load.h"

namespace portrisk::service {
namespace {

constexpr int kKills = 50;

class CrashTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  KillLoad load_{directory_.path()};
  ServerProcess& server_ = load_.server();
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
    const int first = load_.sent();
    load_.LoadUntilKilled(absl::Milliseconds(20 + random() % 280), {});
    ASSERT_TRUE(server_.Start()) << server_.Log();
    const absl::Status kept = load_.CheckAcknowledged(first);
    ASSERT_TRUE(kept.ok()) << kept;
    server_.Stop(SIGKILL);
  }
  ASSERT_TRUE(server_.Start()) << server_.Log();
  const absl::Status kept = load_.CheckAcknowledged(0);
  ASSERT_TRUE(kept.ok()) << kept;
  const auto once = load_.CheckNothingTwice();
  ASSERT_TRUE(once.ok()) << once.status();
  EXPECT_GT(load_.acknowledged(), 1000u);
  // Where calls are slow, no kill may have let anyone put rules in force.
  load_.AskForAnAggregate(kKills);
  EXPECT_EQ(load_.WarmedStates()[v1::ACTIVE], 1);
  std::cout << load_.acknowledged() << " acknowledged, " << load_.sent()
            << " sent, " << kKills << " kills under load" << std::endl;
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
    callers.emplace_back([this] { load_.CallOneByOne(); });
  }
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(server_.Stop(SIGTERM), 0) << server_.Log();
  for (std::thread& caller : callers) caller.join();
  ASSERT_TRUE(server_.Start()) << server_.Log();
  EXPECT_GT(load_.acknowledged(), 10u);
  const absl::Status kept = load_.CheckAcknowledged(0);
  EXPECT_TRUE(kept.ok()) << kept;
  const auto once = load_.CheckNothingTwice();
  EXPECT_TRUE(once.ok()) << once.status();
}

}  // namespace
}  // namespace portrisk::service
