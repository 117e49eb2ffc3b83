// The store on a disk that fails, beside a plain model of what it must hold:
// every acknowledged block is there, every other one whole or not at all, and
// what is written behind goes in as one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "store/backup.h"
#include "tests/store/fault_file_system.h"
#include "tests/store/store_fixture.h"

namespace portrisk::store {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class FaultTest : public StoreTest {
 protected:
  void NewDisk(uint32_t seed) {
    store_.reset();
    fs::remove_all(options_.directory);
    fs::remove_all(base_ / "graves");
    acknowledged_ = 0;
    tried_ = 0;
    ingested_ = 0;
    ingest_tried_ = 0;
    indexed_ = 0;
    disk_ =
        std::make_shared<FaultFileSystem>((base_ / "graves").string(), seed);
    options_.environment = FaultFileSystem::In(disk_);
  }

  // One block; what it says depends on its place alone.
  bool AppendOne() {
    const uint64_t next = acknowledged_ + 1;
    const int count = 1 + static_cast<int>(next % 3);
    tried_ = next + count - 1;
    if (!store_
             ->AppendBlock(
                 next, MakeBlock(next, count, 200),
                 {{Table::kRuleSets, "catalogue", absl::StrCat(tried_)}})
             .ok()) {
      return false;
    }
    acknowledged_ = tried_;
    return true;
  }
  // Two tables that say the same number, with the checkpoint.
  bool IngestOne() {
    const std::string value = absl::StrCat(acknowledged_);
    ingest_tried_ = acknowledged_;
    if (!Ingest({{Table::kStates, {{"Ca", value}, {"Cb", value}}},
                 {Table::kIdentity, {{"id", value}}}},
                acknowledged_)
             .ok()) {
      return false;
    }
    ingested_ = acknowledged_;
    return true;
  }

  // States and checkpoint together; indexes stay.
  bool ForgetThem() {
    ingest_tried_ = 0;
    indexed_ = ingested_;
    if (!store_->ForgetStates().ok()) return false;
    ingested_ = 0;
    return true;
  }

  // Creating, appending, writing behind, dropping, and opening again: every
  // kind of write there is. Ends with the first error.
  void Work(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      if (!TryOpen().ok()) return;
      for (int i = 0; i < 3; ++i) {
        if (!AppendOne()) return;
      }
      if (!IngestOne() || !AppendOne()) return;
      if (!store_->PutContent(Table::kReference, "hash", "content").ok()) {
        return;
      }
      if (!store_->DropStates("G").ok() || !AppendOne()) return;
      if (round % 2 == 0 && (!ForgetThem() || !AppendOne())) return;
      store_.reset();
    }
  }

  void CheckAgainstModel() {
    Open();
    if (HasFatalFailure()) return;
    const uint64_t last = store_->last_sequence_at_open();
    ASSERT_GE(last, acknowledged_) << "an acknowledged block is lost";
    ASSERT_TRUE(last == acknowledged_ || last == tried_)
        << "a block that was not acknowledged is half there: " << last;
    uint64_t next = 1;
    const absl::Status scanned =
        store_->ScanJournal(1, [&](const Block& block) {
          const int count = 1 + static_cast<int>(next % 3);
          EXPECT_EQ(Unsealed(block.bytes), MakeBlock(next, count, 200));
          next += count;
          return absl::OkStatus();
        });
    ASSERT_TRUE(scanned.ok()) << scanned;
    ASSERT_EQ(next, last + 1);
    EXPECT_EQ(Value(Table::kRuleSets, "catalogue"),
              last == 0 ? "" : absl::StrCat(last));
    const uint64_t checkpoint = CheckpointSequence();
    EXPECT_TRUE(checkpoint == ingested_ || checkpoint == ingest_tried_)
        << checkpoint;
    const std::string value = checkpoint == 0 ? "" : absl::StrCat(checkpoint);
    EXPECT_EQ(Value(Table::kStates, "Ca"), value);
    EXPECT_EQ(Value(Table::kStates, "Cb"), value);
    EXPECT_EQ(Value(Table::kIdentity, "id"),
              checkpoint == 0 && indexed_ > 0 ? absl::StrCat(indexed_) : value);
    // It goes on.
    acknowledged_ = tried_ = last;
    ingested_ = ingest_tried_ = checkpoint;
    EXPECT_TRUE(AppendOne());
    EXPECT_TRUE(IngestOne());
  }

