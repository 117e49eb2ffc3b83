#include "service/warming.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/aggregate_tables.h"
#include "service/catalogue.h"
#include "service/engine.h"
#include "service/log.h"
#include "service/rule_steps.h"

namespace portrisk::service {
namespace {

// A pass that found so few movements has come up with the journal.
constexpr uint64_t kCaughtUp = 512;
// What has been filled since it was last written is made anew after a crash:
// while it is filled, and when it comes into use.
constexpr uint64_t kUnwrittenMax = 1'000'000;
constexpr uint64_t kUnwrittenInUseMax = 100'000;
constexpr absl::Duration kReportEvery = absl::Seconds(5);
// All has been read before the tables are in use.
constexpr uint64_t kShareMaxPpm = 999'999;
constexpr absl::Duration kPoll = absl::Milliseconds(5);

}  // namespace

struct Warming::Job {
  uint64_t revision = 0;
  v1::RevisionEvent event;  // With which it began to warm.
  std::vector<v1::AggregateTable> tables;
  uint64_t last_sequence = 0;
  uint64_t removed_to = 0;  // What is there still up to here counts no more.
  OccurrenceIndex occurrences;  // Up to last_sequence.

  std::shared_ptr<const store::Store> store;
  uint64_t store_epoch = 0;
  std::unique_ptr<Aggregates> filling;
  uint64_t folded_to = 0;
  uint64_t flushed_to = 0;
  absl::Time start;
  uint64_t start_at = 0;
  absl::Time reported;
  v1::JournalBlock prior_block;  // Of the last version that was corrected.
};

void Warming::Start() {
  reader_.Start([this] { return Step(); });
}

void Warming::CallOff(uint64_t revision) {
  if (revision_ == revision) called_off_ = true;
}

void Warming::WaitFor(uint64_t revision, absl::Duration most) {
  const absl::Time until = absl::Now() + most;
  while (absl::Now() < until) {
    auto catalogue = engine_->ReadCatalogue();
    if (!catalogue.ok()) return;
    const v1::Revision* const found = FindRevision(*catalogue, revision);
    if (found == nullptr || found->state() != v1::WARMING) return;
    absl::SleepFor(kPoll);
  }
}

v1::WarmingProgress Warming::ProgressOf(uint64_t revision) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = progress_.find(revision);
  return found == progress_.end() ? v1::WarmingProgress() : found->second;
}

absl::StatusOr<StoreReader::Work> Warming::Step() {
  auto job = NextJob();
  if (!job.ok()) return job.status();
  if (*job == nullptr) return StoreReader::Work::kNone;
  absl::Status status;
  {
    const StoreReader::Hold hold(&reader_);
    status = Prepare(job->get());
    if (status.ok()) status = FillToEnd(job->get());
    (*job)->store.reset();
  }
  if (called_off_) {
    status = CleanUp(**job);
  } else if (status.ok()) {
    status = Finish(job->get());
  }
  revision_ = 0;
  called_off_ = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    progress_.erase((*job)->revision);
  }
  if (!status.ok()) return status;
  return StoreReader::Work::kDone;
}

