// A thread that works behind the apply loop on what the store holds: warming,
// evaluations. It lets go of the store when that has to be opened again.
#ifndef PORTRISK_SERVICE_STORE_READER_H_
#define PORTRISK_SERVICE_STORE_READER_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace portrisk::service {

// Thread-safe.
class StoreReader {
 public:
  enum class Work { kDone, kNone };

  // `name` stands in the log beside an error.
  explicit StoreReader(std::string name) : name_(std::move(name)) {}
  ~StoreReader() { Stop(); }

  // `step` does one piece of work, on a thread of its own: again at once after
  // kDone, when woken or after `idle` after kNone, a second after an error. One
  // that comes again and again is logged once; ABORTED is none to be told.
  void Start(std::function<absl::StatusOr<Work>()> step,
             absl::Duration idle = absl::InfiniteDuration());
  // Waits for the step under way, which leaves off when MustLeave says so. Not
  // from the apply thread.
  void Stop();
  void Wake();

  // Makes the step let go of the store, and lets it begin again. From the apply
  // thread: while the store is held a step must not wait for that.
  void LetGo();
  void GoOn();

  // For the step.
  bool MustLeave() const { return stop_ || let_go_; }
  // While one lives the store is held. Look at MustLeave first thing after.
  class Hold {
   public:
    explicit Hold(StoreReader* reader) : reader_(reader) {
      reader_->holding_ = true;
    }
    ~Hold() { reader_->holding_ = false; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    StoreReader* const reader_;
  };

 private:
  void Run(const std::function<absl::StatusOr<Work>()>& step,
           absl::Duration idle);

  const std::string name_;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> let_go_{false};
  std::atomic<bool> holding_{false};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;  // Guarded by mutex_.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_STORE_READER_H_
