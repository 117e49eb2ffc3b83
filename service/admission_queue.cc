#include "service/admission_queue.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

constexpr int64_t kBusyNs = 1'000'000'000;    // The gate lane after its last.
constexpr int64_t kStandingNs = 500'000'000;  // Late for so long: it stands.
constexpr size_t kBulkPart = 8;               // Bulk gets one of so many.
constexpr size_t kBatchMin = 8;
constexpr size_t kFlowsKept = 1024;  // Of callers with nothing waiting.
// A batch of so many says all there is to know of what one task takes; a stall
// counts for at most so many times what was known.
constexpr double kTellingTasks = 256;
constexpr double kLeastWeight = 1.0 / 32;
constexpr double kStallMax = 4;

constexpr const char* kNames[kVerdicts] = {"",      "places", "caller",
                                           "bytes", "time",   "deadline"};
constexpr const char* kWhy[kVerdicts] = {
    "",
    "as many movements wait as there are places",
    "as many movements of this caller wait as one caller may have",
    "the movements that wait have as many bytes as there is room for",
    "its turn would come too late",
    ""};

absl::Status MakeRefusal(Verdict verdict, Priority priority) {
  if (verdict == Verdict::kTooLate) {
    return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED",
                 "the deadline of the call passed before it was begun; nothing "
                 "of it was kept. A repeat is harmless");
  }
  return WithRetry(
      Error(absl::StatusCode::kResourceExhausted, "QUEUE_FULL",
            absl::StrCat(kWhy[static_cast<size_t>(verdict)],
                         "; nothing of this call was kept. Try again after the "
                         "retry delay"),
            {{"limit", NameOf(verdict)}}),
      priority == Priority::kBulk ? absl::Seconds(1) : absl::Milliseconds(100));
}

const MovementTask* MovementOf(const Task& task) {
  return task.kind == Task::Kind::kMovement
             ? static_cast<const MovementTask*>(&task)
             : nullptr;
}

size_t BytesOf(const Task& task) {
  const MovementTask* const movement = MovementOf(task);
  return movement == nullptr ? 0 : movement->bytes.size();
}

bool IsTooLate(const MovementTask& task, int64_t now_ns) {
  return task.deadline_ns != 0 && task.deadline_ns <= now_ns;
}

bool IsAbandoned(const Task& task, int64_t now_ns) {
  const MovementTask* const movement = MovementOf(task);
  return movement != nullptr &&
         (IsTooLate(*movement, now_ns) || movement->IsAbandoned());
}

}  // namespace

const char* NameOf(Verdict verdict) {
  return kNames[static_cast<size_t>(verdict)];
}

absl::Status RefusalOf(Verdict verdict, Priority priority) {
  if (verdict == Verdict::kTaken) return absl::OkStatus();
  // Made once: under overload this is what the server does most.
  static const auto* const kMade = [] {
    auto* made = new std::array<std::array<absl::Status, kVerdicts>, 3>;
    for (size_t p = 0; p < made->size(); ++p) {
      for (size_t v = 1; v < kVerdicts; ++v) {
        (*made)[p][v] =
            MakeRefusal(static_cast<Verdict>(v), static_cast<Priority>(p));
      }
    }
    return made;
  }();
  return (*kMade)[static_cast<size_t>(priority)][static_cast<size_t>(verdict)];
}

absl::Status AbandonedStatus(const MovementTask& task, int64_t now_ns) {
  if (IsTooLate(task, now_ns)) {
    return RefusalOf(Verdict::kTooLate, task.priority);
  }
  static const auto* const kGone = new absl::Status(
      Error(absl::StatusCode::kCancelled, "CALLER_GONE",
            "the caller had gone before its turn came; nothing was kept"));
  return *kGone;
}

size_t AdmissionQueue::batch_limit() const {
  if (task_ns_ <= 0) return limits_.batch_max;
  const double time_ns = std::max(static_cast<double>(absl::ToInt64Nanoseconds(
                                      limits_.times.batch_time_max)),
                                  commit_ns_);
  const double fitting = time_ns / task_ns_;
  if (fitting >= static_cast<double>(limits_.batch_max)) {
    return limits_.batch_max;
  }
  return std::min(limits_.batch_max,
                  std::max(kBatchMin, static_cast<size_t>(fitting)));
}

bool AdmissionQueue::GateIsBusy(int64_t now_ns) const {
  return gate_.size > 0 ||
         (gate_taken_ns_ != 0 && now_ns - gate_taken_ns_ < kBusyNs);
}

