// kill -9 at random moments under load: what was acknowledged is there, byte
// for byte, and nothing is there twice. tests/system/kill_many.cc does the same
// a thousand times.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <random>

#include "service/verify.h"
#include "tests/service/access_fixture.h"
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
  std::array<grpc::Status, 4> ends;
  for (grpc::Status& end : ends) {
    callers.emplace_back([this, &end] { end = load_.CallOneByOne(); });
  }
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(server_.Stop(SIGTERM), 0) << server_.Log();
  for (std::thread& caller : callers) caller.join();
  for (const grpc::Status& end : ends) {
    EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE)
        << end.error_message();
    EXPECT_EQ(ReasonOf(end), "SHUTTING_DOWN") << "it is told";
  }
  ASSERT_TRUE(server_.Start()) << server_.Log();
  EXPECT_GT(load_.acknowledged(), 10u);
  const absl::Status kept = load_.CheckAcknowledged(0);
  EXPECT_TRUE(kept.ok()) << kept;
  const auto once = load_.CheckNothingTwice();
  EXPECT_TRUE(once.ok()) << once.status();
}

// A disk that refuses writes for a while: the store is closed and opened again,
// by a program that must not hold on to the one before.
TEST_F(CrashTest, WhatTheDiskRefusedForAWhileIsTakenAgain) {
  std::signal(SIGXFSZ, SIG_IGN);  // A child inherits that.
  ASSERT_TRUE(server_.Start()) << server_.Log();
  const auto let_write = [&](rlim_t bytes) {
    const rlimit limit = {bytes, RLIM_INFINITY};
    return prlimit(server_.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0;
  };
  const auto stub = load_.Stub();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(load_.CallOnce(stub.get()).ok());
  ASSERT_TRUE(let_write(100));
  EXPECT_FALSE(load_.CallOnce(stub.get()).ok());
  ASSERT_TRUE(let_write(RLIM_INFINITY));
  const absl::Time until = absl::Now() + absl::Seconds(40);
  while (!load_.CallOnce(stub.get()).ok()) {
    ASSERT_LT(absl::Now(), until) << server_.Log();
    absl::SleepFor(absl::Milliseconds(200));
  }
  EXPECT_EQ(server_.Stop(SIGTERM), 0) << server_.Log();
  ASSERT_TRUE(server_.Start()) << server_.Log();
  const absl::Status kept = load_.CheckAcknowledged(0);
  EXPECT_TRUE(kept.ok()) << kept;
}

}  // namespace
}  // namespace portrisk::service
