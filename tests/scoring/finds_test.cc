// Find rates against a brute-force oracle that keeps every control.
#include "scoring/finds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace portrisk::scoring {
namespace {

constexpr int64_t kDay = 86400;
constexpr uint32_t kToday = 20'000;

v1::Outcome Control(uint32_t day, bool found) {
  v1::Outcome outcome;
  outcome.mutable_time()->set_seconds(day * kDay + 3600);
  outcome.set_result(found ? v1::FOUND : v1::NOT_FOUND);
  return outcome;
}

void FoldMany(uint32_t day, int controls, int finds, v1::FindState* state) {
  for (int i = 0; i < controls; ++i) FoldFind(Control(day, i < finds), state);
}

// --- The oracle.

struct Kept {
  uint32_t day;
  bool found;
};

struct Span {
  uint32_t controls = 0;
  uint32_t finds = 0;
  bool operator==(const Span& other) const {
    return controls == other.controls && finds == other.finds;
  }
};

uint32_t DaysBack(uint32_t newest, uint32_t periods) {
  const uint32_t period = newest / 16;
  return period < periods ? 0 : (period - periods) * 16;
}

// The spans that the comment of FindState promises.
std::map<uint32_t, Span> Spans(const std::vector<Kept>& all, uint32_t newest) {
  std::map<uint32_t, Span> spans;
  for (const Kept& one : all) {
    if (one.day < DaysBack(newest, 128)) continue;
    const bool fine = one.day >= DaysBack(newest, 2);
    Span& span = spans[fine ? one.day : one.day / 16 * 16];
    ++span.controls;
    span.finds += one.found;
  }
  return spans;
}

std::map<uint32_t, Span> Spans(const v1::FindState& state) {
  std::map<uint32_t, Span> spans;
  EXPECT_EQ(state.controls_size(), state.starts_size());
  EXPECT_EQ(state.finds_size(), state.starts_size());
  for (int i = 0; i < state.starts_size(); ++i) {
    EXPECT_TRUE(i == 0 || state.starts(i - 1) < state.starts(i));
    spans[state.starts(i)] = {state.controls(i), state.finds(i)};
  }
  return spans;
}

TEST(FindsTest, StatesAreThePromisedSumsOfWhatIsLeftWhateverTheOrder) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    // From a few days to seven years, and from the first days of 1970 on.
    const uint32_t width = 1 + random() % (seed % 3 == 0 ? 2600 : 90);
    const uint32_t from = seed % 5 == 0 ? 0 : 19'000;
    v1::FindState state;
    std::vector<Kept> kept;
    std::vector<Kept> folded;
    uint32_t newest = 0;
    for (int i = 0; i < 400; ++i) {
      if (!kept.empty() && random() % 4 == 0) {
        const size_t at = random() % kept.size();
        UnfoldFind(Control(kept[at].day, kept[at].found), &state);
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(at));
      } else {
        const Kept one{from + static_cast<uint32_t>(random() % width),
                       random() % 3 == 0};
        newest = std::max(newest, one.day);
        FoldFind(Control(one.day, one.found), &state);
        kept.push_back(one);
        folded.push_back(one);
      }
      if (i % 20 != 0) continue;
      ASSERT_EQ(state.newest_day(), newest);
      ASSERT_TRUE(Spans(state) == Spans(kept, newest)) << "step " << i;
    }
    v1::FindState straight, shuffled;
    for (const Kept& one : folded) {
      FoldFind(Control(one.day, one.found), &straight);
    }
    std::shuffle(folded.begin(), folded.end(), random);
    for (const Kept& one : folded) {
      FoldFind(Control(one.day, one.found), &shuffled);
    }
    ASSERT_EQ(straight.SerializeAsString(), shuffled.SerializeAsString());
  }
}

TEST(FindsTest, AStateNeverGrowsBeyondItsBound) {
  v1::FindState state;
  int largest = 0;
  for (uint32_t day = kToday; day < kToday + 3650; ++day) {
    FoldFind(Control(day, day % 2 == 0), &state);
    largest = std::max(largest, state.starts_size());
  }
  EXPECT_LE(largest, 176);
  EXPECT_GT(largest, 170) << "the bound that is stated should be a close one";
  EXPECT_LT(state.ByteSizeLong(), 1000u);
}

