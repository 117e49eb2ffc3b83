#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "portrisk/v1/journal.pb.h"
#include "store/block.h"
#include "store/store.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

TEST(BigEndian64, ReadsBackWhatItWrites) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{255}, uint64_t{256},
        uint64_t{1} << 32, UINT64_MAX - 1, UINT64_MAX}) {
    EXPECT_EQ(FromBigEndian64(BigEndian64(value)), value);
  }
  EXPECT_EQ(BigEndian64(0x0102030405060708),
            "\x01\x02\x03\x04\x05\x06\x07\x08");
}

TEST(BigEndian64, KeepsTheOrderOfNumbers) {
  const uint32_t seed = 20240611;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 10000; ++i) {
    const uint64_t a = random() >> random() % 64;
    const uint64_t b = random() >> random() % 64;
    ASSERT_EQ(a < b, BigEndian64(a) < BigEndian64(b)) << a << " " << b;
  }
}

TEST(BigEndian64DeathTest, RefusesOtherLengths) {
  EXPECT_DEATH(FromBigEndian64("1234567"), "7 bytes instead of 8");
}

TEST(CountRecords, CountsWhatParsingCounts) {
  EXPECT_EQ(CountRecords(""), 0u);
  for (const int count : {1, 2, 255, 1000}) {
    EXPECT_EQ(CountRecords(MakeBlock(7, count)), count);
  }
}

TEST(CountRecords, AgreesWithTheParserOnDamagedBlocks) {
  const uint32_t seed = 77;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string whole = MakeBlock(1, 4);
  const google::protobuf::LogSilencer silence;
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    if (!bytes.empty()) bytes[random() % bytes.size()] ^= 1 << random() % 8;
    const auto count = CountRecords(bytes);
    v1::JournalBlock block;
    // Skipping looks less deep than parsing: it may accept more, never less.
    if (block.ParseFromString(bytes)) {
      ASSERT_TRUE(count.has_value());
      ASSERT_EQ(*count, static_cast<uint64_t>(block.records_size()));
    }
    if (!count) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

TEST(CheckBlock, FindsRecordsOutOfPlace) {
  EXPECT_TRUE(CheckBlock(5, MakeBlock(5, 3)).ok());
  EXPECT_EQ(CheckBlock(6, MakeBlock(5, 3)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CheckBlock(5, "").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CheckBlock(5, MakeBlock(5, 1) + MakeBlock(7, 1)).code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace portrisk::store
