// Spreads against a brute-force oracle that keeps every span.
#include "scoring/spread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace portrisk::scoring {
namespace {

google::protobuf::Timestamp TimeOf(uint32_t period, int64_t second = 0) {
  google::protobuf::Timestamp time;
  time.set_seconds(period * kSpreadPeriodSeconds + second);
  return time;
}

// --- The oracle.

struct Kept {
  uint32_t period;
  uint32_t minutes;
};

// What is still counted, with its weight in eighths as of a period.
std::map<uint32_t, int64_t> WeightsByBin(const std::vector<Kept>& all,
                                         uint32_t newest, uint32_t period,
                                         int64_t* count) {
  std::map<uint32_t, int64_t> bins;
  *count = 0;
  for (const Kept& one : all) {
    if (one.period + 4 <= newest) continue;  // Forgotten.
    if (one.period > period || one.period + 4 <= period) continue;
    bins[SpanBin(one.minutes)] += 8 >> (period - one.period);
    ++*count;
  }
  return bins;
}

// The bin in which at least `percent` of the weight is reached.
uint32_t QuantileBin(const std::map<uint32_t, int64_t>& bins, int percent) {
  int64_t all = 0, sum = 0;
  for (const auto& [bin, weight] : bins) all += weight;
  for (const auto& [bin, weight] : bins) {
    sum += weight;
    if (sum * 100 >= all * percent) return bin;
  }
  return 0;
}

TEST(SpreadTest, BinsAreExactToHalfAnHourAndAThirtySecondAbove) {
  uint32_t last = 0;
  for (uint32_t minutes = 0; minutes <= kSpanMinutesMax;
       minutes += 1 + minutes / 997) {
    const uint32_t bin = SpanBin(minutes);
    ASSERT_LT(bin, kSpreadBins);
    ASSERT_GE(bin, last);
    last = bin;
    const double middle = SpanBinHours(bin) * 60;
    if (minutes < 32) {
      ASSERT_NEAR(middle, minutes, 1e-9);
    } else {
      ASSERT_LE(std::abs(middle - minutes), minutes / 32.0) << minutes;
    }
  }
  EXPECT_EQ(SpanBin(kSpanMinutesMax), kSpreadBins - 1);
  EXPECT_EQ(SpanBin(4'000'000'000u), kSpreadBins - 1);
}

TEST(SpreadTest, IsTheSumOfWhatIsLeftWhateverTheOrder) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const uint32_t first = seed % 5 == 0 ? 0 : 100;
    const uint32_t width = 1 + seed % 7;
    v1::SpreadState state;
    std::vector<Kept> kept, folded;
    uint32_t newest = 0;
    for (int i = 0; i < 400; ++i) {
      if (!kept.empty() && random() % 4 == 0) {
        const size_t at = random() % kept.size();
        UnfoldSpread(TimeOf(kept[at].period), kept[at].minutes, 1, &state);
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(at));
      } else {
        const Kept one{
            first + static_cast<uint32_t>(random() % width),
            static_cast<uint32_t>(random() % (1 << (1 + seed % 21)))};
        newest = std::max(newest, one.period);
        FoldSpread(TimeOf(one.period, 77), one.minutes, 1, &state);
        kept.push_back(one);
        folded.push_back(one);
      }
      if (i % 10 != 0) continue;
      const uint32_t period = first + static_cast<uint32_t>(random() % width);
      int64_t count = 0;
      const auto bins = WeightsByBin(kept, newest, period, &count);
      const uint32_t own = static_cast<uint32_t>(random() % 5000);
      int64_t all = 0, shorter = 0, longer = 0;
      for (const auto& [bin, weight] : bins) {
        all += weight;
        if (bin <= SpanBin(own)) shorter += weight;
        if (bin >= SpanBin(own)) longer += weight;
      }
      v1::Spread spread;
      DeriveSpread(&state, period, own, &spread);
      ASSERT_EQ(spread.count(), count) << "step " << i;
      ASSERT_DOUBLE_EQ(spread.as_short(), (shorter + 8.0) / (all + 16.0));
      ASSERT_DOUBLE_EQ(spread.as_long(), (longer + 8.0) / (all + 16.0));
      ASSERT_EQ(spread.has_median_h(), all > 0);
      if (all == 0) continue;
      ASSERT_DOUBLE_EQ(spread.median_h(), SpanBinHours(QuantileBin(bins, 50)));
      ASSERT_DOUBLE_EQ(spread.p01_h(), SpanBinHours(QuantileBin(bins, 1)));
      ASSERT_DOUBLE_EQ(spread.p99_h(), SpanBinHours(QuantileBin(bins, 99)));
      ASSERT_EQ(spread.has_robust_z(), count >= 20);
    }
    v1::SpreadState straight, shuffled;
    for (const Kept& one : folded) {
      FoldSpread(TimeOf(one.period), one.minutes, 1, &straight);
    }
    std::shuffle(folded.begin(), folded.end(), random);
    for (const Kept& one : folded) {
      FoldSpread(TimeOf(one.period), one.minutes, 1, &shuffled);
    }
    ASSERT_EQ(straight.SerializeAsString(), shuffled.SerializeAsString());
  }
}