TEST(FindsTest, WhatIsTooOldIsForgottenAndNeverTakenOut) {
  v1::FindState state;
  FoldFind(Control(kToday, true), &state);
  const std::string before = state.SerializeAsString();
  const uint32_t edge = DaysBack(kToday, 128);
  FoldFind(Control(edge - 1, true), &state);
  EXPECT_EQ(state.SerializeAsString(), before);
  UnfoldFind(Control(edge - 1, true), &state);
  EXPECT_EQ(state.SerializeAsString(), before);
  FoldFind(Control(edge, true), &state);
  EXPECT_EQ(state.starts_size(), 2);
}

TEST(FindsTest, ARetractionOfTheLastControlLeavesNoSpan) {
  v1::FindState state;
  FoldFind(Control(kToday, true), &state);
  UnfoldFind(Control(kToday, true), &state);
  EXPECT_EQ(state.starts_size(), 0);
  EXPECT_EQ(state.newest_day(), kToday);
}

TEST(FindsTest, WeightsHalveEveryHalfYear) {
  constexpr double kOne = 4294967296.0;
  EXPECT_EQ(FindWeight(0), uint64_t{1} << 32);
  EXPECT_EQ(FindWeight(180), uint64_t{1} << 31);
  EXPECT_EQ(FindWeight(360), uint64_t{1} << 30);
  for (uint32_t days = 0; days < 40 * 180; ++days) {
    const double exact = kOne * std::exp2(-static_cast<double>(days) / 180);
    ASSERT_NEAR(static_cast<double>(FindWeight(days)), exact, 1.0) << days;
    ASSERT_GE(FindWeight(days), FindWeight(days + 1)) << days;
  }
  EXPECT_EQ(FindWeight(33 * 180), 0u);
  EXPECT_EQ(FindWeight(4'000'000'000u), 0u);
}

TEST(FindsTest, SumsAreThoseOfDaysBeforeDecayed) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    v1::FindState state;
    std::vector<Kept> kept;
    uint32_t newest = 0;
    for (int i = 0; i < 300; ++i) {
      const Kept one{kToday - static_cast<uint32_t>(random() % 1500),
                     random() % 5 == 0};
      newest = std::max(newest, one.day);
      FoldFind(Control(one.day, one.found), &state);
      kept.push_back(one);
    }
    // Late movements and later ones.
    for (const uint32_t day :
         {kToday - 1000, kToday - 40, kToday - 1, kToday, kToday + 700}) {
      int64_t controls = 0, finds = 0;
      double recent_controls = 0, recent_finds = 0, by_day = 0;
      for (const auto& [start, span] : Spans(kept, newest)) {
        const uint32_t length = start >= DaysBack(newest, 2) ? 1 : 16;
        if (start + length > day) continue;
        const double age = day - start - length / 2;
        controls += span.controls;
        finds += span.finds;
        recent_controls += span.controls * std::exp2(-age / 180);
        recent_finds += span.finds * std::exp2(-age / 180);
      }
      for (const Kept& one : kept) {
        if (one.day >= day) continue;
        by_day += std::exp2(-(static_cast<double>(day) - one.day) / 180);
      }
      const FindSums sums = SumFinds(state, day);
      EXPECT_EQ(sums.controls, controls);
      EXPECT_EQ(sums.finds, finds);
      constexpr double kOne = 4294967296.0;
      EXPECT_NEAR(sums.recent_controls / kOne, recent_controls, 1e-6);
      EXPECT_NEAR(sums.recent_finds / kOne, recent_finds, 1e-6);
      if (day < newest) continue;
      // The half of 16 days is the price of coarse spans.
      EXPECT_NEAR(sums.recent_controls / kOne, by_day,
                  by_day * (std::exp2(8.0 / 180) - 1));
    }
  }
}

TEST(FindsTest, OnlyDaysBeforeThatOfTheMovementCount) {
  v1::FindState state;
  FoldFind(Control(kToday, true), &state);
  EXPECT_EQ(SumFinds(state, kToday - 1).controls, 0);
  EXPECT_EQ(SumFinds(state, kToday).controls, 0);
  EXPECT_EQ(SumFinds(state, kToday + 1).controls, 1);
  EXPECT_EQ(SumFinds(v1::FindState(), kToday).controls, 0);
}

