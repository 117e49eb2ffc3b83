#include "service/admission_queue.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "absl/strings/str_cat.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kUs = 1'000;

struct Item : MovementTask {
  void Done() override {}
  bool IsAbandoned() const override { return is_gone; }
  bool is_gone = false;
  size_t number = 0;  // Of its caller and lane.
};

class Waiting {
 public:
  explicit Waiting(const QueueLimits& limits = {}) : queue_(limits) {}

  Verdict Push(const std::string& caller, Priority priority, size_t count = 1,
               int64_t deadline_ns = 0, size_t bytes = 0) {
    std::vector<Task*> tasks;
    for (size_t i = 0; i < count; ++i) {
      auto item = std::make_unique<Item>();
      item->caller = caller;
      item->priority = priority;
      item->deadline_ns = deadline_ns;
      item->bytes.assign(bytes, 'x');
      tasks.push_back(item.get());
      items_.push_back(std::move(item));
    }
    last_ = tasks.empty() ? nullptr : static_cast<Item*>(tasks.back());
    return queue_.Push(tasks, now_ns);
  }
  // The callers of the batch taken, in order.
  std::vector<std::string> Take(size_t taken = 0) {
    queue_.Take(taken, now_ns, &tasks_, &abandoned_);
    std::vector<std::string> callers;
    for (Task* task : tasks_) {
      callers.push_back(static_cast<Item*>(task)->caller);
    }
    return callers;
  }
  size_t Took(const std::string& caller, size_t taken = 0) {
    const auto callers = Take(taken);
    return std::count(callers.begin(), callers.end(), caller);
  }

  AdmissionQueue& operator*() { return queue_; }
  AdmissionQueue* operator->() { return &queue_; }
  Item* last() { return last_; }
  const std::vector<Task*>& tasks() const { return tasks_; }
  const std::vector<Task*>& abandoned() const { return abandoned_; }

  int64_t now_ns = 1'000 * kMs;

 private:
  AdmissionQueue queue_;
  std::vector<std::unique_ptr<Item>> items_;
  std::vector<Task*> tasks_;
  std::vector<Task*> abandoned_;
  Item* last_ = nullptr;
};

QueueLimits Small(size_t places, size_t batch) {
  QueueLimits limits;
  limits.tasks_max = places;
  limits.batch_max = batch;
  return limits;
}

TEST(AdmissionQueueTest, CallersTakeTurns) {
  Waiting q(Small(100, 6));
  q.Push("flood", Priority::kGate, 10);
  q.Push("b", Priority::kGate);
  q.Push("c", Priority::kGate, 2);
  EXPECT_THAT(q.Take(),
              testing::ElementsAre("flood", "b", "c", "flood", "c", "flood"));
  EXPECT_THAT(q.Take(), testing::Each("flood"));
}

TEST(AdmissionQueueTest, OneCallerAloneGetsHalfAndTheNextHasRoom) {
  Waiting q(Small(100, 512));
  size_t taken = 0;
  while (q.Push("flood", Priority::kGate) == Verdict::kTaken) ++taken;
  EXPECT_EQ(taken, 50u);
  EXPECT_EQ(q.Push("flood", Priority::kGate), Verdict::kCallerFull);
  EXPECT_EQ(q.Push("b", Priority::kGate), Verdict::kTaken);
  EXPECT_EQ(q.Push("b", Priority::kBulk, 49), Verdict::kTaken);
  EXPECT_EQ(q.Push("c", Priority::kGate), Verdict::kFull);
}

TEST(AdmissionQueueTest, CommandsAreTakenWhenAllPlacesAreAndTakeNone) {
  struct Command : CommandTask {
    void Done() override {}
  } command;
  Task* const commands[] = {&command};
  Waiting q(Small(2, 512));
  EXPECT_EQ(q->Push(commands, q.now_ns), Verdict::kTaken);
  EXPECT_EQ(q.Push("a", Priority::kGate, 2), Verdict::kTaken);
  EXPECT_EQ(q.Push("a", Priority::kGate), Verdict::kFull);
  Command another;
  Task* const more[] = {&another};
  EXPECT_EQ(q->Push(more, q.now_ns), Verdict::kTaken);
  EXPECT_EQ(q->size(), 4u);
}

