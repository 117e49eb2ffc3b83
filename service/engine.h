// The engine: one apply loop that joins scoring to the store.
//
//   Submit -> queue -> apply thread -> commit thread -> Task::Done
//
// The queue (admission_queue.h) decides the order, and what is refused. The
// apply thread takes what it hands out (a natural batch), computes it
// through Core while the batch before it is on its way to the disk, and hands
// it to the commit thread, which appends it with one synced write and answers.
// When nothing else waits the apply thread commits by itself: one wake-up
// less for a lonely call.
//
// When a write fails, the store is opened again and the states go back to what
// is durable; until that works, ever longer between two attempts, calls are
// refused. While the disk is full it is open for reading: looks are answered,
// writes refused (DISK_FULL), and writing goes on by itself once there is room.
//
// Seam for replication: an ordered log would stand where TakeBatch is.
//
// Thread-safe. Acknowledged (Done with OK) means durable.
#ifndef PORTRISK_SERVICE_ENGINE_H_
#define PORTRISK_SERVICE_ENGINE_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "service/admission.h"
#include "service/admission_queue.h"
#include "service/core.h"
#include "service/engine_options.h"
#include "service/erasures.h"
#include "service/evaluations.h"
#include "service/rule_sets.h"
#include "service/task.h"
#include "service/warming.h"
#include "store/store.h"

namespace portrisk::service {

class Engine {
 public:
  // Opens the store and re-folds what is not checkpointed. With a full disk,
  // for reading.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(
      EngineOptions options, const QueueTimes& times = {});
  // Drains.
  ~Engine();

  // Admits a movement: normalises, validates, hashes. Any thread. On error
  // (INVALID_MOVEMENT) the task must not be submitted.
  absl::Status Prepare(v1::Movement* movement, MovementTask* task) const;

  // Queues tasks in order, all or none. RESOURCE_EXHAUSTED with a retry hint
  // when there is no room, DEADLINE_EXCEEDED when they come too late,
  // UNAVAILABLE when draining; then no Done is called. Done may bring
  // DEADLINE_EXCEEDED and CANCELLED: nobody waited any more when the turn came,
  // and nothing was kept.
  absl::Status Submit(absl::Span<Task* const> tasks);
  // What Submit would say of room and time, before the tasks are made: what is
  // refused should cost little.
  Verdict Judge(const Arrival& arrival);
  // What a stream asks before it reads on (admission_queue.h).
  bool WouldServeSoon(const Arrival& arrival);

  // Runs `command` at its place in the order; returns when that is durable.
  absl::Status Run(std::function<absl::Status(Core&)> command);
  // The same for what changes nothing: also while no write is taken.
  absl::Status Look(std::function<absl::Status(Core&)> look);

  // OK while writes are taken; else what they are refused with (DISK_FULL,
  // STORE_UNAVAILABLE, STORE_DAMAGED). Any thread.
  absl::Status write_status() const;

  // Revisions and lists as they stand, durably.
  absl::StatusOr<v1::Catalogue> ReadCatalogue();
  // What the movements of late look like (rule_sets.h).
  absl::StatusOr<v1::Statistics> ObserveMovements();

  // Accepts nothing more.
  void Refuse();
  // The same, answers what was accepted, checkpoints. Idempotent.
  void Drain();

  // For reads. What write_status says while it cannot be read either.
  absl::StatusOr<std::shared_ptr<const store::Store>> store() const;
  // For content that is kept ahead of the journal (Store::PutContent), and for
  // backups. An error unless write_status is OK.
  absl::StatusOr<std::shared_ptr<store::Store>> writable_store() const;
  const RuleSets& rule_sets() const { return *rule_sets_; }
  // Held by who changes what is in force: a programme is compiled outside the
  // apply loop from the catalogue, which must not change meanwhile.
  std::mutex& rule_changes() { return rule_changes_; }
  Warming& warming() { return *warming_; }
  Evaluations& evaluations() { return *evaluations_; }
  Erasures& erasures() { return *erasures_; }
  // The next checkpoint is not to wait until it is due.
  void WantCheckpoint() { checkpoint_wanted_ = true; }
  // How often the store has been opened. For what is read from it in one go and
  // handed to the apply thread, which alone opens it.
  uint64_t store_epoch() const { return store_epoch_; }
  // The last position that is durable: up to here the journal may be shown.
  uint64_t durable_sequence() const { return durable_sequence_; }
  // Called whenever that has grown, on the thread that commits: it must neither
  // wait nor call the engine. Null: nobody. Returns when no call is under way.
  void ListenToCommits(std::function<void()> listener);
  // To be called when something else than the engine has failed with the
  // store: where that has stopped its writes it is opened again before a call
  // finds out.
  void CheckStore();
  const std::string& backups() const { return options_.backups; }
  const Pseudonyms& pseudonyms() const { return admission_.pseudonyms(); }
  absl::Time Now() const { return options_.clock(); }

