// The engine on a disk that fails, beside a plain model: what was acknowledged.
// After each fault every acknowledged movement is answered as it was, nothing
// is there twice or in part, and the states are the fold of the journal from
// zero.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "service/errors.h"
#include "service/history_api.h"
#include "service/operator_api.h"
#include "service/verify.h"
#include "tests/service/engine_fixture.h"
#include "tests/service/foreign_fold.h"
#include "tests/store/fault_file_system.h"

namespace portrisk::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kPlenty = int64_t{1} << 60;

std::string ReasonOf(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const auto& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

uint32_t NewSeed() {
  const uint32_t seed = std::random_device()();
  std::cout << "seed " << seed << std::endl;
  return seed;
}

class EngineFaultsTest : public EngineTest {
 protected:
  EngineFaultsTest() { Disk(1); }

  void Disk(uint32_t seed) {
    disk_ = std::make_shared<store::FaultFileSystem>(
        directory_.path() + "/graves", seed);
    options_ = TestOptions(directory_.path() + "/store");
    options_.store.environment = store::FaultFileSystem::In(disk_);
    options_.reopen_after_min = absl::Milliseconds(20);
    options_.reopen_after_max = absl::Milliseconds(100);
    options_.checkpoint_records = 60;
  }

  absl::Status TryOpen() {
    engine_.reset();
    auto engine = Engine::Open(options_);
    if (engine.ok()) engine_ = *std::move(engine);
    return engine.status();
  }

  // New ones, and corrections of some that were acknowledged.
  std::vector<v1::Movement> SomeMovements(std::mt19937* random) {
    std::vector<v1::Movement> some;
    const int count = 1 + static_cast<int>((*random)() % 12);
    for (int i = 0; i < count; ++i) {
      const int number = next_++;
      v1::Movement m = MakeMovement(
          absl::StrCat("m", number), number % 2 ? v1::GATE_OUT : v1::GATE_IN,
          absl::StrCat("MSKU", 1'000'000 + number % 40), number * 60);
      m.mutable_update_time()->set_seconds(1'790'000'000 + number);
      some.push_back(m);
      sent_[m.id()] = m;
    }
    return some;
  }

  // Sends some; keeps what was acknowledged. False when any was refused.
  bool Send(std::mt19937* random) {
    const std::vector<v1::Movement> some = SomeMovements(random);
    const std::vector<Answer> answers = ScoreAll(engine_.get(), some);
    bool all = true;
    for (size_t i = 0; i < some.size(); ++i) {
      if (answers[i].status.ok()) {
        acknowledged_[some[i].id()] = answers[i].bytes;
      } else {
        EXPECT_FALSE(ReasonOf(answers[i].status).empty());
        last_refusal_ = answers[i].status;
        all = false;
      }
    }
    return all;
  }

  // Every acknowledged movement comes back as it was answered.
  void CheckAcknowledged() {
    std::vector<v1::Movement> again;
    std::vector<std::string> expected;
    for (const auto& [id, bytes] : acknowledged_) {
      again.push_back(sent_[id]);
      expected.push_back(bytes);
    }
    const std::vector<Answer> answers = ScoreAll(engine_.get(), again);
    for (size_t i = 0; i < again.size(); ++i) {
      ASSERT_TRUE(answers[i].status.ok()) << answers[i].status;
      ASSERT_EQ(answers[i].bytes, expected[i]) << again[i].id();
    }
  }

  // Each movement once, in time order, and all states as folded from zero.
  void CheckStore() {
    engine_.reset();  // A checkpoint, so that all states are written.
    store::Options reading = options_.store;
    reading.read_only = true;
    auto store = store::Store::Open(reading);
    ASSERT_TRUE(store.ok()) << store.status();
    std::set<std::string> ids;
    absl::Time last = absl::InfinitePast();
    absl::Status scanned =
        (*store)->ScanJournal(1, [&](const store::Block& block) {
          v1::JournalBlock parsed;
          EXPECT_TRUE(parsed.ParseFromString(block.bytes));
          for (const v1::JournalRecord& record : parsed.records()) {
            if (!record.has_movement()) continue;
            v1::Movement m;
            m.ParseFromString(record.movement().movement());
            EXPECT_TRUE(ids.insert(m.id()).second) << m.id() << " twice";
            EXPECT_EQ(sent_.count(m.id()), 1u);
            const absl::Time time =
                absl::FromUnixSeconds(record.recorded_time().seconds()) +
                absl::Nanoseconds(record.recorded_time().nanos());
            EXPECT_GE(time, last) << "recorded time went back";
            last = time;
          }
          return absl::OkStatus();
        });
    ASSERT_TRUE(scanned.ok()) << scanned;
    for (const auto& [id, bytes] : acknowledged_) {
      ASSERT_EQ(ids.count(id), 1u) << id << " was acknowledged and is lost";
    }
    const auto report = VerifyStore(**store, [](uint64_t) {});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->difference_count, 0u) << report->differences[0];
    EXPECT_EQ(report->checkpoint_sequence, report->last_sequence);
  }

  // Whether a container's history can be read.
  absl::Status ReadBack(const std::string& number) {
    v1::GetContainerRequest request;
    request.set_number(number);
    return HistoryApi(engine_.get()).GetContainer(request).status();
  }

  // Until writes are taken again.
  bool Resumes() {
    for (int i = 0; i < 1000; ++i) {
      if (engine_->write_status().ok()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }

  std::shared_ptr<store::FaultFileSystem> disk_;
  EngineOptions options_;
  int next_ = 0;
  std::map<std::string, v1::Movement> sent_;
  std::map<std::string, std::string> acknowledged_;
  absl::Status last_refusal_;
};

TEST_F(EngineFaultsTest, PowerGoesAgainAndAgain) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  Disk(seed);
  int losses = 0;
  for (int i = 0; i < 40; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", loss ", i));
    disk_->end_at_step = 1 + random() % 250;
    if (TryOpen().ok()) {
      for (int n = 0; n < 40 && Send(&random); ++n) {
      }
    }
    losses += disk_->power_is_off() ? 1 : 0;
    engine_.reset();
    disk_->PowerLoss();
    const absl::Status opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened;
    CheckAcknowledged();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  std::cout << losses << " power losses, " << acknowledged_.size()
            << " acknowledged" << std::endl;
  EXPECT_GT(losses, 20);
  EXPECT_GT(acknowledged_.size(), 500u);
  CheckStore();
}

// An opening that folds all of the journal again and writes behind is cut off
// at each of its syncs, and what was not synced is lost. (Syncs of its own
// files: a compaction that fails while it has written nothing but what was
// dropped ends the process, where RocksDB is built with assertions.)
TEST_F(EngineFaultsTest, PowerGoesWhileStatesAreMadeAnew) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  Disk(seed);
  ASSERT_TRUE(TryOpen().ok());
  for (int n = 0; n < 200; ++n) ASSERT_TRUE(Send(&random));
  for (const char* files : {"/ingest/", ".log"}) {
    int losses = 0;
    for (bool opened = false; !opened; losses += opened ? 0 : 1) {
      SCOPED_TRACE(absl::StrCat("seed ", seed, ", sync ", losses, files));
      engine_.reset();
      disk_->PowerLoss();
      ASSERT_TRUE(ForgetFold(options_.store).ok());
      disk_->syncs_before = losses;
      disk_->syncs_fail_of = files;
      opened = TryOpen().ok();
      engine_.reset();
      disk_->syncs_fail_of = nullptr;
      disk_->PowerLoss();
      ASSERT_TRUE(TryOpen().ok());
      CheckStore();
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
    std::cout << losses << " losses at syncs of " << files << std::endl;
    EXPECT_GT(losses, 0);
  }
}

TEST_F(EngineFaultsTest, WithAFullDiskStatesOfAnotherFoldAreNotRead) {
  std::mt19937 random(1);
  ASSERT_TRUE(TryOpen().ok());
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(Send(&random));
  engine_.reset();
  ASSERT_TRUE(ForgetFold(options_.store).ok());
  disk_->space_left = 0;
  const absl::Status full = TryOpen();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  disk_->space_left = kPlenty;
  ASSERT_TRUE(TryOpen().ok());
  CheckAcknowledged();
  CheckStore();
}

TEST_F(EngineFaultsTest, AFullDiskStopsWritesNotReadsAndEndsByItself) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  Disk(seed);
  ASSERT_TRUE(TryOpen().ok());
  for (int i = 0; i < 8; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", time ", i));
    while (!Send(&random)) {
    }
    disk_->space_left = random() % 60'000;
    while (Send(&random)) {
    }
    disk_->space_left = 0;
    // Once it has noticed, all of these hold, for as long as it lasts.
    for (int n = 0; n < 100 && ReasonOf(last_refusal_) != "DISK_FULL"; ++n) {
      Send(&random);
    }
    for (int n = 0; n < 5; ++n) {
      EXPECT_FALSE(Send(&random));
      EXPECT_EQ(last_refusal_.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(ReasonOf(last_refusal_), "DISK_FULL") << last_refusal_;
      EXPECT_THAT(std::string(last_refusal_.message()), HasSubstr("Make room"));
      const absl::Status read = ReadBack("MSKU1000001");
      EXPECT_TRUE(read.ok()) << read;
      absl::SleepFor(absl::Milliseconds(15));
    }
    EXPECT_EQ(engine_->write_status().code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_FALSE(engine_->is_writable()) << "what an alarm watches";
    disk_->space_left = kPlenty;
    ASSERT_TRUE(Resumes());
    EXPECT_TRUE(Send(&random)) << last_refusal_;
    EXPECT_TRUE(engine_->is_writable());
    CheckAcknowledged();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  CheckStore();
}

TEST_F(EngineFaultsTest, WithAFullDiskItStartsForReading) {
  std::mt19937 random(1);
  ASSERT_TRUE(TryOpen().ok());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Send(&random));
  // As a crash leaves it: the log has to be written into tables.
  disk_->end_at_step = 1;
  Send(&random);
  engine_.reset();
  disk_->PowerLoss();
  disk_->space_left = 0;
  const absl::Status opened = TryOpen();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_TRUE(ReadBack("MSKU1000001").ok());
  EXPECT_FALSE(Send(&random));
  EXPECT_EQ(ReasonOf(last_refusal_), "DISK_FULL");
  EXPECT_FALSE(engine_->is_writable());
  disk_->space_left = kPlenty;
  ASSERT_TRUE(Resumes());
  CheckAcknowledged();
  CheckStore();
}

