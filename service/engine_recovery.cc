// Opening the store, at the start and after a failure.
//
// After a failed write nobody knows what is on disk, and states in memory are
// ahead of it. So the store is closed and opened, which reads the log again,
// and the states are folded from what it holds: the path of a crash.
//
// Opening writes, so with a full disk it fails. Then the store is opened for
// reading, which writes nothing, and a core is folded over it: it answers looks
// until an attempt to open for writing succeeds, which needs no lock to be
// given up. What is read must not vanish in a power failure, hence the log is
// synced first.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/engine.h"
#include "service/errors.h"
#include "service/fold_version.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/secrets.h"
#include "service/steady_clock.h"

namespace portrisk::service {
namespace {

// Calls that hold the store let go of it within this time; a backup is told to.
constexpr absl::Duration kLetGoMax = absl::Seconds(5);
constexpr absl::Duration kLetGoPoll = absl::Milliseconds(1);
// After a crash there is no more than one or two to fold.
constexpr uint64_t kWriteBehindCheckpoints = 10;
constexpr absl::Duration kFoldingLoggedEvery = absl::Seconds(5);

// What a caller is told of an error of the store.
absl::Status RefusalFor(const absl::Status& cause,
                        const EngineOptions& options) {
  if (absl::IsResourceExhausted(cause)) {
    return WithRetry(
        Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
              absl::StrCat(
                  "the disk of the store is full: nothing is written, what is "
                  "stored can be read, and this was not kept. Make room",
                  options.is_of_command
                      ? " and run the command again: a repeat is harmless"
                      : "; the server goes on by itself within seconds")),
        options.reopen_after_max);
  }
  if (absl::IsDataLoss(cause)) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 absl::StrCat("this was not kept: ", cause.message()));
  }
  return WithRetry(
      Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
            "the store could not be written; whether anything of this call was "
            "kept shows when it is open again. "
            "Try again: a repeat is harmless"),
      absl::Seconds(1));
}

absl::Status NeedsRoom(absl::string_view directory) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the states in ", directory,
      " were made by another version of the program and are to be made anew, "
      "but the disk is full; make room and start again"));
}

// Whether there were any to be made anew.
absl::StatusOr<bool> RenewStates(store::Store* store) {
  const auto forgotten = ForgetForeignStates(store);
  if (forgotten.ok() && *forgotten) {
    const auto checkpoint = store->ReadCheckpoint();
    if (!checkpoint.ok()) return checkpoint.status();
    // Of those before it the movements are removed, and with them what to make
    // their states of.
    LogInfo(
        "states are made anew: another version of the program made them, whose "
        "fold was another",
        {{"fold_version", absl::StrCat(kFoldVersion)},
         {"behind", absl::StrCat(checkpoint->sequence())},
         {"records", absl::StrCat(store->last_sequence_at_open())}});
  }
  return forgotten;
}

void LogFolding(uint64_t folded_to, uint64_t last) {
  LogInfo("opening: folding the journal",
          {{"folded_to", absl::StrCat(folded_to)}, {"of", absl::StrCat(last)}});
}

// Of a journal that is folded while the store opens.
absl::Status WriteBehind(Core* core, store::Store* store) {
  core->Freeze();
  absl::Status status =
      store->Ingest(core->TakeFrozen(), core->frozen_checkpoint());
  if (!status.ok()) return status;
  core->Thaw();
  return absl::OkStatus();
}

}  // namespace

absl::Status Engine::write_status() const {
  std::lock_guard<std::mutex> lock(store_mutex_);
  return write_status_;
}

absl::StatusOr<std::shared_ptr<const store::Store>> Engine::store() const {
  std::lock_guard<std::mutex> lock(store_mutex_);
  if (store_ == nullptr) return write_status_;
  return store_;
}

absl::StatusOr<std::shared_ptr<store::Store>> Engine::writable_store() const {
  std::lock_guard<std::mutex> lock(store_mutex_);
  if (!write_status_.ok()) return write_status_;
  return store_;
}