TEST(SpreadTest, ThinEvidenceIsNeverExtreme) {
  v1::SpreadState state;
  v1::Spread spread;
  DeriveSpread(nullptr, 100, 5, &spread);
  EXPECT_DOUBLE_EQ(spread.as_short(), 0.5);
  EXPECT_DOUBLE_EQ(spread.as_long(), 0.5);
  EXPECT_DOUBLE_EQ(spread.own_h(), 5 / 60.0);
  EXPECT_FALSE(spread.has_median_h());
  for (int i = 0; i < 98; ++i) {
    DeriveSpread(&state, 100, 5, &spread);
    ASSERT_GT(spread.as_short(), 0.01) << i;
    FoldSpread(TimeOf(100), 6000, 1, &state);
  }
  FoldSpread(TimeOf(100), 6000, 1, &state);
  DeriveSpread(&state, 100, 5, &spread);
  EXPECT_LT(spread.as_short(), 0.01);
  EXPECT_GT(spread.as_long(), 0.99);
  // The same evidence, two periods later, is worth a quarter.
  DeriveSpread(&state, 102, 5, &spread);
  EXPECT_EQ(spread.count(), 99);
  EXPECT_GT(spread.as_short(), 0.03);
}

TEST(SpreadTest, TheRobustScoreIgnoresOutliers) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> days(std::log(4.0), 0.5);
  v1::SpreadState state;
  for (int i = 0; i < 4000; ++i) {
    const double minutes = i % 50 == 0 ? 400'000 : days(random) * 1440;
    FoldSpread(TimeOf(100), static_cast<uint32_t>(minutes), 1, &state);
  }
  v1::Spread spread;
  const auto z = [&](double of_days) {
    DeriveSpread(&state, 100, static_cast<uint32_t>(of_days * 1440), &spread);
    return spread.robust_z();
  };
  EXPECT_NEAR(z(4.0), 0, 0.15);
  EXPECT_NEAR(z(4.0 * std::exp(0.5 * 3)), 3, 0.3);
  EXPECT_NEAR(z(4.0 * std::exp(-0.5 * 3)), -3, 0.3);
}

TEST(SpreadTest, NeverGrowsBeyondItsBound) {
  std::mt19937 random(3);
  v1::SpreadState state;
  for (uint32_t i = 0; i < 400'000; ++i) {
    FoldSpread(TimeOf(100 + i / 50'000), random() % (1u << (1 + i % 21)), 1,
               &state);
  }
  EXPECT_EQ(state.periods_size(), 4);
  EXPECT_LT(state.ByteSizeLong(), 5'000u);
}

TEST(SpreadTest, CountsWithoutATimeAndTakesOutWhatItForgot) {
  v1::SpreadState state;
  FoldSpread(TimeOf(100), std::nullopt, 2, &state);
  FoldSpread(TimeOf(98), std::nullopt, 1, &state);
  EXPECT_EQ(CountSpread(state, 100).count, 3);
  EXPECT_EQ(CountSpread(state, 100).weight, 2 * 8 + 2);
  EXPECT_EQ(CountSpread(state, 99).count, 1);
  FoldSpread(TimeOf(102), std::nullopt, 1, &state);
  UnfoldSpread(TimeOf(98), std::nullopt, 1, &state);  // Forgotten by now.
  UnfoldSpread(TimeOf(100), std::nullopt, 2, &state);
  EXPECT_EQ(CountSpread(state, 102).count, 1);
  UnfoldSpread(TimeOf(102), std::nullopt, 1, &state);
  EXPECT_EQ(state.periods_size(), 0);
}

}  // namespace
}  // namespace portrisk::scoring
