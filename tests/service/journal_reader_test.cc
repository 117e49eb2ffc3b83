#include "service/journal_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace portrisk::service {
namespace {

store::Block ThreeRecords() {
  v1::JournalBlock block;
  for (uint64_t sequence = 300; sequence < 303; ++sequence) {
    v1::JournalRecord& record = *block.add_records();
    record.set_sequence(sequence);
    record.set_caller("c" + std::to_string(sequence));
    record.mutable_outcome()->mutable_outcome()->set_note(
        std::string(sequence - 290, 'x'));
  }
  store::Block made;
  made.first_sequence = 300;
  made.bytes = block.SerializeAsString();
  return made;
}

TEST(JournalReader, FindsEachRecordOfABlock) {
  const store::Block block = ThreeRecords();
  v1::JournalRecord record;
  for (uint64_t sequence = 300; sequence < 303; ++sequence) {
    ASSERT_TRUE(ParseRecordOfBlock(block, sequence, &record));
    EXPECT_EQ(record.sequence(), sequence);
    EXPECT_EQ(record.caller(), "c" + std::to_string(sequence));
  }
  EXPECT_FALSE(ParseRecordOfBlock(block, 299, &record));
  EXPECT_FALSE(ParseRecordOfBlock(block, 303, &record));
}

TEST(JournalReader, AnyDamageIsAnAnswerAndNoCrash) {
  const uint32_t seed = 20261125;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const store::Block whole = ThreeRecords();
  v1::JournalRecord record;
  for (size_t cut = 0; cut < whole.bytes.size(); ++cut) {
    store::Block block = whole;
    block.bytes.resize(cut);
    EXPECT_FALSE(ParseRecordOfBlock(block, 302, &record)) << cut;
  }
  for (int i = 0; i < 20'000; ++i) {
    store::Block block = whole;
    for (uint32_t n = 1 + random() % 3; n > 0; --n) {
      // ASCII: protobuf logs each string that is not UTF-8.
      block.bytes[random() % block.bytes.size()] =
          static_cast<char>(random() % 128);
    }
    for (uint64_t sequence = 299; sequence < 305; ++sequence) {
      if (ParseRecordOfBlock(block, sequence, &record)) {
        ASSERT_EQ(record.sequence(), sequence);
      }
    }
  }
}

}  // namespace
}  // namespace portrisk::service
