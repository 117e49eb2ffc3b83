#include "service/restore.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "service/catalogue.h"
#include "service/operator_api.h"
#include "service/times.h"
#include "store/backup.h"
#include "tests/service/rule_life_fixture.h"

namespace portrisk::service {
namespace {

using ::testing::HasSubstr;

class RestoreTest : public RuleLifeTest {
 protected:
  void SetUp() override { Serve(directory_.path() + "/store"); }

  void Serve(const std::string& store) {
    EngineOptions options = TestOptions(store);
    options.backups = backups();
    options.checkpoint_records = 53;
    // A minute for each movement, so that a time is a point.
    options.clock = [this] {
      return absl::FromUnixSeconds(1'800'000'000) + absl::Minutes(++minutes_);
    };
    Open(std::move(options));
    rules_ = std::make_unique<RuleApi>(engine_.get(), true);
    lists_ = std::make_unique<ListApi>(engine_.get());
  }
  std::string backups() const { return directory_.path() + "/backups"; }
  std::string to() const { return directory_.path() + "/restored"; }

  static v1::Movement MovementOf(int i) {
    v1::Movement m =
        MakeMovement(absl::StrCat("m", i), i % 2 ? v1::GATE_OUT : v1::GATE_IN,
                     Number(i % 30), i * 60);
    m.mutable_haulier()->set_id(absl::StrCat("h", i % 5));
    return m;
  }
  std::vector<std::string> ScoreSome(int first, int count) {
    std::vector<std::string> answers;
    for (int i = first; i < first + count; ++i) {
      const Answer answer = Score(engine_.get(), MovementOf(i));
      EXPECT_TRUE(answer.status.ok()) << answer.status;
      answers.push_back(answer.bytes);
    }
    return answers;
  }
  v1::Backup MakeBackup(int keep = 0) {
    v1::CreateBackupRequest request;
    request.set_keep(keep);
    OperatorApi api(engine_.get());
    auto backup = api.CreateBackup(request);
    EXPECT_TRUE(backup.ok()) << backup.status();
    return backup.ok() ? *backup : v1::Backup();
  }
  absl::StatusOr<RestoreReport> RestoreTo(const std::string& directory,
                                          RestoreOptions options) {
    options.to = directory;
    if (options.store.empty()) options.backups = backups();
    return Restore(options, [](uint64_t, uint64_t) {});
  }
  // Every written state is the fold of the journal; all of it is written.
  static void ExpectWhole(const std::string& directory) {
    store::Options options;
    options.directory = directory;
    options.read_only = true;
    auto store = store::Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto report = VerifyStore(**store, [](uint64_t) {});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->difference_count, 0u) << report->differences[0];
    EXPECT_EQ(report->checkpoint_sequence, report->last_sequence);
    EXPECT_GT(report->states_compared, 0u);
  }