TEST_F(EngineFaultsTest, OfAFullDiskACommandPromisesNothing) {
  std::mt19937 random(3);
  options_.is_of_command = true;
  ASSERT_TRUE(TryOpen().ok());
  disk_->space_left = 0;
  for (int n = 0; n < 100 && ReasonOf(last_refusal_) != "DISK_FULL"; ++n) {
    Send(&random);
  }
  EXPECT_THAT(std::string(last_refusal_.message()),
              AllOf(HasSubstr("Make room and run the command again"),
                    Not(HasSubstr("server"))));
}

TEST_F(EngineFaultsTest, WithoutFileDescriptorsItWaitsForThem) {
  std::mt19937 random(2);
  ASSERT_TRUE(TryOpen().ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Send(&random));
  disk_->opens_fail = true;
  // A checkpoint wants files; from then on nothing is taken.
  for (int i = 0; i < 5000 && Send(&random); ++i) {
  }
  EXPECT_GT(disk_->refused, 0u);
  for (int i = 0; i < 5; ++i) {
    Send(&random);
    EXPECT_EQ(ReasonOf(last_refusal_), "STORE_UNAVAILABLE") << last_refusal_;
  }
  disk_->opens_fail = false;
  ASSERT_TRUE(Resumes());
  EXPECT_TRUE(Send(&random)) << last_refusal_;
  CheckAcknowledged();
  CheckStore();
}

