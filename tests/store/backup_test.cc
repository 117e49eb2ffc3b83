#include "store/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

class BackupTest : public StoreTest {
 protected:
  std::string backups() const { return (base_ / "backups").string(); }

  Backup Make() {
    auto backup = CreateBackup(*store_, backups());
    EXPECT_TRUE(backup.ok()) << backup.status();
    return backup.ok() ? *backup : Backup();
  }
  std::vector<uint32_t> Ids() {
    std::vector<uint32_t> ids;
    const auto listed = ListBackups(backups());
    EXPECT_TRUE(listed.ok()) << listed.status();
    for (const Backup& backup : *listed) ids.push_back(backup.id);
    return ids;
  }
  // Opens what was restored in the place of the store.
  void Restore(uint32_t id) {
    store_.reset();
    options_.directory = (base_ / absl::StrCat("restored-", id)).string();
    const absl::Status status = RestoreFiles(backups(), id, options_.directory);
    ASSERT_TRUE(status.ok()) << status;
    Open();
  }
  // Enough that a table file of its own is worth sharing.
  void Fill(uint64_t first, int blocks) {
    for (int i = 0; i < blocks; ++i) {
      v1::JournalBlock block;
      v1::JournalRecord& record = *block.add_records();
      record.set_sequence(first + i);
      std::string* payload = record.mutable_movement()->mutable_movement();
      // What does not compress.
      for (int j = 0; j < 20'000; ++j) payload->push_back(random_() % 256);
      ASSERT_TRUE(
          store_->AppendBlock(first + i, block.SerializeAsString(), {}).ok());
    }
  }
  fs::path BiggestSharedFile() {
    fs::path biggest;
    for (const auto& entry :
         fs::directory_iterator(base_ / "backups" / "shared_checksum")) {
      if (biggest.empty() || entry.file_size() > fs::file_size(biggest)) {
        biggest = entry.path();
      }
    }
    return biggest;
  }

  std::mt19937 random_{1};
};

TEST_F(BackupTest, ARestoredStoreHoldsWhatWasThereAndGoesOn) {
  Open();
  Append(1, 3, {{Table::kRuleSets, "catalogue", "one"}});
  ASSERT_TRUE(Ingest({{Table::kStates, {{"Ca", "at 2"}}}}, 2).ok());
  Append(4, 2);
  const Backup backup = Make();
  EXPECT_EQ(backup.id, 1u);
  EXPECT_EQ(backup.last_sequence, 5u);
  EXPECT_EQ(backup.bytes, backup.new_bytes);
  EXPECT_GT(backup.files, 3);
  Append(6, 1, {{Table::kRuleSets, "catalogue", "two"}});

  Restore(1);
  EXPECT_EQ(store_->last_sequence_at_open(), 5u);
  EXPECT_EQ(Scan(1), (std::vector<uint64_t>{1, 4}));
  EXPECT_EQ(Value(Table::kRuleSets, "catalogue"), "one");
  EXPECT_EQ(Value(Table::kStates, "Ca"), "at 2");
  EXPECT_EQ(CheckpointSequence(), 2u);
  Append(6, 1);
}

TEST_F(BackupTest, ASecondBackupCostsWhatIsNew) {
  Open();
  Fill(1, 200);
  const Backup first = Make();
  Fill(201, 10);
  const Backup second = Make();
  EXPECT_EQ(second.last_sequence, 210u);
  EXPECT_GT(second.bytes, first.bytes);
  EXPECT_LT(second.new_bytes * 3, first.bytes);
  Restore(1);
  EXPECT_EQ(store_->last_sequence_at_open(), 200u);
  Restore(2);
  EXPECT_EQ(store_->last_sequence_at_open(), 210u);
}

TEST_F(BackupTest, KeepRemovesTheOldestAndWhatOnlyTheyHeld) {
  Open();
  for (uint64_t i = 1; i <= 4; ++i) {
    Append(i, 1);
    Make();
  }
  ASSERT_TRUE(KeepBackups(backups(), 2).ok());
  EXPECT_EQ(Ids(), (std::vector<uint32_t>{3, 4}));
  EXPECT_EQ(CheckBackup(backups(), 2).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(RestoreFiles(backups(), 1, (base_ / "x").string()).code(),
            absl::StatusCode::kNotFound);
  for (const uint32_t id : Ids()) {
    EXPECT_TRUE(CheckBackup(backups(), id).ok());
  }
  EXPECT_EQ(KeepBackups(backups(), 0).code(),
            absl::StatusCode::kInvalidArgument);
  // Numbers are not used again.
  EXPECT_EQ(Make().id, 5u);
}

TEST_F(BackupTest, ADamagedFileIsFoundAndNotRestored) {
  Open();
  Fill(1, 50);
  Make();
  const fs::path file = BiggestSharedFile();
  const std::string whole = ReadFile(file);
  for (const size_t offset : {size_t{0}, whole.size() / 2, whole.size() - 1}) {
    std::string bytes = whole;
    bytes[offset] ^= 4;
    WriteFile(file, bytes);
    const absl::Status status = CheckBackup(backups(), 1);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(Message(status), HasSubstr(file.filename().string()));
    const fs::path to = base_ / "to";
    EXPECT_EQ(RestoreFiles(backups(), 1, to.string()).code(),
              absl::StatusCode::kDataLoss);
    fs::remove_all(to);
  }
  fs::remove(file);
  EXPECT_FALSE(CheckBackup(backups(), 1).ok());
  WriteFile(file, whole);
  EXPECT_TRUE(CheckBackup(backups(), 1).ok());
}

TEST_F(BackupTest, ABackupThatWasCutShortDoesNotCountAndIsReplaced) {
  Open();
  Append(1, 1);
  Make();
  // As a crash between the copy and its verification leaves it.
  fs::remove(base_ / "backups" / "verified" / "1");
  EXPECT_TRUE(Ids().empty());
  EXPECT_EQ(OpenBackup(backups(), 1).status().code(),
            absl::StatusCode::kNotFound);
  const Backup next = Make();
  EXPECT_EQ(Ids(), (std::vector<uint32_t>{next.id}));
  Restore(next.id);
  EXPECT_EQ(store_->last_sequence_at_open(), 1u);
}

// Nobody can say that such a backup is not whole.
TEST_F(BackupTest, NoBackupGoesBecauseItsMarkCannotBeRead) {
  Open();
  Append(1, 1);
  Make();
  const fs::path mark = base_ / "backups" / "verified" / "1";
  const std::string whole = ReadFile(mark);
  WriteFile(mark, "");
  const auto refused = CreateBackup(*store_, backups());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()),
              testing::HasSubstr("verified/1"));
  WriteFile(mark, whole);
  EXPECT_TRUE(CheckBackup(backups(), 1).ok());
  Make();
  EXPECT_EQ(Ids(), (std::vector<uint32_t>{1, 2}));
}

