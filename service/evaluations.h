// Runs evaluations beside live scoring, one at a time, in the order in which
// they were started.
//
// That one was started, and how it ended, is journaled; what it has come to
// meanwhile is not. After a crash, or when the store had to be opened again, it
// begins again, up to the journal position that it was started at and with what
// was in force there: the same report.
#ifndef PORTRISK_SERVICE_EVALUATIONS_H_
#define PORTRISK_SERVICE_EVALUATIONS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "portrisk/v1/evaluation.pb.h"
#include "portrisk/v1/evaluation_run.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/decision.h"
#include "service/replay.h"
#include "service/store_reader.h"

namespace portrisk::service {

class Engine;

// What a replay of that plan measures.
ReplayOptions ReplayOptionsOf(const v1::EvaluationPlan& plan);

// What is in force, as evaluations name it.
std::vector<v1::EvaluatedRevision> InForceNow(const v1::Catalogue& catalogue);
// One revision of it.
v1::EvaluatedRevision Evaluated(const v1::Revision& revision);

struct EvaluationsOptions {
  scoring::SelectionProfile profile;
  scoring::DrawKey draw_key;
  size_t chunk_records = 1024;  // Of ReplayOptions.
  // Bytes of the process; with more, an evaluation ends as failed. 0: most of
  // what the process may have.
  uint64_t memory_max = 0;
  // Tests only: called whenever one has got further.
  std::function<void()> after_chunk;
};

class Evaluations {
 public:
  // `engine` outlives this.
  Evaluations(Engine* engine, EvaluationsOptions options)
      : engine_(engine), options_(std::move(options)) {}

  void Start();
  // Its thread; woken when an evaluation has been started.
  StoreReader& reader() { return reader_; }
  // That one has ended otherwise.
  void CallOff(uint64_t evaluation);
  // Says how far it is, where it runs.
  void ShowProgress(v1::Evaluation* evaluation) const;
  // Of the one that runs, of its journal; nothing when none does.
  std::optional<double> RunningShare() const;

 private:
  absl::StatusOr<StoreReader::Work> Step();
  absl::StatusOr<v1::EvaluationReport> Run(const v1::Evaluation& evaluation);
  // What came of it; nothing where it has been cancelled meanwhile.
  absl::Status End(v1::Evaluation ended, const v1::EvaluationReport& report);

  Engine* const engine_;
  const EvaluationsOptions options_;
  std::atomic<uint64_t> running_{0};
  std::atomic<bool> called_off_{false};  // The one that runs.

  mutable std::mutex mutex_;
  // Of the running one. Guarded by mutex_.
  v1::EvaluationProgress progress_;
  uint64_t running_until_ = 0;

  StoreReader reader_{"evaluation"};  // The last: its thread uses the others.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATIONS_H_
