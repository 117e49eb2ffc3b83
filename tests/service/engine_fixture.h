// An engine on a temporary store, spoken to in verbs.
#ifndef PORTRISK_TESTS_SERVICE_ENGINE_FIXTURE_H_
#define PORTRISK_TESTS_SERVICE_ENGINE_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "service/engine.h"

namespace portrisk::service {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name =
        (std::filesystem::temp_directory_path() / "portrisk-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Secrets TestSecrets() {
  Secrets secrets;
  secrets.key_id = "test";
  secrets.pin_key.fill(1);
  secrets.draw_key.fill(2);
  return secrets;
}

inline EngineOptions TestOptions(const std::string& directory) {
  EngineOptions options;
  options.store.directory = directory;
  options.secrets = TestSecrets();
  // Time stands still, so that equal inputs give equal bytes.
  options.clock = [] { return absl::FromUnixSeconds(1'800'000'000); };
  return options;
}

// A movement of one of a few containers; valid, and rich enough to be scored.
inline v1::Movement MakeMovement(const std::string& id, v1::Event event,
                                 const std::string& number, int64_t time_s) {
  v1::Movement m;
  m.set_source("terminal-1");
  m.set_id(id);
  m.set_event(event);
  m.set_classifier(v1::ACTUAL);
  m.mutable_occurrence_time()->set_seconds(1'790'000'000 + time_s);
  m.mutable_container()->set_number(number);
  m.mutable_container()->set_load_status(v1::FULL);
  m.mutable_location()->set_locode("NLRTM");
  m.mutable_location()->set_facility("ECTDELTA");
  return m;
}

struct Answer {
  absl::Status status;
  std::string bytes;  // Of the assessment.

  v1::Assessment assessment() const {
    v1::Assessment parsed;
    parsed.ParseFromString(bytes);
    return parsed;
  }
};

// Submits `movements` at once and waits for every answer.
inline std::vector<Answer> ScoreAll(Engine* engine,
                                    std::vector<v1::Movement> movements) {
  struct Waiter {
    std::mutex mutex;
    std::condition_variable ready;
    size_t left = 0;
  } waiter;
  struct Item : MovementTask {
    Waiter* waiter = nullptr;
    Answer answer;
    void Done() override {
      answer = {status, std::string(assessment)};
      std::lock_guard<std::mutex> lock(waiter->mutex);
      if (--waiter->left == 0) waiter->ready.notify_one();
    }
  };
  std::vector<Item> items(movements.size());
  std::vector<Task*> tasks;
  for (size_t i = 0; i < movements.size(); ++i) {
    items[i].waiter = &waiter;
    items[i].caller = "test";
    items[i].answer.status = engine->Prepare(&movements[i], &items[i]);
    if (items[i].answer.status.ok()) tasks.push_back(&items[i]);
  }
  waiter.left = tasks.size();
  absl::Status submitted = engine->Submit(tasks);
  std::vector<Answer> answers;
  if (!submitted.ok()) {
    answers.resize(items.size(), {submitted, ""});
    return answers;
  }
  std::unique_lock<std::mutex> lock(waiter.mutex);
  waiter.ready.wait(lock, [&] { return waiter.left == 0; });
  for (Item& item : items) answers.push_back(std::move(item.answer));
  return answers;
}

inline Answer Score(Engine* engine, const v1::Movement& movement) {
  return ScoreAll(engine, {movement})[0];
}

class EngineTest : public testing::Test {
 protected:
  void Open() { Open(TestOptions(directory_.path() + "/store")); }
  void Open(EngineOptions options, const QueueTimes& times = {}) {
    engine_.reset();
    auto engine = Engine::Open(std::move(options), times);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_ENGINE_FIXTURE_H_