// Until the last of what arrives would be computed: whole batches, and the rest
// of one. `own` of its caller's wait already.
int64_t AdmissionQueue::WaitOf(const Arrival& arrival, size_t own,
                               int64_t now_ns) const {
  if (task_ns_ <= 0) return 0;
  const bool is_bulk = arrival.priority == Priority::kBulk;
  const Lane& lane = LaneOf(arrival.priority);
  const size_t callers = lane.turns.size() + (own == 0 ? 1 : 0);
  const size_t before =
      std::min(lane.size + arrival.count, (own + arrival.count) * callers);
  const size_t whole = batch_limit();
  const size_t part = std::max<size_t>(1, whole / kBulkPart);
  size_t each = whole;  // Of this lane in a batch.
  double batch = static_cast<double>(whole);
  if (is_bulk && GateIsBusy(now_ns)) {
    each = part;
    batch = static_cast<double>(std::min(whole, part + gate_.size));
  } else if (!is_bulk && bulk_.size > 0) {
    each = std::max<size_t>(1, whole - part);
  }
  const double cycle_ns = std::max(batch * task_ns_, commit_ns_);
  return static_cast<int64_t>(static_cast<double>(before / each) * cycle_ns +
                              static_cast<double>(before % each) * task_ns_);
}

// Of its caller and lane.
size_t AdmissionQueue::WaitingOf(const Arrival& arrival) const {
  const Lane& lane = LaneOf(arrival.priority);
  const auto found = lane.flows.find(arrival.caller);
  return found == lane.flows.end() ? 0 : found->second->tasks.size();
}

Verdict AdmissionQueue::Decide(const Arrival& arrival, int64_t now_ns) const {
  if (arrival.deadline_ns != 0 && arrival.deadline_ns <= now_ns) {
    return Verdict::kTooLate;
  }
  const size_t places_taken = size() - commands_;
  if (places_taken + arrival.count > limits_.tasks_max) return Verdict::kFull;
  if (bytes_ > 0 && bytes_ + arrival.bytes > limits_.bytes_max) {
    return Verdict::kBytesFull;
  }
  if (arrival.priority == Priority::kOwn) return Verdict::kTaken;
  const size_t own = WaitingOf(arrival);
  if (own > 0 && own + arrival.count > limits_.tasks_max - places_taken) {
    return Verdict::kCallerFull;
  }
  const absl::Duration most = arrival.priority == Priority::kBulk
                                  ? limits_.times.bulk_wait_max
                              : standing_ ? limits_.times.gate_wait_standing
                                          : limits_.times.gate_wait_max;
  const int64_t wait_ns = WaitOf(arrival, own, now_ns);
  // Whoever has nothing waiting is let in, and whoever comes when nobody waits:
  // an estimate may be wrong, and is put right by what is let in alone.
  if (own > 0 && wait_ns > absl::ToInt64Nanoseconds(most)) {
    return Verdict::kTooLong;
  }
  if (!empty() && arrival.deadline_ns != 0 &&
      arrival.deadline_ns - now_ns < wait_ns) {
    return Verdict::kTooLong;
  }
  return Verdict::kTaken;
}

Verdict AdmissionQueue::Judge(const Arrival& arrival, int64_t now_ns) {
  const Verdict verdict = Decide(arrival, now_ns);
  if (verdict != Verdict::kTaken) {
    figures_.verdicts[static_cast<size_t>(verdict)] += arrival.count;
  }
  return verdict;
}

bool AdmissionQueue::WouldServeSoon(const Arrival& arrival,
                                    int64_t now_ns) const {
  const int64_t most_ns =
      absl::ToInt64Nanoseconds(limits_.times.bulk_wait_max) / 2;
  return Decide(arrival, now_ns) == Verdict::kTaken &&
         WaitOf(arrival, WaitingOf(arrival), now_ns) <= most_ns;
}