TEST_F(BackupTest, OneThatIsGoneOrUnreadableIsNamed) {
  Open();
  for (uint64_t i = 1; i <= 3; ++i) {
    Append(i, 1);
    Make();
  }
  const auto damaged = [&] { return *DamagedBackups(backups()); };
  EXPECT_TRUE(damaged().empty());
  const fs::path meta = base_ / "backups" / "meta" / "3";
  const std::string whole = ReadFile(meta);
  WriteFile(meta, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(Ids(), (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(damaged(), (std::vector<uint32_t>{3}));
  EXPECT_EQ(CheckBackup(backups(), 3).code(), absl::StatusCode::kDataLoss);
  fs::remove(meta);
  EXPECT_EQ(damaged(), (std::vector<uint32_t>{3}));
  fs::remove_all(base_ / "backups" / "private" / "1");
  EXPECT_EQ(damaged(), (std::vector<uint32_t>{1, 3}));
  // A new one, whatever its number, counts when it is whole and not before.
  Append(4, 1);
  const Backup next = Make();
  EXPECT_EQ(Ids(), (std::vector<uint32_t>{2, next.id}));
  ASSERT_TRUE(KeepBackups(backups(), 1).ok());
  EXPECT_EQ(Ids(), (std::vector<uint32_t>{next.id}));
  EXPECT_TRUE(damaged().empty()) << "older than those that were to be kept";
  fs::remove_all(base_ / "backups" / "meta");
  EXPECT_EQ(damaged(), (std::vector<uint32_t>{next.id}));
}

TEST_F(BackupTest, DamagedBytesAreNotCopied) {
  Open();
  Fill(1, 50);
  Make();  // Which flushes it into a table file.
  fs::remove_all(base_ / "backups");
  store_.reset();
  fs::path biggest;
  for (const auto& entry : fs::directory_iterator(options_.directory)) {
    if (entry.path().extension() == ".sst" &&
        (biggest.empty() || entry.file_size() > fs::file_size(biggest))) {
      biggest = entry.path();
    }
  }
  ASSERT_FALSE(biggest.empty());
  std::string bytes = ReadFile(biggest);
  bytes[bytes.size() / 2] ^= 4;
  WriteFile(biggest, bytes);
  Open();
  const absl::Status status = CreateBackup(*store_, backups()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(Message(status), HasSubstr(biggest.stem().string()));
}

TEST_F(BackupTest, RestoringRefusesADirectoryThatHoldsAnything) {
  Open();
  Append(1, 1);
  Make();
  const auto before = Files();
  const absl::Status status = RestoreFiles(backups(), 1, options_.directory);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(Message(status), HasSubstr("not empty"));
  EXPECT_EQ(Files(), before);
  EXPECT_EQ(ListBackups(options_.directory).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(BackupTest, BackupsAreMadeWhileTheJournalGrows) {
  Open();
  Append(1, 1);
  std::atomic<uint64_t> acknowledged{1};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      const uint64_t next = acknowledged + 1;
      Append(next, 1);
      if (next % 50 == 0) {
        ASSERT_TRUE(
            Ingest({{Table::kStates, {{"Ca", absl::StrCat(next)}}}}, next)
                .ok());
      }
      acknowledged = next;
    }
  });
  std::vector<uint64_t> least;
  for (int i = 0; i < 5; ++i) {
    least.push_back(acknowledged);
    EXPECT_GE(Make().last_sequence, least.back());
  }
  stop = true;
  writer.join();
  for (uint32_t id = 1; id <= 5; ++id) {
    Restore(id);
    EXPECT_GE(store_->last_sequence_at_open(), least[id - 1]);
    EXPECT_EQ(Scan(1).size(), store_->last_sequence_at_open());
    if (CheckpointSequence() > 0) {
      EXPECT_EQ(Value(Table::kStates, "Ca"),
                absl::StrCat(CheckpointSequence()));
    }
  }
}

TEST_F(BackupTest, ARelativeDirectoryWillDo) {
  Open();
  Append(1, 1);
  const std::string relative = fs::relative(backups()).string();
  const auto made = CreateBackup(*store_, relative);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(CheckBackup(relative, made->id).ok());
  EXPECT_TRUE(OpenBackup(relative, made->id).ok());
}

TEST_F(BackupTest, ABackupOfAStoreThatStoppedWritingIsRefused) {
  bool fail = false;
  options_.commit_fault = [&] {
    return fail ? absl::UnavailableError("no sync") : absl::OkStatus();
  };
  Open();
  Append(1, 1);
  fail = true;
  EXPECT_FALSE(store_->AppendBlock(2, MakeBlock(2, 1), {}).ok());
  EXPECT_EQ(CreateBackup(*store_, backups()).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace portrisk::store