void Engine::CheckStore() {
  const auto opened = store();
  if (!opened.ok() || failed_) return;
  const absl::Status status = (*opened)->CheckWritable();
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    Refuse(status);
  }
}

// The states must not be used any more.
void Engine::Refuse(const absl::Status& reason) {
  {
    std::lock_guard<std::mutex> lock(store_mutex_);
    write_status_ = RefusalFor(reason, options_);
  }
  failed_ = true;
  // The apply thread recovers also when no call comes.
  { std::lock_guard<std::mutex> lock(queue_mutex_); }
  queue_ready_.notify_one();
}

void Engine::Fail(const std::vector<Task*>& tasks, const absl::Status& reason) {
  for (Task* task : tasks) {
    task->status = reason;
    task->Done();
  }
}

// Leaves those that only look.
void Engine::RefuseWrites(std::vector<Task*>* tasks) {
  const absl::Status reason = write_status();
  std::vector<Task*> looks;
  for (Task* task : *tasks) {
    if (task->kind == Task::Kind::kCommand &&
        static_cast<CommandTask*>(task)->only_looks) {
      looks.push_back(task);
    } else {
      Fail({task}, reason);
    }
  }
  *tasks = std::move(looks);
}

// The lock is given up when the last reader has let go.
void Engine::CloseStore() {
  core_.reset();
  std::weak_ptr<store::Store> closing;
  {
    std::lock_guard<std::mutex> lock(store_mutex_);
    if (store_ != nullptr) store_->AbandonBackup();
    closing = std::exchange(store_, nullptr);
  }
  ++store_epoch_;
  const absl::Time until = SteadyTime() + kLetGoMax;
  while (!closing.expired() && SteadyTime() < until) {
    absl::SleepFor(kLetGoPoll);
  }
}

absl::StatusOr<std::shared_ptr<store::Store>> Engine::OpenToRead(
    const absl::Status& reason) {
  store::Options options = options_.store;
  options.read_only = true;
  options.create_if_missing = false;
  absl::Status status = store::Store::SyncLog(options);
  if (!status.ok()) return status;
  auto opened = store::Store::Open(options);
  if (!opened.ok()) return opened.status();
  LogError("open for reading only", reason);
  return std::shared_ptr<store::Store>(*std::move(opened));
}

absl::Status Engine::OpenStore() {
  if (!is_read_only_) CloseStore();  // It holds the lock.
  auto opened = store::Store::Open(options_.store);
  if (opened.ok()) {
    if (is_read_only_) CloseStore();
    is_read_only_ = false;
    return StartOn(*std::move(opened));
  }
  const absl::Status reason = opened.status();
  if (is_read_only_ && !failed_) return reason;  // Reading goes on.
  if (is_read_only_) CloseStore();
  is_read_only_ = false;
  if (!absl::IsResourceExhausted(reason)) return reason;
  auto reading = OpenToRead(reason);
  if (!reading.ok()) return reason;
  is_read_only_ = true;
  absl::Status status = StartOn(*std::move(reading));
  return status.ok() ? reason : status;
}

