// What the engine runs on in the simulation: a disk that fails, a clock that is
// set, and the engine with the calls that people make, as one life of a server.
#ifndef PORTRISK_TESTS_SIMULATION_WORLD_H_
#define PORTRISK_TESTS_SIMULATION_WORLD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/audit_log.h"
#include "service/engine.h"
#include "service/evaluation_api.h"
#include "service/history_api.h"
#include "service/list_api.h"
#include "service/operator_api.h"
#include "service/outcome_api.h"
#include "service/profile_api.h"
#include "service/rule_api.h"
#include "service/worklist_api.h"
#include "tests/service/engine_fixture.h"
#include "tests/simulation/workload.h"
#include "tests/store/fault_file_system.h"

namespace portrisk::simulation {

// One run of the server, from opening to its end.
struct Server {
  explicit Server(std::unique_ptr<service::Engine> opened)
      : engine(std::move(opened)) {}

  std::unique_ptr<service::Engine> engine;
  service::RuleApi rules{engine.get(), /*development=*/false};
  service::ListApi lists{engine.get()};
  service::ProfileApi profiles{engine.get(), /*development=*/false};
  service::OutcomeApi outcomes{engine.get()};
  service::HistoryApi history{engine.get()};
  service::WorklistApi worklists{engine.get(), &history};
  service::EvaluationApi evaluations{engine.get()};
  service::OperatorApi operators{engine.get()};
  service::AuditLog audit{engine.get()};
};

// What can be read at a position of the journal.
struct Observed {
  uint64_t sequence = 0;
  std::vector<std::string> values;
};

class World {
 public:
  World(uint64_t seed, Dice* dice);

  // Opens the store where it lies now. An error when it cannot be opened.
  absl::Status Open();
  // An orderly end. What the disk refuses of it is lost.
  void Close() { server_.reset(); }
  bool is_open() const { return server_ != nullptr; }
  Server& server() { return *server_; }
  service::Engine& engine() { return *server_->engine; }
  store::FaultFileSystem& disk() { return *disk_; }

  // The power goes: what was not synced may be gone, or be there in part.
  void LosePower();
  // The process dies: what was written is there, what it held is gone.
  void Die();

  absl::Time now() const { return absl::FromUnixMicros(now_us_); }
  void Advance(absl::Duration by);
  // The clock of the machine when it was furthest ahead.
  absl::Time latest() const { return absl::FromUnixMicros(latest_us_); }
  void SetClock(absl::Time time) { now_us_ = absl::ToUnixMicros(time); }

  // Until writes are taken again, or the power is off; an error after a while.
  absl::Status Resume();
  // Until nothing is done behind calls: no checkpoint, warming or evaluation.
  absl::Status WaitForQuiet();
  // Until no erasure is under way, nor one that retention wants to begin.
  absl::Status WaitForErasures();

  // The records behind `after` that are durable.
  absl::StatusOr<std::vector<std::string>> ReadJournal(uint64_t after);
  absl::StatusOr<Observed> Observe();

  // Closes the server and proves the store it leaves: its chain, every state
  // against a fold from zero, every assessment against a replay.
  absl::Status CloseAndProve();

  // Goes on in another directory, with a place for backups of its own.
  void MoveTo(const std::string& store);
  std::string NewDirectory(const std::string& name);
  const std::string& store_directory() const {
    return options_.store.directory;
  }
  const std::string& backups() const { return options_.backups; }
  const service::EngineOptions& options() const { return options_; }

 private:
  absl::StatusOr<bool> WantsToErase();
  absl::StatusOr<bool> WantsToRemove(const v1::Catalogue& catalogue);

  service::TemporaryDirectory directory_;
  std::shared_ptr<store::FaultFileSystem> disk_;
  std::atomic<int64_t> now_us_{1'800'000'000'000'000};
  int64_t latest_us_ = 0;
  int directories_ = 0;
  service::EngineOptions options_;
  std::unique_ptr<Server> server_;
};

}  // namespace portrisk::simulation

#endif  // PORTRISK_TESTS_SIMULATION_WORLD_H_
