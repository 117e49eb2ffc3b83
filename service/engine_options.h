// What an engine is opened with.
#ifndef PORTRISK_SERVICE_ENGINE_OPTIONS_H_
#define PORTRISK_SERVICE_ENGINE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "scoring/selection_profile.h"
#include "service/admission.h"
#include "store/store.h"

namespace portrisk::service {

class Metrics;

struct EngineOptions {
  store::Options store;
  // Where backups go (store/backup.h); "" makes none. On another disk.
  std::string backups;
  Secrets secrets;
  scoring::SelectionProfile profile;
  // Time of admission. Called once a batch.
  std::function<absl::Time()> clock = [] { return absl::Now(); };

  // Of one command, which ends before anybody could make room.
  bool is_of_command = false;

  Metrics* metrics = nullptr;  // Outlives the engine. Null: nobody measures.

  // Performance.
  size_t queue_max = 16'384;            // Waiting movements; more are refused.
  size_t batch_max = 512;               // Tasks in one commit.
  size_t cache_states_max = 1'000'000;  // Decoded states of each kind.
  // Records between checkpoints. More means fewer writes behind and a longer
  // re-fold after a crash (about 10 us a record).
  uint64_t checkpoint_records = 100'000;
  // Changed states of aggregates that a warming writes behind together.
  size_t fill_flush_states = 250'000;
  // Tests only: called after each block of the journal that a warming read.
  std::function<void()> after_filled_block;
  size_t evaluation_chunk_records = 1024;  // Of ReplayOptions.
  uint64_t evaluation_memory_max = 0;      // Of EvaluationsOptions.
  // Between two attempts to open a store that cannot be written, each wait
  // twice the one before; the first attempt comes with the next call.
  absl::Duration reopen_after_min = absl::Milliseconds(250);
  absl::Duration reopen_after_max = absl::Seconds(15);
  // Records that one entry of an erasure names, at most 256.
  size_t erasure_entry_records = 256;
  // Tests only: called after each step of an erasure, by which it may go on
  // after a crash.
  std::function<void()> after_erasure_step;
  // Tests only: called whenever an evaluation has got further.
  std::function<void()> after_evaluated_chunk;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_ENGINE_OPTIONS_H_