TEST_F(EngineFaultsTest, AFailedSyncLosesNothing) {
  std::mt19937 random(3);
  ASSERT_TRUE(TryOpen().ok());
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(Send(&random));
    disk_->syncs_fail = true;
    EXPECT_FALSE(Send(&random));
    disk_->syncs_fail = false;
    ASSERT_TRUE(Resumes());
    EXPECT_TRUE(Send(&random)) << last_refusal_;
    CheckAcknowledged();
    if (HasFatalFailure()) return;
  }
  engine_.reset();
  disk_->PowerLoss();
  ASSERT_TRUE(TryOpen().ok());
  CheckAcknowledged();
  CheckStore();
}

TEST_F(EngineFaultsTest, ASlowDiskSlowsAndChangesNothing) {
  std::mt19937 random(4);
  disk_->sync_ms = 10;
  ASSERT_TRUE(TryOpen().ok());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Send(&random)) << last_refusal_;
  CheckAcknowledged();
  CheckStore();
}

TEST_F(EngineFaultsTest, RecordedTimeNeverGoesBackWhateverTheClockDoes) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  const absl::Time kEarliest = absl::FromUnixSeconds(1'800'000'000);
  absl::Time now = kEarliest;
  std::mutex mutex;
  options_.clock = [&] {
    const std::lock_guard<std::mutex> lock(mutex);
    // Up to a day on or back, now and then to any time within two years; never
    // before what is sent occurred, which would be refused.
    now += absl::Seconds(static_cast<int64_t>(random() % 172'800) - 86'400);
    if (random() % 4 == 0 || now < kEarliest) {
      now = kEarliest + absl::Hours(random() % (24 * 730));
    }
    return now;
  };
  std::mt19937 sending(seed + 1);
  for (int restart = 0; restart < 4; ++restart) {
    ASSERT_TRUE(TryOpen().ok());
    for (int i = 0; i < 25; ++i) Send(&sending);
    engine_.reset();
  }
  EXPECT_GT(acknowledged_.size(), 100u);
  CheckStore();
}

// On the way from the disk. What is read is right or refused, and the refusal
// names what cannot be read and what to do.
TEST_F(EngineFaultsTest, AFlippedBitIsNeverServed) {
  const uint32_t seed = NewSeed();
  std::mt19937 random(seed);
  Disk(seed);
  options_.store.block_cache_bytes = 0;
  options_.cache_states_max = 1;
  ASSERT_TRUE(TryOpen().ok());
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(Send(&random));
  std::map<std::string, std::string> histories;
  const auto history = [&](const std::string& number) {
    v1::GetContainerRequest request;
    request.set_number(number);
    return HistoryApi(engine_.get()).GetContainer(request);
  };
  ASSERT_TRUE(TryOpen().ok());  // All of it is written now.
  for (int i = 0; i < 40; ++i) {
    const std::string number = absl::StrCat("MSKU", 1'000'000 + i);
    histories[number] = history(number)->SerializeAsString();
  }
  int refused = 0;
  std::set<std::string> texts;
  disk_->flips_per_million = 10'000;
  for (int round = 0; round < 10; ++round) {
    for (const auto& [number, bytes] : histories) {
      const auto read = history(number);
      if (read.ok()) {
        ASSERT_EQ(read->SerializeAsString(), bytes);
        continue;
      }
      ++refused;
      if (ReasonOf(read.status()) == "STORE_DAMAGED") {
        texts.insert(std::string(read.status().message()));
      }
    }
    for (const auto& [id, bytes] : acknowledged_) {
      if (random() % 40 != 0) continue;
      const Answer answer = Score(engine_.get(), sent_[id]);
      if (answer.status.ok()) {
        ASSERT_EQ(answer.bytes, bytes) << id;
      } else {
        ++refused;
        if (ReasonOf(answer.status) == "STORE_DAMAGED") {
          texts.insert(std::string(answer.status.message()));
        }
      }
    }
  }
  disk_->flips_per_million = 0;
  std::cout << refused << " refused, " << disk_->bits_flipped << " bits flipped"
            << std::endl;
  EXPECT_GT(refused, 0);
  ASSERT_FALSE(texts.empty());
  for (const std::string& text : texts) {
    EXPECT_THAT(text, HasSubstr("portrisk restore"));
  }
  while (!Send(&random)) absl::SleepFor(absl::Milliseconds(5));
  CheckAcknowledged();
  CheckStore();
}

// The same on a file system that is really full, where one can be mounted.
TEST_F(EngineFaultsTest, ARealFullDiskStopsWritesNotReadsAndEndsByItself) {
  const std::string mount_point = directory_.path() + "/small";
  std::filesystem::create_directory(mount_point);
  if (mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=12m") != 0) {
    GTEST_SKIP() << "no file system can be mounted here";
  }
  struct Mounted {
    ~Mounted() { umount2(path.c_str(), MNT_DETACH); }
    const std::string path;
  } mounted{mount_point};
  std::mt19937 random(5);
  options_.store.directory = mount_point + "/store";
  options_.store.environment = nullptr;
  ASSERT_TRUE(TryOpen().ok());
  ASSERT_TRUE(Send(&random));
  const std::string filler = mount_point + "/filler";
  const auto fill_up = [&] {
    for (const size_t bytes : {size_t{1} << 20, size_t{1} << 12}) {
      std::ofstream out(filler, std::ios::app);
      const std::string some(bytes, 'x');
      while (out << some << std::flush) {
      }
    }
  };
  // Opening makes a little room, since it compresses what the log held: so it
  // is full once it has been for some calls.
  int refused = 0;
  for (int i = 0; i < 2000 && refused < 10; ++i) {
    fill_up();
    refused = Send(&random) ? 0 : refused + 1;
  }
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(ReasonOf(last_refusal_), "DISK_FULL") << last_refusal_;
  EXPECT_TRUE(ReadBack("MSKU1000000").ok());
  EXPECT_FALSE(Send(&random));
  std::filesystem::remove(filler);
  EXPECT_TRUE(Resumes());
  EXPECT_TRUE(Send(&random)) << last_refusal_;
  CheckAcknowledged();
  CheckStore();
  engine_.reset();
}

}  // namespace
}  // namespace portrisk::service
