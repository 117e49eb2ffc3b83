// The chain over the journal: any single change of it shows.
#include "store/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/store/raw_database.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::HasSubstr;

class ChainTest : public StoreTest {
 protected:
  void SetUp() override {
    Open();
    Append(1, 3);
    Append(4, 1);
    Append(5, 4);
    Append(9, 2);
  }
  absl::StatusOr<ChainReport> Verify() {
    const absl::Status status = TryOpen();
    if (!status.ok()) return status;
    return VerifyChain(*store_, nullptr, nullptr);
  }
  // The whole journal table, as it lies there.
  KeyValues Journal() {
    KeyValues all;
    WithRocks([&](rocksdb::DB* db, const std::string& name, auto* handle) {
      if (name != "journal") return;
      const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator({}, handle));
      for (it->SeekToFirst(); it->Valid(); it->Next()) {
        all.emplace_back(it->key().ToString(), it->value().ToString());
      }
    });
    return all;
  }
  void Put(const std::string& key, const std::string& value) {
    WithRocks([&](rocksdb::DB* db, const std::string& name, auto* handle) {
      if (name == "journal") ASSERT_TRUE(db->Put({}, handle, key, value).ok());
    });
  }
  void Delete(const std::string& key) {
    WithRocks([&](rocksdb::DB* db, const std::string& name, auto* handle) {
      if (name == "journal") ASSERT_TRUE(db->Delete({}, handle, key).ok());
    });
  }
  void WithRocks(const RocksChange& change) {
    store_.reset();
    ChangeRaw(options_.directory, change);
  }
  // What a store of format 1 looked like: no seals, no anchor.
  void MakeFormat1() {
    const KeyValues journal = Journal();
    WithRocks([&](rocksdb::DB* db, const std::string& name, auto* handle) {
      if (name == "journal") {
        for (const auto& [key, value] : journal) {
          const std::string old = value.substr(0, value.size() - 34);
          ASSERT_TRUE(db->Put({}, handle, key, old).ok());
        }
      }
      if (name == "meta") {
        ASSERT_TRUE(
            db->Put({}, handle, "format", "portrisk" + BigEndian64(1)).ok());
      }
    });
  }
};

TEST_F(ChainTest, AnUntouchedJournalIsWhole) {
  const ChainHead head = store_->chain_head();
  EXPECT_EQ(head.sequence, 10u);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->blocks, 4u);
  EXPECT_EQ(report->records, 10u);
  EXPECT_EQ(report->head.sequence, head.sequence);
  EXPECT_EQ(report->head.chain, head.chain);
  EXPECT_EQ(store_->chain_head().chain, head.chain) << "Read when opened.";
}

TEST_F(ChainTest, FindsAnyByteThatWasChanged) {
  const KeyValues journal = Journal();
  const uint32_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  int tried = 0;
  for (const auto& [key, value] : journal) {
    for (size_t i = 0; i < value.size(); ++i, ++tried) {
      std::string changed = value;
      changed[i] = static_cast<char>(changed[i] ^ (1 + random() % 255));
      // Opening again for each byte takes long: the last block is where opening
      // itself looks, so all of it goes through there and of others a part.
      if (key != journal.back().first && random() % 8 != 0) continue;
      Put(key, changed);
      EXPECT_FALSE(Verify().ok())
          << "byte " << i << " of the block at " << FromBigEndian64(key);
    }
    Put(key, value);
  }
  EXPECT_TRUE(Verify().ok());
}

TEST_F(ChainTest, FindsABlockThatWasRemovedMovedOrAdded) {
  const KeyValues journal = Journal();
  Delete(journal[1].first);
  EXPECT_FALSE(Verify().ok()) << "one of the middle";
  Put(journal[1].first, journal[1].second);
  Delete(journal[0].first);
  EXPECT_FALSE(Verify().ok()) << "the first";
  Put(journal[0].first, journal[0].second);
  ASSERT_TRUE(Verify().ok());

  // Records renumbered so that two blocks of one size change places.
  Append(11, 2);
  const KeyValues longer = Journal();
  Put(longer[3].first, longer[4].second);
  EXPECT_FALSE(Verify().ok()) << "another block's content";
  Put(longer[3].first, longer[3].second);
  // A record that parses, behind the seal.
  v1::JournalBlock more;
  more.add_records()->set_sequence(13);
  Put(longer[4].first, longer[4].second + more.SerializeAsString());
  EXPECT_FALSE(Verify().ok()) << "bytes behind the seal";
}

TEST_F(ChainTest, FindsRecordsThatChangedPlacesInABlock) {
  const KeyValues journal = Journal();
  v1::JournalBlock block;
  ASSERT_TRUE(block.ParseFromString(journal[2].second));
  block.mutable_records()->SwapElements(1, 2);
  Put(journal[2].first, block.SerializeAsString());
  const auto report = Verify();
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(Message(report.status()), HasSubstr("sequences 5 to 8"));
}

TEST_F(ChainTest, TellsOfEachHeadOnTheWay) {
  std::vector<uint64_t> heads;
  ASSERT_TRUE(VerifyChain(*store_, nullptr, [&](const ChainHead& head) {
                heads.push_back(head.sequence);
                return absl::OkStatus();
              }).ok());
  EXPECT_THAT(heads, ::testing::ElementsAre(3, 4, 8, 10));
}

TEST_F(ChainTest, UpgradesAStoreOfFormat1AndGoesOn) {
  const ChainHead sealed = store_->chain_head();
  MakeFormat1();
  options_.read_only = true;
  EXPECT_THAT(Message(TryOpen()), HasSubstr("has format 1; start the server"));
  options_.read_only = false;
  Open();
  EXPECT_EQ(store_->chain_head().chain, sealed.chain)
      << "The chain of the same records.";
  Append(11, 2);
  auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->unsealed_to, 10u);
  EXPECT_EQ(report->records, 12u);
  // What carries no seal of its own is proven by the anchor.
  const KeyValues journal = Journal();
  std::string changed = journal[0].second;
  changed[changed.size() - 1] ^= 1;
  Put(journal[0].first, changed);
  report = Verify();
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(Message(report.status()), HasSubstr("sequences 1 to 10"));
}

TEST_F(ChainTest, UpgradesAnEmptyStoreOfFormat1) {
  options_.directory = (base_ / "empty").string();
  Open();
  MakeFormat1();
  Open();
  Append(1, 2);
  const auto report = Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->unsealed_to, 0u);
}

TEST_F(ChainTest, RefusesToAppendABlockThatIsSealedAlready) {
  const std::string block = MakeBlock(11, 1) + ChainField(ChainStart());
  EXPECT_EQ(store_->AppendBlock(11, block, {}).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace portrisk::store
