// What waits for the apply loop: who is let in, and whose turn it is.
//
// Two lanes. What a gate or a person waits for goes before bulk (batches and
// streams): while there was any of it within the last second, bulk gets an
// eighth of each batch, so it yields and does not starve; else all. Within a
// lane callers take turns, a task each, and each caller's tasks keep their
// order: a flood waits behind itself.
//
// Refused is what could not be served in time, when it comes and not later:
//
//   places  all places are taken, or a caller has as many as are still free:
//           one alone gets half of the queue, and there is room for the next
//   bytes   of the movements that wait
//   time    what is before it would take longer than its lane may wait, or
//           than its deadline leaves
//
// Commands are never refused and take no place: each has a thread that waits
// for it, so they are few, and an operator is heard when the queue is full.
//
// How long it takes is known from what the last batches took: a task to
// compute, and the commit that no batch goes below. A burst at a gate may wait
// for gate_wait_max; once the queue has stood for half a second (the oldest of
// each batch had waited for half of gate_wait_standing), only for
// gate_wait_standing: under lasting overload what is let in is served as fast
// as on a quiet day, and the rest knows at once. What the store does in the
// background takes a processor for less than that.
//
// The order that this hands out is the order of the journal. It knows no clock:
// time is passed in (steady_clock.h). Not thread-safe.
#ifndef PORTRISK_SERVICE_ADMISSION_QUEUE_H_
#define PORTRISK_SERVICE_ADMISSION_QUEUE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "service/task.h"

namespace portrisk::service {

struct QueueTimes {
  // Too long: who is let in waits. Too short: bursts are refused.
  absl::Duration gate_wait_max = absl::Milliseconds(100);
  absl::Duration gate_wait_standing = absl::Milliseconds(10);
  absl::Duration bulk_wait_max = absl::Seconds(2);
  // Computing of one batch, or the time of a commit if that is longer: a gate
  // waits for the batch under way. Shorter: more commits.
  absl::Duration batch_time_max = absl::Milliseconds(5);
};

struct QueueLimits {
  size_t tasks_max = 16'384;     // Waiting movements.
  size_t bytes_max = 256 << 20;  // Of their movements, serialised.
  size_t batch_max = 512;        // Tasks in one commit; at least two.
  QueueTimes times;
};

enum class Verdict : uint8_t {
  kTaken,
  kFull,        // No place.
  kCallerFull,  // Not for this caller.
  kBytesFull,   // No room for its bytes.
  kTooLong,     // Its turn would come too late.
  kTooLate,     // Its deadline has passed.
};
inline constexpr size_t kVerdicts = static_cast<size_t>(Verdict::kTooLate) + 1;

// "places", "caller", "bytes", "time", "deadline".
const char* NameOf(Verdict verdict);
// OK of kTaken; else QUEUE_FULL with its retry hint, or DEADLINE_PASSED.
absl::Status RefusalOf(Verdict verdict, Priority priority);
// Of a task that nobody waits for: DEADLINE_PASSED or CALLER_GONE.
absl::Status AbandonedStatus(const MovementTask& task, int64_t now_ns);

// A command waits for nobody but the gates and movements before it.
inline Priority PriorityOf(const Task& task) {
  return task.kind == Task::Kind::kCommand
             ? Priority::kOwn
             : static_cast<const MovementTask&>(task).priority;
}

// What comes, before it is parsed.
struct Arrival {
  absl::string_view caller;
  Priority priority = Priority::kOwn;
  size_t count = 1;
  size_t bytes = 0;
  int64_t deadline_ns = 0;  // 0: none.
};

struct QueueFigures {
  std::array<uint64_t, kVerdicts> verdicts{};  // Tasks, by what became of them.
  uint64_t abandoned = 0;  // Taken in, and dropped when their turn came.
  size_t callers = 0;      // That have something waiting.
};

class AdmissionQueue {
 public:
  explicit AdmissionQueue(const QueueLimits& limits) : limits_(limits) {}

  // Counts what it refuses.
  Verdict Judge(const Arrival& arrival, int64_t now_ns);
  // Whether it would be let in, and its turn come in half of the time that bulk
  // may wait. Counts nothing.
  bool WouldServeSoon(const Arrival& arrival, int64_t now_ns) const;
  // All of one caller and priority. All or none.
  Verdict Push(absl::Span<Task* const> tasks, int64_t now_ns);

  // Fills a batch of which `taken` are there already; `tasks` and `abandoned`
  // are overwritten and added to.
  void Take(size_t taken, int64_t now_ns, std::vector<Task*>* tasks,
            std::vector<Task*>* abandoned);
  // What the batch before cost: movements computed, that time, and the time of
  // a commit.
  void Learn(size_t movements, int64_t compute_ns, int64_t commit_ns);

  size_t size() const { return gate_.size + bulk_.size; }
  bool empty() const { return size() == 0; }
  // Tasks in a batch, by what they cost now.
  size_t batch_limit() const;
  QueueFigures figures() const;

 private:
  struct Flow {
    std::deque<Task*> tasks;
  };
  // Callers with something waiting, in turn; others are kept for their memory.
  struct Lane {
    absl::flat_hash_map<std::string, std::unique_ptr<Flow>> flows;
    std::deque<Flow*> turns;
    size_t size = 0;
  };

  Verdict Decide(const Arrival& arrival, int64_t now_ns) const;
  size_t WaitingOf(const Arrival& arrival) const;
  int64_t WaitOf(const Arrival& arrival, size_t own, int64_t now_ns) const;
  Lane& LaneOf(Priority priority) {
    return priority == Priority::kBulk ? bulk_ : gate_;
  }
  const Lane& LaneOf(Priority priority) const {
    return priority == Priority::kBulk ? bulk_ : gate_;
  }
  bool GateIsBusy(int64_t now_ns) const;
  void TakeFrom(Lane* lane, size_t most, int64_t now_ns,
                std::vector<Task*>* tasks, std::vector<Task*>* abandoned);

  const QueueLimits limits_;
  Lane gate_;
  Lane bulk_;
  size_t commands_ = 0;
  size_t bytes_ = 0;
  double learned_ns_ = 0;      // Computing of late,
  double learned_tasks_ = 0;   // and how many that were.
  double task_ns_ = 0;         // To compute one; 0: not known yet.
  double commit_ns_ = 0;       // Of one commit.
  int64_t gate_taken_ns_ = 0;  // When one of the gate lane was taken last.
  int64_t late_since_ns_ = 0;  // 0: what is taken has not waited long.
  bool standing_ = false;
  QueueFigures figures_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ADMISSION_QUEUE_H_
