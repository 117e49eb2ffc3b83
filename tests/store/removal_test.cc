// Movements are taken out of the journal by compaction: the chain stands, a
// removal is proven by an entry and by nothing else, and the old bytes leave
// every file. What a fold begins with instead is kept beside them.
#include <rocksdb/db.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "store/base.h"
#include "store/chain.h"
#include "store/position_runs.h"
#include "tests/store/raw_database.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kText[] = "BOXES-FULL-OF-BANANAS";

class RemovalTest : public StoreTest {
 protected:
  // Two blocks of three: two movements and an outcome.
  void SetUp() override {
    Open();
    AppendThree(1);
    AppendThree(4);
  }
  void AppendThree(uint64_t first) {
    v1::JournalBlock block;
    for (uint64_t i = first; i < first + 3; ++i) {
      v1::JournalRecord* const record = block.add_records();
      record->set_sequence(i);
      record->mutable_recorded_time()->set_seconds(
          static_cast<int64_t>(1'790'000'000 + i));
      record->set_caller("terminal");
      if (i == first + 2) {
        record->mutable_outcome()->set_corrects_sequence(0);
      } else {
        record->mutable_movement()->set_movement(absl::StrCat(kText, i));
      }
    }
    Append(first, block);
  }
  void Append(uint64_t first, const v1::JournalBlock& block) {
    const absl::Status status =
        store_->AppendBlock(first, block.SerializeAsString(), {});
    ASSERT_TRUE(status.ok()) << status;
  }
  static v1::ErasureStep* AddStep(uint64_t sequence, v1::JournalBlock* block) {
    v1::JournalRecord* const record = block->add_records();
    record->set_sequence(sequence);
    v1::ErasureStep* const step = record->mutable_audit()->mutable_erasure();
    step->set_erasure(1);
    return step;
  }
  void AppendBegun(uint64_t sequence, uint64_t removed) {
    v1::JournalBlock block;
    v1::Erasure* const begun = AddStep(sequence, &block)->mutable_begun();
    begun->set_kind(v1::SUBJECT_MOVEMENTS);
    begun->set_removed_sequence(removed);
    Append(sequence, block);
  }
  // With what it removed, where that is told.
  void AppendFinished(uint64_t sequence,
                      const std::vector<uint64_t>& removed = {}) {
    v1::JournalBlock block;
    v1::ErasureStep* const step = AddStep(sequence, &block);
    step->set_finished(true);
    if (!removed.empty()) {
      PositionRuns runs;
      for (const uint64_t position : removed) runs.Add(position);
      const Chain digest = runs.Digest();
      step->set_removed_movements(runs.size());
      step->set_removed_digest(digest.data(), digest.size());
    }
    Append(sequence, block);
  }
  // As who has the files can, without a change of the chain.
  void Forge(const v1::JournalRecord& record) {
    Forge(record.sequence(), record.SerializeAsString());
  }
  void Forge(uint64_t sequence, std::string bytes) {
    const Replacement one{sequence, std::move(bytes)};
    const absl::Status status = store_->ReplaceRecords({&one, 1});
    ASSERT_TRUE(status.ok()) << status;
  }
  void Remove(uint64_t first, uint64_t last) {
    const absl::Status status = store_->RemoveMovements(first, last);
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::StatusOr<ChainReport> Verify() {
    return VerifyChain(*store_, nullptr, nullptr);
  }
  std::vector<uint64_t> Movements() {
    std::vector<uint64_t> found;
    const absl::Status status = store_->ScanJournal(1, [&](const Block& block) {
      v1::JournalBlock parsed;
      EXPECT_TRUE(parsed.ParseFromString(block.bytes));
      for (const v1::JournalRecord& record : parsed.records()) {
        if (record.has_movement()) found.push_back(record.sequence());
      }
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return found;
  }
  std::vector<std::string> Keys(Table table) {
    std::vector<std::string> keys;
    const absl::Status status = store_->ScanPrefix(
        table, "", "", [&](absl::string_view key, absl::string_view) {
          keys.emplace_back(key);
          return true;
        });
    EXPECT_TRUE(status.ok()) << status;
    return keys;
  }
  void IngestStates(const KeyValues& states, uint64_t sequence) {
    v1::Checkpoint checkpoint;
    checkpoint.set_sequence(sequence);
    const absl::Status status =
        store_->Ingest({{Table::kStates, states}}, checkpoint);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string FormatRecord() {
    store_.reset();
    std::string record;
    ChangeRaw(options_.directory,
              [&](rocksdb::DB* db, const std::string& name, auto* handle) {
                if (name == "meta") {
                  EXPECT_TRUE(db->Get({}, handle, "format", &record).ok());
                }
              });
    Open();
    return record;
  }
};

TEST_F(RemovalTest, OnlyPositionAndTimeAreLeft) {
  AppendBegun(7, 4);
  const ChainHead head = store_->chain_head();
  Remove(1, 4);
  EXPECT_THAT(Movements(), ElementsAre(5));
  const auto block = store_->ReadBlock(4);
  ASSERT_TRUE(block.ok());
  v1::JournalBlock parsed;
  ASSERT_TRUE(parsed.ParseFromString(block->bytes));
  const v1::JournalRecord& removed = parsed.records(0);
  EXPECT_TRUE(removed.removed());
  EXPECT_EQ(removed.sequence(), 4u);
  EXPECT_EQ(removed.recorded_time().seconds(), 1'790'000'004);
  EXPECT_EQ(removed.caller(), "");
  EXPECT_TRUE(parsed.records(2).has_outcome()) << "None of the movements.";
  AppendFinished(8);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->removed, 3u);
  EXPECT_EQ(report->erased, 0u);
  Open();
  EXPECT_NE(store_->chain_head().chain, head.chain) << "Of the end.";
  EXPECT_TRUE(Verify().ok()) << Verify().status();
}

TEST_F(RemovalTest, TheBytesAreInNoFile) {
  AppendBegun(7, 4);
  Open();  // Now in a table file.
  AppendThree(8);
  EXPECT_FALSE(FilesWith(Files(), absl::StrCat(kText, 4)).empty());
  Remove(1, 4);
  for (const int gone : {1, 2, 4}) {
    EXPECT_THAT(FilesWith(Files(), absl::StrCat(kText, gone)), IsEmpty())
        << gone;
  }
  EXPECT_FALSE(FilesWith(Files(), absl::StrCat(kText, 5)).empty());
}

TEST_F(RemovalTest, AgainChangesNothingAndMoreRemovesMore) {
  AppendBegun(7, 4);
  Remove(1, 4);
  Open();
  Remove(1, 4);
  EXPECT_THAT(Movements(), ElementsAre(5));
  AppendBegun(8, 6);
  Remove(5, 6);
  EXPECT_THAT(Movements(), IsEmpty());
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->removed, 4u);
}

TEST_F(RemovalTest, WhatNoEntryRemovesIsForged) {
  AppendBegun(7, 2);
  Remove(1, 4);
  const auto report = Verify();
  EXPECT_TRUE(absl::IsDataLoss(report.status()));
  EXPECT_THAT(Message(report.status()),
              HasSubstr("sequence 4 was removed, and no entry"));
}

TEST_F(RemovalTest, WhatIsThereBehindTheEndIsForged) {
  AppendBegun(7, 4);
  Remove(1, 2);
  EXPECT_TRUE(Verify().ok()) << "Not ended: " << Verify().status();
  AppendFinished(8);
  EXPECT_THAT(Message(Verify().status()),
              HasSubstr("sequence 4 should have been removed"));
}

TEST_F(RemovalTest, WhatIsRemovedThatWasNoMovementIsForged) {
  AppendBegun(7, 4);
  Remove(1, 4);
  AppendFinished(8, {1, 2, 4});
  ASSERT_TRUE(Verify().ok()) << Verify().status();
  v1::JournalRecord outcome;  // It was one.
  outcome.set_sequence(3);
  outcome.mutable_recorded_time()->set_seconds(1'790'000'003);
  outcome.set_removed(true);
  Forge(outcome);
  EXPECT_THAT(Message(Verify().status()),
              HasSubstr("4 records are removed, and not the 3 movements"));
}

TEST_F(RemovalTest, WhatStandsBesideTheMarkOfARemovalIsForged) {
  AppendBegun(7, 4);
  Remove(1, 4);
  v1::JournalRecord shown;
  shown.set_sequence(3);
  shown.set_removed(true);
  v1::JournalRecord other;
  other.mutable_decision()->mutable_decision()->set_reason("all clear");
  Forge(3, shown.SerializeAsString() + other.SerializeAsString());
  EXPECT_THAT(Message(Verify().status()),
              HasSubstr("sequence 3 was rewritten, and is of a kind"));
}

TEST_F(RemovalTest, AMovementThatWasRewrittenBeforeGoesToo) {
  v1::JournalRecord erased;
  erased.set_sequence(2);
  erased.mutable_movement()->set_movement("erased");
  const Replacement one{2, erased.SerializeAsString()};
  v1::JournalBlock block;
  v1::ErasedRecord* const named = AddStep(7, &block)->add_records();
  named->set_sequence(2);
  const Chain digest = DigestOf(one.bytes);
  named->set_digest(std::string(digest.begin(), digest.end()));
  Append(7, block);
  ASSERT_TRUE(store_->ReplaceRecords({&one, 1}).ok());
  AppendFinished(8);
  AppendBegun(9, 4);
  Remove(1, 4);
  EXPECT_THAT(Movements(), ElementsAre(5));
  EXPECT_TRUE(Verify().ok()) << Verify().status();
}

TEST_F(RemovalTest, EntriesOfTheContainerIndexGoWithThem) {
  KeyValues index;
  for (const char* number : {"MSKU1", "MSKU2"}) {
    for (const uint64_t at : {1, 4, 5}) {
      index.emplace_back(
          absl::StrCat(number, absl::string_view("\0", 1), BigEndian64(at)),
          "");
    }
  }
  v1::Checkpoint checkpoint;
  checkpoint.set_sequence(6);
  ASSERT_TRUE(
      store_->Ingest({{Table::kContainerIndex, index}}, checkpoint).ok());
  AppendBegun(7, 4);
  Remove(1, 4);
  EXPECT_THAT(Keys(Table::kContainerIndex),
              ElementsAre(index[2].first, index[5].first));
}

TEST_F(RemovalTest, ABaseHoldsTheStatesAsTheyWere) {
  EXPECT_THAT(FormatRecord(), testing::EndsWith("\2"));
  IngestStates({{"Ca", "1"}, {"Cb", "2"}, {"g", "left out"}}, 5);
  const auto base = store_->KeepBase(
      [](absl::string_view key) { return !absl::StartsWith(key, "g"); });
  ASSERT_TRUE(base.ok()) << base.status();
  EXPECT_EQ(base->sequence(), 5u);
  EXPECT_EQ(base->states(), 2u);
  StatesDigest digest;
  digest.Add("Ca", "1");
  digest.Add("Cb", "2");
  EXPECT_EQ(base->digest(), digest.Finish());
  IngestStates({{"Ca", "other"}}, 6);
  EXPECT_EQ(*store_->Get(Table::kBase, BigEndian64(5) + "Ca"), "1");
  EXPECT_THAT(FormatRecord(), testing::EndsWith("\3"))
      << "A program that knows no base refuses it.";
  const auto next = store_->KeepBase([](absl::string_view) { return true; });
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(Keys(Table::kBase).size(), 5u) << "Both, until one is dropped.";
  ASSERT_TRUE(store_->DropBases(6).ok());
  EXPECT_THAT(Keys(Table::kBase),
              ElementsAre(BigEndian64(6) + "Ca", BigEndian64(6) + "Cb",
                          BigEndian64(6) + "g"));
  ASSERT_TRUE(store_->DropBases(0).ok());
  EXPECT_THAT(Keys(Table::kBase), IsEmpty());
}

TEST_F(RemovalTest, ARangeThatIsNoneIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(store_->RemoveMovements(0, 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->RemoveMovements(3, 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->RemoveMovements(1, 7)));
}

}  // namespace
}  // namespace portrisk::store
