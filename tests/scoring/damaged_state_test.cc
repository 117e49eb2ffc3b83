// States as a bad disk gives them back: the fuzzer of states on its seeds and
// on seeded damage of them.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/damage.h"
#include "tests/scoring/fuzz_states.h"

namespace portrisk::scoring {
namespace {

TEST(DamagedState, IsRefusedOrCanBeWorkedOn) {
  const std::vector<std::string> seeds = StateSeeds();
  for (const std::string& seed : seeds) {
    EXPECT_TRUE(FuzzState(seed)) << static_cast<int>(seed[0]);
  }
  std::mt19937 random(7);
  int whole = 0;
  constexpr int kRounds = 4'000;
  for (int i = 0; i < kRounds; ++i) {
    std::string bytes = seeds[static_cast<size_t>(i) % seeds.size()];
    const char kind = bytes[0];
    bytes = Damage(std::move(bytes), &random);
    if (!bytes.empty()) bytes[0] = kind;
    whole += FuzzState(bytes) ? 1 : 0;
  }
  EXPECT_GT(whole, kRounds / 100);
  EXPECT_LT(whole, kRounds * 9 / 10);
}

// One number of a state of aggregates changed at a time.
TEST(DamagedState, OfAggregatesIsRefusedWhereverANumberIsWrong) {
  int refused = 0;
  int changed = 0;
  for (const AggregateShape& shape : FuzzedPlan().shapes()) {
    v1::AggregateState state;
    for (int i = 0; i < 12; ++i) {
      FoldAndUndo(shape, (1'000 + i / 3) * shape.step_us, i, &state);
    }
    ASSERT_TRUE(IsWhole(FuzzedPlan().shapes(), state));
    for (int cell = 0; cell < state.cells_size(); ++cell) {
      for (const int64_t other :
           {INT64_MIN, int64_t{-1}, INT64_MAX, state.cells(cell) + 1}) {
        v1::AggregateState damaged = state;
        damaged.set_cells(cell, other);
        ++changed;
        refused += FuzzAggregates(damaged) ? 0 : 1;
      }
    }
  }
  // Of values that stand for themselves any may be right.
  EXPECT_GT(refused, changed / 2);
  EXPECT_LT(refused, changed);
}

}  // namespace
}  // namespace portrisk::scoring
