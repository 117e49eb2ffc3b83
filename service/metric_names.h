// Every metric of portriskd: its name, its kind and what it measures, once.
//
// Names follow Prometheus: base units, _total for what only grows, labels for
// what is counted apart. HELP says what is measured and what is not: a clock is
// read for a call or a batch, not for each movement of a batch.
#ifndef PORTRISK_SERVICE_METRIC_NAMES_H_
#define PORTRISK_SERVICE_METRIC_NAMES_H_

#include <prometheus/metric_type.h>

namespace portrisk::service {

struct Metric {
  prometheus::MetricType type;
  const char* name;
  const char* help;
};

namespace metric {

using Type = prometheus::MetricType;

// --- Where time goes.

inline constexpr Metric kStage{
    Type::Histogram, "portrisk_stage_duration_seconds",
    "Time of a stage. admit: of a call, parsing and validating its movements "
    "until they are queued. Of a batch: queue, the longest wait of its calls "
    "until it begins; gather, its reads; apply, all its computing; await, its "
    "wait for the commit before it; commit, append and sync; reply, handing "
    "its answers to gRPC. assess: of one movement in each gather, the first, "
    "unless it is a repeat, a retraction or a plan: deriving what its rules "
    "read, evaluating and deciding"};
inline constexpr Metric kCall{
    Type::Histogram, "portrisk_call_duration_seconds",
    "Time of a call from when its request is there until its answer is handed "
    "to gRPC; its count is the number of calls. Of StreamScoreMovements: of "
    "each movement. Of what watches: until its end"};
inline constexpr Metric kRefused{
    Type::Counter, "portrisk_refused_total",
    "Calls, and movements of batches and streams, that ended with an error, by "
    "the reason in its ErrorInfo"};
inline constexpr Metric kSlowCalls{
    Type::Counter, "portrisk_slow_calls_total",
    "Calls that took longer than --trace-slow-ms, streams left out; 0 without "
    "it"};
inline constexpr Metric kSlowUntold{
    Type::Counter, "portrisk_slow_calls_not_logged_total",
    "Slow calls whose log line was left out, since there were too many"};
inline constexpr Metric kBatch{
    Type::Histogram, "portrisk_batch_tasks",
    "Movements and commands in one commit, reads and repeats included"};
inline constexpr Metric kQueue{Type::Gauge, "portrisk_queue_depth",
                               "Tasks that wait for the apply loop"};
inline constexpr Metric kQueueMax{
    Type::Gauge, "portrisk_queue_limit",
    "Waiting tasks beyond which calls are refused (--queue-max)"};

inline constexpr Metric kQueueRefused{
    Type::Counter, "portrisk_queue_refused_total",
    "Movements that the queue did not take, by what they met: places, caller "
    "(its share of them), bytes, time (their turn would come too late), "
    "deadline (it had passed); of a batch refused unread, as it says"};
inline constexpr Metric kQueueAbandoned{
    Type::Counter, "portrisk_queue_abandoned_total",
    "Movements dropped when their turn came, since nobody waited any more"};
inline constexpr Metric kQueueCallers{
    Type::Gauge, "portrisk_queue_callers",
    "Callers that have something waiting, in each lane"};

// --- What was scored.

inline constexpr Metric kMovements{
    Type::Counter, "portrisk_movements_total",
    "Movements that reached the apply loop: new, correction, retraction, plan "
    "(not ACTUAL), repeat, refused"};
inline constexpr Metric kAssessments{
    Type::Counter, "portrisk_assessments_total",
    "Assessments by the lane of the movement and the channel that selected it; "
    "retractions and plans are not among them"};
inline constexpr Metric kRuleHits{Type::Counter, "portrisk_rule_hits_total",
                                  "Hits of a rule; shadow: they added nothing"};
inline constexpr Metric kRuleNotEvaluated{
    Type::Counter, "portrisk_rule_not_evaluated_total",
    "Times a rule could not be decided, mostly since a field was missing"};
inline constexpr Metric kRulesLeftOut{
    Type::Gauge, "portrisk_rules_left_out",
    "Rules that have counts but no series here, since there are too many: "
    "those with the fewest"};
inline constexpr Metric kSourceLag{
    Type::Summary, "portrisk_source_lag_seconds",
    "From when a movement occurred to when it was recorded, by source; one "
    "that says it lies in the future counts as 0"};
inline constexpr Metric kSourceLast{
    Type::Gauge, "portrisk_source_last_movement_timestamp_seconds",
    "When the last movement of a source was recorded, since the start"};

// --- The store.

inline constexpr Metric kWritable{
    Type::Gauge, "portrisk_store_writable",
    "1: movements are taken; 0: a write failed and the store has not been "
    "opened again"};
inline constexpr Metric kCommitFailures{
    Type::Counter, "portrisk_commit_failures_total",
    "Commits whose append or sync failed; nothing of them was acknowledged"};
inline constexpr Metric kCheckpointFailures{
    Type::Counter, "portrisk_checkpoint_failures_total",
    "Checkpoints that failed"};
inline constexpr Metric kStoreOpened{Type::Counter,
                                     "portrisk_store_opened_total",
                                     "Times the store was opened; more than 1: "
                                     "again after a failure"};
inline constexpr Metric kRefoldSeconds{
    Type::Gauge, "portrisk_refold_duration_seconds",
    "How long the last opening took to fold what came after the checkpoint"};
inline constexpr Metric kRefoldRecords{Type::Gauge, "portrisk_refold_records",
                                       "Records folded by it"};
inline constexpr Metric kJournalEnd{
    Type::Gauge, "portrisk_journal_sequence",
    "The last position of the journal that is durable"};
inline constexpr Metric kCheckpointAt{
    Type::Gauge, "portrisk_checkpoint_sequence",
    "Up to which position of the journal the states on disk are complete"};
inline constexpr Metric kCheckpointTime{
    Type::Gauge, "portrisk_checkpoint_timestamp_seconds",
    "When a checkpoint was last written, or the store opened"};
inline constexpr Metric kCheckpointDue{
    Type::Gauge, "portrisk_checkpoint_interval_records",
    "Records between checkpoints (--checkpoint-records)"};
inline constexpr Metric kTableFiles{Type::Gauge, "portrisk_store_files",
                                    "Files of a table"};
inline constexpr Metric kTableBytes{Type::Gauge, "portrisk_store_table_bytes",
                                    "Bytes of a table's files"};
inline constexpr Metric kTablePending{
    Type::Gauge, "portrisk_store_pending_compaction_bytes",
    "Bytes that compaction still has to rewrite in a table, estimated"};
inline constexpr Metric kTableMemory{Type::Gauge,
                                     "portrisk_store_memtable_bytes",
                                     "Bytes of a table not yet in files"};
inline constexpr Metric kCacheBytes{Type::Gauge,
                                    "portrisk_store_block_cache_bytes",
                                    "Bytes in the block cache"};
inline constexpr Metric kCacheMax{Type::Gauge,
                                  "portrisk_store_block_cache_limit_bytes",
                                  "Bytes the block cache may take"};
inline constexpr Metric kDiskFree{
    Type::Gauge, "portrisk_store_disk_free_bytes",
    "Bytes free for the server where the store lies"};

// --- What runs behind.

inline constexpr Metric kBreakerTrips{Type::Counter,
                                      "portrisk_breaker_trips_total",
                                      "Breakers that tripped since the start"};
inline constexpr Metric kBreakersOpen{Type::Gauge, "portrisk_breakers_tripped",
                                      "Rules that breakers hold in shadow now"};
inline constexpr Metric kWarming{
    Type::Gauge, "portrisk_warming_progress_ratio",
    "Of the journal, how much has been read for the revision that is warming; "
    "absent when none is"};
inline constexpr Metric kEvaluation{
    Type::Gauge, "portrisk_evaluation_progress_ratio",
    "Of the journal, how much the running evaluation has read; absent when "
    "none runs"};

// --- Health, as /readyz tells it.

inline constexpr Metric kReady{Type::Gauge, "portrisk_ready",
                               "1: calls are taken"};
inline constexpr Metric kDegraded{
    Type::Gauge, "portrisk_degraded",
    "1: calls are taken, but not all is well, by what is not"};
inline constexpr Metric kBuild{Type::Gauge, "portrisk_build_info",
                               "1; the version is a label"};

// --- The process, under the names that every exporter gives these.

inline constexpr Metric kMemory{Type::Gauge, "process_resident_memory_bytes",
                                "Resident memory"};
inline constexpr Metric kCpu{Type::Counter, "process_cpu_seconds_total",
                             "User and system time"};
inline constexpr Metric kFiles{Type::Gauge, "process_open_fds",
                               "Open file descriptors"};
inline constexpr Metric kFilesMax{Type::Gauge, "process_max_fds",
                                  "Limit of open file descriptors"};
inline constexpr Metric kStart{Type::Gauge, "process_start_time_seconds",
                               "When the process started, Unix time"};

}  // namespace metric
}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_METRIC_NAMES_H_