  std::atomic<int> minutes_{0};
};

TEST_F(RestoreTest, ABackupIsMadeWhileScoringAndARestoredServerGoesOn) {
  ASSERT_TRUE(Load("value,reason\nMSKU1000003,seen\n").ok());
  Activate(Document("s", "port", kWatched, kOnList));
  std::atomic<bool> stop{false};
  std::vector<std::string> answers;
  std::thread scorer([&] {
    for (int i = 0; !stop; ++i) answers.push_back(ScoreSome(i, 1)[0]);
  });
  MakeBackup();
  const v1::Backup backup = MakeBackup();
  stop = true;
  scorer.join();
  EXPECT_EQ(backup.id(), 2u);

  auto report = RestoreTo(to(), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->backup, 2u);
  EXPECT_EQ(report->last_sequence, backup.last_sequence());
  Serve(to());
  EXPECT_EQ(engine_->open_report().last_sequence, backup.last_sequence());
  // What it holds is answered as it was; the rest is new, and goes on behind.
  size_t held = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    v1::Assessment before;
    before.ParseFromString(answers[i]);
    const std::string now = ScoreSome(static_cast<int>(i), 1)[0];
    if (before.sequence() > backup.last_sequence()) break;
    EXPECT_EQ(now, answers[i]);
    ++held;
  }
  EXPECT_GT(held, 0u);
  engine_.reset();
  ExpectWhole(to());
}

TEST_F(RestoreTest, ToAPointEverythingIsAsItWasThen) {
  const uint64_t first = Activate(Document("s", "port", "", kAnyBox));
  ScoreSome(0, 100);
  uint64_t point = engine_->durable_sequence();
  const v1::Catalogue then = *engine_->ReadCatalogue();
  ASSERT_TRUE(Load("value,reason\nMSKU1000003,seen\n").ok());
  const uint64_t second = Activate(Document("s", "port", kWatched, kOnList));
  ScoreSome(100, 80);
  MakeBackup();
  // What a server that had stopped there answers.
  RestoreOptions until;
  until.until_sequence = point;
  auto report = RestoreTo(to(), until);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence, point);
  EXPECT_EQ(report->left_out, engine_->durable_sequence() - point);
  Serve(to());
  EXPECT_EQ(engine_->open_report().folded_records, point);
  const v1::Catalogue now = *engine_->ReadCatalogue();
  EXPECT_EQ(now.SerializeAsString(), then.SerializeAsString());
  EXPECT_EQ(Get(first).state(), v1::ACTIVE);
  EXPECT_EQ(FindRevision(now, second), nullptr);
  // A repeat is a repeat, what was left out is new.
  EXPECT_LE(Score(engine_.get(), MovementOf(99)).assessment().sequence(),
            point);
  EXPECT_EQ(Score(engine_.get(), MovementOf(100)).assessment().sequence(),
            point + 1);
  ASSERT_TRUE(Load("value,reason\nMSKU1000004,seen\n").ok());
  Activate(Document("s", "port", kWatched, kOnList));
  ScoreSome(101, 30);
  engine_.reset();
  ExpectWhole(to());
}

TEST_F(RestoreTest, APointMayDivideACommit) {
  std::vector<v1::Movement> many;
  for (int i = 0; i < 40; ++i) many.push_back(MovementOf(i));
  ScoreAll(engine_.get(), many);
  MakeBackup();
  engine_.reset();
  for (const uint64_t point : {1, 17, 39, 40}) {
    const std::string directory = absl::StrCat(to(), point);
    RestoreOptions until;
    until.until_sequence = point;
    auto report = RestoreTo(directory, until);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->last_sequence, point);
    Serve(directory);
    EXPECT_EQ(ScoreAll(engine_.get(), many).back().assessment().sequence(),
              40u);
    engine_.reset();
    ExpectWhole(directory);
  }
}

TEST_F(RestoreTest, AtATimeWhatWasRecordedUntilThenIsKept) {
  ScoreSome(0, 50);
  MakeBackup();
  const v1::Assessment last = Score(engine_.get(), MovementOf(20)).assessment();
  RestoreOptions until;
  until.until_time = FromProto(last.recorded_time());
  auto report = RestoreTo(to(), until);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence, last.sequence());
  until.until_time = absl::FromUnixSeconds(1);
  EXPECT_EQ(RestoreTo(to() + "2", until).status().code(),
            absl::StatusCode::kOutOfRange);
  until.until_time.reset();
  until.until_sequence = 51;
  EXPECT_EQ(RestoreTo(to() + "3", until).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST_F(RestoreTest, AStoreWithDamagedStatesIsFoldedAnew) {
  Activate(Document("s", "port", "", kAnyBox));
  const auto answers = ScoreSome(0, 60);
  engine_.reset();
  const std::string store = directory_.path() + "/store";
  {
    store::Options options;
    options.directory = store;
    auto opened = *store::Store::Open(options);
    ASSERT_TRUE(opened->DropStates("C").ok());
  }
  RestoreOptions from;
  from.store = store;
  auto report = RestoreTo(to(), from);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->backup, 0u);
  {
    store::Options options;
    options.directory = to();
    options.read_only = true;
    const auto whole =
        VerifyStore(**store::Store::Open(options), [](uint64_t) {});
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_FALSE(whole->is_of_another_fold) << "it has no states yet";
    EXPECT_EQ(whole->difference_count, 0u);
  }
  Serve(to());
  EXPECT_EQ(ScoreSome(0, 60), answers);
  engine_.reset();
  ExpectWhole(to());
}

