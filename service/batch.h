// What passes between the core, which computes, and the engine, which commits.
#ifndef PORTRISK_SERVICE_BATCH_H_
#define PORTRISK_SERVICE_BATCH_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/timestamp.pb.h"
#include "scoring/spans.h"
#include "service/entity_key.h"
#include "service/task.h"
#include "store/store.h"

namespace portrisk::service {

// How long the steps of a batch took, in nanoseconds; 0 where nobody measures.
struct BatchTimes {
  int64_t queue_ns = 0;   // The longest wait of its tasks before it began.
  int64_t gather_ns = 0;  // Batched reads.
  int64_t apply_ns = 0;   // Derive, evaluate, decide, fold, serialise.
  int64_t await_ns = 0;   // For the commit before it.
  int64_t commit_ns = 0;  // Append and sync.
};

// One commit in the making. Two alternate: one is computed while the other is
// on its way to the disk.
struct Batch {
  struct Record {
    std::string movement;
    std::string assessment;
    scoring::Spans spans;
    std::string control;  // An outcome or decision, as a JournalRecord.
  };

  uint64_t first_sequence = 0;
  google::protobuf::Timestamp recorded_time;
  size_t record_count = 0;
  std::vector<Record> records;  // Kept beyond record_count for their memory.
  std::string block;            // Serialised JournalBlock.
  std::vector<store::Put> puts;
  BatchTimes times;
  std::vector<Task*> tasks;         // Answered when the batch is durable.
  std::deque<std::string> repeats;  // Stored assessments that tasks point to.
};

// What the identity and container indexes will be told at the next checkpoint.
struct PendingIndex {
  absl::flat_hash_map<Digest, uint64_t> identity;  // To the latest version.
  std::vector<std::pair<EntityKey, uint64_t>> containers;  // In order.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_BATCH_H_
