#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(StoreTest, ANewStoreIsEmpty) {
  Open();
  EXPECT_EQ(store_->last_sequence_at_open(), 0u);
  EXPECT_EQ(CheckpointSequence(), 0u);
  EXPECT_EQ(store_->ReadBlock(1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Scan(0), IsEmpty());
}

TEST_F(StoreTest, ABlockIsFoundByEachOfItsSequences) {
  Open();
  Append(1, 3);
  Append(4, 1);
  Append(5, 200);
  for (const uint64_t sequence : {1, 2, 3, 4, 5, 100, 204}) {
    const auto block = store_->ReadBlock(sequence);
    ASSERT_TRUE(block.ok()) << sequence;
    const uint64_t first = sequence < 4 ? 1 : sequence < 5 ? 4 : 5;
    EXPECT_EQ(block->first_sequence, first);
    EXPECT_EQ(Unsealed(block->bytes), MakeBlock(first, first == 1   ? 3
                                                       : first == 4 ? 1
                                                                    : 200));
  }
  for (const uint64_t sequence : {uint64_t{0}, uint64_t{205}, UINT64_MAX}) {
    EXPECT_EQ(store_->ReadBlock(sequence).status().code(),
              absl::StatusCode::kNotFound);
  }
}

TEST_F(StoreTest, FiguresSayWhatEachTableTakes) {
  Open();
  const auto of = [](const Figures& figures, const std::string& name) {
    for (const TableFigures& table : figures.tables) {
      if (table.name == name) return table;
    }
    ADD_FAILURE() << "no table " << name;
    return TableFigures();
  };
  const Figures before = store_->ReadFigures();
  EXPECT_EQ(of(before, "states").files, 0u);
  // More than a memtable begins with.
  ASSERT_TRUE(store_->AppendBlock(1, MakeBlock(1, 3, 100'000), {}).ok());
  EXPECT_GT(of(store_->ReadFigures(), "journal").memtable_bytes,
            of(before, "journal").memtable_bytes);
  EXPECT_TRUE(
      Ingest({{Table::kStates, {{"key", std::string(5000, 'x')}}}}, 3).ok());
  const Figures after = store_->ReadFigures();
  EXPECT_EQ(of(after, "states").files, 1u);
  EXPECT_GT(of(after, "states").file_bytes, 0u);
  EXPECT_EQ(after.block_cache_bytes_max, options_.block_cache_bytes);
  EXPECT_GT(after.disk_free_bytes, 0u);
}

TEST_F(StoreTest, AScanStartsAtTheBlockThatHoldsTheSequence) {
  Open();
  Append(1, 3);
  Append(4, 3);
  Append(7, 300);  // Its number takes a second byte: order is by number.
  Append(307, 1);
  EXPECT_THAT(Scan(0), ElementsAre(1, 4, 7, 307));
  EXPECT_THAT(Scan(3), ElementsAre(1, 4, 7, 307));
  EXPECT_THAT(Scan(4), ElementsAre(4, 7, 307));
  EXPECT_THAT(Scan(306), ElementsAre(7, 307));
  EXPECT_THAT(Scan(308), IsEmpty());
}

TEST_F(StoreTest, AScanReturnsTheErrorThatStopsIt) {
  Open();
  Append(1, 1);
  Append(2, 1);
  int visits = 0;
  const absl::Status status = store_->ScanJournal(1, [&](const Block&) {
    ++visits;
    return absl::CancelledError("enough");
  });
  EXPECT_EQ(status, absl::CancelledError("enough"));
  EXPECT_EQ(visits, 1);
}

TEST_F(StoreTest, EverythingIsThereAfterReopening) {
  Open();
  Append(1, 2, {{Table::kRuleSets, "catalogue", "v1"}});
  Append(3, 5,
         {{Table::kRuleSets, "catalogue", "v2"},
          {Table::kReference, "hash", "table"}});
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "1"}, {"Cb", "2"}}}}, 6).ok());
  Open();
  EXPECT_EQ(store_->last_sequence_at_open(), 7u);
  EXPECT_EQ(CheckpointSequence(), 6u);
  EXPECT_THAT(Scan(1), ElementsAre(1, 3));
  EXPECT_EQ(Value(Table::kRuleSets, "catalogue"), "v2");
  EXPECT_EQ(Value(Table::kReference, "hash"), "table");
  EXPECT_EQ(Value(Table::kStates, "Cb"), "2");
  Append(8, 1);
  EXPECT_EQ(store_->last_sequence_at_open(), 7u) << "It is as of opening.";
}

TEST_F(StoreTest, AbsentKeysAreNotErrors) {
  Open();
  Append(1, 1, {{Table::kStates, "Ca", "x"}, {Table::kStates, "Ce", ""}});
  const auto absent = store_->Get(Table::kStates, "Cb");
  ASSERT_TRUE(absent.ok());
  EXPECT_EQ(*absent, std::nullopt);
  const auto empty = store_->Get(Table::kStates, "Ce");
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(*empty, std::optional<std::string>(""));
}

