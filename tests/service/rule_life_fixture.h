// Rules and lists of an engine on a temporary store, changed in verbs.
#ifndef PORTRISK_TESTS_SERVICE_RULE_LIFE_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_RULE_LIFE_FIXTURE_H_

#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "service/errors.h"
#include "service/list_api.h"
#include "service/replay.h"
#include "service/rule_api.h"
#include "service/secrets.h"
#include "service/verify.h"
#include "tests/service/engine_fixture.h"

namespace portrisk::service {

inline constexpr char kCaller[] = "development";

inline std::string ReasonOf(const absl::Status& status) {
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const auto& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

inline std::string Document(absl::string_view name, absl::string_view layer,
                            absl::string_view head, absl::string_view rule) {
  return absl::StrCat("rule_set: ", name, "\nlayer: ", layer, "\nowner: EU\n",
                      head,
                      "rules:\n"
                      "  - id: r\n"
                      "    title: {en: T, es: T, pt: T}\n"
                      "    explain: {en: E, es: E, pt: E}\n",
                      rule);
}

inline constexpr char kAnyBox[] =
    "    when: movement.container.load_status == FULL\n    score: 10\n";
inline constexpr char kWatched[] =
    "lists: {boxes: {type: container_number, source: watched}}\n";
inline constexpr char kOnList[] =
    "    when: movement.container.number in boxes\n    score: 40\n";

// A box number for each i, with its check digit left out of account.
inline std::string Number(int i) { return absl::StrCat("MSKU", 1'000'000 + i); }

class RuleLifeTest : public EngineTest {
 protected:
  void SetUp() override { Start(); }

  std::string Directory() const {
    return absl::StrCat(directory_.path(), "/store", lives_);
  }
  void Start() { StartWith(TestOptions(Directory())); }
  void StartWith(EngineOptions options) {
    Open(std::move(options));
    rules_ = std::make_unique<RuleApi>(engine_.get(), true);
    lists_ = std::make_unique<ListApi>(engine_.get());
  }

  // With a cache of one state also batches and checkpoints are small.
  void StartWith(size_t cache) {
    EngineOptions options = TestOptions(Directory());
    options.cache_states_max = cache;
    options.checkpoint_records = cache == 1 ? 53 : 1'000'000;
    options.batch_max = cache == 1 ? 7 : 256;
    StartWith(std::move(options));
  }

  // What is durable at this moment becomes the store of the next life, as after
  // a crash. The store may delete files behind what it did last: a copy during
  // which one came or went is made anew.
  void CopyToNextLife() {
    const std::string before = Directory();
    ++lives_;
    std::error_code gone;
    std::set<std::string> then;
    do {
      then = FilesOf(before);
      std::filesystem::remove_all(Directory());
      std::filesystem::copy(before, Directory(),
                            std::filesystem::copy_options::recursive, gone);
    } while (gone || then != FilesOf(before));
  }
  static std::set<std::string> FilesOf(const std::string& directory) {
    std::set<std::string> files;
    std::error_code gone;
    std::filesystem::directory_iterator it(directory, gone);
    for (; !gone && it != std::filesystem::directory_iterator();
         it.increment(gone)) {
      files.insert(it->path().filename());
    }
    return files;
  }

  // As after a crash, without the checkpoint of an orderly end, so that all
  // counts are folded again: but where checkpoints are so near that one may
  // have been written after the last record.
  void Restart() {
    CopyToNextLife();
    EngineOptions options = engine_->options();
    options.store.directory = Directory();
    StartWith(std::move(options));
    const bool near = engine_->options().checkpoint_records <
                      EngineOptions().checkpoint_records;
    if (near) return;
    EXPECT_GT(engine_->open_report().folded_records, 0u);
  }

  // After an orderly end: everything comes from the checkpoint.
  void Reopen() {
    engine_.reset();
    Start();
    EXPECT_EQ(engine_->open_report().folded_records, 0u);
  }

  uint64_t Approve(const std::string& yaml) {
    v1::CreateRevisionRequest create;
    create.set_yaml(yaml);
    auto made = rules_->Create(create, kCaller);
    EXPECT_TRUE(made.ok()) << made.status();
    if (!made.ok()) return 0;
    v1::ChangeRevisionRequest approve = Change(made->revision());
    approve.set_without_replay("a test");
    auto approved = rules_->Approve(approve, kCaller);
    EXPECT_TRUE(approved.ok()) << approved.status();
    return made->revision();
  }
  uint64_t Activate(const std::string& yaml, uint32_t share_ppm = 0) {
    const uint64_t revision = Approve(yaml);
    auto active = rules_->Activate(Change(revision, share_ppm), kCaller);
    EXPECT_TRUE(active.ok()) << active.status();
    return revision;
  }
  static v1::ChangeRevisionRequest Change(uint64_t revision,
                                          uint32_t share_ppm = 0) {
    v1::ChangeRevisionRequest request;
    request.set_revision(revision);
    request.set_share_ppm(share_ppm);
    return request;
  }
  absl::StatusOr<v1::Revision> Rollback() {
    v1::RollbackRuleSetRequest request;
    request.set_rule_set("s");
    return rules_->Rollback(request, kCaller);
  }
  v1::Revision Get(uint64_t revision) {
    v1::GetRevisionRequest request;
    request.set_revision(revision);
    auto got = rules_->Get(request);
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? *got : v1::Revision();
  }
  absl::StatusOr<v1::LoadListResponse> Load(
      const std::string& csv, const std::string& name = "watched",
      v1::ListType type = v1::LIST_CONTAINER_NUMBER) {
    v1::LoadListRequest request;
    request.set_name(name);
    request.set_type(type);
    request.set_owner("NL");
    request.set_csv(csv);
    request.set_file("w.csv");
    return lists_->Load(request, kCaller);
  }
  v1::Assessment Assess(const std::string& number) {
    ++movements_;
    const Answer answer =
        Score(engine_.get(), MakeMovement(absl::StrCat("m", movements_),
                                          v1::GATE_IN, number, movements_));
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.assessment();
  }
  // Drains; the store of this life, to be read.
  std::unique_ptr<store::Store> Drained() {
    rules_.reset();
    lists_.reset();
    engine_.reset();
    store::Options options;
    options.directory = Directory();
    options.read_only = true;
    auto store = store::Store::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  // Drains, folds the journal from nothing and compares; assesses all of it
  // again and compares that.
  void ExpectVerified(uint64_t differences = 0) {
    const auto store = Drained();
    ASSERT_NE(store, nullptr);
    auto report = VerifyStore(*store, [](uint64_t) {});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->difference_count, differences)
        << testing::PrintToString(report->differences);
    EXPECT_GT(report->states_compared, 0u);
    if (differences > 0) return;
    ReplayOptions options;
    options.draw_key = DrawKeyOf(TestSecrets());
    const auto again = VerifyAssessments(*store, options);
    if (report->base_sequence > 0) {
      EXPECT_EQ(ReasonOf(again.status()), "PAST_REMOVED");
      return;
    }
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->equal, again->movements)
        << testing::PrintToString(again->differences);
  }

  std::unique_ptr<RuleApi> rules_;
  std::unique_ptr<ListApi> lists_;
  int movements_ = 0;
  int lives_ = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_RULE_LIFE_FIXTURE_H_
