#include "service/poller.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

// A queue with a thread that polls it, and what happened there, in order.
class PollerTest : public testing::Test {
 protected:
  PollerTest() {
    grpc::ServerBuilder builder;
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    poller_ = std::make_unique<Poller>(queue_.get());
  }
  void Start() {
    thread_ = std::thread([this] {
      polling_ = std::this_thread::get_id();
      poller_->Run();
    });
  }

  // Something that the queue brings, at once.
  class Event : public Tag {
   public:
    Event(grpc::CompletionQueue* queue, std::function<void()> what)
        : what_(std::move(what)) {
      alarm_.Set(queue, gpr_time_0(GPR_CLOCK_MONOTONIC), this);
    }
    void Proceed(bool) override { what_(); }

   private:
    const std::function<void()> what_;
    grpc::Alarm alarm_;
  };
  void Bring(std::function<void()> what) {
    events_.push_back(std::make_unique<Event>(queue_.get(), std::move(what)));
  }

  struct Told : Poller::Answer {
    Told(PollerTest* t, std::string n) : test(t), name(std::move(n)) {}
    void Leave() override {
      EXPECT_EQ(std::this_thread::get_id(), test->polling_);
      test->log_.push_back(name);
      if (name == "last") test->done_.set_value();
    }
    PollerTest* const test;
    const std::string name;
  };
  Poller::Answer* Named(const std::string& name) {
    answers_.push_back(std::make_unique<Told>(this, name));
    return answers_.back().get();
  }
  // For the answer "last", and for what else was on its way.
  void Wait() {
    done_.get_future().wait();
    server_->Shutdown();
    queue_->Shutdown();
    thread_.join();
  }

  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Poller> poller_;
  std::vector<std::unique_ptr<Event>> events_;
  std::vector<std::unique_ptr<Told>> answers_;
  std::vector<std::string> log_;  // Of the thread that polls.
  std::thread::id polling_;
  std::promise<void> done_;
  std::thread thread_;
};

TEST_F(PollerTest, WhatIsPostedLeavesInOrderOnTheThreadThatPolls) {
  Start();
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(absl::StrCat("answer ", i));
  names.push_back("last");
  std::vector<Poller::Answer*> answers;
  for (const std::string& name : names) answers.push_back(Named(name));
  for (Poller::Answer* answer : answers) poller_->Post(answer);
  Wait();
  EXPECT_EQ(log_, names);
}

TEST_F(PollerTest, WhatIsPostedTogetherIsOneEvent) {
  poller_->Post(Named("first"));
  poller_->Post(Named("second"));
  Bring([this] { log_.push_back("event"); });
  poller_->Post(Named("last"));
  Start();
  Wait();
  EXPECT_THAT(log_, testing::ElementsAre("first", "second", "last", "event"));
}

}  // namespace
}  // namespace portrisk::service
