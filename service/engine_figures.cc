#include "service/engine_figures.h"

#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "absl/time/clock.h"
#include "service/engine.h"
#include "service/process_memory.h"

namespace portrisk::service {
namespace {

// When this was loaded: close enough to the start of the process.
const absl::Time kStarted = absl::Now();

double SecondsOf(absl::Time time) {
  return absl::ToDoubleSeconds(time - absl::UnixEpoch());
}

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

void ShowStore(const store::Store& store, Exposition* out) {
  const store::Figures figures = store.ReadFigures();
  for (const store::TableFigures& table : figures.tables) {
    const Exposition::Labels labels = {{"table", table.name}};
    out->Add(metric::kTableFiles, table.files, labels);
    out->Add(metric::kTableBytes, table.file_bytes, labels);
    out->Add(metric::kTablePending, table.pending_compaction_bytes, labels);
    out->Add(metric::kTableMemory, table.memtable_bytes, labels);
  }
  out->Add(metric::kCacheBytes, figures.block_cache_bytes);
  out->Add(metric::kCacheMax, figures.block_cache_bytes_max);
  if (figures.disk_free_bytes > 0) {
    out->Add(metric::kDiskFree, figures.disk_free_bytes);
  }
}

}  // namespace

void ShowEngine(Engine* engine, Exposition* out) {
  out->Add(metric::kQueue, engine->queue_depth());
  out->Add(metric::kQueueMax, engine->options().queue_max);
  const QueueFigures queue = engine->queue_figures();
  for (size_t i = 1; i < kVerdicts; ++i) {
    out->Add(metric::kQueueRefused, queue.verdicts[i],
             {{"limit", NameOf(static_cast<Verdict>(i))}});
  }
  out->Add(metric::kQueueAbandoned, queue.abandoned);
  out->Add(metric::kQueueCallers, queue.callers);
  out->Add(metric::kWritable, engine->is_writable() ? 1 : 0);
  out->Add(metric::kStoreOpened, engine->store_epoch());
  out->Add(metric::kRefoldSeconds,
           absl::ToDoubleSeconds(engine->refold_time()));
  out->Add(metric::kRefoldRecords, engine->refold_records());
  out->Add(metric::kJournalEnd, engine->durable_sequence());
  out->Add(metric::kCheckpointAt, engine->checkpoint_sequence());
  out->Add(metric::kCheckpointTime, SecondsOf(engine->checkpoint_time()));
  out->Add(metric::kCheckpointDue, engine->options().checkpoint_records);
  out->Add(metric::kBreakerTrips, engine->breaker_trips());
  out->Add(metric::kBreakersOpen, engine->breakers_tripped());
  if (const uint64_t revision = engine->warming().revision(); revision != 0) {
    out->Add(metric::kWarming,
             engine->warming().ProgressOf(revision).share_ppm() / 1e6);
  }
  if (const auto share = engine->evaluations().RunningShare()) {
    out->Add(metric::kEvaluation, *share);
  }
  // Held no longer than this, since reopening waits for nobody.
  const auto store = engine->store();
  if (store.ok()) ShowStore(**store, out);
}

void ShowProcess(Exposition* out) {
  out->Add(metric::kBuild, 1, {{"version", PORTRISK_VERSION}});
  out->Add(metric::kMemory, static_cast<double>(ResidentBytes()));
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  out->Add(metric::kCpu, SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime));
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (!error) {
    out->Add(metric::kFiles,
             static_cast<double>(
                 std::distance(files, std::filesystem::directory_iterator())));
  }
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  out->Add(metric::kFilesMax, static_cast<double>(limit.rlim_cur));
  out->Add(metric::kStart, SecondsOf(kStarted));
}

}  // namespace portrisk::service