  // Breakers that have tripped since the start: what an alarm watches.
  uint64_t breaker_trips() const { return breaker_trips_; }

  // --- For health and metrics. Any thread.

  const EngineOptions& options() const { return options_; }
  // No write has failed since the store was opened last, for writing.
  bool is_writable() const { return !failed_ && write_status().ok(); }
  bool is_draining();
  size_t queue_depth();
  QueueFigures queue_figures();
  size_t breakers_tripped() const { return breakers_tripped_; }
  // The last one written, or what the store was opened with.
  uint64_t checkpoint_sequence() const { return checkpoint_sequence_; }
  absl::Time checkpoint_time() const {
    return absl::FromUnixMicros(checkpoint_time_us_.load());
  }
  // Of the last opening, which may be a later one than that of open_report.
  uint64_t refold_records() const { return refold_records_; }
  absl::Duration refold_time() const {
    return absl::Microseconds(refold_time_us_.load());
  }

  struct OpenReport {
    uint64_t folded_records = 0;
    absl::Duration fold_time;
    uint64_t last_sequence = 0;
  };
  const OpenReport& open_report() const { return open_report_; }

 private:
  Engine(EngineOptions options, const QueueTimes& times);

  // engine_recovery.cc
  absl::StatusOr<std::shared_ptr<store::Store>> OpenToRead(
      const absl::Status& reason);
  void CloseStore();
  absl::Status OpenStore();
  absl::Status StartOn(std::shared_ptr<store::Store> store);
  void RecoverAfterFailure();
  void SetWriteStatus(const absl::Status& status);
  void Refuse(const absl::Status& reason);
  void RefuseWrites(std::vector<Task*>* tasks);
  void Fail(const std::vector<Task*>& tasks, const absl::Status& reason);

  void ApplyLoop();
  bool TakeBatch(std::vector<Task*>* tasks);
  bool TakeWaiting(size_t taken, std::vector<Task*>* tasks);
  void Dismiss();
  void Compute(const std::vector<Task*>& tasks, BatchTimes* times);
  void Commit(Batch* batch);
  void CommitLoop();
  void WaitForCommit();
  void MaybeCheckpoint(bool final_one);
  void JoinCheckpoint();
  bool QueueIsEmpty();

  // Constant after Open.
  const EngineOptions options_;
  const Admission admission_;
  std::unique_ptr<RuleSets> rule_sets_;
  OpenReport open_report_;

  // Guarded by queue_mutex_.
  std::mutex queue_mutex_;
  std::condition_variable queue_ready_;
  std::vector<Task*> abandoned_;  // Taken by the apply thread, not answered.
  bool refusing_ = false;
  bool draining_ = false;
  bool apply_waits_ = false;

  // Guarded by store_mutex_: replaced when the store is opened again.
  mutable std::mutex store_mutex_;
  std::shared_ptr<store::Store> store_;
  absl::Status write_status_;  // Of calls to come.

  // Apply thread only.
  std::unique_ptr<Core> core_;
  bool is_read_only_ = false;  // The store is open, but not for writing.
  absl::Time reopen_at_ = absl::InfiniteFuture();  // The next attempt.
  absl::Duration reopen_after_;                    // The wait before the next.
  Batch batches_[2];
  std::thread checkpoint_thread_;

  // Guarded by commit_mutex_.
  std::mutex commit_mutex_;
  std::condition_variable commit_ready_;
  std::condition_variable commit_done_;
  Batch* to_commit_ = nullptr;  // Null when the commit thread is idle.
  bool stop_commits_ = false;

  std::mutex rule_changes_;
  std::unique_ptr<Warming> warming_;
  std::unique_ptr<Evaluations> evaluations_;
  std::unique_ptr<Erasures> erasures_;
  std::atomic<uint64_t> store_epoch_{0};

  std::atomic<uint64_t> durable_sequence_{0};
  std::mutex listener_mutex_;
  std::function<void()> listener_;  // Guarded by listener_mutex_.

  std::atomic<uint64_t> breaker_trips_{0};
  std::atomic<size_t> breakers_tripped_{0};
  std::atomic<uint64_t> checkpoint_sequence_{0};
  std::atomic<int64_t> checkpoint_time_us_{0};
  std::atomic<uint64_t> refold_records_{0};
  std::atomic<int64_t> refold_time_us_{0};
  std::atomic<bool> failed_{false};  // A commit, checkpoint or read failed.
  std::atomic<bool> checkpoint_running_{false};
  std::atomic<bool> checkpoint_wanted_{false};

  std::thread apply_thread_;
  std::thread commit_thread_;

  AdmissionQueue queue_;               // Guarded by queue_mutex_.
  std::atomic<int64_t> commit_ns_{0};  // How long the last commit took.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENGINE_H_
