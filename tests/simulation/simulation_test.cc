// The simulation (simulation.h). Without flags a handful of seeds, as tests;
//
//   simulation_tests --seeds N [--from S] [--minutes M] [--steps K] [--trace]
//
// runs N seeds from S on and prints what was done and what came of it. Each
// seed that fails is named with the command that runs it again.
#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <iostream>
#include <optional>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/log.h"

namespace portrisk::simulation {
namespace {

std::string Again(uint64_t seed, const SimulationOptions& options) {
  return absl::StrCat("simulation_tests --seeds 1 --from ", seed, " --steps ",
                      options.steps, " --trace");
}

class SimulationTest : public testing::TestWithParam<int> {};

TEST_P(SimulationTest, NothingAcknowledgedIsLostAndNothingElseIsThere) {
  const uint64_t seed = static_cast<uint64_t>(GetParam());
  const SimulationOptions options;
  Simulation simulation(seed, options);
  const absl::Status status = simulation.Run();
  EXPECT_TRUE(status.ok()) << status
                           << "\nrun again with: " << Again(seed, options);
  EXPECT_GT(simulation.model().size(), 20u);
}

INSTANTIATE_TEST_SUITE_P(Seed, SimulationTest, testing::Range(1, 9));

// What is sent, and what comes of it, is the seed's alone.
TEST(SimulationTest, ASeedMakesTheSameJournalAgain) {
  SimulationOptions options;
  options.faults = false;
  options.calm = true;
  Simulation first(7, options), again(7, options);
  ASSERT_TRUE(first.Run().ok());
  ASSERT_TRUE(again.Run().ok());
  EXPECT_EQ(first.model().journal(), again.model().journal());
  EXPECT_GT(first.model().size(), 50u);
}

struct LongRun {
  uint64_t seeds = 0;
  uint64_t from = 1;
  int minutes = 24 * 60;
  SimulationOptions options;

  int Run() const {
    const absl::Time until = absl::Now() + absl::Minutes(minutes);
    Tally tally;
    uint64_t done = 0, records = 0;
    int failed = 0;
    for (; done < seeds && absl::Now() < until; ++done) {
      Simulation simulation(from + done, options);
      const absl::Status status = simulation.Run();
      for (const auto& [what, count] : simulation.tally()) {
        tally[what] += count;
      }
      records += simulation.model().size();
      if (status.ok()) continue;
      ++failed;
      std::cout << "FAILED: " << status
                << "\n  run again with: " << Again(from + done, options)
                << std::endl;
    }
    std::cout << "| what | count |\n|---|---|\n";
    for (const auto& [what, count] : tally) {
      std::cout << "| " << what << " | " << count << " |\n";
    }
    std::cout << "| records at the end | " << records << " |\n| seeds | "
              << done << " |\n| seeds that failed | " << failed << " |"
              << std::endl;
    return failed == 0 ? 0 : 1;
  }
};

}  // namespace
}  // namespace portrisk::simulation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  portrisk::service::QuietLogs();
  portrisk::simulation::LongRun run;
  bool hasty = false, calm = false;
  CLI::App app("The engine under faults, beside a plain model");
  app.add_option("--seeds", run.seeds, "How many; none: the tests");
  app.add_option("--from", run.from, "The first");
  app.add_option("--minutes", run.minutes, "Begin no further one after these");
  app.add_option("--steps", run.options.steps, "Of each");
  app.add_flag("--trace", run.options.trace, "Say what is done");
  app.add_flag("--calm", calm, "Wait until nothing is done behind a call");
  app.add_flag("--hasty", hasty, "Never wait");
  CLI11_PARSE(app, argc, argv);
  if (calm || hasty) run.options.calm = calm;
  return run.seeds > 0 ? run.Run() : RUN_ALL_TESTS();
}