TEST_F(StoreTest, MultiGetKeepsTheOrderOfItsKeys) {
  Open();
  KeyValues entries;
  for (int i = 1000; i < 1200; i += 2) {
    entries.emplace_back(absl::StrCat("C", i), absl::StrCat("v", i));
  }
  Append(1, 1);
  ASSERT_TRUE(Ingest({{Table::kStates, entries}}, 1).ok());
  std::vector<std::string> keys;
  for (int i = 1199; i >= 1000; --i) keys.push_back(absl::StrCat("C", i));
  const std::vector<absl::string_view> views(keys.begin(), keys.end());
  // Longer than needed and full of something else.
  std::vector<std::optional<std::string>> values(500, "old");
  ASSERT_TRUE(store_->MultiGet(Table::kStates, views, &values).ok());
  ASSERT_EQ(values.size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const int number = 1199 - static_cast<int>(i);
    const auto expected = number % 2 == 0
                              ? std::optional(absl::StrCat("v", number))
                              : std::nullopt;
    EXPECT_EQ(values[i], expected) << keys[i];
  }
}

class ScanPrefixTest : public StoreTest {
 protected:
  void SetUp() override {
    Open();
    Append(1, 1);
    ASSERT_TRUE(Ingest({{Table::kContainerIndex,
                         {{"A", ""},
                          {"AB1", "x"},
                          {"AB2", "y"},
                          {"AB3", "z"},
                          {"AC", ""},
                          {"\xff\xff"
                           "1",
                           ""}}}},
                       1)
                    .ok());
  }
  std::vector<std::string> Keys(absl::string_view prefix,
                                absl::string_view from, size_t keys_max = 99) {
    std::vector<std::string> keys;
    const absl::Status status =
        store_->ScanPrefix(Table::kContainerIndex, prefix, from,
                           [&](absl::string_view key, absl::string_view) {
                             keys.emplace_back(key);
                             return keys.size() < keys_max;
                           });
    EXPECT_TRUE(status.ok()) << status;
    return keys;
  }
};

TEST_F(ScanPrefixTest, VisitsThePrefixOnly) {
  EXPECT_THAT(Keys("AB", ""), ElementsAre("AB1", "AB2", "AB3"));
  EXPECT_THAT(Keys("AB", "AB2"), ElementsAre("AB2", "AB3"));
  EXPECT_THAT(Keys("AB", "AC"), IsEmpty());
  EXPECT_THAT(Keys("B", ""), IsEmpty());
  EXPECT_THAT(Keys("\xff\xff", ""), ElementsAre("\xff\xff"
                                                "1"));
  EXPECT_EQ(Keys("", "").size(), 6u);
}

TEST_F(ScanPrefixTest, StopsWhenToldTo) {
  EXPECT_THAT(Keys("AB", "", 2), ElementsAre("AB1", "AB2"));
}

struct RefusedBlock {
  const char* what;
  uint64_t first_sequence;
  std::string bytes;
  std::vector<Put> with;
  absl::StatusCode code;
};

TEST_F(StoreTest, ARefusedBlockLeavesNothingAndStopsWriting) {
  const std::vector<RefusedBlock> refused = {
      {"gap", 4, MakeBlock(4, 1), {}, absl::StatusCode::kFailedPrecondition},
      {"overlap",
       2,
       MakeBlock(2, 1),
       {},
       absl::StatusCode::kFailedPrecondition},
      {"no records", 3, "", {}, absl::StatusCode::kInvalidArgument},
      {"no block", 3, "hello", {}, absl::StatusCode::kInvalidArgument},
      {"journal aside",
       3,
       MakeBlock(3, 1),
       {{Table::kJournal, "k", "v"}},
       absl::StatusCode::kInvalidArgument},
      {"meta aside",
       3,
       MakeBlock(3, 1),
       {{Table::kMeta, "format", "v"}},
       absl::StatusCode::kInvalidArgument},
  };
  Open();
  Append(1, 2);
  for (const RefusedBlock& block : refused) {
    Open();
    std::vector<Put> with = block.with;
    with.push_back({Table::kStates, "Ca", block.what});
    EXPECT_EQ(
        store_->AppendBlock(block.first_sequence, block.bytes, with).code(),
        block.code)
        << block.what;
    EXPECT_THAT(Scan(1), ElementsAre(1));
    EXPECT_EQ(Value(Table::kStates, "Ca"), "");
    EXPECT_EQ(store_->AppendBlock(3, MakeBlock(3, 1), {}).code(),
              absl::StatusCode::kUnavailable);
  }
}

