#include "scoring/worklist.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

using testing::ElementsAre;

class WorklistTest : public testing::Test {
 protected:
  WorklistCandidate& Add(const char* unit, v1::Channel channel, v1::Lane lane,
                         int32_t score) {
    WorklistCandidate& one = candidates_.emplace_back();
    one.unit = unit;
    one.channel = channel;
    one.lane = lane;
    one.score = score;
    one.draw_ppm = 500'000;
    return one;
  }
  // "unit:channel" of what has a place, "(unit:channel)" of what has none.
  std::vector<std::string> Run(size_t capacity, int32_t top_up_score_min = 1) {
    std::vector<std::string> names;
    for (const RankedUnit& one :
         RankWorklist(candidates_, capacity, {top_up_score_min})) {
      const std::string name =
          absl::StrCat(candidates_[one.index].unit, ":",
                       v1::Channel_Name(one.channel).substr(0, 1));
      names.push_back(one.within_capacity ? name
                                          : absl::StrCat("(", name, ")"));
    }
    return names;
  }

  std::vector<WorklistCandidate> candidates_;
};

TEST_F(WorklistTest, RulesComeFirstThenScoresThenChanceThenTopUp) {
  Add("top", v1::CHANNEL_UNSPECIFIED, v1::GREEN, 90);
  Add("drawn", v1::RANDOM, v1::ORANGE, 0).drawn = true;
  Add("score", v1::SCORE, v1::RED, 900);
  Add("rule", v1::MANDATORY_RULE, v1::YELLOW, 10);
  EXPECT_THAT(Run(10), ElementsAre("rule:M", "score:S", "drawn:R", "top:C"));
}

TEST_F(WorklistTest, TheStrongerLaneThenTheHigherScoreThenTheNameDecides) {
  Add("b", v1::SCORE, v1::ORANGE, 400);
  Add("a", v1::SCORE, v1::ORANGE, 400);
  Add("c", v1::SCORE, v1::ORANGE, 500);
  Add("d", v1::SCORE, v1::RED, 300);
  EXPECT_THAT(Run(3), ElementsAre("d:S", "c:S", "a:S", "(b:S)"));
}

TEST_F(WorklistTest, NothingIsToppedUpBeyondTheCapacityOrBelowTheLeastScore) {
  Add("a", v1::CHANNEL_UNSPECIFIED, v1::GREEN, 90);
  Add("b", v1::CHANNEL_UNSPECIFIED, v1::GREEN, 80);
  Add("c", v1::CHANNEL_UNSPECIFIED, v1::GREEN, 0);
  Add("d", v1::SCORE, v1::YELLOW, 100);
  EXPECT_THAT(Run(2), ElementsAre("d:S", "a:C"));
  EXPECT_THAT(Run(9), ElementsAre("d:S", "a:C", "b:C"));
  EXPECT_THAT(Run(9, 85), ElementsAre("d:S", "a:C"));
  EXPECT_THAT(Run(0), ElementsAre("(d:S)"));
}

TEST_F(WorklistTest, WhatChanceDrewIsNeverCrowdedOut) {
  Add("r1", v1::MANDATORY_RULE, v1::RED, 900);
  Add("r2", v1::MANDATORY_RULE, v1::RED, 800);
  Add("drawn", v1::RANDOM, v1::ORANGE, 0).drawn = true;
  // Selected by its score, too, and drawn all the same.
  Add("both", v1::SCORE, v1::YELLOW, 100).drawn = true;
  EXPECT_THAT(Run(3), ElementsAre("r1:M", "(r2:M)", "both:S", "drawn:R"));
}

TEST_F(WorklistTest, AmongTheDrawnChanceAloneDecides) {
  WorklistCandidate& high = Add("high", v1::SCORE, v1::RED, 900);
  high.drawn = true;
  high.draw_ppm = 9'000;
  WorklistCandidate& low = Add("low", v1::RANDOM, v1::ORANGE, 0);
  low.drawn = true;
  low.draw_ppm = 10;
  EXPECT_THAT(Run(1), ElementsAre("(high:S)", "low:R"));
}

TEST_F(WorklistTest, WhatWasToppedUpBeforeStays) {
  Add("new", v1::CHANNEL_UNSPECIFIED, v1::GREEN, 90);
  Add("old", v1::CAPACITY, v1::ORANGE, 20).topped_up = true;
  EXPECT_THAT(Run(1), ElementsAre("old:C"));
  EXPECT_THAT(Run(2, 50), ElementsAre("old:C", "new:C"));
  EXPECT_THAT(Run(0), ElementsAre("(old:C)"));
}

// Against rules said in another way, on many small lists.
TEST_F(WorklistTest, EveryListKeepsWhatTheHeaderSays) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    candidates_.clear();
    std::vector<std::string> names;
    const size_t count = random() % 9;
    for (size_t i = 0; i < count; ++i) names.push_back(absl::StrCat("u", i));
    for (size_t i = 0; i < count; ++i) {
      constexpr v1::Channel kChannels[] = {v1::CHANNEL_UNSPECIFIED, v1::RANDOM,
                                           v1::SCORE, v1::MANDATORY_RULE};
      WorklistCandidate one;
      one.unit = names[i];
      one.channel = kChannels[random() % 4];
      one.drawn = one.channel == v1::RANDOM || random() % 4 == 0;
      one.lane = static_cast<v1::Lane>(1 + random() % 5);
      one.score = static_cast<int32_t>(random() % 4);
      one.draw_ppm = static_cast<uint32_t>(random() % 3);
      candidates_.push_back(one);
    }
    std::shuffle(candidates_.begin(), candidates_.end(), random);
    const size_t capacity = random() % 9;
    const auto ranked = RankWorklist(candidates_, capacity, {1});
    const auto again = RankWorklist(candidates_, capacity, {1});
    size_t placed = 0, drawn = 0, drawn_placed = 0, selected = 0;
    for (size_t i = 0; i < ranked.size(); ++i) {
      ASSERT_EQ(ranked[i].index, again[i].index);
      const WorklistCandidate& one = candidates_[ranked[i].index];
      placed += ranked[i].within_capacity;
      drawn_placed += one.drawn && ranked[i].within_capacity;
      if (ranked[i].channel == v1::CAPACITY) {
        ASSERT_TRUE(ranked[i].within_capacity);
        ASSERT_GE(one.score, 1);
      }
    }
    for (const WorklistCandidate& one : candidates_) {
      drawn += one.drawn;
      selected += one.drawn || one.channel == v1::SCORE ||
                  one.channel == v1::MANDATORY_RULE;
    }
    ASSERT_LE(placed, capacity);
    ASSERT_EQ(drawn_placed, std::min(drawn, capacity)) << "round " << round;
    ASSERT_GE(ranked.size(), selected);
    // No place is left free while somebody selected has none.
    if (placed < capacity) {
      for (const RankedUnit& one : ranked) ASSERT_TRUE(one.within_capacity);
    }
    // The order of the candidates decides nothing.
    std::vector<std::string> first, second;
    for (const auto& one : ranked) {
      first.emplace_back(candidates_[one.index].unit);
    }
    std::shuffle(candidates_.begin(), candidates_.end(), random);
    for (const auto& one : RankWorklist(candidates_, capacity, {1})) {
      second.emplace_back(candidates_[one.index].unit);
    }
    ASSERT_EQ(first, second);
  }
}

}  // namespace
}  // namespace portrisk::scoring