absl::Status Engine::StartOn(std::shared_ptr<store::Store> store) {
  CoreOptions core_options;
  core_options.cache_states_max = options_.cache_states_max;
  core_options.rule_sets = rule_sets_.get();
  core_options.profile = options_.profile;
  core_options.draw_key = DrawKeyOf(options_.secrets);
  core_options.pseudonyms = &admission_.pseudonyms();
  core_options.on_trip = [this](const v1::Revision& revision,
                                const v1::RuleOverride& one) {
    ++breaker_trips_;
    LogError("breaker tripped",
             absl::ResourceExhaustedError(absl::StrCat(
                 "rule ", one.rule(), " of ", revision.rule_set(), " revision ",
                 revision.revision(), " fired ", one.hits(),
                 " times in a window of ", one.window(),
                 " movements and is in shadow; see `portrisk rules show ",
                 revision.revision(), "`")));
  };
  core_options.on_overrides = [this](size_t count) {
    breakers_tripped_ = count;
  };
  if (options_.metrics != nullptr) {
    core_options.counts = options_.metrics->counts();
  }
  OpeningProgress opening;
  opening.last = store->last_sequence_at_open();
  if (is_read_only_) {
    const auto checkpoint = store->ReadCheckpoint();
    if (!checkpoint.ok()) return checkpoint.status();
    if (!IsOfThisFold(*checkpoint)) return NeedsRoom(options_.store.directory);
  } else {
    const absl::StatusOr<bool> renewed = RenewStates(store.get());
    if (!renewed.ok()) return renewed.status();
    opening.is_renewed = *renewed;
    core_options.write_behind_records =
        kWriteBehindCheckpoints * options_.checkpoint_records;
    core_options.write_behind = [to = store.get()](Core& folding) {
      return WriteBehind(&folding, to);
    };
  }
  const auto tell = [this](const OpeningProgress& progress) {
    if (options_.metrics != nullptr) options_.metrics->SetOpening(progress);
  };
  tell(opening);
  absl::Time logged = absl::Now();
  core_options.on_folded = [&](uint64_t folded_to) {
    opening.folded_to = folded_to;
    tell(opening);
    if (absl::Now() < logged + kFoldingLoggedEvery) return;
    logged = absl::Now();
    LogFolding(folded_to, opening.last);
  };
  auto core = std::make_unique<Core>(core_options, store);
  const absl::Time start = absl::Now();
  auto folded = core->Recover();
  if (!folded.ok()) return folded.status();
  absl::Status status = LoadInForce(*store, rule_sets_.get(), core.get());
  if (!status.ok()) return status;
  open_report_.folded_records = *folded;
  open_report_.fold_time = absl::Now() - start;
  open_report_.last_sequence = core->last_sequence();
  durable_sequence_ = core->last_sequence();
  refold_records_ = *folded;
  refold_time_us_ = absl::ToInt64Microseconds(open_report_.fold_time);
  const auto checkpoint = store->ReadCheckpoint();
  if (checkpoint.ok()) checkpoint_sequence_ = checkpoint->sequence();
  checkpoint_time_us_ = absl::ToUnixMicros(absl::Now());
  core_ = std::move(core);
  std::lock_guard<std::mutex> lock(store_mutex_);
  store_ = std::move(store);
  return absl::OkStatus();
}

// Back to the last durable position, once an attempt is due.
void Engine::RecoverAfterFailure() {
  // While it is open for reading a failed read is made good at once.
  const bool waits =
      reopen_at_ != absl::InfiniteFuture() && SteadyTime() < reopen_at_;
  if (waits && (core_ == nullptr || !failed_)) return;
  WaitForCommit();
  JoinCheckpoint();
  if (store_ != nullptr) store_->AbandonPurge();
  warming_->reader().LetGo();
  evaluations_->reader().LetGo();
  erasures_->reader().LetGo();
  const absl::Status status = OpenStore();
  SetWriteStatus(status);
  if (!status.ok()) return;
  warming_->reader().GoOn();
  evaluations_->reader().GoOn();
  erasures_->reader().GoOn();
  LogInfo("store reopened",
          {{"folded", absl::StrCat(open_report_.folded_records)}});
}

// What OpenStore came to, and when to try again.
void Engine::SetWriteStatus(const absl::Status& status) {
  if (status.ok()) {
    reopen_at_ = absl::InfiniteFuture();
    reopen_after_ = options_.reopen_after_min;
  } else {
    LogError("reopen", status);
    reopen_after_ = std::max(reopen_after_, options_.reopen_after_min);
    reopen_at_ = SteadyTime() + reopen_after_;
    reopen_after_ = std::min(2 * reopen_after_, options_.reopen_after_max);
  }
  // Whoever reads on does so with sound states.
  if (!status.ok() && !is_read_only_) core_.reset();
  failed_ = core_ == nullptr;
  std::lock_guard<std::mutex> lock(store_mutex_);
  write_status_ = status.ok() ? status : RefusalFor(status, options_);
}

}  // namespace portrisk::service