  static uint32_t NewSeed() {
    const uint32_t seed = std::random_device()();
    std::cout << "seed " << seed << std::endl;
    return seed;
  }

  std::shared_ptr<FaultFileSystem> disk_;
  uint64_t acknowledged_ = 0;
  uint64_t tried_ = 0;
  uint64_t ingested_ = 0;
  uint64_t ingest_tried_ = 0;
  uint64_t indexed_ = 0;  // When states were forgotten last.
};

// Every other step in each run, which of them by the seed.
TEST_F(FaultTest, PowerMayGoAtEveryStep) {
  const uint32_t seed = NewSeed();
  NewDisk(seed);
  Work(2);
  const uint64_t all = disk_->steps;
  ASSERT_GT(all, 60u);
  int losses = 0;
  for (uint64_t step = 1 + seed % 2; step <= all; step += 2) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", step ", step, " of ", all));
    NewDisk(seed + static_cast<uint32_t>(step));
    disk_->end_at_step = step;
    Work(2);
    losses += disk_->power_is_off() ? 1 : 0;
    store_.reset();
    disk_->PowerLoss();
    CheckAgainstModel();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  std::cout << losses << " power losses at " << all << " steps" << std::endl;
  EXPECT_GT(losses, 50);
}

TEST_F(FaultTest, PowerMayGoAgainAndAgain) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  NewDisk(seed);
  int losses = 0;
  for (int i = 0; i < 25; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", loss ", i));
    disk_->end_at_step = 1 + random() % 150;
    Work(3);
    losses += disk_->power_is_off() ? 1 : 0;
    store_.reset();
    disk_->PowerLoss();
    // Creation may have been cut short before anything was there.
    CheckAgainstModel();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  EXPECT_GT(losses, 8);
}

TEST_F(FaultTest, AFullDiskRefusesWritesAndLosesNothing) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  NewDisk(seed);
  for (int i = 0; i < 12; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", time ", i));
    Open();
    disk_->space_left = random() % 30'000;
    while (AppendOne() && (random() % 4 != 0 || IngestOne())) {
    }
    const absl::Status refused =
        store_->AppendBlock(acknowledged_ + 1, MakeBlock(1, 1), {});
    EXPECT_FALSE(refused.ok());
    // Reading goes on.
    if (acknowledged_ > 0) {
      EXPECT_TRUE(store_->ReadBlock(acknowledged_).ok());
    }
    // Opening needs room; for reading it needs none.
    const absl::Status full = TryOpen();
    if (!full.ok()) {
      EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
      Options reading = options_;
      reading.read_only = true;
      ASSERT_TRUE(Store::SyncLog(reading).ok());
      auto reader = Store::Open(reading);
      ASSERT_TRUE(reader.ok()) << reader.status();
      EXPECT_GE((*reader)->last_sequence_at_open(), acknowledged_);
    }
    store_.reset();
    disk_->space_left = int64_t{1} << 60;
    CheckAgainstModel();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  EXPECT_GT(disk_->refused, 0u);
}

TEST_F(FaultTest, ASyncThatFailsIsNotAcknowledged) {
  const uint32_t seed = NewSeed();
  NewDisk(seed);
  for (int i = 0; i < 10; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", time ", i));
    Open();
    EXPECT_TRUE(AppendOne());
    disk_->syncs_fail = true;
    EXPECT_FALSE(AppendOne());
    EXPECT_FALSE(IngestOne());
    store_.reset();
    disk_->syncs_fail = false;
    if (i % 2 == 0) disk_->PowerLoss();
    CheckAgainstModel();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

