#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "store/rep.h"
#include "store/store.h"
#include "tests/store/raw_database.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class OpenTest : public StoreTest {
 protected:
  // Runs `change` on the directory as a plain RocksDB database, with whatever
  // column families it has.
  void WithRocks(const RocksChange& change) {
    store_.reset();
    ChangeRaw(options_.directory, change);
  }
  void AddColumnFamily(const std::string& name) {
    WithRocks([&](rocksdb::DB* db, const std::string& found, auto*) {
      if (found != rocksdb::kDefaultColumnFamilyName) return;
      rocksdb::ColumnFamilyHandle* handle = nullptr;
      ASSERT_TRUE(db->CreateColumnFamily({}, name, &handle).ok());
      db->DestroyColumnFamilyHandle(handle);
    });
  }
  void PutIn(const std::string& column, const std::string& key,
             const std::string& value) {
    WithRocks([&](rocksdb::DB* db, const std::string& found, auto* handle) {
      if (found != column) return;
      ASSERT_TRUE(db->Put({}, handle, key, value).ok());
    });
  }
  void ExpectRefused(const std::string& sentence) {
    const absl::Status status = TryOpen();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(Message(status),
                AllOf(HasSubstr(options_.directory), HasSubstr(sentence)));
  }
};

TEST_F(OpenTest, RefusesAMissingDirectoryItMayNotCreate) {
  options_.create_if_missing = false;
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(status), HasSubstr(options_.directory));
  EXPECT_FALSE(fs::exists(options_.directory));
}

TEST_F(OpenTest, CreatesTheDirectoriesAbove) {
  options_.directory = (base_ / "a" / "b" / "store").string();
  Open();
  Append(1, 1);
}

TEST_F(OpenTest, AcceptsAnEmptyDirectory) {
  fs::create_directory(options_.directory);
  Open();
}

TEST_F(OpenTest, RefusesADirectoryWithOtherFiles) {
  fs::create_directory(options_.directory);
  WriteFile(fs::path(options_.directory) / "letter.txt", "Dear");
  const Values before = Files();
  ExpectRefused("not empty");
  EXPECT_EQ(Files(), before);
}

TEST_F(OpenTest, RefusesAnotherProgramsDatabase) {
  PutIn("default", "key", "value");
  const Values before = Files();
  ExpectRefused("another program");
  EXPECT_EQ(Files(), before) << "It is not touched.";
}

TEST_F(OpenTest, RefusesAnotherProgramsDatabaseWithATableNamedMeta) {
  AddColumnFamily("meta");
  ExpectRefused("another program");
  PutIn("meta", "format", "something else");
  const Values before = Files();
  ExpectRefused("another program");
  EXPECT_EQ(Files(), before) << "It is not touched.";
}

TEST_F(OpenTest, RefusesTablesOfOursWithoutTheFormatRecord) {
  Open();
  WithRocks([](rocksdb::DB* db, const std::string& name, auto* handle) {
    if (name != "meta") return;
    ASSERT_TRUE(db->Delete({}, handle, "format").ok());
  });
  ExpectRefused("another program");
}

TEST_F(OpenTest, RefusesANewerFormat) {
  Open();
  Append(1, 1);
  PutIn("meta", "format", "portrisk" + BigEndian64(4));
  ExpectRefused("has format 4, this program knows formats up to 3");
  options_.read_only = true;
  ExpectRefused("has format 4");
}

TEST_F(OpenTest, RefusesANewerFormatWithTablesItDoesNotKnow) {
  Open();
  AddColumnFamily("weather");
  PutIn("meta", "format", "portrisk" + BigEndian64(9));
  const Values before = Files();
  ExpectRefused("has format 9");
  EXPECT_EQ(Files(), before);
}