TEST_F(RestoreTest, NothingIsPutWhereSomethingIs) {
  ScoreSome(0, 3);
  MakeBackup();
  std::filesystem::create_directories(to());
  std::ofstream(to() + "/precious") << "x";
  const auto report = RestoreTo(to(), {});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("not empty"));
  EXPECT_FALSE(std::filesystem::exists(to() + "/CURRENT"));
  EXPECT_FALSE(std::filesystem::exists(to() + "/restoring"));
}

TEST_F(RestoreTest, WhatIsRefusedLeavesNoFolderBehind) {
  ScoreSome(0, 3);
  EXPECT_FALSE(RestoreTo(to(), {}).ok()) << "there are no backups";
  EXPECT_FALSE(std::filesystem::exists(to()));
  MakeBackup();
  RestoreOptions unknown;
  unknown.backup = 99;
  EXPECT_FALSE(RestoreTo(to(), unknown).ok());
  EXPECT_FALSE(std::filesystem::exists(to()));
  EXPECT_TRUE(RestoreTo(to(), {}).ok());
}

TEST_F(RestoreTest, ADamagedBackupLeavesNoStoreBehind) {
  ScoreSome(0, 50);
  MakeBackup();
  for (const auto& entry :
       std::filesystem::directory_iterator(backups() + "/shared_checksum")) {
    std::fstream file(entry.path(),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(10);
    file.put('\x7f');
  }
  for (const bool to_point : {false, true}) {
    RestoreOptions options;
    if (to_point) options.until_sequence = 20;
    const auto report = RestoreTo(to(), options);
    EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss)
        << report.status();
    EXPECT_FALSE(std::filesystem::exists(to() + "/CURRENT"));
    std::filesystem::remove_all(to());
  }
}

TEST_F(RestoreTest, ANewestBackupThatIsDamagedIsNotPassedOver) {
  ScoreSome(0, 3);
  MakeBackup();
  ScoreSome(3, 3);
  MakeBackup();
  std::filesystem::remove(backups() + "/meta/2");
  const auto list = OperatorApi(engine_.get()).ListBackups({});
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->damaged_ids_size(), 1);
  EXPECT_EQ(list->damaged_ids(0), 2u);
  const absl::Status refused = RestoreTo(to(), {}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--id 1"));
  EXPECT_FALSE(std::filesystem::exists(to()));
  RestoreOptions options;
  options.backup = 1;
  const auto report = RestoreTo(to(), options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence, 3u);
}

TEST_F(RestoreTest, OnlyTheNewestAreKept) {
  for (int i = 0; i < 4; ++i) {
    ScoreSome(i, 1);
    MakeBackup(/*keep=*/2);
  }
  OperatorApi api(engine_.get());
  const auto list = api.ListBackups({});
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->backups_size(), 2);
  EXPECT_EQ(list->backups(0).id(), 3u);
  EXPECT_EQ(list->backups(1).last_sequence(), 4u);
  v1::CreateBackupRequest negative;
  negative.set_keep(-1);
  EXPECT_EQ(ReasonOf(api.CreateBackup(negative).status()), "INVALID_REQUEST");
}

TEST_F(RestoreTest, WithoutADirectoryThereAreNoBackups) {
  Open(TestOptions(directory_.path() + "/other"));
  OperatorApi api(engine_.get());
  EXPECT_EQ(ReasonOf(api.CreateBackup({}).status()), "NO_BACKUP_DIRECTORY");
  EXPECT_EQ(ReasonOf(api.ListBackups({}).status()), "NO_BACKUP_DIRECTORY");
}

}  // namespace
}  // namespace portrisk::service
