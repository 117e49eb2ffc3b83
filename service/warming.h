// Fills the aggregates that a warming revision brings, beside live scoring.
//
// A thread of its own reads the journal from where the tables of the revision
// end, folds it into them and writes them behind; when it has come up with the
// journal, the apply thread folds the few movements in between, puts the tables
// in use and takes the steps the revision was meant for, all at one position.
// Until then nothing reads the tables. What was written behind says how far it
// goes, so that after a crash filling goes on from there.
//
// One revision at a time, in the order in which they began. When one is called
// off, what was written for it goes with the next checkpoint.
#ifndef PORTRISK_SERVICE_WARMING_H_
#define PORTRISK_SERVICE_WARMING_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "portrisk/v1/rules.pb.h"
#include "service/aggregates.h"
#include "service/store_reader.h"
#include "store/store.h"

namespace portrisk::service {

class Engine;

struct WarmingOptions {
  size_t cache_states_max = 1'000'000;  // Of each key expression.
  // Changed states that are written behind together. More means more memory,
  // and more to do again after a crash.
  size_t flush_states = 250'000;
  // Tests only: called after each block of the journal that was read.
  std::function<void()> after_block;
};

class Warming {
 public:
  // `engine` outlives this.
  Warming(Engine* engine, WarmingOptions options)
      : engine_(engine), options_(std::move(options)) {}

  void Start();
  // Its thread; woken when a revision has begun to warm. Leaves off between two
  // blocks.
  StoreReader& reader() { return reader_; }
  // A revision is not to be filled any further.
  void CallOff(uint64_t revision);

  // Waits until the revision is not warming any more, or that long.
  void WaitFor(uint64_t revision, absl::Duration most);
  // Of the revision that is being filled; null members for others.
  v1::WarmingProgress ProgressOf(uint64_t revision) const;
  uint64_t revision() const { return revision_; }  // Filled now; 0: none.

 private:
  struct Job;

  absl::StatusOr<StoreReader::Work> Step();
  // The revision that has been warming for longest; null when there is none.
  absl::StatusOr<std::unique_ptr<Job>> NextJob();
  absl::Status Prepare(Job* job);
  absl::Status FillToEnd(Job* job);
  absl::Status FillBlock(const store::Block& block, Job* job);
  absl::Status Flush(Job* job);
  absl::Status CatchUp(Job* job);
  absl::Status Finish(Job* job);
  // Removes what was written of tables that the catalogue has no more.
  absl::Status CleanUp(const Job& job);
  void Report(Job* job);
  bool MustLeave() const { return reader_.MustLeave() || called_off_; }

  Engine* const engine_;
  const WarmingOptions options_;
  std::atomic<uint64_t> revision_{0};  // Being filled.
  std::atomic<bool> called_off_{false};

  mutable std::mutex mutex_;
  std::map<uint64_t, v1::WarmingProgress> progress_;  // Guarded by mutex_.

  StoreReader reader_{"warming"};  // The last: its thread uses the others.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WARMING_H_
