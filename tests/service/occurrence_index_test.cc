// The index of occurrence: nothing that occurred in a period is ever missed,
// and it stays small.
#include "service/occurrence_index.h"

#include <gtest/gtest.h>

#include <random>

#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {
namespace {

v1::Movement At(int64_t seconds) {
  v1::Movement m;
  m.set_classifier(v1::ACTUAL);
  m.mutable_occurrence_time()->set_seconds(seconds);
  return m;
}

TEST(OccurrenceIndex, MissesNothingAndStaysSmall) {
  constexpr uint64_t kSeed = 20261208;
  std::mt19937_64 random(kSeed);
  OccurrenceIndex index;
  std::vector<std::pair<uint64_t, int64_t>> all;
  for (uint64_t sequence = 1; sequence <= 20'000; ++sequence) {
    int64_t second = 1'700'000'000 + static_cast<int64_t>(sequence) * 60;
    if (random() % 10 == 0) {
      second -= static_cast<int64_t>(random() % 5'000'000);
    }
    index.Add(sequence, At(second));
    all.emplace_back(sequence, second);
  }
  for (const auto& [sequence, second] : all) {
    ASSERT_TRUE(index.MayHold(OccurrenceIndex::SegmentOf(sequence),
                              {second, second + 1}))
        << "seed " << kSeed << ", sequence " << sequence;
  }
  KeyValues stored;
  index.All(&stored);
  ASSERT_EQ(stored.size(), 20u);
  OccurrenceIndex read;
  for (const auto& [key, value] : stored) {
    v1::OccurrenceSegment segment;
    ASSERT_TRUE(segment.ParseFromString(value));
    EXPECT_LE(segment.bounds_size(),
              static_cast<int>(2 * OccurrenceIndex::kPeriodsMax));
    for (int i = 1; i < segment.bounds_size(); ++i) {
      EXPECT_LT(segment.bounds(i - 1), segment.bounds(i));
    }
    read.Restore(store::FromBigEndian64(key.substr(1, 8)), segment);
  }
  KeyValues again;
  read.All(&again);
  EXPECT_EQ(again, stored);
}

TEST(OccurrenceIndex, OnlyWhatIsNearIsFound) {
  OccurrenceIndex index;
  index.Add(5, At(1'000'000));
  index.Add(6, At(2'000'000));
  index.Add(3000, At(1'000'000));
  EXPECT_TRUE(index.MayHold(0, {999'000, 1'000'001}));
  EXPECT_FALSE(index.MayHold(0, {999'000, 1'000'000}));
  EXPECT_FALSE(index.MayHold(0, {1'000'001, 2'000'000}));
  EXPECT_FALSE(index.MayHold(1, {0, 3'000'000}));
  EXPECT_TRUE(index.MayHold(2, {0, 3'000'000}));
  EXPECT_FALSE(index.MayHold(9, {0, 3'000'000}));
}

TEST(OccurrenceIndex, OnlyFactsCount) {
  OccurrenceIndex index;
  v1::Movement planned = At(1'000'000);
  planned.set_classifier(v1::PLANNED);
  index.Add(5, planned);
  v1::Movement retracted = At(1'000'000);
  retracted.set_retraction(true);
  index.Add(6, retracted);
  EXPECT_FALSE(index.MayHold(0, {0, 2'000'000}));
}

TEST(OccurrenceIndex, TakesWhatHasChangedAndNoMore) {
  OccurrenceIndex index;
  index.Add(5, At(1'000'000));
  index.Add(2000, At(1'000'000));
  KeyValues first, second;
  index.TakeChanged(&first);
  EXPECT_EQ(first.size(), 2u);
  index.Add(2001, At(9'000'000));
  index.TakeChanged(&second);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].first, first[1].first);
  second.clear();
  index.TakeChanged(&second);
  EXPECT_TRUE(second.empty());
}

}  // namespace
}  // namespace portrisk::service