TEST(AdmissionQueueTest, AllOfACallOrNothing) {
  Waiting q(Small(10, 512));
  EXPECT_EQ(q.Push("a", Priority::kBulk, 11), Verdict::kFull);
  EXPECT_EQ(q->size(), 0u);
  EXPECT_EQ(q.Push("a", Priority::kBulk, 10), Verdict::kTaken);
  EXPECT_EQ(q.Took("a"), 10u);
}

TEST(AdmissionQueueTest, GatesGoBeforeBulkWhichGetsAnEighth) {
  Waiting q(Small(10'000, 80));
  q.Push("bulk", Priority::kBulk, 1000);
  q.Push("gate", Priority::kGate, 100);
  auto callers = q.Take();
  EXPECT_EQ(std::count(callers.begin(), callers.end(), "gate"), 70);
  EXPECT_EQ(std::count(callers.begin(), callers.end(), "bulk"), 10);
  EXPECT_EQ(callers[0], "gate");
  callers = q.Take();
  EXPECT_EQ(std::count(callers.begin(), callers.end(), "gate"), 30);
  EXPECT_EQ(std::count(callers.begin(), callers.end(), "bulk"), 10);
}

TEST(AdmissionQueueTest, BulkHasAllOnceNoGateCameForASecond) {
  Waiting q(Small(10'000, 80));
  q.Push("bulk", Priority::kBulk, 1000);
  EXPECT_EQ(q.Took("bulk"), 80u);
  q.Push("gate", Priority::kGate);
  EXPECT_EQ(q.Took("bulk"), 10u);
  q.now_ns += 999 * kMs;
  EXPECT_EQ(q.Took("bulk"), 10u);
  q.now_ns += 2 * kMs;
  EXPECT_EQ(q.Took("bulk"), 80u);
}

TEST(AdmissionQueueTest, WhoeverIsGoneIsHandedOutApartAndTakesNoPlace) {
  Waiting q(Small(100, 2));
  q.Push("a", Priority::kGate);
  q.last()->is_gone = true;
  Item* const gone = q.last();
  q.Push("a", Priority::kGate, 1, q.now_ns + 5 * kMs);
  Item* const late = q.last();
  q.Push("a", Priority::kGate, 1, q.now_ns + 7 * kMs);
  q.Push("a", Priority::kGate);
  q.now_ns += 5 * kMs;
  EXPECT_EQ(q.Take().size(), 2u);
  EXPECT_THAT(q.abandoned(), testing::ElementsAre(gone, late));
  EXPECT_EQ(ErrorReason(AbandonedStatus(*gone, q.now_ns)), "CALLER_GONE");
  EXPECT_EQ(ErrorReason(AbandonedStatus(*late, q.now_ns)), "DEADLINE_PASSED");
  EXPECT_EQ(q->figures().abandoned, 2u);
  EXPECT_TRUE(q->empty());
}

TEST(AdmissionQueueTest, WhatComesTooLateOrWouldIsRefused) {
  Waiting q;
  EXPECT_EQ(q.Push("a", Priority::kGate, 1, q.now_ns), Verdict::kTooLate);
  q->Learn(512, 512 * 100 * kUs, kMs);  // 0.1 ms each.
  EXPECT_EQ(q.Push("a", Priority::kGate, 50), Verdict::kTaken);
  // Behind 50 of its own: 5 ms.
  EXPECT_EQ(q.Push("a", Priority::kGate, 1, q.now_ns + 4 * kMs),
            Verdict::kTooLong);
  EXPECT_EQ(q.Push("a", Priority::kGate, 1, q.now_ns + 6 * kMs),
            Verdict::kTaken);
  // Another caller has its turn soon.
  EXPECT_EQ(q.Push("b", Priority::kGate, 1, q.now_ns + 1 * kMs),
            Verdict::kTaken);
}

TEST(AdmissionQueueTest, AStreamIsReadFromForWhatIsServedInHalfTheTime) {
  QueueLimits limits;
  limits.times.bulk_wait_max = absl::Milliseconds(100);
  Waiting q(limits);
  q->Learn(512, 512 * 100 * kUs, kMs);  // 0.1 ms each.
  const Arrival next{"a", Priority::kBulk, 1, 0, 0};
  const auto would = [&](const Arrival& arrival) {
    return q->WouldServeSoon(arrival, q.now_ns);
  };
  EXPECT_EQ(q.Push("a", Priority::kBulk, 499), Verdict::kTaken);
  EXPECT_TRUE(would(next));
  EXPECT_EQ(q.Push("a", Priority::kBulk), Verdict::kTaken);
  EXPECT_FALSE(would(next)) << "though it would be let in:";
  EXPECT_EQ(q.Push("a", Priority::kBulk), Verdict::kTaken);
  EXPECT_TRUE(would({"b", Priority::kBulk, 1, 0, 0})) << "its turn is next";
  EXPECT_FALSE(would({"b", Priority::kBulk, 1, 0, q.now_ns})) << "too late";
}

TEST(AdmissionQueueTest, BatchesAreAsLongAsTheirTimeOrACommitAllows) {
  Waiting q;
  EXPECT_EQ(q->batch_limit(), 512u);
  q->Learn(512, 512 * 100 * kUs, kMs);
  EXPECT_EQ(q->batch_limit(), 50u);  // 5 ms.
  Waiting slow_disk;
  slow_disk->Learn(512, 512 * 100 * kUs, 20 * kMs);
  EXPECT_EQ(slow_disk->batch_limit(), 200u);
  Waiting slow_rules;
  slow_rules->Learn(512, 512 * 10 * kMs, kMs);
  EXPECT_EQ(slow_rules->batch_limit(), 8u);
}

TEST(AdmissionQueueTest, AStallIsNotTakenForTheCost) {
  Waiting q;
  q->Learn(512, 512 * 10 * kUs, kMs);
  EXPECT_EQ(q->batch_limit(), 500u);
  q->Learn(1, 500 * kMs, kMs);
  EXPECT_GT(q->batch_limit(), 400u);
  for (int i = 0; i < 8; ++i) q->Learn(512, 512 * 100 * kUs, kMs);
  EXPECT_EQ(q->batch_limit(), 50u) << "what lasts is the cost";
}

TEST(AdmissionQueueTest, WhatWakingUpTookForOneIsNotTakenForTheCostOfAll) {
  Waiting q;
  q->Learn(512, 512 * 100 * kUs, kMs);
  for (int i = 0; i < 100; ++i) {
    q->Learn(50, 50 * 100 * kUs, kMs);
    q->Learn(1, 400 * kUs, kMs);
  }
  EXPECT_GE(q->batch_limit(), 45u) << "of 50, were there no single ones";
}

// Serves at 0.1 ms each, ten times less than what comes, for so long.
struct Served {
  size_t served = 0;
  size_t refused = 0;
  int64_t wait_ns_max = 0;  // In the last half.
};
Served Flood(Waiting* q, int64_t until_ms) {
  Served result;
  const int64_t until = q->now_ns + until_ms * kMs;
  const int64_t half = q->now_ns + until_ms * kMs / 2;
  while (q->now_ns < until) {
    const size_t took = q->Take().size();
    for (const Task* task : q->tasks()) {
      if (q->now_ns < half) continue;
      result.wait_ns_max =
          std::max(result.wait_ns_max, q->now_ns - task->submitted_ns);
    }
    result.served += took;
    (*q)->Learn(took, static_cast<int64_t>(took) * 100 * kUs, kMs / 2);
    const int64_t end =
        q->now_ns +
        std::max<int64_t>(static_cast<int64_t>(took) * 100 * kUs, kMs / 2);
    for (; q->now_ns < end; q->now_ns += 10 * kUs) {
      if (q->Push("flood", Priority::kGate) == Verdict::kTaken) continue;
      ++result.refused;
    }
  }
  return result;
}

TEST(AdmissionQueueTest, UnderLastingOverloadWhatIsLetInStaysFast) {
  Waiting q;
  q->Learn(512, 512 * 100 * kUs, kMs / 2);
  const Served served = Flood(&q, 2000);
  EXPECT_GT(served.served, 19'000u) << "of 20,000 there was time for";
  EXPECT_GT(served.refused, 150'000u);
  EXPECT_LE(served.wait_ns_max, 16 * kMs) << "10 ms, and a batch of 5";
}

// The store merges files, and for a moment there is less time than is needed.
TEST(AdmissionQueueTest, ABriefShortageOfTimeRefusesNobody) {
  Waiting q;
  q->Learn(512, 512 * 100 * kUs, kMs / 2);
  size_t sent = 0;
  size_t refused = 0;
  int64_t wait_ns_max = 0;
  const int64_t start = q.now_ns;
  while (q.now_ns < start + 1000 * kMs) {
    const size_t took = q.Take().size();
    for (const Task* task : q.tasks()) {
      wait_ns_max = std::max(wait_ns_max, q.now_ns - task->submitted_ns);
    }
    const int64_t at = q.now_ns - start;
    const bool is_short = at > 300 * kMs && at < 600 * kMs;
    const int64_t compute =
        static_cast<int64_t>(took) * (is_short ? 160 : 100) * kUs;
    q->Learn(took, compute, kMs / 2);
    const int64_t end = q.now_ns + std::max(compute, kMs / 2);
    for (; q.now_ns < end; q.now_ns += 143 * kUs) {
      ++sent;
      if (q.Push("gate", Priority::kGate) != Verdict::kTaken) ++refused;
    }
  }
  EXPECT_GT(sent, 6'000u);
  EXPECT_EQ(refused, 0u);
  EXPECT_GT(wait_ns_max, 20 * kMs) << "longer than lasting overload may";
}

TEST(AdmissionQueueTest, ABurstMayWaitLongerThanLastingOverload) {
  Waiting q;
  q->Learn(512, 512 * 100 * kUs, kMs / 2);
  size_t burst = 0;
  while (q.Push("a", Priority::kGate) == Verdict::kTaken) ++burst;
  EXPECT_NEAR(static_cast<double>(burst), 1000, 2) << "100 ms";
  EXPECT_EQ(q.Push("a", Priority::kGate), Verdict::kTooLong);
  EXPECT_EQ(q.Push("b", Priority::kGate), Verdict::kTaken) << "it has a share";
  EXPECT_EQ(q.Push("b", Priority::kOwn), Verdict::kTaken);
}

TEST(AdmissionQueueTest, RefusalsSayWhenToTryAgainAndAreCounted) {
  Waiting q(Small(1, 512));
  q.Push("a", Priority::kGate);
  EXPECT_EQ(q.Push("a", Priority::kBulk, 3), Verdict::kFull);
  const absl::Status status = RefusalOf(Verdict::kFull, Priority::kBulk);
  EXPECT_EQ(ErrorReason(status), "QUEUE_FULL");
  EXPECT_THAT(ToRpcStatus(status).SerializeAsString(),
              testing::HasSubstr("RetryInfo"));
  EXPECT_TRUE(RefusalOf(Verdict::kTaken, Priority::kGate).ok());
  EXPECT_EQ(q->figures().verdicts[static_cast<size_t>(Verdict::kFull)], 3u);
  EXPECT_EQ(q->figures().callers, 1u);
}

TEST(AdmissionQueueTest, BytesAreBounded) {
  QueueLimits limits;
  limits.bytes_max = 1000;
  Waiting q(limits);
  EXPECT_EQ(q.Push("a", Priority::kGate, 2, 0, 400), Verdict::kTaken);
  EXPECT_EQ(q.Push("b", Priority::kGate, 1, 0, 400), Verdict::kBytesFull);
  q.Take();
  EXPECT_EQ(q.Push("b", Priority::kGate, 1, 0, 2000), Verdict::kTaken)
      << "alone it must pass, else it never would";
}

// Random callers, lanes, deadlines and departures against what must hold of any
// order. The seed is in the name of the failure.
class AdmissionQueueModelTest : public testing::TestWithParam<uint32_t> {};

TEST_P(AdmissionQueueModelTest, EveryTaskLeavesOnceInTheOrderOfItsCaller) {
  std::mt19937 random(GetParam());
  const auto below = [&](size_t n) {
    return static_cast<size_t>(random() % n);
  };
  QueueLimits limits = Small(200 + below(200), 2 + below(60));
  AdmissionQueue queue(limits);
  std::vector<std::unique_ptr<Item>> items;
  std::map<std::pair<std::string, bool>, size_t> sent, received;
  size_t pushed = 0;
  size_t left = 0;
  int64_t now = kMs;
  std::vector<Task*> tasks, abandoned;
  const auto leaves = [&](Task* task) {
    auto* item = static_cast<Item*>(task);
    const auto key =
        std::make_pair(item->caller, item->priority == Priority::kBulk);
    ASSERT_EQ(item->number, received[key]++);
    ++left;
  };
  for (int step = 0; step < 3000; ++step) {
    now += static_cast<int64_t>(below(500)) * kUs;
    if (below(3) > 0) {
      const std::string caller = absl::StrCat("c", below(5));
      const auto priority = static_cast<Priority>(below(3));
      const size_t count = 1 + below(priority == Priority::kBulk ? 40 : 3);
      const int64_t deadline =
          below(4) == 0 ? now + static_cast<int64_t>(below(20)) * kMs : 0;
      const auto key = std::make_pair(caller, priority == Priority::kBulk);
      std::vector<Task*> some;
      for (size_t i = 0; i < count; ++i) {
        items.push_back(std::make_unique<Item>());
        Item& item = *items.back();
        item.caller = caller;
        item.priority = priority;
        item.deadline_ns = deadline;
        item.is_gone = below(10) == 0;
        item.number = sent[key] + i;
        some.push_back(&item);
      }
      const size_t before = queue.size();
      if (queue.Push(some, now) == Verdict::kTaken) {
        sent[key] += count;
        pushed += count;
        ASSERT_EQ(queue.size(), before + count);
      } else {
        ASSERT_EQ(queue.size(), before);
      }
      ASSERT_LE(queue.size(), limits.tasks_max);
    } else {
      const size_t waiting = queue.size();
      abandoned.clear();
      queue.Take(0, now, &tasks, &abandoned);
      ASSERT_LE(tasks.size(), limits.batch_max);
      ASSERT_EQ(queue.size() + tasks.size() + abandoned.size(), waiting);
      ASSERT_TRUE(waiting == 0 || tasks.size() + abandoned.size() > 0);
      for (const Task* task : tasks) {
        const auto* item = static_cast<const Item*>(task);
        ASSERT_FALSE(item->is_gone);
        ASSERT_TRUE(item->deadline_ns == 0 || item->deadline_ns > now);
      }
      // Of one caller and lane some leave one way and some the other.
      std::vector<Task*> all = tasks;
      all.insert(all.end(), abandoned.begin(), abandoned.end());
      std::stable_sort(all.begin(), all.end(), [](Task* a, Task* b) {
        return static_cast<Item*>(a)->number < static_cast<Item*>(b)->number;
      });
      for (Task* task : all) leaves(task);
      queue.Learn(tasks.size(), static_cast<int64_t>(below(3000)) * kUs, kMs);
    }
    if (HasFatalFailure()) return;
  }
  while (!queue.empty()) {
    abandoned.clear();
    queue.Take(0, now, &tasks, &abandoned);
    left += tasks.size() + abandoned.size();
  }
  EXPECT_EQ(left, pushed);
  EXPECT_GT(pushed, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AdmissionQueueModelTest,
                         testing::Range<uint32_t>(1, 21));

TEST(AdmissionQueueTest, ShareOfEachCallerIsEvenWhateverTheySend) {
  Waiting q(Small(4000, 64));
  std::mt19937 random(7);
  std::map<std::string, size_t> served;
  for (int round = 0; round < 1000; ++round) {
    q.Push("flood", Priority::kGate, 200);
    q.Push("b", Priority::kGate, 40);
    q.Push("gentle", Priority::kGate, 5);
    for (const std::string& caller : q.Take()) ++served[caller];
  }
  EXPECT_EQ(served["gentle"], 5000u) << "all it sent";
  EXPECT_NEAR(static_cast<double>(served["flood"]),
              static_cast<double>(served["b"]), 100);
  EXPECT_EQ(served["flood"] + served["b"] + served["gentle"], 64'000u);
}

}  // namespace
}  // namespace portrisk::service
