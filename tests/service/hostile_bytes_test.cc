// The fuzzers of this room on their seeds and on seeded damage of them: the
// same that tests/fuzz runs for as long as one likes.
#include <gtest/gtest.h>
#include <sodium.h>

#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/damage.h"
#include "tests/service/fuzz_files.h"
#include "tests/service/fuzz_journal.h"
#include "tests/service/fuzz_requests.h"

namespace portrisk::service {
namespace {

constexpr uint32_t kSeed = 7;

// How many of so many damaged ones `fuzz` takes.
template <typename Fuzz>
int TakenOf(int rounds, const std::vector<std::string>& seeds, Fuzz fuzz) {
  std::mt19937 random(kSeed);
  int taken = 0;
  for (int i = 0; i < rounds; ++i) {
    std::string bytes = seeds[static_cast<size_t>(i) % seeds.size()];
    const char kind = bytes.empty() ? '\0' : bytes[0];
    bytes = Damage(std::move(bytes), &random);
    // Mostly the same kind of thing.
    if (!bytes.empty() && random() % 8 != 0) bytes[0] = kind;
    taken += fuzz(bytes) ? 1 : 0;
  }
  return taken;
}

TEST(HostileBytes, InTheJournalAreNamedByPosition) {
  const std::string block = JournalSample(300);
  ASSERT_TRUE(FuzzJournalBlock(block));
  const std::string sealed =
      block + store::ChainField(store::Seal({}, block)->chain);
  ASSERT_TRUE(FuzzJournalBlock(sealed));
  const int taken = TakenOf(20'000, {block, sealed}, FuzzJournalBlock);
  EXPECT_GT(taken, 100);
  EXPECT_LT(taken, 15'000);
}

TEST(HostileBytes, InFilesAreNamedByFileAndLine) {
  ASSERT_GE(sodium_init(), 0);
  const std::vector<std::string> seeds = FileSeeds();
  ASSERT_EQ(seeds.size(), static_cast<size_t>(kFuzzedFiles));
  for (const std::string& seed : seeds) {
    EXPECT_TRUE(FuzzFile(seed)) << seed;
  }
  const int taken = TakenOf(9'000, seeds, FuzzFile);
  EXPECT_GT(taken, 200);
  EXPECT_LT(taken, 8'000);
}

TEST(HostileBytes, InRequestsAreTheCallersFault) {
  FuzzedServer server;
  const std::vector<std::string> seeds = RequestSeeds(server);
  int well = 0;
  for (const std::string& seed : seeds) {
    well += FuzzRequest(&server, seed) ? 1 : 0;
  }
  EXPECT_GT(well, 10);
  const auto fuzz = [&](const std::string& bytes) {
    return FuzzRequest(&server, bytes);
  };
  const int taken = TakenOf(3'000, seeds, fuzz);
  EXPECT_GT(taken, 100);
  EXPECT_LT(taken, 2'700);
}

}  // namespace
}  // namespace portrisk::service
