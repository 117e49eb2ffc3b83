// The thread that polls the completion queue of the hot calls, and what waits
// for its turn there.
//
//   Post   answers that a commit brought. gRPC tells the thread that polls how
//          each answer went, so each that another thread begins wakes it, and
//          they get in each other's way on the connection. Those of one commit
//          are handed over together: one wake-up for all. Where few calls are
//          under way that would only be a wake-up more: they leave at once.
#ifndef PORTRISK_SERVICE_POLLER_H_
#define PORTRISK_SERVICE_POLLER_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "service/completion.h"

namespace portrisk::service {

class Poller : private Tag {
 public:
  // A call that has its answer ready.
  class Answer {
   public:
    // Begins its finish, on the thread that polls.
    virtual void Leave() = 0;

   protected:
    ~Answer() = default;
  };

  // `queue` outlives this.
  explicit Poller(grpc::ServerCompletionQueue* queue) : queue_(queue) {}

  // The thread that polls: until the queue is shut down and empty, which it
  // may only be when no answer is left here (LiveCalls, scoring_calls.h).
  void Run();

  // Any thread. A call has been submitted; its answer has left.
  void Begin() { under_way_.fetch_add(1, std::memory_order_relaxed); }
  void End() { under_way_.fetch_sub(1, std::memory_order_relaxed); }
  // Whether the thread that has an answer is to give it itself.
  bool HasFew() const {
    return under_way_.load(std::memory_order_relaxed) <= kFew;
  }

  // Any thread. In order.
  void Post(Answer* answer);

 private:
  static constexpr int kFew = 4;

  void Proceed(bool ok) override;

  grpc::ServerCompletionQueue* const queue_;
  std::atomic<int> under_way_{0};
  // The thread that polls only.
  std::vector<Answer*> leaving_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Answer*> posted_;
  bool is_told_ = false;  // The alarm is set.
  grpc::Alarm alarm_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_POLLER_H_
