// Records of the journal are rewritten in place: the chain stands, what was
// rewritten is proven by an entry and by nothing else, and the old bytes leave
// every file.
#include <rocksdb/db.h>

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "store/chain.h"
#include "tests/store/raw_database.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::HasSubstr;

constexpr char kName[] = "SOMEBODY-WHO-ASKED";

std::string RecordOf(uint64_t sequence, const std::string& name) {
  v1::JournalRecord record;
  record.set_sequence(sequence);
  record.set_caller("test");
  record.mutable_movement()->set_movement(absl::StrCat("by ", name));
  return record.SerializeAsString();
}

class EraseTest : public StoreTest {
 protected:
  // Two blocks of three, each with the name in its second record.
  void SetUp() override {
    Open();
    AppendNamed(1);
    AppendNamed(4);
  }
  void AppendNamed(uint64_t first) {
    v1::JournalBlock block;
    for (uint64_t i = first; i < first + 3; ++i) {
      ASSERT_TRUE(block.add_records()->ParseFromString(
          RecordOf(i, i == first + 1 ? kName : "another")));
    }
    AppendBlock(first, block);
  }
  void AppendBlock(uint64_t first, const v1::JournalBlock& block) {
    const absl::Status status =
        store_->AppendBlock(first, block.SerializeAsString(), {});
    ASSERT_TRUE(status.ok()) << status;
  }
  static v1::AuditEntry* AddEntry(uint64_t sequence, v1::JournalBlock* block) {
    v1::JournalRecord* const record = block->add_records();
    record->set_sequence(sequence);
    record->mutable_audit()->mutable_erasure()->set_erasure(1);
    return record->mutable_audit();
  }
  static void Name(uint64_t sequence, const std::string& bytes,
                   v1::AuditEntry* entry) {
    v1::ErasedRecord* const named = entry->mutable_erasure()->add_records();
    named->set_sequence(sequence);
    const Chain digest = DigestOf(bytes);
    named->set_digest(std::string(digest.begin(), digest.end()));
  }
  // The entry of an erasure of records 2 and 5, as the next block.
  void AppendEntry(uint64_t sequence = 7) {
    v1::JournalBlock block;
    v1::AuditEntry* const entry = AddEntry(sequence, &block);
    Name(2, RecordOf(2, "erased"), entry);
    Name(5, RecordOf(5, "erased"), entry);
    AppendBlock(sequence, block);
  }
  void AppendEnd(uint64_t sequence) {
    v1::JournalBlock block;
    AddEntry(sequence, &block)->mutable_erasure()->set_finished(true);
    AppendBlock(sequence, block);
  }
  absl::Status Replace(uint64_t sequence, const std::string& name) {
    const Replacement one{sequence, RecordOf(sequence, name)};
    return store_->ReplaceRecords({&one, 1});
  }
  void ReplaceBoth() {
    for (const uint64_t sequence : {2, 5}) {
      const absl::Status status = Replace(sequence, "erased");
      ASSERT_TRUE(status.ok()) << status;
    }
  }
  absl::StatusOr<ChainReport> Verify() {
    return VerifyChain(*store_, nullptr, nullptr);
  }
  std::vector<std::string> FilesWithName() { return FilesWith(Files(), kName); }
  void FlushJournal() {
    store_.reset();
    ChangeRaw(options_.directory,
              [](rocksdb::DB* db, const std::string& name, auto* handle) {
                if (name == "journal") {
                  ASSERT_TRUE(db->Flush({}, handle).ok());
                }
              });
    Open();
  }
};

TEST_F(EraseTest, TheChainStandsAndTheRecordIsAnother) {
  AppendEntry();
  const ChainHead head = store_->chain_head();
  ReplaceBoth();
  const auto block = store_->ReadBlock(2);
  ASSERT_TRUE(block.ok());
  v1::JournalBlock parsed;
  ASSERT_TRUE(parsed.ParseFromString(block->bytes));
  EXPECT_EQ(parsed.records(1).SerializeAsString(), RecordOf(2, "erased"));
  EXPECT_EQ(parsed.records(2).SerializeAsString(), RecordOf(3, "another"));
  ASSERT_EQ(parsed.replaced_size(), 1);
  EXPECT_EQ(parsed.replaced(0).index(), 1u);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->head.chain, head.chain);
  EXPECT_EQ(report->erased, 2u);
  EXPECT_EQ(report->to_erase, 0u);
  Open();
  EXPECT_EQ(store_->chain_head().chain, head.chain) << "Read when opened.";
}

TEST_F(EraseTest, WhatIsNamedAndNotRewrittenYetIsCounted) {
  AppendEntry();
  ASSERT_TRUE(Replace(2, "erased").ok());
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->erased, 1u);
  EXPECT_EQ(report->to_erase, 1u);
}

