#ifndef PORTRISK_TESTS_SERVICE_GATE_H_
#define PORTRISK_TESTS_SERVICE_GATE_H_

#include <condition_variable>
#include <mutex>

namespace portrisk::service {

// Stops what runs behind the loop after so many of its steps, until it is let
// on.
class StepGate {
 public:
  explicit StepGate(int step) : step_(step) {}

  void AfterStep() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (++steps_ != step_) return;
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void WaitUntilArrived() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return arrived_; });
  }
  void Open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int steps() {
    std::lock_guard<std::mutex> lock(mutex_);
    return steps_;
  }

 private:
  const int step_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int steps_ = 0;
  bool arrived_ = false;
  bool open_ = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_GATE_H_
