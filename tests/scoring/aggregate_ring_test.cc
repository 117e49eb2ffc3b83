// States of aggregates: what corrections leave behind, what is let go of, and
// how large they become. Values are tried in aggregate_oracle_test.cc.
#include "scoring/aggregate_ring.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "scoring/aggregate_cells.h"
#include "scoring/aggregate_check.h"
#include "scoring/aggregate_sketch.h"
#include "scoring/aggregate_value.h"
#include "scoring/aggregate_window.h"
#include "scoring/limits.h"
#include "scoring/rule_set.h"
#include "tests/scoring/aggregate_cases.h"
#include "tests/scoring/aggregate_history.h"

namespace portrisk::scoring {
namespace {

// Bytes of one aggregate under one key, at the very most.
constexpr size_t kAggregateRingBytesMax = size_t{128} << 10;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart = 1'699'999'200 * kSecond;  // A whole hour.

// One aggregate under one key.
class OneRing {
 public:
  // `declared` without its key.
  explicit OneRing(const std::string& declared)
      : programme_(ProgrammeOf(
            "  x: {key: movement.haulier.id, " + declared + "}\n", {"x"})) {}

  const AggregateShape& shape() const {
    return programme_->aggregates().shapes()[0];
  }

  AggregateContribution At(int64_t time_us, int64_t number,
                           uint64_t movement = 0) const {
    AggregateContribution one;
    one.time_us = time_us;
    one.number = number;
    one.hash = AggregateHash(cel::Value::Int(number));
    one.movement_key =
        movement != 0 ? movement : static_cast<uint64_t>(number) + 1;
    return one;
  }

  void Fold(int64_t time_us, int64_t number, uint64_t movement = 0) {
    FoldAggregate(shape(), At(time_us, number, movement), &state);
  }
  UndoResult Undo(int64_t time_us, int64_t number, uint64_t movement = 0) {
    return UndoAggregate(shape(), At(time_us, number, movement), &state);
  }
  AggregateResult Derive(int64_t time_us) {
    return DeriveAggregate(shape(), &state, time_us, &buffers_);
  }

  v1::AggregateState state;