TEST_F(StoreTest, AFailedCommitStopsAllWritingUntilReopened) {
  bool broken = false;
  options_.commit_fault = [&] {
    return broken ? absl::InternalError("the disk is gone") : absl::OkStatus();
  };
  Open();
  Append(1, 1);
  broken = true;
  EXPECT_EQ(store_->AppendBlock(2, MakeBlock(2, 1), {}),
            absl::InternalError("the disk is gone"));
  broken = false;
  const absl::Status later = store_->AppendBlock(2, MakeBlock(2, 1), {});
  EXPECT_EQ(later.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(later), HasSubstr("the disk is gone"));
  EXPECT_EQ(Ingest({{Table::kStates, {{"Ca", "1"}}}}, 1).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(store_->ReadBlock(1).ok()) << "Reading goes on.";
  EXPECT_EQ(store_->ReadBlock(2).status().code(), absl::StatusCode::kNotFound);
  Open();
  EXPECT_EQ(store_->last_sequence_at_open(), 1u);
  Append(2, 1);
}

TEST_F(StoreTest, AWeakerStoreIsWholeAfterAnOrderlyEnd) {
  options_.durability = Durability::kLoseOnPowerFailure;
  options_.commit_fault = [] { return absl::InternalError("no sync is due"); };
  Open();
  Append(1, 3);
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "1"}}}}, 3).ok());
  Open();
  EXPECT_EQ(store_->last_sequence_at_open(), 3u);
}

TEST_F(StoreTest, TheLastIngestWins) {
  Open();
  Append(1, 9, {{Table::kStates, "Cb", "put"}});
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "1"}, {"Cb", "1"}}}}, 4).ok());
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Cb", "2"}, {"Cc", "2"}}},
                      {Table::kIdentity, {}}},
                     9)
                  .ok());
  EXPECT_EQ(Value(Table::kStates, "Ca"), "1");
  EXPECT_EQ(Value(Table::kStates, "Cb"), "2");
  EXPECT_EQ(Value(Table::kStates, "Cc"), "2");
  EXPECT_EQ(CheckpointSequence(), 9u);
}

TEST_F(StoreTest, ManyIngestsLeaveOneAnswerPerKey) {
  Open();
  Append(1, 60);
  for (int round = 1; round <= 60; ++round) {
    KeyValues entries;
    for (int key = 100; key < 400; key += 1 + key % 3) {
      entries.emplace_back(absl::StrCat("C", key), absl::StrCat(round));
    }
    ASSERT_TRUE(Ingest({{Table::kStates, entries}}, round).ok());
  }
  EXPECT_EQ(Value(Table::kStates, "C100"), "60");
  EXPECT_EQ(CheckpointSequence(), 60u);
  Open();
  EXPECT_EQ(Value(Table::kStates, "C100"), "60");
}

struct RefusedIngest {
  const char* what;
  std::vector<SortedEntries> tables;
  uint64_t sequence;
  absl::StatusCode code;
};

TEST_F(StoreTest, ForgottenStatesAreGoneWithTheirCheckpoint) {
  Open();
  Append(1, 3);
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "old"}, {"Zb", "old"}}},
                      {Table::kIdentity, {{"id", "old"}}}},
                     3)
                  .ok());
  ASSERT_TRUE(store_->ForgetStates().ok());
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(Value(Table::kStates, "Ca"), "");
    EXPECT_EQ(Value(Table::kStates, "Zb"), "");
    EXPECT_EQ(Value(Table::kIdentity, "id"), "old");
    EXPECT_EQ(CheckpointSequence(), 0u);
    Open();
    EXPECT_EQ(store_->last_sequence_at_open(), 3u);
  }
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "new"}}}}, 2).ok());
  Open();
  EXPECT_EQ(Value(Table::kStates, "Ca"), "new");
  EXPECT_EQ(Value(Table::kStates, "Zb"), "");
  EXPECT_EQ(CheckpointSequence(), 2u);
}

TEST_F(StoreTest, ARefusedIngestChangesNothing) {
  const SortedEntries good = {Table::kIdentity, {{"id", "new"}}};
  const std::vector<RefusedIngest> refused = {
      {"unsorted",
       {good, {Table::kStates, {{"Cb", "1"}, {"Ca", "1"}}}},
       2,
       absl::StatusCode::kInvalidArgument},
      {"twice",
       {good, {Table::kStates, {{"Ca", "1"}, {"Ca", "2"}}}},
       2,
       absl::StatusCode::kInvalidArgument},
      {"two of a table", {good, good}, 2, absl::StatusCode::kInvalidArgument},
      {"journal",
       {good, {Table::kJournal, {{"k", "v"}}}},
       2,
       absl::StatusCode::kInvalidArgument},
      {"meta",
       {good, {Table::kMeta, {{"format", "v"}}}},
       2,
       absl::StatusCode::kInvalidArgument},
      {"ahead", {good}, 3, absl::StatusCode::kFailedPrecondition},
  };
  Open();
  Append(1, 2);
  ASSERT_TRUE(Ingest({}, 1).ok());
  for (const RefusedIngest& ingest : refused) {
    EXPECT_EQ(Ingest(ingest.tables, ingest.sequence).code(), ingest.code)
        << ingest.what;
    EXPECT_EQ(Value(Table::kIdentity, "id"), "") << ingest.what;
    EXPECT_EQ(CheckpointSequence(), 1u) << ingest.what;
    EXPECT_TRUE(std::filesystem::is_empty(options_.directory + "/ingest"))
        << ingest.what;
  }
  EXPECT_TRUE(Ingest({good}, 2).ok()) << "Writing goes on.";
}

}  // namespace
}  // namespace portrisk::store