TEST_F(EraseTest, AnErasureThatSaysItEndedMustHave) {
  AppendEntry();
  ASSERT_TRUE(Replace(2, "erased").ok());
  AppendEnd(8);
  EXPECT_THAT(Message(Verify().status()), HasSubstr("sequence 5 should have"));
  ASSERT_TRUE(Replace(5, "erased").ok());
  EXPECT_TRUE(Verify().ok());
}

TEST_F(EraseTest, ARecordThatNobodyNamedIsAForgery) {
  ASSERT_TRUE(Replace(2, "forged").ok());
  EXPECT_THAT(Message(Verify().status()),
              HasSubstr("sequence 2 was rewritten, and no erasure"));
  AppendEntry();
  EXPECT_THAT(Message(Verify().status()),
              HasSubstr("sequence 2 was rewritten, but not to what"));
}

TEST_F(EraseTest, AnEntryMustComeAfterWhatItNames) {
  v1::JournalBlock block;
  Name(8, RecordOf(8, "erased"), AddEntry(7, &block));
  ASSERT_TRUE(block.add_records()->ParseFromString(RecordOf(8, kName)));
  AppendBlock(7, block);
  ASSERT_TRUE(Replace(8, "erased").ok());
  EXPECT_THAT(Message(Verify().status()), HasSubstr("sequence 8"));
}

TEST_F(EraseTest, ADigestOfWhatItWasThatIsChangedBreaksTheChain) {
  AppendEntry();
  ReplaceBoth();
  const auto block = store_->ReadBlock(2);
  ASSERT_TRUE(block.ok());
  v1::JournalBlock parsed;
  ASSERT_TRUE(parsed.ParseFromString(block->bytes));
  (*parsed.mutable_replaced(0)->mutable_digest())[0] ^= 1;
  const std::string chain = parsed.chain();
  parsed.clear_chain();
  store_.reset();
  const std::string forged = parsed.SerializeAsString() + "\x12\x20" + chain;
  ChangeRaw(options_.directory,
            [&](rocksdb::DB* db, const std::string& name, auto* handle) {
              if (name != "journal") return;
              ASSERT_TRUE(db->Put({}, handle, BigEndian64(1), forged).ok());
            });
  Open();
  EXPECT_THAT(Message(Verify().status()), HasSubstr("the chain breaks"));
}

TEST_F(EraseTest, RewritingTwiceKeepsWhatTheRecordWasFirst) {
  v1::JournalBlock block;
  Name(2, RecordOf(2, "erased"), AddEntry(7, &block));
  Name(2, RecordOf(2, "erased twice"), AddEntry(8, &block));
  AppendBlock(7, block);
  const ChainHead head = store_->chain_head();
  ASSERT_TRUE(Replace(2, "erased").ok());
  ASSERT_TRUE(Replace(2, "erased twice").ok());
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->head.chain, head.chain);
}

TEST_F(EraseTest, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(Replace(99, "x").code(), absl::StatusCode::kNotFound);
  const Replacement other{2, RecordOf(3, "x")};
  EXPECT_EQ(store_->ReplaceRecords({&other, 1}).code(),
            absl::StatusCode::kInvalidArgument);
  const Replacement two[] = {{2, RecordOf(2, "x")}, {5, RecordOf(5, "x")}};
  EXPECT_EQ(store_->ReplaceRecords(two).code(),
            absl::StatusCode::kInvalidArgument)
      << "of two blocks";
}

TEST_F(EraseTest, TheOldBytesAreInNoFile) {
  FlushJournal();  // The first two are in a table file ...
  AppendNamed(7);  // ... and this one is in the log.
  ASSERT_TRUE(
      Ingest({{Table::kStates, {{"Ca", kName}, {"Cb", "another"}}}}, 9).ok());
  EXPECT_GE(FilesWithName().size(), 3u);
  v1::JournalBlock block;
  v1::AuditEntry* const entry = AddEntry(10, &block);
  for (const uint64_t sequence : {2, 5, 8}) {
    Name(sequence, RecordOf(sequence, "erased"), entry);
  }
  AppendBlock(10, block);
  ReplaceBoth();
  ASSERT_TRUE(Replace(8, "erased").ok());
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "erased"}}}}, 10).ok());
  EXPECT_FALSE(FilesWithName().empty());
  const absl::Status purged = store_->Purge(2, 8, {"Ca"});
  ASSERT_TRUE(purged.ok()) << purged;
  EXPECT_THAT(FilesWithName(), ::testing::IsEmpty());
  EXPECT_EQ(Value(Table::kStates, "Ca"), "erased");
  EXPECT_EQ(Value(Table::kStates, "Cb"), "another");
  EXPECT_TRUE(Verify().ok());
  Open();
  EXPECT_THAT(FilesWithName(), ::testing::IsEmpty());
  EXPECT_TRUE(Verify().ok());
}

TEST_F(EraseTest, PurgingEndsWhenItIsAbandoned) {
  store_->AbandonPurge();
  EXPECT_EQ(store_->Purge(1, 6, {}).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace portrisk::store
