// A few buffers that go round: one thread fills them, others use what is in
// each, beside one another, and the last, which is alone in having one then,
// empties it. All in the same order.
#ifndef PORTRISK_SERVICE_HANDOVER_H_
#define PORTRISK_SERVICE_HANDOVER_H_

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace portrisk::service {

// Owns the buffers. Outlives the use of all threads.
template <typename Buffer>
class Handover {
 public:
  // With more buffers threads get further ahead of one another. `users` are
  // those between the first and the last, by number.
  explicit Handover(size_t buffers, size_t users = 0)
      : buffers_(buffers), used_(users) {}

  // --- The thread that fills.

  // Waits for an empty buffer; null when nobody wants any more.
  Buffer* NextEmpty() {
    return Await([this] { return filled_ < emptied_ + buffers_.size(); },
                 filled_);
  }
  void PutFull() { Count(&filled_); }
  // Nothing more comes.
  void Finish() { Set(&finished_); }

  // --- Users. Null: all have come, or nobody wants any more.

  Buffer* NextFull(size_t user) {
    return Await([this, user] { return used_[user] < filled_; }, used_[user]);
  }
  void PutUsed(size_t user) { Count(&used_[user]); }

  // --- The last thread.

  // Waits for a buffer that all users are done with; null as for users.
  Buffer* NextUsed() {
    return Await([this] { return emptied_ < Used(); }, emptied_);
  }
  void PutEmpty() { Count(&emptied_); }
  // Nothing more is wanted.
  void Stop() { Set(&stopped_); }

 private:
  // The buffer of `number`, a count that only the calling thread changes, once
  // `is_ready`, which may be after the filling has ended.
  template <typename IsReady>
  Buffer* Await(IsReady is_ready, const uint64_t& number) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] {
      return stopped_ || is_ready() || (finished_ && number == filled_);
    });
    if (stopped_ || !is_ready()) return nullptr;
    return &buffers_[number % buffers_.size()];
  }
  void Count(uint64_t* number) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++*number;
    }
    changed_.notify_all();
  }
  void Set(bool* flag) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      *flag = true;
    }
    changed_.notify_all();
  }
  uint64_t Used() const {
    return used_.empty() ? filled_
                         : *std::min_element(used_.begin(), used_.end());
  }

  std::vector<Buffer> buffers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_. How many have been filled, used by each, emptied.
  uint64_t filled_ = 0;
  std::vector<uint64_t> used_;
  uint64_t emptied_ = 0;
  bool finished_ = false;
  bool stopped_ = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HANDOVER_H_