// Who waits for the sync of a log, and would sync it next, is told as well.
TEST_F(FaultTest, ALogThatDoesNotSyncFailsForAllWhoWaitForIt) {
  const uint32_t seed = NewSeed();
  NewDisk(seed);
  Open();
  EXPECT_TRUE(AppendOne());
  disk_->sync_ms = 200;
  disk_->syncs_fail_of = ".log";
  absl::Status dropped;
  std::thread flushes([&] { dropped = store_->DropStates("G"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(AppendOne());
  flushes.join();
  EXPECT_FALSE(dropped.ok());
  store_.reset();
  disk_->sync_ms = 0;
  disk_->syncs_fail_of = nullptr;
  disk_->PowerLoss();
  CheckAgainstModel();
}

// RocksDB takes back the files of an ingestion whose entry in the manifest was
// not synced, though the entry may be there.
TEST_F(FaultTest, AnIngestionWhoseManifestDoesNotSyncLosesNothing) {
  const uint32_t seed = NewSeed();
  NewDisk(seed);
  for (int i = 0; i < 8; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", time ", i));
    Open();
    EXPECT_TRUE(AppendOne());
    EXPECT_TRUE(IngestOne());
    EXPECT_TRUE(AppendOne());
    disk_->syncs_before = i / 2 % 2;  // Numbers are taken first, then files.
    disk_->syncs_fail_of = "MANIFEST";
    EXPECT_FALSE(IngestOne());
    EXPECT_EQ(store_->CheckWritable().code(), absl::StatusCode::kUnavailable);
    EXPECT_FALSE(AppendOne());
    store_.reset();
    disk_->syncs_fail_of = nullptr;
    if (i % 2 == 0) disk_->PowerLoss();
    CheckAgainstModel();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

TEST_F(FaultTest, WithoutFileDescriptorsItSaysSoAndOpensLater) {
  NewDisk(1);
  Open();
  EXPECT_TRUE(AppendOne());
  disk_->opens_fail = true;
  const absl::Status status = TryOpen();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(Message(status), HasSubstr("Too many open files"));
  disk_->opens_fail = false;
  CheckAgainstModel();
}

// RocksDB stands by what failed behind it; waiting alone mends nothing.
TEST_F(FaultTest, WithoutFileDescriptorsBasesAreDroppedWhenItIsOpenedAgain) {
  NewDisk(1);
  Open();
  EXPECT_TRUE(AppendOne());
  EXPECT_TRUE(IngestOne());
  const auto all = [](absl::string_view) { return true; };
  ASSERT_TRUE(store_->KeepBase(all).ok());
  disk_->opens_fail = true;
  EXPECT_FALSE(store_->DropBases(0).ok());
  EXPECT_EQ(store_->CheckWritable().code(), absl::StatusCode::kUnavailable);
  disk_->opens_fail = false;
  Open();
  EXPECT_TRUE(store_->DropBases(0).ok());
  bool any = false;
  const auto look = [&any](absl::string_view, absl::string_view) {
    any = true;
    return false;
  };
  EXPECT_TRUE(store_->ScanPrefix(Table::kBase, "", "", look).ok());
  EXPECT_FALSE(any);
  store_.reset();
  CheckAgainstModel();
}

TEST_F(FaultTest, ASlowDiskDelaysAndLosesNothing) {
  NewDisk(1);
  Open();
  disk_->sync_ms = 30;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(AppendOne());
  EXPECT_GE(std::chrono::steady_clock::now() - start,
            std::chrono::milliseconds(150));
  store_.reset();
  disk_->PowerLoss();
  CheckAgainstModel();
}

// On the way from the disk: the page is refused, and names what was asked for.
TEST_F(FaultTest, ABitFlippedInReadingIsNoticed) {
  const uint32_t seed = NewSeed();
  NewDisk(seed);
  Open();
  KeyValues states;
  for (int i = 10'000; i < 14'000; ++i) {
    states.emplace_back(absl::StrCat("C", i), absl::StrCat("state ", i));
  }
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(AppendOne());
  ASSERT_TRUE(Ingest({{Table::kStates, states}}, acknowledged_).ok());
  options_.block_cache_bytes = 0;  // Every read goes to the file.
  Open();
  disk_->flips_per_million = 20'000;
  int damaged = 0;
  for (const auto& [key, value] : states) {
    const auto found = store_->Get(Table::kStates, key);
    if (found.ok()) {
      ASSERT_EQ(*found, value);
      continue;
    }
    ++damaged;
    ASSERT_EQ(found.status().code(), absl::StatusCode::kDataLoss);
    ASSERT_THAT(Message(found.status()), HasSubstr(key));
    ASSERT_THAT(Message(found.status()), HasSubstr("portrisk restore"));
  }
  disk_->flips_per_million = 0;
  EXPECT_GT(damaged, 0);
  EXPECT_EQ(Value(Table::kStates, "C10000"), "state 10000");
}

// On the disk: the message names the records that cannot be read.
TEST_F(FaultTest, ADamagedPageOfTheJournalNamesItsRecords) {
  options_.environment = nullptr;
  Open();
  for (uint64_t i = 1; i <= 400; ++i) {
    v1::JournalBlock block;
    v1::JournalRecord& record = *block.add_records();
    record.set_sequence(i);
    std::string* payload = record.mutable_movement()->mutable_movement();
    std::mt19937 random(static_cast<uint32_t>(i));
    for (int j = 0; j < 1000; ++j) payload->push_back(random() % 256);
    ASSERT_TRUE(store_->AppendBlock(i, block.SerializeAsString(), {}).ok());
  }
  Open();  // The journal goes into a file.
  store_.reset();
  fs::path biggest;
  for (const fs::path& file : FilesEndingIn(".sst")) {
    if (biggest.empty() || fs::file_size(file) > fs::file_size(biggest)) {
      biggest = file;
    }
  }
  std::string bytes = ReadFile(biggest);
  bytes[bytes.size() / 2] ^= 16;
  WriteFile(biggest, bytes);
  Open();
  std::vector<uint64_t> read;
  const absl::Status status = store_->ScanJournal(1, [&](const Block& block) {
    read.push_back(block.first_sequence);
    return absl::OkStatus();
  });
  ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  const uint64_t first = read.back() + 1;
  EXPECT_THAT(Message(status), HasSubstr(absl::StrCat("records from ", first)));
  EXPECT_THAT(Message(status), HasSubstr("portrisk restore"));
  // About 32 KiB of blocks of 1,000 bytes: those before and behind are there.
  EXPECT_GT(first, 100u);
  uint64_t next = first;
  while (next <= 400 && !store_->ReadBlock(next).ok()) ++next;
  EXPECT_LT(next - first, 40u);
  // Reading one record looks at the one before it, too.
  EXPECT_THAT(Message(status),
              AnyOf(HasSubstr(absl::StrCat("before ", next)),
                    HasSubstr(absl::StrCat("before ", next - 1))));
  EXPECT_THAT(Message(store_->ReadBlock(first).status()),
              HasSubstr("records from"));
}

// Prepares a store for a process that is killed at a step.
TEST(DISABLED_FaultChild, WorksUntilKilled) {
  const std::string base = ChildProcess::Directory();
  auto disk = std::make_shared<FaultFileSystem>(base + "/graves", 1);
  disk->end = FaultFileSystem::End::kKill;
  disk->end_at_step = std::stoull(ReadFile(base + "/step"));
  Options options;
  options.directory = base + "/store";
  options.environment = FaultFileSystem::In(disk);
  uint64_t next = 1;
  for (int round = 0; round < 2; ++round) {
    auto store = Store::Open(options);
    if (!store.ok()) _exit(1);
    for (int i = 0; i < 5; ++i) {
      if (!(*store)->AppendBlock(next, MakeBlock(next, 2, 200), {}).ok()) {
        _exit(1);
      }
      next += 2;
      ChildProcess::Tell(next - 1);
      v1::Checkpoint checkpoint;
      checkpoint.set_sequence(next - 1);
      if (!(*store)
               ->Ingest({{Table::kStates, {{"Ca", absl::StrCat(next - 1)}}}},
                        checkpoint)
               .ok()) {
        _exit(1);
      }
    }
  }
  _exit(0);
}

// Every eighth step in each run, from which on by the seed.
TEST_F(FaultTest, AKillMayComeAtEveryStep) {
  const uint32_t seed = NewSeed();
  int kills = 0;
  for (uint64_t step = 1 + seed % 8;; step += 8) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", step ", step));
    fs::remove_all(options_.directory);
    WriteFile(base_ / "step", absl::StrCat(step));
    uint64_t acknowledged = 0;
    {
      ChildProcess child("DISABLED_FaultChild.WorksUntilKilled",
                         base_.string());
      while (child.Hear(&acknowledged)) {
      }
    }
    ++kills;
    options_.environment = nullptr;
    Open();
    if (HasFatalFailure()) return;
    const uint64_t last = store_->last_sequence_at_open();
    ASSERT_TRUE(last == acknowledged || last == acknowledged + 2) << last;
    EXPECT_EQ(Scan(1).size(), last / 2);
    const uint64_t checkpoint = CheckpointSequence();
    ASSERT_LE(checkpoint, last);
    EXPECT_EQ(Value(Table::kStates, "Ca"),
              checkpoint == 0 ? "" : absl::StrCat(checkpoint));
    store_.reset();
    if (acknowledged == 20) break;  // It came to its end.
    ASSERT_LT(step, 1000u);
  }
  std::cout << kills << " kills" << std::endl;
  EXPECT_GT(kills, 15);
}

}  // namespace
}  // namespace portrisk::store
