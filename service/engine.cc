// Order and durability, in one place.
//
// At most one batch is on its way to the disk while the next is computed. The
// next one is computed on states that include the first, so nothing of it may
// leave before the first is durable: the commit thread works in order, and if
// the first fails, the next fails with it and the states go back to the last
// durable position (engine_recovery.cc, the same path as after a crash).
//
// A checkpoint starts between two batches when no commit is under way, so the
// states it writes never run ahead of the journal.
#include "service/engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/background.h"
#include "service/errors.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/secrets.h"

namespace portrisk::service {
namespace {

// Unknown fields count, too; a block of a full batch stays below 32 MiB.
constexpr size_t kMovementBytesMax = 64 << 10;

QueueLimits LimitsOf(const EngineOptions& options, const QueueTimes& times) {
  QueueLimits limits;
  limits.tasks_max = options.queue_max;
  limits.batch_max = options.batch_max;
  limits.times = times;
  return limits;
}

// A command whose caller waits.
class WaitingCommand : public CommandTask {
 public:
  void Done() override {
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    ready_.notify_one();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    ready_.wait(lock, [&] { return done_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  bool done_ = false;
};

absl::Status SubmitAndWait(Engine* engine, WaitingCommand* command) {
  Task* const tasks[] = {command};
  absl::Status status = engine->Submit(tasks);
  if (!status.ok()) return status;
  command->Wait();
  return command->status;
}

}  // namespace

Engine::Engine(EngineOptions options, const QueueTimes& times)
    : options_(std::move(options)),
      admission_(options_.secrets),
      queue_(LimitsOf(options_, times)) {}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options,
                                                     const QueueTimes& times) {
  auto engine = std::unique_ptr<Engine>(new Engine(std::move(options), times));
  engine->rule_sets_ = std::make_unique<RuleSets>();
  const EngineOptions& o = engine->options_;
  engine->warming_ = std::make_unique<Warming>(
      engine.get(), WarmingOptions{o.cache_states_max, o.fill_flush_states,
                                   o.after_filled_block});
  engine->evaluations_ = std::make_unique<Evaluations>(
      engine.get(),
      EvaluationsOptions{o.profile, DrawKeyOf(o.secrets),
                         o.evaluation_chunk_records, o.evaluation_memory_max,
                         o.after_evaluated_chunk});
  engine->erasures_ = std::make_unique<Erasures>(
      engine.get(),
      ErasuresOptions{o.erasure_entry_records, o.after_erasure_step});
  const absl::Status status = engine->OpenStore();
  if (engine->core_ == nullptr) return status;
  engine->SetWriteStatus(status);
  if (!status.ok()) {
    engine->warming_->reader().LetGo();
    engine->evaluations_->reader().LetGo();
    engine->erasures_->reader().LetGo();
  }
  engine->commit_thread_ = std::thread([e = engine.get()] { e->CommitLoop(); });
  engine->apply_thread_ = std::thread([e = engine.get()] { e->ApplyLoop(); });
  engine->warming_->Start();
  engine->evaluations_->Start();
  engine->erasures_->Start();
  return engine;
}

Engine::~Engine() { Drain(); }

absl::Status Engine::Prepare(v1::Movement* movement, MovementTask* task) const {
  std::vector<Violation> violations =
      admission_.Admit(options_.clock(), movement);
  if (!violations.empty()) {
    return WithViolations(
        Error(
            absl::StatusCode::kInvalidArgument, "INVALID_MOVEMENT",
            absl::StrCat("the movement cannot be admitted: ",
                         violations[0].field, ": ", violations[0].description),
            {{"source", movement->source()}, {"movement_id", movement->id()}}),
        "movement.", violations);
  }
  task->movement = movement;
  task->identity = IdentityOf(movement->source(), movement->id());
  movement->SerializeToString(&task->bytes);
  if (task->bytes.size() > kMovementBytesMax) {
    const std::string what = absl::StrCat("has ", task->bytes.size(),
                                          " bytes in normal form; at most ",
                                          kMovementBytesMax, " are taken");
    return WithViolations(
        Error(
            absl::StatusCode::kInvalidArgument, "INVALID_MOVEMENT",
            absl::StrCat("the movement ", what),
            {{"source", movement->source()}, {"movement_id", movement->id()}}),
        "movement", {{"", what}});
  }
  return absl::OkStatus();
}

absl::Status Engine::Submit(absl::Span<Task* const> tasks) {
  if (tasks.empty()) return absl::OkStatus();
  bool wake = false;
  if (options_.metrics != nullptr) options_.metrics->Submitted(tasks);
  {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    if (refusing_) return ShuttingDown();
    const Priority priority = PriorityOf(*tasks[0]);
    const Verdict verdict = queue_.Push(tasks, SteadyNow());
    if (verdict != Verdict::kTaken) return RefusalOf(verdict, priority);
    wake = std::exchange(apply_waits_, false);
  }
  if (wake) queue_ready_.notify_one();
  return absl::OkStatus();
}

absl::Status Engine::Run(std::function<absl::Status(Core&)> command) {
  WaitingCommand task;
  task.run = std::move(command);
  return SubmitAndWait(this, &task);
}

absl::Status Engine::Look(std::function<absl::Status(Core&)> look) {
  WaitingCommand task;
  task.run = std::move(look);
  task.only_looks = true;
  return SubmitAndWait(this, &task);
}

absl::StatusOr<v1::Catalogue> Engine::ReadCatalogue() {
  v1::Catalogue catalogue;
  absl::Status status = Look([&](Core& core) {
    catalogue = core.catalogue();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return catalogue;
}

absl::StatusOr<v1::Statistics> Engine::ObserveMovements() {
  uint64_t last_sequence = 0;
  absl::Status status = Look([&](Core& core) {
    last_sequence = core.last_sequence();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  auto opened = store();
  if (!opened.ok()) return opened.status();
  return Observe(**opened, last_sequence);
}

void Engine::Refuse() {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  refusing_ = true;
}

void Engine::Drain() {
  if (evaluations_ != nullptr) evaluations_->reader().Stop();
  if (warming_ != nullptr) warming_->reader().Stop();
  if (erasures_ != nullptr) {
    std::shared_ptr<store::Store> open;  // None where it could not be opened.
    {
      std::lock_guard<std::mutex> lock(store_mutex_);
      open = store_;
    }
    if (open != nullptr) open->AbandonPurge();
    erasures_->reader().Stop();
  }
  {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    refusing_ = draining_ = true;
    apply_waits_ = false;
  }
  queue_ready_.notify_one();
  if (apply_thread_.joinable()) apply_thread_.join();
  if (commit_thread_.joinable()) commit_thread_.join();
}

bool Engine::QueueIsEmpty() { return queue_depth() == 0; }

Verdict Engine::Judge(const Arrival& arrival) {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  return queue_.Judge(arrival, SteadyNow());
}

bool Engine::WouldServeSoon(const Arrival& arrival) {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  return queue_.WouldServeSoon(arrival, SteadyNow());
}

QueueFigures Engine::queue_figures() {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  return queue_.figures();
}

size_t Engine::queue_depth() {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  return queue_.size();
}

bool Engine::is_draining() {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  return draining_;
}

// Blocks until something has arrived, or until the store is to be opened again.
// False when draining and empty.
bool Engine::TakeBatch(std::vector<Task*>* tasks) {
  tasks->clear();
  std::unique_lock<std::mutex> lock(queue_mutex_);
  while (queue_.empty() && !draining_) {
    apply_waits_ = true;
    // After a failure the next call brings the first attempt, or time does.
    const bool has_failed = failed_ && reopen_at_ == absl::InfiniteFuture();
    const absl::Time until =
        has_failed ? SteadyTime() + options_.reopen_after_min : reopen_at_;
    if (until == absl::InfiniteFuture()) {
      queue_ready_.wait(lock);
    } else if (queue_ready_.wait_for(
                   lock, absl::ToChronoNanoseconds(until - SteadyTime())) ==
               std::cv_status::timeout) {
      break;
    }
  }
  apply_waits_ = false;
  queue_.Take(0, SteadyNow(), tasks, &abandoned_);
  return !tasks->empty() || !abandoned_.empty() || !draining_;
}

// Takes what waits, without waiting, for a batch of so many. False when
// nothing does.
bool Engine::TakeWaiting(size_t taken, std::vector<Task*>* tasks) {
  const std::lock_guard<std::mutex> lock(queue_mutex_);
  queue_.Take(taken, SteadyNow(), tasks, &abandoned_);
  return !tasks->empty();
}

// Answers those that nobody waits for: nothing of them is kept.
void Engine::Dismiss() {
  if (abandoned_.empty()) return;
  const int64_t now_ns = SteadyNow();
  for (Task* task : abandoned_) {
    task->status = AbandonedStatus(*static_cast<MovementTask*>(task), now_ns);
    task->Done();
  }
  abandoned_.clear();
}

void Engine::ApplyLoop() {
  std::vector<Task*> tasks;
  int next = 0;
  while (TakeBatch(&tasks)) {
    Dismiss();
    CheckStore();  // An erasure or a warming may have stopped it.
    if (failed_ || SteadyTime() >= reopen_at_) RecoverAfterFailure();
    if (core_ == nullptr || failed_) {
      Fail(tasks, write_status());
      continue;
    }
    if (is_read_only_) RefuseWrites(&tasks);
    if (tasks.empty()) continue;
    Batch* batch = &batches_[next];
    next = 1 - next;
    const Batch* in_flight = nullptr;
    {
      std::lock_guard<std::mutex> lock(commit_mutex_);
      in_flight = to_commit_;
    }
    core_->Begin(options_.clock(), in_flight, batch);
    batch->times = {};
    Compute(tasks, &batch->times);
    StepTimer await(options_.metrics, &batch->times.await_ns);
    WaitForCommit();
    await.Stop();
    // What has arrived meanwhile shares the next sync.
    if (TakeWaiting(batch->tasks.size(), &tasks)) {
      if (is_read_only_) RefuseWrites(&tasks);
      Compute(tasks, &batch->times);
    }
    core_->Finish();
    Dismiss();
    if (failed_) {
      Fail(batch->tasks, write_status());
      continue;
    }
    if (QueueIsEmpty()) {
      Commit(batch);
    } else {
      {
        std::lock_guard<std::mutex> lock(commit_mutex_);
        to_commit_ = batch;
      }
      commit_ready_.notify_one();
    }
    MaybeCheckpoint(/*final_one=*/false);
  }
  WaitForCommit();
  MaybeCheckpoint(/*final_one=*/true);
  JoinCheckpoint();
  std::lock_guard<std::mutex> lock(commit_mutex_);
  stop_commits_ = true;
  commit_ready_.notify_one();
}

// Adds tasks to the batch begun last.
void Engine::Compute(const std::vector<Task*>& tasks, BatchTimes* times) {
  if (options_.metrics != nullptr) Metrics::Taken(tasks, times);
  const int64_t begun_ns = SteadyNow();
  StepTimer gather(options_.metrics, &times->gather_ns);
  absl::Status status = core_->Gather(tasks);
  if (!status.ok()) {
    LogError("gather", status);
    Refuse(status);
  }
  gather.Stop();
  StepTimer apply(options_.metrics, &times->apply_ns);
  bool only_movements = true;
  for (Task* task : tasks) {
    if (failed_) {
      core_->Refuse(task);
    } else if (task->kind == Task::Kind::kMovement) {
      core_->Apply(static_cast<MovementTask*>(task));
    } else {
      core_->Apply(static_cast<CommandTask*>(task));
      only_movements = false;
    }
    if (core_->is_broken() && !failed_) {
      LogError("apply", task->status);
      Refuse(task->status);
    }
  }
  apply.Stop();
  // What was only refused took no time; what a command takes says nothing of
  // others.
  if (!only_movements || failed_) return;
  const std::lock_guard<std::mutex> lock(queue_mutex_);
  queue_.Learn(tasks.size(), SteadyNow() - begun_ns, commit_ns_);
}

// Makes the batch durable and answers its tasks.
void Engine::Commit(Batch* batch) {
  Metrics* const metrics = options_.metrics;
  absl::Status status;
  if (batch->record_count > 0) {
    const StepTimer commit(metrics, &batch->times.commit_ns);
    const int64_t begun_ns = SteadyNow();
    status =
        store_->AppendBlock(batch->first_sequence, batch->block, batch->puts);
    commit_ns_ = SteadyNow() - begun_ns;
  }
  if (!status.ok()) {
    LogError("commit", status);
    if (metrics != nullptr) metrics->CommitFailed();
    Refuse(status);
    Fail(batch->tasks, write_status());
    return;
  }
  if (batch->record_count > 0) {
    durable_sequence_ = batch->first_sequence + batch->record_count - 1;
  }
  // The task may be gone once it is done.
  int64_t reply_ns = 0;
  StepTimer reply(metrics, &reply_ns);
  for (Task* task : batch->tasks) task->Done();
  reply.Stop();
  if (metrics != nullptr) metrics->Answered(*batch, reply_ns);
  if (batch->record_count == 0) return;
  const std::lock_guard<std::mutex> lock(listener_mutex_);
  if (listener_) listener_();
}

void Engine::ListenToCommits(std::function<void()> listener) {
  const std::lock_guard<std::mutex> lock(listener_mutex_);
  listener_ = std::move(listener);
}

void Engine::CommitLoop() {
  std::unique_lock<std::mutex> lock(commit_mutex_);
  while (true) {
    commit_ready_.wait(lock, [&] { return to_commit_ || stop_commits_; });
    if (to_commit_ == nullptr) return;
    Batch* batch = to_commit_;
    lock.unlock();
    Commit(batch);
    lock.lock();
    to_commit_ = nullptr;
    commit_done_.notify_one();
  }
}

void Engine::WaitForCommit() {
  std::unique_lock<std::mutex> lock(commit_mutex_);
  commit_done_.wait(lock, [&] { return to_commit_ == nullptr; });
}

void Engine::MaybeCheckpoint(bool final_one) {
  if (core_ == nullptr || failed_ || is_read_only_) return;
  if (!checkpoint_running_) JoinCheckpoint();
  const bool now = final_one || checkpoint_wanted_;
  const uint64_t due = now ? 1 : options_.checkpoint_records;
  if (core_->records_since_freeze() < due) return;
  if (checkpoint_running_ && !final_one) return;
  JoinCheckpoint();
  WaitForCommit();
  if (failed_) return;
  // What states take in memory is given back over there, too.
  auto leftovers = std::make_shared<Core::Leftovers>(core_->TakeLeftovers());
  core_->Freeze();
  checkpoint_wanted_ = false;
  checkpoint_running_ = true;
  checkpoint_thread_ = std::thread([this, store = store_, leftovers] {
    StepBehind();
    absl::Status status =
        store->Ingest(core_->TakeFrozen(), core_->frozen_checkpoint());
    for (const std::string& prefix : leftovers->prefixes) {
      if (status.ok()) status = store->DropStates(prefix);
    }
    leftovers->tables.clear();
    if (!status.ok()) {
      LogError("checkpoint", status);
      if (options_.metrics != nullptr) options_.metrics->CheckpointFailed();
      Refuse(status);
    } else {
      checkpoint_sequence_ = core_->frozen_checkpoint().sequence();
      checkpoint_time_us_ = absl::ToUnixMicros(absl::Now());
    }
    checkpoint_running_ = false;
  });
  if (final_one) JoinCheckpoint();
}

void Engine::JoinCheckpoint() {
  if (!checkpoint_thread_.joinable()) return;
  checkpoint_thread_.join();
  if (core_ != nullptr) core_->Thaw();
}

}  // namespace portrisk::service
