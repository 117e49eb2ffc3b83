#include "scoring/key_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace portrisk::scoring {
namespace {

TEST(KeyTableTest, FindsNothingWhileEmpty) {
  const KeyTable<int> table;
  EXPECT_EQ(table.Find(0), nullptr);
  EXPECT_EQ(table.SpaceUsed(), 0u);
}

TEST(KeyTableTest, MakesAValueOnce) {
  KeyTable<int> table;
  table[7] = 1;
  ++table[7];
  ASSERT_NE(table.Find(7), nullptr);
  EXPECT_EQ(*table.Find(7), 2);
  EXPECT_EQ(table.Find(8), nullptr);
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
    ASSERT_NE(table.Find(key), nullptr) << key;
    EXPECT_EQ(*table.Find(key), value) << key;
  }
  for (int i = 0; i < 1'000; ++i) {
    const uint64_t key = random();
    EXPECT_EQ(table.Find(key) != nullptr, plain.contains(key));
  }
}

}  // namespace
}  // namespace portrisk::scoring