TEST(FindsTest, OnlyFactsWithAResultCount) {
  EXPECT_TRUE(CountsAsControl(Control(kToday, true)));
  EXPECT_TRUE(CountsAsControl(Control(kToday, false)));
  v1::Outcome outcome = Control(kToday, true);
  outcome.set_result(v1::INCONCLUSIVE);
  EXPECT_FALSE(CountsAsControl(outcome));
  outcome.set_result(v1::CONTROL_RESULT_UNSPECIFIED);
  EXPECT_FALSE(CountsAsControl(outcome));
  outcome = Control(kToday, true);
  outcome.set_retraction(true);
  EXPECT_FALSE(CountsAsControl(outcome));
  outcome = Control(kToday, true);
  outcome.clear_time();
  EXPECT_FALSE(CountsAsControl(outcome));
}

TEST(FindsTest, DaysBegin1970) {
  google::protobuf::Timestamp time;
  EXPECT_EQ(FindDay(time), 0u);
  time.set_seconds(86399);
  EXPECT_EQ(FindDay(time), 0u);
  time.set_seconds(86400);
  EXPECT_EQ(FindDay(time), 1u);
  time.set_seconds(-1);
  EXPECT_EQ(FindDay(time), 0u);
}

TEST(FindsTest, NamesAreThoseOfTheMovementAndOfTheTie) {
  v1::Movement m;
  EXPECT_TRUE(FindNamesOf(m).from.empty());
  EXPECT_FALSE(FindNamesOf(m).consignee.has_value());
  m.mutable_location()->set_locode("NLRTM");
  m.mutable_location()->set_facility("ECT");
  m.mutable_consignment()->set_loading_locode("ECGYE");
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  m.mutable_consignment()->set_commodity("080390");
  m.mutable_pseudonyms()->set_consignee(7);
  v1::OutcomeTie tie;
  tie.set_locode("NLRTM");
  tie.set_facility("ECT");
  tie.set_from_locode("ECGYE");
  tie.set_to_locode("NLRTM");
  tie.set_chapter("08");
  EXPECT_FALSE(FindNamesOf(tie).consignee.has_value());
  tie.mutable_pseudonyms()->set_consignee(7);
  const FindNames a = FindNamesOf(m), b = FindNamesOf(tie);
  EXPECT_EQ(a.locode, b.locode);
  EXPECT_EQ(a.facility, b.facility);
  EXPECT_EQ(a.from, b.from);
  EXPECT_EQ(a.to, b.to);
  EXPECT_EQ(a.chapter, b.chapter);
  EXPECT_EQ(a.consignee, b.consignee);
}

TEST(FindsTest, GoodsAndPartiesAreThoseOfTheMovementAndOfTheTie) {
  v1::Movement m;
  v1::OutcomeTie tie;
  for (v1::Pseudonyms* who :
       {m.mutable_pseudonyms(), tie.mutable_pseudonyms()}) {
    who->set_shipper(8);
    who->set_declarant(9);
  }
  m.mutable_consignment()->set_commodity("08039010");
  m.mutable_declared()->set_origin_country("EC");
  tie.set_commodity("08039010");
  tie.mutable_declared()->set_origin_country("EC");
  for (const FindNames& names : {FindNamesOf(m), FindNamesOf(tie)}) {
    EXPECT_EQ(names.shipper, 8u);
    EXPECT_EQ(names.declarant, 9u);
    EXPECT_EQ(names.code, "080390");
    ASSERT_NE(names.declared, nullptr);
    EXPECT_EQ(names.declared->origin_country(), "EC");
  }
  m.mutable_consignment()->set_commodity("08039");
  EXPECT_EQ(FindNamesOf(m).code, "") << "five digits are no six";
  EXPECT_EQ(FindNamesOf(v1::OutcomeTie()).declared, nullptr);
}