absl::StatusOr<std::unique_ptr<Warming::Job>> Warming::NextJob() {
  auto job = std::make_unique<Job>();
  v1::Catalogue catalogue;
  absl::Status status = engine_->Run([&](Core& core) {
    catalogue = core.catalogue();
    job->last_sequence = core.last_sequence();
    job->removed_to = catalogue.removed_sequence();
    const auto& all = catalogue.revisions();
    if (std::any_of(all.begin(), all.end(), [](const v1::Revision& one) {
          return one.state() == v1::WARMING;
        })) {
      job->occurrences = core.occurrences();
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  for (const v1::Revision& revision : catalogue.revisions()) {
    if (revision.state() != v1::WARMING) continue;
    const v1::RevisionEvent& event = WarmingBegun(revision);
    if (job->revision > 0 && job->event.sequence() < event.sequence()) continue;
    job->revision = revision.revision();
    job->event = event;
  }
  if (job->revision == 0) return std::unique_ptr<Job>();
  revision_ = job->revision;
  for (const v1::AggregateTable& table : catalogue.tables()) {
    if (table.warming_revision() == job->revision &&
        table.ready_sequence() == 0) {
      job->tables.push_back(table);
    }
  }
  return job;
}

absl::Status Warming::Prepare(Job* job) {
  if (MustLeave()) return absl::AbortedError("stopped");
  job->store_epoch = engine_->store_epoch();
  auto store = engine_->store();
  if (!store.ok()) return store.status();
  job->store = *std::move(store);
  auto plan = PlanOf(*job->store, engine_->rule_sets(), job->tables);
  if (!plan.ok()) return plan.status();
  job->filling = std::make_unique<Aggregates>(options_.cache_states_max,
                                              StoredStates{job->store.get()});
  job->filling->Begin(*std::move(plan), job->tables);
  for (const auto& table : job->filling->tables()) {
    auto filled = FilledTo(*job->store, table->number);
    if (!filled.ok()) return filled.status();
    table->StartAt(*filled);
  }
  job->folded_to =
      job->tables.empty() ? job->last_sequence : job->filling->FoldedTo();
  job->flushed_to = job->folded_to;
  job->start = job->reported = absl::Now();
  job->start_at = job->folded_to;
  LogInfo("warming", {{"revision", absl::StrCat(job->revision)},
                      {"tables", absl::StrCat(job->tables.size())},
                      {"from", absl::StrCat(job->folded_to + 1)},
                      {"journal", absl::StrCat(job->last_sequence)}});
  return absl::OkStatus();
}

absl::Status Warming::FillToEnd(Job* job) {
  while (true) {
    const uint64_t from = job->folded_to;
    absl::Status status =
        job->store->ScanJournal(from + 1, [&](const store::Block& block) {
          absl::Status folded = FillBlock(block, job);
          if (!folded.ok()) return folded;
          if (job->filling->dirty_count() >= options_.flush_states ||
              job->folded_to - job->flushed_to >= kUnwrittenMax) {
            folded = Flush(job);
          }
          if (options_.after_block) options_.after_block();
          return folded;
        });
    if (!status.ok()) return status;
    if (job->folded_to - from > kCaughtUp) continue;
    if (job->folded_to - job->flushed_to <= kUnwrittenInUseMax) return status;
    status = Flush(job);
    if (!status.ok()) return status;
  }
}

absl::Status Warming::FillBlock(const store::Block& block, Job* job) {
  if (MustLeave()) return absl::AbortedError("stopped");
  const auto read =
      [&](uint64_t sequence) -> absl::StatusOr<v1::MovementRecord> {
    if (sequence <= job->removed_to) return v1::MovementRecord();
    const auto at = [&]() -> const v1::JournalRecord* {
      const v1::JournalBlock& in = job->prior_block;
      if (in.records().empty() || sequence < in.records(0).sequence()) {
        return nullptr;
      }
      const uint64_t index = sequence - in.records(0).sequence();
      return index < static_cast<uint64_t>(in.records_size())
                 ? &in.records(static_cast<int>(index))
                 : nullptr;
    };
    if (at() == nullptr) {
      auto stored = job->store->ReadBlock(sequence);
      if (!stored.ok()) return stored.status();
      if (!job->prior_block.ParseFromString(stored->bytes) || at() == nullptr) {
        return RecordDamaged(sequence);
      }
    }
    return at()->movement();
  };
  // The index ends where it was copied; what came later is all read.
  const auto occurred = [&](const Period& period, const Positions& where,
                            VisitRecord visit) {
    const uint64_t begin = std::max(where.begin, job->removed_to + 1);
    const uint64_t known =
        std::clamp(job->last_sequence + 1, begin, std::max(begin, where.end));
    absl::Status status = VisitOccurred(*job->store, job->occurrences, period,
                                        {begin, known}, visit);
    if (!status.ok()) return status;
    return VisitMovements(*job->store, {known, where.end}, visit);
  };
  absl::Status status =
      WalkBlock(block, [&](uint64_t sequence, const StoredMovement& record) {
        if (sequence <= job->folded_to) return absl::OkStatus();
        absl::Status folded;
        if (!record.movement.empty() && sequence > job->removed_to) {
          folded = job->filling->AddRecord(sequence, record, read, occurred);
        }
        if (folded.ok()) job->folded_to = sequence;
        return folded;
      });
  if (status.ok()) status = job->filling->FoldAdded();
  Report(job);
  return status;
}

absl::Status Warming::Flush(Job* job) {
  auto store = engine_->writable_store();
  if (!store.ok()) return store.status();
  job->filling->Freeze(job->folded_to);
  store::SortedEntries states{store::Table::kStates, {}};
  job->filling->TakeFrozen(&states.entries);
  std::sort(states.entries.begin(), states.entries.end());
  std::vector<store::SortedEntries> tables;
  tables.push_back(std::move(states));
  absl::Status status = (*store)->IngestAside(std::move(tables));
  job->filling->Thaw();
  if (status.ok()) job->flushed_to = job->folded_to;
  return status;
}

void Warming::Report(Job* job) {
  const absl::Time now = absl::Now();
  const double seconds = absl::ToDoubleSeconds(now - job->start);
  const double rate = static_cast<double>(job->folded_to - job->start_at) /
                      std::max(seconds, 1e-3);
  v1::WarmingProgress progress;
  progress.set_filled_sequence(job->folded_to);
  progress.set_last_sequence(
      std::max(engine_->durable_sequence(), job->folded_to));
  progress.set_movements_per_second(static_cast<uint64_t>(rate));
  const uint64_t left = progress.last_sequence() - job->folded_to;
  progress.set_seconds_left(
      static_cast<uint64_t>(static_cast<double>(left) / std::max(rate, 1.0)));
  progress.set_share_ppm(static_cast<uint32_t>(std::min(
      kShareMaxPpm, job->folded_to * 1'000'000 /
                        std::max<uint64_t>(1, progress.last_sequence()))));
  if (now - job->reported >= kReportEvery) {
    job->reported = now;
    LogInfo("warming",
            {{"revision", absl::StrCat(job->revision)},
             {"filled", absl::StrCat(progress.share_ppm() / 10'000, "%")},
             {"per_second", absl::StrCat(progress.movements_per_second())},
             {"seconds_left", absl::StrCat(progress.seconds_left())}});
  }
  std::lock_guard<std::mutex> lock(mutex_);
  progress_[job->revision] = std::move(progress);
}

absl::Status Warming::CatchUp(Job* job) {
  const StoreReader::Hold hold(&reader_);
  absl::Status status;
  auto store = engine_->store();
  if (MustLeave() || !store.ok() ||
      engine_->store_epoch() != job->store_epoch) {
    status = absl::AbortedError("stopped");
  } else {
    job->store = *std::move(store);
    status = FillToEnd(job);
  }
  job->store.reset();
  store = absl::AbortedError("let go");
  for (const auto& table : job->filling->tables()) {
    table->folded_to = job->folded_to;
  }
  return status;
}

absl::Status Warming::CleanUp(const Job& job) {
  return engine_->Run([&](Core& core) {
    std::vector<uint32_t> gone;
    for (const v1::AggregateTable& table : job.tables) {
      if (!HasTable(core.catalogue(), table.number())) {
        gone.push_back(table.number());
      }
    }
    core.DropTables(gone);
    return absl::OkStatus();
  });
}

absl::Status Warming::Finish(Job* job) {
  if (MustLeave()) return absl::AbortedError("stopped");
  std::unique_lock<std::mutex> lock(engine_->rule_changes());
  auto catalogue = engine_->ReadCatalogue();
  if (!catalogue.ok()) return catalogue.status();
  const v1::Revision* const revision = FindRevision(*catalogue, job->revision);
  if (revision->state() != v1::WARMING ||
      WarmingBegun(*revision).sequence() != job->event.sequence()) {
    lock.unlock();
    return CleanUp(*job);  // It was called off.
  }
  v1::RevisionEvent event =
      EventOf(job->event.goal(), job->event.note(), job->event.share_ppm());
  event.set_rollback(job->event.rollback());
  const std::string caller = job->event.caller();
  auto steps = StepsTo(*catalogue, job->revision, event);
  absl::Status status = steps.status();
  if (status.ok()) {
    const FilledTables filled{job->filling.get(), job->store_epoch,
                              [&] { return CatchUp(job); }};
    auto changed =
        TakeSteps(engine_, *catalogue, *std::move(steps), caller, &filled);
    if (changed.ok() && changed->state() != v1::WARMING) {
      LogInfo("warmed", {{"revision", absl::StrCat(job->revision)},
                         {"movements", absl::StrCat(job->folded_to)}});
    }
    status = changed.status();
  }
  if (status.ok()) return status;
  // What came into force meanwhile stands against it: somebody has to look.
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    LogError("warming", status);
    return TakeSteps(engine_, *std::move(catalogue),
                     {{job->revision,
                       EventOf(v1::APPROVED,
                               absl::StrCat("warmed, but not put in force: ",
                                            status.message()))}},
                     caller)
        .status();
  }
  return status;
}

}  // namespace portrisk::service