 private:
  std::shared_ptr<const Programme> programme_;
  AggregateBuffers buffers_;
};

TEST(AggregateWindow, EndsAreWholeSteps) {
  OneRing ring("count: true, window: 1h, resolution: 1m");
  const int64_t now = kStart + 3600 * kSecond + 30 * kSecond;
  const struct {
    int64_t seconds_after_start;
    bool counts;
  } kCases[] = {{45, false},  {59, false},   {60, true},
                {3600, true}, {3630, true},  {3650, true},
                {3659, true}, {3660, false}, {-1000, false}};
  for (const auto& one : kCases) {
    OneRing fresh("count: true, window: 1h, resolution: 1m");
    fresh.Fold(kStart + one.seconds_after_start * kSecond, 1);
    EXPECT_EQ(fresh.Derive(now).count, one.counts ? 1 : 0)
        << one.seconds_after_start;
  }
}

TEST(AggregateState, EqualJournalsGiveEqualBytesWarmOrCold) {
  const std::string declared =
      "  a: {key: movement.haulier.id, count: true, window: 1h}\n"
      "  b: {key: movement.haulier.id, distinct: movement.container.number, "
      "window: 90d}\n"
      "  c: {key: movement.location.locode, quantile: "
      "movement.weights.vgm_kg, q: 0.5, window: 1y}\n"
      "  d: {key: movement.location.locode, last: movement.haulier.id, "
      "window: 30d}\n"
      "  e: {key: movement.location.locode, max: movement.weights.vgm_kg, "
      "window: 30d}\n";
  const auto programme = ProgrammeOf(declared, {"a", "b", "c", "d", "e"});
  ASSERT_NE(programme, nullptr);
  for (const uint64_t seed : {11, 12, 13}) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    World warm(programme->aggregates());
    World cold(programme->aggregates());
    History history(seed, 3600, 2);
    History same(seed, 3600, 2);
    for (int i = 0; i < 1500; ++i) {
      for (const auto& [world, source] :
           {std::make_pair(&warm, &history), std::make_pair(&cold, &same)}) {
        const oracle::Version version = source->Next();
        world->TakeOut(version);
        world->PutIn(version);
      }
      if (i % 7 != 0) continue;
      for (auto& [key, state] : cold.states()) {
        v1::AggregateState read;
        ASSERT_TRUE(read.ParseFromString(state.SerializeAsString()));
        state = std::move(read);
      }
    }
    ASSERT_EQ(warm.states().size(), cold.states().size());
    for (auto& [key, state] : warm.states()) {
      EXPECT_EQ(state.SerializeAsString(),
                cold.states()[key].SerializeAsString());
    }
  }
}

// After every movement of histories that come late, are corrected and are
// retracted.
TEST(AggregateState, WhatHeadsSayOfWindowsIsWhatTheRowsMake) {
  const std::vector<cases::Case> all = cases::Cases();
  const auto programme = ProgrammeOf(Declared(all), NamesOf(all));
  ASSERT_NE(programme, nullptr);
  const AggregatePlan& plan = programme->aggregates();
  int compared = 0;
  for (const int64_t spacing_s : {2, 300, 7200, 86400}) {
    SCOPED_TRACE(absl::StrCat(spacing_s, " s apart"));
    World world(plan);
    History history(static_cast<uint64_t>(spacing_s), spacing_s, 2);
    for (int i = 0; i < 600 && !HasFailure(); ++i) {
      const oracle::Version version = history.Next();
      world.TakeOut(version);
      world.PutIn(version);
      for (auto& [key, state] : world.states()) {
        v1::AggregateState made = state;
        for (const AggregateShape& shape : plan.shapes()) {
          Cells* const cells = made.mutable_cells();
          const int ring = FindRing(shape, *cells);
          if (ring >= 0) RefreshWindow(Ring(shape, ring, cells));
        }
        ++compared;
        ASSERT_EQ(made.SerializeAsString(), state.SerializeAsString())
            << "movement " << i;
        ASSERT_TRUE(IsWhole(plan.shapes(), state)) << "movement " << i;
      }
    }
  }
  EXPECT_GT(compared, 10'000);
}

TEST(AggregateState, WhatIsTakenOutLeavesNothingBehind) {
  for (const char* declared :
       {"count: true", "sum: movement.weights.vgm_kg",
        "min: movement.weights.vgm_kg", "time_since: true",
        "distinct: movement.container.number", "first: movement.weights.vgm_kg",
        "quantile: movement.weights.vgm_kg, q: 0.5"}) {
    SCOPED_TRACE(declared);
    OneRing ring(absl::StrCat(declared, ", window: 1h"));
    ring.Fold(kStart, 5);
    const std::string fresh = ring.state.SerializeAsString();
    // Room that was made stays; so the second time nothing at all is new.
    std::string before;
    for (int round = 0; round < 2; ++round) {
      // Another bucket, and others in the same one.
      ring.Fold(kStart + 600 * kSecond, 7);
      ring.Fold(kStart + kSecond, 3);
      ring.Fold(kStart + kSecond, 9);
      EXPECT_NE(ring.state.SerializeAsString(), before);
      EXPECT_EQ(ring.Undo(kStart + kSecond, 9), UndoResult::kDone);
      EXPECT_EQ(ring.Undo(kStart + 600 * kSecond, 7), UndoResult::kDone);
      EXPECT_EQ(ring.Undo(kStart + kSecond, 3), UndoResult::kDone);
      if (round == 1) {
        EXPECT_EQ(ring.state.SerializeAsString(), before);
      }
      before = ring.state.SerializeAsString();
    }
    v1::AggregateState alone;
    ASSERT_TRUE(alone.ParseFromString(fresh));
    // What is taken is the same, and what is not is zero.
    const auto taken = [](const v1::AggregateState& state) {
      std::vector<int64_t> cells;
      for (int i = 0; i < state.cells_size(); ++i) {
        // Not how much room there is.
        if (i == HeadAt(0, state.cells()) + kRoom) continue;
        if (state.cells(i) != 0) cells.push_back(state.cells(i));
      }
      return cells;
    };
    EXPECT_EQ(taken(ring.state), taken(alone));
    EXPECT_EQ(ring.Undo(kStart + 600 * kSecond, 7), UndoResult::kForgotten);
  }
}

TEST(AggregateState, RegistersSayThatTheyCannotUndoAndAreRebuilt) {
  OneRing ring("distinct: movement.container.number, window: 1h");
  std::vector<AggregateContribution> all;
  for (int i = 0; i < 100; ++i) {
    ring.Fold(kStart, i);
    if (i != 40) all.push_back(ring.At(kStart, i));
  }
  EXPECT_TRUE(ring.Derive(kStart).approximate);
  EXPECT_EQ(ring.Undo(kStart, 40), UndoResult::kNeedsRecompute);
  AggregateResult result = ring.Derive(kStart);
  EXPECT_FALSE(result.known);
  EXPECT_TRUE(result.needs_recompute);
  EXPECT_EQ(result.count, 99);
  RebuildBucket(ring.shape(), StepOf(kStart, ring.shape().step_us), all,
                &ring.state);
  result = ring.Derive(kStart);
  EXPECT_TRUE(result.known);
  EXPECT_NEAR(static_cast<double>(result.value.i), 99, 0.26 * 99);
  // As if the one had never been there.
  OneRing never("distinct: movement.container.number, window: 1h");
  for (const auto& one : all) FoldAggregate(never.shape(), one, &never.state);
  EXPECT_EQ(ring.Derive(kStart).value.i, never.Derive(kStart).value.i);
  // Few enough again: exact again.
  all.resize(10);
  RebuildBucket(ring.shape(), StepOf(kStart, ring.shape().step_us), all,
                &ring.state);
  result = ring.Derive(kStart);
  EXPECT_FALSE(result.approximate);
  EXPECT_EQ(result.value.i, 10);
  RebuildBucket(ring.shape(), StepOf(kStart, ring.shape().step_us), {},
                &ring.state);
  EXPECT_EQ(ring.Derive(kStart).value.i, 0);
}

TEST(AggregateState, BestIsExactUntilTheLastOneKeptIsTakenOut) {
  OneRing ring("min: movement.weights.vgm_kg, window: 1h");
  for (int i = 1; i <= 6; ++i) ring.Fold(kStart, i);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(ring.Undo(kStart, i), UndoResult::kDone);
    EXPECT_EQ(ring.Derive(kStart).value.i, i + 1);
  }
  // Better than what was only counted, though there is room again.
  ring.Fold(kStart, 9);
  EXPECT_EQ(ring.Undo(kStart, 4), UndoResult::kNeedsRecompute);
  EXPECT_FALSE(ring.Derive(kStart).known);
  EXPECT_EQ(ring.Derive(kStart).count, 3);
  // Once it is empty it is as new.
  ring.Undo(kStart, 5);
  ring.Undo(kStart, 6);
  EXPECT_EQ(ring.Undo(kStart, 9), UndoResult::kDone);
  ring.Fold(kStart, 8);
  EXPECT_EQ(ring.Derive(kStart).value.i, 8);
}

TEST(AggregateState, ASumThatPassesItsLimitStaysThereAndIsFlagged) {
  OneRing ring("sum: movement.weights.vgm_kg, window: 1h");
  ring.Fold(kStart, INT64_MAX - 10);
  EXPECT_FALSE(ring.Derive(kStart).approximate);
  ring.Fold(kStart, 100);
  EXPECT_EQ(ring.Derive(kStart).value.i, INT64_MAX);
  EXPECT_TRUE(ring.Derive(kStart).approximate);
  EXPECT_EQ(ring.Undo(kStart, 100), UndoResult::kNeedsRecompute);
  // Over several buckets as well.
  OneRing two("sum: movement.weights.vgm_kg, window: 1h");
  two.Fold(kStart, INT64_MAX - 10);
  two.Fold(kStart + 60 * kSecond, 100);
  EXPECT_EQ(two.Derive(kStart + 60 * kSecond).value.i, INT64_MAX);
  EXPECT_TRUE(two.Derive(kStart + 60 * kSecond).approximate);
  EXPECT_EQ(two.Undo(kStart + 60 * kSecond, 100), UndoResult::kDone);
  EXPECT_FALSE(two.Derive(kStart + 60 * kSecond).approximate);
}

TEST(AggregateState, BinsSayWhenTheyMayBeExactOrFinerAgain) {
  const std::string declared =
      "quantile: movement.weights.vgm_kg, q: 0.5, window: 1h";
  const auto undo_last_of = [&](int values, int64_t apart) {
    OneRing ring(declared);
    for (int i = 0; i < values; ++i) ring.Fold(kStart, 1000 + apart * i);
    EXPECT_TRUE(ring.Derive(kStart).approximate);
    return ring.Undo(kStart, 1000 + apart * (values - 1));
  };
  EXPECT_EQ(undo_last_of(33, 37), UndoResult::kNeedsRecompute);
  EXPECT_EQ(undo_last_of(100, 37), UndoResult::kDone);
  // Over more than six powers of two.
  OneRing wide(declared);
  for (int i = 0; i < 400; ++i) {
    wide.Fold(kStart, (int64_t{64} + i % 64) << (i / 20));
  }
  EXPECT_EQ(wide.Undo(kStart, 64), UndoResult::kNeedsRecompute);
}

TEST(AggregateState, ANumberThatDidNotFitTakesItsFlagAlong) {
  for (const char* declared :
       {"max: movement.weights.vgm_kg", "last: movement.weights.vgm_kg",
        "quantile: movement.weights.vgm_kg, q: 0.5"}) {
    SCOPED_TRACE(declared);
    OneRing ring(absl::StrCat(declared, ", window: 1h"));
    ring.Fold(kStart, 5);
    AggregateContribution one = ring.At(kStart, INT64_MAX, 9);
    one.saturated = true;
    FoldAggregate(ring.shape(), one, &ring.state);
    EXPECT_TRUE(ring.Derive(kStart).approximate);
    EXPECT_EQ(UndoAggregate(ring.shape(), one, &ring.state),
              UndoResult::kNeedsRecompute);
  }
}

TEST(AggregateState, AWindowThatHasBeenLetGoOfIsUnknownNotSmall) {
  OneRing ring("count: true, window: 1h");
  const int64_t day = int64_t{86400} * kSecond;
  ring.Fold(kStart, 1);
  ring.Fold(kStart + 7 * day, 1);
  EXPECT_EQ(ring.Derive(kStart + kSecond).count, 1);
  ring.Fold(kStart + 10 * day, 1);
  EXPECT_FALSE(ring.Derive(kStart + kSecond).count_known);
  EXPECT_FALSE(ring.Derive(kStart + 3500 * kSecond).known);
  EXPECT_TRUE(ring.Derive(kStart + 3600 * kSecond).known);
  // What comes for it now changes nothing.
  const std::string before = ring.state.SerializeAsString();
  ring.Fold(kStart, 2);
  EXPECT_EQ(ring.state.SerializeAsString(), before);
  EXPECT_EQ(ring.Undo(kStart, 2), UndoResult::kForgotten);
}

// Buckets as full as they can be, everywhere, with the largest numbers.
TEST(AggregateState, NeverPassesItsLimitWhateverTheWindow) {
  const struct {
    const char* declared;
    const char* window;
  } kCases[] = {{"count: true", "5y, resolution: 5d"},
                {"count: true", "1h"},
                {"mean: movement.weights.vgm_kg", "5y, resolution: 5d"},
                {"distinct: movement.container.number", "5y"},
                {"distinct: movement.container.number", "1m"},
                {"last: movement.location.locode", "5y"},
                {"max: movement.weights.vgm_kg", "5y"},
                {"quantile: movement.weights.vgm_kg, q: 0.5", "5y"},
                {"quantile: movement.weights.vgm_kg, q: 0.5", "1h"}};
  for (const auto& one : kCases) {
    OneRing ring(absl::StrCat(one.declared, ", window: ", one.window));
    Random random(5);
    const std::string text(kAggregateTextBytesMax, 'x');
    const bool big = ring.shape().function == AggregateFunction::kMean;
    for (int64_t step = 0; step < 600; ++step) {
      for (int i = 0; i < (big ? 1 : 400); ++i) {
        const auto number = big ? INT64_MAX / 500
                                : static_cast<int64_t>(random.Below(
                                      uint64_t{1} << (i % 62 + 1)));
        AggregateContribution c =
            ring.At(kStart + step * ring.shape().step_us, number);
        c.movement_key = c.hash;
        c.text = text;
        FoldAggregate(ring.shape(), c, &ring.state);
      }
    }
    const size_t bytes = ring.state.ByteSizeLong();
    std::printf("%s, %s: %zu bytes\n", one.declared, one.window, bytes);
    EXPECT_LE(bytes, kAggregateRingBytesMax) << one.declared;
    // In memory each cell has 8 bytes.
    EXPECT_LE(ring.state.cells_size() * 8, 4 * kAggregateRingBytesMax);
  }
}

TEST(AggregateState, KeepsOnlyTheRingsItIsTold) {
  const auto programme = ProgrammeOf(
      "  a: {key: movement.haulier.id, count: true, window: 1h}\n"
      "  b: {key: movement.haulier.id, distinct: movement.haulier.id, window: "
      "1h}\n"
      "  c: {key: movement.haulier.id, time_since: true, window: 1d}\n",
      {"a", "b", "c"});
  const std::vector<AggregateShape>& shapes = programme->aggregates().shapes();
  ASSERT_EQ(programme->aggregates().groups().size(), 1);
  const auto fold = [&](v1::AggregateState* state, size_t from, size_t stride) {
    for (size_t i = from; i < 3; i += stride) {
      AggregateContribution one;
      one.time_us = kStart;
      one.hash = 7;
      FoldAggregate(shapes[i], one, state);
    }
  };
  v1::AggregateState all;
  fold(&all, 0, 1);
  KeepOnly({shapes[0].id, shapes[2].id}, &all);
  v1::AggregateState two;
  fold(&two, 0, 2);
  EXPECT_EQ(all.SerializeAsString(), two.SerializeAsString());
  KeepOnly({}, &all);
  fold(&all, 1, 2);
  v1::AggregateState middle;
  fold(&middle, 1, 2);
  EXPECT_EQ(all.SerializeAsString(), middle.SerializeAsString());
}

TEST(AggregateSketch, BinsKeepTheirRelativeErrorAndTheirOrder) {
  Random random(3);
  for (int precision = 0; precision <= kBinPrecision; ++precision) {
    int64_t last_bin = INT64_MIN;
    std::vector<int64_t> numbers = {INT64_MAX, -INT64_MAX, 0, 1, -1};
    for (int i = 0; i < 4000; ++i) {
      const auto n =
          static_cast<int64_t>(random.Below(uint64_t{1} << (i % 62 + 1)));
      numbers.push_back(random.OneIn(2) ? n : -n);
    }
    std::sort(numbers.begin(), numbers.end());
    for (const int64_t n : numbers) {
      const int64_t bin = BinOf(n, precision);
      EXPECT_GE(bin, last_bin);
      last_bin = bin;
      const auto middle = static_cast<double>(BinMiddle(bin, precision));
      EXPECT_LE(std::fabs(middle - static_cast<double>(n)),
                std::fabs(static_cast<double>(n)) / (2 << precision))
          << n;
      if (precision == 0) continue;
      EXPECT_EQ(CoarserBin(bin, precision), BinOf(n, precision - 1)) << n;
    }
  }
}

TEST(AggregateSketch, DistinctIsEstimatedWithinItsStandardError) {
  for (const int true_count : {33, 100, 500, 2000, 100'000}) {
    double squares = 0;
    double bias = 0;
    constexpr int kRuns = 60;
    for (int run = 0; run < kRuns; ++run) {
      std::vector<uint8_t> registers(kAggregateRegisters, 0);
      for (int i = 0; i < true_count; ++i) {
        AddHash(AggregateHash(cel::Value::Int(int64_t{run} * 1'000'000 + i)),
                registers.data());
      }
      const double error =
          static_cast<double>(EstimateDistinct(registers)) / true_count - 1;
      EXPECT_LT(std::fabs(error), 0.26);
      squares += error * error;
      bias += error;
    }
    EXPECT_LT(std::sqrt(squares / kRuns), 0.065 * 1.4) << true_count;
    EXPECT_LT(std::fabs(bias / kRuns), 0.03) << true_count;
  }
  EXPECT_EQ(EstimateDistinct(std::vector<uint8_t>(kAggregateRegisters, 0)), 0);
}

TEST(AggregateDecay, WeightsArePowersOfAHalf) {
  OneRing ring("count: true, window: 720d, half_life: 30d, resolution: 2d");
  const AggregateShape& shape = ring.shape();
  ASSERT_EQ(DecayPeriod(shape), 15);
  EXPECT_EQ(WeightAt(shape, 0), uint64_t{1} << kDecayPoint);
  EXPECT_EQ(WeightAt(shape, 15), uint64_t{1} << (kDecayPoint - 1));
  for (int64_t age = -14; age < 360 + 15; ++age) {
    EXPECT_NEAR(static_cast<double>(WeightAt(shape, age)),
                std::exp2(kDecayPoint - static_cast<double>(age) / 15), 4)
        << age;
  }
}

// Longer than the window, and shorter than a step.
TEST(AggregateDecay, AnyHalfLifeHasItsWeights) {
  const OneRing slow("count: true, window: 10d, half_life: 5y, resolution: 1d");
  EXPECT_EQ(DecayPeriod(slow.shape()), 10);
  EXPECT_NEAR(static_cast<double>(WeightAt(slow.shape(), -9)),
              std::exp2(kDecayPoint + 9.0 / 1825), 4);
  const OneRing fast("count: true, window: 10d, half_life: 1h, resolution: 1d");
  EXPECT_EQ(DecayPeriod(fast.shape()), 1);
  EXPECT_EQ(WeightAt(fast.shape(), 0), uint64_t{1} << kDecayPoint);
  EXPECT_EQ(WeightAt(fast.shape(), 1), uint64_t{1} << (kDecayPoint - 24));
  EXPECT_EQ(WeightAt(fast.shape(), 10), 0u);
}

TEST(AggregateContributions, FactsContributeAndSayWhatDidNotFit) {
  const auto programme = ProgrammeOf(
      "  a: {key: movement.haulier.id, last: movement.location.locode, "
      "window: 1h}\n"
      "  b: {key: movement.haulier.id, sum: movement.location.latitude, "
      "window: 1h}\n"
      "  c: {key: movement.location.locode, distinct: movement.haulier.id, "
      "window: 1h}\n"
      "  d: {key: movement.location.locode, count: true, window: 1h}\n",
      {"a", "b", "c", "d"});
  const AggregatePlan& plan = programme->aggregates();
  v1::Movement m;
  m.mutable_occurrence_time()->set_seconds(1'700'000'000);
  m.mutable_haulier()->set_id("NL-1");
  m.mutable_location()->set_locode("NLRTM");
  m.mutable_location()->set_latitude(1e15);  // Does not fit in millionths.
  AggregateInput input;
  input.Begin(plan, m);
  std::vector<AggregateContribution> all;
  input.Contributions(99, &all);
  ASSERT_EQ(all.size(), 4);
  int saturated = 0;
  for (const AggregateContribution& one : all) {
    EXPECT_EQ(one.movement_key, 99);
    saturated += one.saturated ? 1 : 0;
  }
  EXPECT_EQ(saturated, 1);
  // What is no fact contributes nothing.
  m.set_classifier(v1::PLANNED);
  input.Begin(plan, m);
  input.Contributions(99, &all);
  EXPECT_TRUE(all.empty());
}

}  // namespace
}  // namespace portrisk::scoring