class FindRatesTest : public testing::Test {
 protected:
  const v1::FindRate* Derive(uint32_t day) {
    v1::Movement movement;
    movement.mutable_occurrence_time()->set_seconds(day * kDay + 1);
    FindStates states{};
    states[static_cast<size_t>(FindSlot::kAll)] = &all_;
    states[static_cast<size_t>(FindSlot::kRoute)] = &route_;
    rates_.Derive(states, movement);
    return rates_.Of(FindSlot::kRoute);
  }

  v1::FindState all_;
  v1::FindState route_;
  FindRates rates_;
};

TEST_F(FindRatesTest, ARateIsSmoothedTowardsThatOfAllControls) {
  FoldMany(kToday - 1, 1000, 10, &all_);
  FoldMany(kToday - 1, 5, 5, &route_);
  const v1::FindRate* rate = Derive(kToday);
  ASSERT_NE(rate, nullptr);
  EXPECT_EQ(rate->controls(), 5);
  EXPECT_EQ(rate->finds(), 5);
  const double decay = std::exp2(-1.0 / 180);
  EXPECT_NEAR(rate->recent_controls(), 5 * decay, 1e-8);
  EXPECT_NEAR(rate->recent_finds(), 5 * decay, 1e-8);
  const double expected = (5 * decay + 20 * 0.01) / (5 * decay + 20);
  EXPECT_NEAR(rate->rate(), expected, 1e-9);
  EXPECT_NEAR(rate->lift(), expected / 0.01, 1e-6);
  // The longer nothing comes, the closer to the base rate.
  EXPECT_NEAR(Derive(kToday + 3600)->rate(), 0.01, 1e-4);
}

TEST_F(FindRatesTest, ThinEvidenceWeighsLittle) {
  FoldMany(kToday - 1, 10'000, 100, &all_);
  FoldMany(kToday - 1, 1, 1, &route_);
  EXPECT_LT(Derive(kToday)->rate(), 0.06) << "one of one is not certainty";
  FoldMany(kToday - 1, 999, 999, &route_);
  EXPECT_GT(Derive(kToday)->rate(), 0.97);
}

TEST_F(FindRatesTest, NothingKnownOfAKeyIsTheBaseRateWithoutACount) {
  FoldMany(kToday - 1, 100, 10, &all_);
  const v1::FindRate* rate = Derive(kToday);
  EXPECT_TRUE(rate->has_controls());
  EXPECT_EQ(rate->controls(), 0);
  EXPECT_NEAR(rate->rate(), 0.1, 1e-9);
  EXPECT_NEAR(rate->lift(), 1, 1e-9);
}

TEST_F(FindRatesTest, ThereIsNoRateBeforeTheFirstControl) {
  const v1::FindRate* rate = Derive(kToday);
  ASSERT_NE(rate, nullptr);
  EXPECT_EQ(rate->controls(), 0);
  EXPECT_FALSE(rate->has_rate());
  EXPECT_FALSE(rate->has_lift());
  // Controls without any find have a rate, of which nothing is a multiple.
  FoldMany(kToday - 1, 100, 0, &all_);
  FoldMany(kToday - 1, 100, 0, &route_);
  rate = Derive(kToday);
  EXPECT_EQ(rate->rate(), 0);
  EXPECT_TRUE(rate->has_rate());
  EXPECT_FALSE(rate->has_lift());
}

TEST_F(FindRatesTest, WhatTheMovementDoesNotSayHasNoRate) {
  FoldMany(kToday - 1, 100, 10, &all_);
  ASSERT_NE(Derive(kToday), nullptr);
  EXPECT_EQ(rates_.Of(FindSlot::kConsignee), nullptr);
  v1::Movement timeless;
  FindStates states{};
  states[static_cast<size_t>(FindSlot::kAll)] = &all_;
  states[static_cast<size_t>(FindSlot::kRoute)] = &route_;
  rates_.Derive(states, timeless);
  EXPECT_EQ(rates_.Of(FindSlot::kRoute), nullptr);
  ASSERT_NE(Derive(kToday), nullptr);
  rates_.Derive(FindStates{}, timeless);
  EXPECT_EQ(rates_.Of(FindSlot::kRoute), nullptr)
      << "the rates of the movement before must be gone";
}

}  // namespace
}  // namespace portrisk::scoring
