#include "service/handover.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace portrisk::service {
namespace {

struct Buffer {
  int number = 0;
  std::vector<int> seen = std::vector<int>(3);  // By user.
};

TEST(HandoverTest, EveryUserSeesEveryBufferInOrderAndTheLastWhenAllHave) {
  constexpr int kNumbers = 2000;
  Handover<Buffer> handover(4, 3);
  std::thread filler([&] {
    for (int i = 1; i <= kNumbers; ++i) {
      handover.NextEmpty()->number = i;
      handover.PutFull();
    }
    handover.Finish();
  });
  std::vector<std::thread> users;
  for (size_t user = 0; user < 3; ++user) {
    users.emplace_back([&, user] {
      while (Buffer* const buffer = handover.NextFull(user)) {
        buffer->seen[user] = buffer->number;
        handover.PutUsed(user);
      }
    });
  }
  int expected = 0;
  while (Buffer* const buffer = handover.NextUsed()) {
    ++expected;
    EXPECT_EQ(buffer->number, expected);
    EXPECT_EQ(buffer->seen, std::vector<int>(3, expected));
    buffer->number = 0;
    handover.PutEmpty();
  }
  EXPECT_EQ(expected, kNumbers);
  filler.join();
  for (std::thread& user : users) user.join();
}

TEST(HandoverTest, WithoutUsersTheLastSeesWhatWasFilled) {
  Handover<int> handover(2);
  std::thread filler([&] {
    for (int i = 1; i <= 100; ++i) {
      *handover.NextEmpty() = i;
      handover.PutFull();
    }
    handover.Finish();
  });
  int expected = 0;
  while (const int* const number = handover.NextUsed()) {
    EXPECT_EQ(*number, ++expected);
    handover.PutEmpty();
  }
  EXPECT_EQ(expected, 100);
  filler.join();
}

TEST(HandoverTest, NobodyWaitsForALastThatWantsNothingMore) {
  Handover<int> handover(2, 2);
  std::atomic<int> filled{0};
  std::thread filler([&] {
    while (handover.NextEmpty() != nullptr) {
      ++filled;
      handover.PutFull();
    }
    handover.Finish();
  });
  // One is in a buffer when it is stopped, the other waits for the next one.
  ASSERT_NE(handover.NextFull(0), nullptr);
  handover.PutUsed(0);
  ASSERT_NE(handover.NextFull(0), nullptr);
  handover.PutUsed(0);
  std::thread waits([&] { EXPECT_EQ(handover.NextFull(0), nullptr); });
  ASSERT_NE(handover.NextFull(1), nullptr);
  handover.PutUsed(1);
  ASSERT_NE(handover.NextUsed(), nullptr);
  ASSERT_NE(handover.NextFull(1), nullptr);
  handover.Stop();
  handover.PutUsed(1);
  waits.join();
  filler.join();
  EXPECT_EQ(handover.NextFull(1), nullptr);
  EXPECT_EQ(handover.NextUsed(), nullptr);
  EXPECT_EQ(filled, 2);
}

}  // namespace
}  // namespace portrisk::service
