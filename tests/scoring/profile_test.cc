#include "scoring/profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace portrisk::scoring {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kBegin = 1'700'000'000;

google::protobuf::Timestamp At(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

v1::ProfileState Fold(const std::vector<int64_t>& times) {
  v1::ProfileState state;
  for (const int64_t time : times) FoldProfile(At(time), &state);
  return state;
}

class ProfileTest : public testing::Test {
 protected:
  const v1::Profile& Derive(const v1::ProfileState& state, int64_t time) {
    return *buffer_.Derive(&state, At(time));
  }
  // What is silent has no movement; one is before it and one ends it.
  static void ExpectTrueSilence(const v1::Profile& profile, int64_t now,
                                const std::multiset<int64_t>& truth) {
    if (!profile.has_silence_days()) return;
    const int64_t ended =
        now / kPeriodSeconds * kPeriodSeconds - profile.awake_days() * kDay;
    const int64_t began = ended - profile.silence_days() * kDay;
    const auto first = truth.lower_bound(began);
    ASSERT_NE(first, truth.begin());
    ASSERT_NE(first, truth.end());
    ASSERT_GE(*first, ended);
    ASSERT_LT(*first, ended + kPeriodSeconds);
  }
  ProfileBuffer buffer_;
};

TEST_F(ProfileTest, NeverSeenIsAFirstTimeAndNoTimes) {
  const v1::Profile& profile = Derive(v1::ProfileState(), kBegin);
  EXPECT_EQ(profile.movements(), 0);
  EXPECT_TRUE(profile.has_movements());
  EXPECT_FALSE(profile.has_first_seen());
  EXPECT_FALSE(profile.has_age_h());
  EXPECT_EQ(buffer_.Derive(nullptr, At(kBegin))->movements(), 0);
}

TEST_F(ProfileTest, OnlyWhatHappenedBeforeCounts) {
  const auto state = Fold({kBegin, kBegin + kDay, kBegin + 9 * kDay});
  const v1::Profile& profile = Derive(state, kBegin + 2 * kDay);
  EXPECT_EQ(profile.movements(), 2);
  EXPECT_DOUBLE_EQ(profile.age_h(), 48);
  EXPECT_DOUBLE_EQ(profile.gap_h(), 24);
  EXPECT_EQ(profile.last_seen().seconds(), kBegin + kDay);
  // A movement before all of them was the first.
  EXPECT_EQ(Derive(state, kBegin).movements(), 0);
  EXPECT_FALSE(Derive(state, kBegin).has_first_seen());
}

TEST_F(ProfileTest, WhatWasForgottenIsUnknownNotZero) {
  std::vector<int64_t> times;
  for (int i = 0; i < 40; ++i) times.push_back(kBegin + i * kDay);
  const auto state = Fold(times);
  EXPECT_EQ(state.earliest_size() + state.latest_size(), 12);
  EXPECT_EQ(Derive(state, kBegin + 100 * kDay).movements(), 40);
  EXPECT_EQ(Derive(state, kBegin + 35 * kDay + 1).movements(), 36);
  EXPECT_EQ(Derive(state, kBegin + 2 * kDay).movements(), 2);
  const v1::Profile& middle = Derive(state, kBegin + 20 * kDay);
  EXPECT_FALSE(middle.has_movements());
  EXPECT_FALSE(middle.has_gap_h());
  EXPECT_DOUBLE_EQ(middle.age_h(), 20 * 24);
}

TEST_F(ProfileTest, ASilenceStaysVisibleAfterItHasEnded) {
  const auto state = Fold({kBegin, kBegin + 200 * kDay, kBegin + 201 * kDay});
  const v1::Profile& profile = Derive(state, kBegin + 205 * kDay);
  EXPECT_NEAR(static_cast<double>(profile.silence_days()), 190, 10);
  EXPECT_NEAR(static_cast<double>(profile.awake_days()), 5, 10);
  EXPECT_DOUBLE_EQ(profile.gap_h(), 96);
  // Before it ended there was none that had.
  EXPECT_FALSE(Derive(state, kBegin + 100 * kDay).has_silence_days());
}

TEST_F(ProfileTest, AShortPauseIsNoSilence) {
  const auto state = Fold({kBegin, kBegin + 25 * kDay});
  EXPECT_FALSE(Derive(state, kBegin + 26 * kDay).has_silence_days());
}

TEST_F(ProfileTest, ACorrectedFirstMovementIsTheFirstNoMore) {
  auto state = Fold({kBegin - 900 * kDay, kBegin, kBegin + kDay});
  UnfoldProfile(At(kBegin - 900 * kDay), &state);
  EXPECT_EQ(state.SerializeAsString(),
            Fold({kBegin, kBegin + kDay}).SerializeAsString());
}

TEST_F(ProfileTest, TakingOutTheOnlyMovementLeavesNothing) {
  auto state = Fold({kBegin});
  UnfoldProfile(At(kBegin), &state);
  EXPECT_EQ(state.SerializeAsString(), "");
}

TEST_F(ProfileTest, ARetractedTimeOfLongAgoLeavesNoSilence) {
  std::vector<int64_t> times;
  for (int i = 0; i < 25; ++i) times.push_back(kBegin + i * 5 * kDay);
  auto state = Fold(times);
  FoldProfile(At(kBegin - 350 * kDay), &state);
  EXPECT_TRUE(Derive(state, times.back() + 1).has_silence_days());
  UnfoldProfile(At(kBegin - 350 * kDay), &state);
  EXPECT_FALSE(Derive(state, times.back() + 1).has_silence_days());
}

TEST_F(ProfileTest, AfterAllLatestWereRetractedItIsKnownAgain) {
  std::vector<int64_t> times;
  for (int i = 0; i < 14; ++i) times.push_back(kBegin + i * kDay);
  auto state = Fold(times);
  for (int i = 6; i < 14; ++i) UnfoldProfile(At(times[i]), &state);
  EXPECT_FALSE(Derive(state, kBegin + 20 * kDay).has_movements());
  FoldProfile(At(kBegin + 30 * kDay), &state);
  const v1::Profile& profile = Derive(state, kBegin + 31 * kDay);
  EXPECT_EQ(profile.movements(), 7);
  EXPECT_DOUBLE_EQ(profile.gap_h(), 24);
}

// The state is a function of the set: any order, and any movements that came
// and went, give the same bytes. With more than twelve, what is kept claims
// nothing that a full history contradicts.
TEST_F(ProfileTest, AnyOrderGivesTheSameBytes) {
  std::mt19937 random(20261125);
  for (int round = 0; round < 300; ++round) {
    std::vector<int64_t> times(1 + random() % 40);
    for (int64_t& time : times) {
      time = kBegin + static_cast<int64_t>(random() % 900) * kDay / 2;
    }
    const auto expected = Fold(times).SerializeAsString();
    std::shuffle(times.begin(), times.end(), random);
    ASSERT_EQ(Fold(times).SerializeAsString(), expected) << "round " << round;
  }
}

TEST_F(ProfileTest, RandomCorrectionsNeverMakeItClaimWhatIsNotSo) {
  std::mt19937 random(20261126);
  for (int round = 0; round < 200; ++round) {
    v1::ProfileState state;
    std::multiset<int64_t> truth;
    for (int step = 0; step < 60; ++step) {
      if (!truth.empty() && random() % 3 == 0) {
        auto it = truth.begin();
        std::advance(it, random() % truth.size());
        UnfoldProfile(At(*it), &state);
        truth.erase(it);
      } else {
        const int64_t time =
            kBegin + static_cast<int64_t>(random() % 500) * kDay;
        FoldProfile(At(time), &state);
        truth.insert(time);
      }
      ASSERT_EQ(state.count(), truth.size());
      const int64_t t = kBegin + static_cast<int64_t>(random() % 500) * kDay;
      const auto end = truth.lower_bound(t);
      const int64_t before = std::distance(truth.begin(), end);
      const v1::Profile& profile = Derive(state, t);
      if (profile.has_movements()) {
        ASSERT_EQ(profile.movements(), before);
      }
      if (profile.has_last_seen()) {
        ASSERT_EQ(profile.last_seen().seconds(), *std::prev(end));
      }
      if (before == 0) {
        ASSERT_FALSE(profile.has_first_seen());
      }
      ASSERT_NO_FATAL_FAILURE(ExpectTrueSilence(profile, t, truth));
      if (truth.size() <= 12 && state.earliest_size() + state.latest_size() ==
                                    static_cast<int>(truth.size())) {
        ASSERT_TRUE(profile.has_movements());
      }
    }
  }
}

TEST_F(ProfileTest, AStateStaysSmall) {
  std::vector<int64_t> times;
  EXPECT_LE(Fold({kBegin}).ByteSizeLong(), 25u);
  for (int i = 0; i < 5000; ++i) times.push_back(kBegin + i * 3600);
  EXPECT_LE(Fold(times).ByteSizeLong(), 90u);
}

}  // namespace
}  // namespace portrisk::scoring