Verdict AdmissionQueue::Push(absl::Span<Task* const> tasks, int64_t now_ns) {
  if (tasks.empty()) return Verdict::kTaken;
  Arrival arrival;
  arrival.priority = PriorityOf(*tasks[0]);
  arrival.count = tasks.size();
  if (const MovementTask* const movement = MovementOf(*tasks[0])) {
    arrival.caller = movement->caller;
    arrival.deadline_ns = movement->deadline_ns;
    for (const Task* task : tasks) arrival.bytes += BytesOf(*task);
    const Verdict verdict = Judge(arrival, now_ns);
    if (verdict != Verdict::kTaken) return verdict;
  } else {
    commands_ += tasks.size();
  }
  Lane& lane = LaneOf(arrival.priority);
  auto found = lane.flows.find(arrival.caller);
  if (found == lane.flows.end()) {
    if (lane.flows.size() >= kFlowsKept) {
      absl::erase_if(lane.flows,
                     [](const auto& one) { return one.second->tasks.empty(); });
    }
    found = lane.flows
                .emplace(std::string(arrival.caller), std::make_unique<Flow>())
                .first;
  }
  Flow& flow = *found->second;
  if (flow.tasks.empty()) lane.turns.push_back(&flow);
  for (Task* task : tasks) {
    task->submitted_ns = now_ns;
    flow.tasks.push_back(task);
  }
  lane.size += tasks.size();
  bytes_ += arrival.bytes;
  figures_.verdicts[static_cast<size_t>(Verdict::kTaken)] += tasks.size();
  return Verdict::kTaken;
}

void AdmissionQueue::TakeFrom(Lane* lane, size_t most, int64_t now_ns,
                              std::vector<Task*>* tasks,
                              std::vector<Task*>* abandoned) {
  while (most > 0 && lane->size > 0) {
    Flow* const flow = lane->turns.front();
    lane->turns.pop_front();
    Task* const task = flow->tasks.front();
    flow->tasks.pop_front();
    --lane->size;
    bytes_ -= BytesOf(*task);
    if (MovementOf(*task) == nullptr) --commands_;
    const bool is_abandoned = IsAbandoned(*task, now_ns);
    // Who is gone costs its caller no turn.
    if (!flow->tasks.empty() && is_abandoned) {
      lane->turns.push_front(flow);
    } else if (!flow->tasks.empty()) {
      lane->turns.push_back(flow);
    }
    if (is_abandoned) {
      ++figures_.abandoned;
      abandoned->push_back(task);
      continue;
    }
    tasks->push_back(task);
    --most;
  }
}

void AdmissionQueue::Take(size_t taken, int64_t now_ns,
                          std::vector<Task*>* tasks,
                          std::vector<Task*>* abandoned) {
  tasks->clear();
  const size_t limit = batch_limit();
  if (taken >= limit) return;
  const size_t most = limit - taken;
  const bool gate_is_busy = GateIsBusy(now_ns);
  const size_t part =
      gate_is_busy ? std::max<size_t>(1, most / kBulkPart) : most;
  const size_t kept = std::min(part, bulk_.size);
  // A batch with one place left is the gate's.
  TakeFrom(&gate_, std::max<size_t>(1, most - kept), now_ns, tasks, abandoned);
  int64_t oldest_ns = 0;
  for (const Task* task : *tasks) {
    gate_taken_ns_ = now_ns;
    if (PriorityOf(*task) != Priority::kGate) continue;
    oldest_ns = std::max(oldest_ns, now_ns - task->submitted_ns);
  }
  const int64_t late_ns =
      absl::ToInt64Nanoseconds(limits_.times.gate_wait_standing) / 2;
  if (oldest_ns < late_ns) {
    late_since_ns_ = 0;
  } else if (late_since_ns_ == 0) {
    late_since_ns_ = now_ns;
  }
  standing_ = late_since_ns_ != 0 && now_ns - late_since_ns_ >= kStandingNs;
  TakeFrom(&bulk_, std::min(part, most - tasks->size()), now_ns, tasks,
           abandoned);
}

void AdmissionQueue::Learn(size_t movements, int64_t compute_ns,
                           int64_t commit_ns) {
  if (movements == 0) return;
  const auto capped = [](double sample, double known) {
    return known > 0 ? std::min(sample, kStallMax * known) : sample;
  };
  // Time over tasks of late, not the mean of what each batch says: that of a
  // few tasks is mostly what waking up took, and refusing because of it would
  // make for ever smaller ones.
  const double count = static_cast<double>(movements);
  const double kept = 1 - std::clamp(count / kTellingTasks, kLeastWeight, 1.0);
  learned_ns_ = kept * learned_ns_ +
                capped(static_cast<double>(compute_ns), task_ns_ * count);
  learned_tasks_ = kept * learned_tasks_ + count;
  task_ns_ = learned_ns_ / learned_tasks_;
  const double commit = capped(static_cast<double>(commit_ns), commit_ns_);
  commit_ns_ +=
      (commit_ns_ <= 0 ? 1 : 2 * kLeastWeight) * (commit - commit_ns_);
}

QueueFigures AdmissionQueue::figures() const {
  QueueFigures figures = figures_;
  figures.callers = gate_.turns.size() + bulk_.turns.size();
  return figures;
}

}  // namespace portrisk::service