TEST_F(OpenTest, SaysWhatToDoWhenAFileIsMissing) {
  Open();
  Append(1, 1);
  store_.reset();
  const auto expect_lost = [&](const std::string& file) {
    const Values before = Files();
    for (const bool read_only : {true, false}) {
      options_.read_only = read_only;
      const absl::Status status = TryOpen();
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
      EXPECT_THAT(Message(status),
                  AllOf(HasSubstr(options_.directory), HasSubstr(file),
                        HasSubstr("missing"), HasSubstr("restore a backup")));
    }
    EXPECT_EQ(Files(), before) << "It is not touched.";
  };
  std::string manifest;
  for (const auto& entry : fs::directory_iterator(options_.directory)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("MANIFEST-", 0) == 0) manifest = name;
  }
  const fs::path current = fs::path(options_.directory) / "CURRENT";
  fs::rename(current, base_ / "CURRENT");
  expect_lost("CURRENT");
  fs::rename(base_ / "CURRENT", current);
  fs::remove(fs::path(options_.directory) / manifest);
  expect_lost(manifest);
}

TEST_F(OpenTest, CompletesACreationThatWasCutShort) {
  fs::create_directory(options_.directory);
  WriteFile(fs::path(options_.directory) / "PORTRISK_CREATING", "");
  AddColumnFamily("journal");  // As far as the crash let it come.
  options_.read_only = true;
  EXPECT_EQ(TryOpen().code(), absl::StatusCode::kNotFound);
  options_.read_only = false;
  Open();
  Append(1, 2);
  Open();
  EXPECT_EQ(store_->last_sequence_at_open(), 2u);
  EXPECT_FALSE(fs::exists(options_.directory + "/PORTRISK_CREATING"));
}

TEST_F(OpenTest, RemovesFilesThatWereNeverIngested) {
  Open();
  Append(1, 1);
  const fs::path leftover = options_.directory + "/ingest/7-states.sst";
  WriteFile(leftover, "half a file");
  Open();
  EXPECT_FALSE(fs::exists(leftover));
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "1"}}}}, 1).ok());
}

TEST_F(OpenTest, RefusesASecondOpeningInTheSameProcess) {
  Open();
  const auto second = Store::Open(options_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(second.status()),
              AllOf(HasSubstr(options_.directory), HasSubstr("in use")));
  Append(1, 1);
}

TEST(DISABLED_Child, HoldsAStoreOpen) {
  Options options;
  options.directory = ChildProcess::Directory();
  const auto store = Store::Open(options);
  ASSERT_TRUE((*store)->AppendBlock(1, MakeBlock(1, 1), {}).ok());
  ChildProcess::Tell(1);
  pause();
}

TEST_F(OpenTest, RefusesWhileAnotherProcessHasIt) {
  ChildProcess child("DISABLED_Child.HoldsAStoreOpen", options_.directory);
  uint64_t ready = 0;
  ASSERT_TRUE(child.Hear(&ready));
  ExpectRefused("in use by a running process");
  child.Kill();
  Open();
  EXPECT_EQ(store_->last_sequence_at_open(), 1u);
}

TEST_F(OpenTest, OfAReadOnlyDiskTheRemedyIsSaid) {
  const rocksdb::Status refused = rocksdb::Status::IOError(
      "while open a file for lock: s/LOCK", std::strerror(EROFS));
  EXPECT_THAT(Message(FromRocks(refused, "opening the store in s")),
              AllOf(HasSubstr("s/LOCK"), HasSubstr("mount that disk")));
}

TEST_F(OpenTest, AReaderNeedsNoLock) {
  Open();
  Append(1, 2);
  Options reading = options_;
  reading.read_only = true;
  const auto reader = Store::Open(reading);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->last_sequence_at_open(), 2u);
}

TEST_F(OpenTest, AReaderChangesNothing) {
  Open();
  Append(1, 2);
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "1"}}}}, 1).ok());
  store_.reset();
  WriteFile(options_.directory + "/ingest/7-states.sst", "half a file");
  const Values before = Files();
  options_.read_only = true;
  Open();
  EXPECT_THAT(Scan(1), ElementsAre(1));
  EXPECT_EQ(Value(Table::kStates, "Ca"), "1");
  EXPECT_EQ(store_->AppendBlock(3, MakeBlock(3, 1), {}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Ingest({}, 1).code(), absl::StatusCode::kFailedPrecondition);
  store_.reset();
  EXPECT_EQ(Files(), before);
}

}  // namespace
}  // namespace portrisk::store
