// A few buffers that go round between one thread that fills them and one that
// uses what is in them, in order.
#ifndef PORTRISK_SERVICE_HANDOVER_H_
#define PORTRISK_SERVICE_HANDOVER_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace portrisk::service {

// Owns the buffers. Outlives the use of both threads.
template <typename Buffer>
class Handover {
 public:
  // More buffers let the one thread get further ahead.
  explicit Handover(size_t buffers) : all_(buffers) {
    for (Buffer& one : all_) empty_.push_back(&one);
  }

  // --- The thread that fills.

  // Waits for a buffer; null when nobody wants any more.
  Buffer* NextEmpty() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !empty_.empty() || stopped_; });
    return stopped_ ? nullptr : Pop(&empty_);
  }
  void PutFull(Buffer* buffer) { Put(buffer, &full_); }
  // Nothing more comes.
  void Finish() { Set(&finished_); }

  // --- The thread that uses.

  // Waits for a buffer; null when all have come.
  Buffer* NextFull() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !full_.empty() || finished_; });
    return full_.empty() ? nullptr : Pop(&full_);
  }
  void PutEmpty(Buffer* buffer) { Put(buffer, &empty_); }
  // Nothing more is wanted.
  void Stop() { Set(&stopped_); }

 private:
  static Buffer* Pop(std::deque<Buffer*>* from) {
    Buffer* const first = from->front();
    from->pop_front();
    return first;
  }
  void Put(Buffer* buffer, std::deque<Buffer*>* to) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      to->push_back(buffer);
    }
    changed_.notify_one();
  }
  void Set(bool* flag) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      *flag = true;
    }
    changed_.notify_one();
  }

  std::deque<Buffer> all_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Buffer*> empty_;
  std::deque<Buffer*> full_;
  bool finished_ = false;
  bool stopped_ = false;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_HANDOVER_H_
