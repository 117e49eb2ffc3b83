// Erasures on a disk that fills.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/operator_api.h"
#include "tests/service/engine_fixture.h"
#include "tests/store/fault_file_system.h"

namespace portrisk::service {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 60;

class ErasureFaultsTest : public EngineTest {
 protected:
  // Whether it takes writes again by itself.
  bool Resumes() {
    for (int i = 0; i < 1000; ++i) {
      if (engine_->write_status().ok()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }

  const std::shared_ptr<store::FaultFileSystem> disk_ =
      std::make_shared<store::FaultFileSystem>(directory_.path() + "/graves",
                                               /*seed=*/1);
};

// What stops the store need not be a call: an erasure that finds the disk full
// goes on when there is room, at whichever step, though nobody calls.
TEST_F(ErasureFaultsTest, ThatFillTheDiskEndByThemselves) {
  std::atomic<int> steps{0};
  std::atomic<int> full_at{0};
  EngineOptions options = TestOptions(directory_.path() + "/store");
  options.store.environment = store::FaultFileSystem::In(disk_);
  options.reopen_after_min = absl::Milliseconds(20);
  options.reopen_after_max = absl::Milliseconds(100);
  options.erasure_entry_records = 4;
  options.after_erasure_step = [&] {
    if (++steps == full_at) disk_->space_left = 0;
  };
  Open(options);
  for (full_at = 1;; ++full_at) {
    const std::string party = absl::StrCat("HAULIER-", full_at.load());
    std::vector<v1::Movement> some;
    for (int n = 0; n < 12; ++n) {
      some.push_back(MakeMovement(absl::StrCat(party, "-", n), v1::GATE_IN,
                                  absl::StrCat("MSKU", 1'000'000 + n), n * 60));
      some.back().mutable_haulier()->set_id(party);
    }
    const auto taken = [&] {
      const auto answers = ScoreAll(engine_.get(), some);
      return std::all_of(answers.begin(), answers.end(),
                         [](const Answer& one) { return one.status.ok(); });
    };
    steps = -100;  // What is left of the one before fills no disk.
    for (int tries = 0; !taken(); ++tries) {
      ASSERT_LT(tries, 5) << full_at;
      ASSERT_TRUE(Resumes());
    }
    steps = 0;
    v1::EraseSubjectRequest request;
    request.mutable_subject()->set_party(party);
    request.set_reason("a test");
    const auto asked = OperatorApi(engine_.get()).Erase(request, Caller("ops"));
    ASSERT_TRUE(asked.ok()) << asked.status();
    v1::Erasure last;
    const absl::Time start = absl::Now();
    while (absl::Now() < start + absl::Seconds(20) &&
           last.state() != v1::ERASURE_FINISHED) {
      const auto list = OperatorApi(engine_.get()).ListErasures({});
      if (list.ok()) last = list->erasures(0);
      absl::SleepFor(absl::Milliseconds(2));
      if (absl::Now() > start + absl::Milliseconds(200)) {
        disk_->space_left = kPlenty;
      }
    }
    ASSERT_EQ(last.state(), v1::ERASURE_FINISHED) << "full at " << full_at;
    disk_->space_left = kPlenty;
    ASSERT_TRUE(Resumes());
    if (steps < full_at) break;
  }
  EXPECT_GT(full_at, 4) << "Every kind of step was met.";
  engine_.reset();
}

}  // namespace
}  // namespace portrisk::service
