#include "scoring/key_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace portrisk::scoring {
namespace {

TEST(KeyTableTest, MakesAValueOnce) {
  KeyTable<int> table;
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.SpaceUsed(), 0u);
  table[7] = 1;
  ++table[7];
  EXPECT_FALSE(table.empty());
  EXPECT_EQ(table.At(7), 2);
  EXPECT_EQ(table.At(8), 0);
}

// Keys that differ in high or low bits only, and keys that lie close together.
TEST(KeyTableTest, AgreesWithAPlainMap) {
  KeyTable<uint64_t> table;
  std::unordered_map<uint64_t, uint64_t> plain;
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t key = random() % 3 == 0   ? random() % 500
                         : random() % 2 == 0 ? random() % 500 << 50
                                             : random();
    table[key] += 3;
    plain[key] += 3;
  }
  for (const auto& [key, value] : plain) {
    EXPECT_EQ(table.At(key), value) << key;
  }
  for (int i = 0; i < 1'000; ++i) {
    const uint64_t key = random();
    table.Prefetch(key);
    EXPECT_EQ(table.At(key) != 0, plain.contains(key));
  }
}

}  // namespace
}  // namespace portrisk::scoring
