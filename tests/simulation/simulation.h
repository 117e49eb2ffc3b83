// One run of the simulation: people and machines use an engine while its disk,
// its process and its clock fail; after each step what it holds is compared
// with a plain model.
//
// A seed decides what is sent, in which order, and which fault comes at which
// step of the disk. The threads of the engine are left to the machine: where
// it is told to be calm the next call waits until nothing is done behind the
// one before, else not, as it would be. So a seed that fails in a calm run
// fails again; in another it may take some runs.
#ifndef PORTRISK_TESTS_SIMULATION_SIMULATION_H_
#define PORTRISK_TESTS_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/simulation/model.h"
#include "tests/simulation/workload.h"
#include "tests/simulation/world.h"

namespace portrisk::simulation {

struct SimulationOptions {
  int steps = 60;
  bool faults = true;
  std::optional<bool> calm;  // Unset: every other seed.
  bool trace = false;        // Says on standard error what it does.
};

// How often what was done, or happened.
using Tally = std::map<std::string, int>;

class Simulation {
 public:
  Simulation(uint64_t seed, SimulationOptions options);

  // DATA_LOSS with what is wrong, and at which step.
  absl::Status Run();
  const Tally& tally() const { return tally_; }
  const Model& model() const { return model_; }

 private:
  absl::Status Step();
  absl::Status EndStep();
  absl::Status Finish();

  // --- What people and machines do, in simulation_calls.cc.
  absl::Status Act();
  absl::Status ScoreSome();
  absl::Status ScoreAgain();
  absl::Status Check(const service::MovementTask& task,
                     const v1::Movement& sent, const service::Answer& answer);
  absl::Status TellOutcome();
  absl::Status TellDecision();
  absl::Status ChangeRules();
  absl::Status MoveRevision();
  absl::Status LoadList();
  absl::Status ChangeProfile();
  absl::Status TakeWorklist();
  absl::Status Evaluate();
  absl::Status Audit();
  absl::Status Read();
  absl::Status Backup();
  absl::Status Restore();
  // In simulation_erasure.cc.
  absl::Status Erase();
  absl::Status Retain();
  // Until none is under way; then looks for what was to be erased.
  absl::Status AwaitErasures();
  absl::Status CheckErased();
  absl::Status GoOnWith(const std::string& store, uint64_t sequence);

  service::Caller As(const std::string& who);
  // What a call has come to: tells the model, finds refusals without a reason.
  absl::Status Came(const std::string& what, const absl::Status& status,
                    Sent sent);
  absl::Status CheckRefusal(const std::string& what,
                            const absl::Status& status) const;

  // --- What goes wrong, in simulation_faults.cc.
  void MayBreak();
  absl::Status Heal();  // Ends what ends by itself, when its time has come.
  absl::Status Crash();
  absl::Status OpenAfterCrash();
  absl::Status CheckAfterOpening();
  absl::Status CheckAcknowledged();
  absl::Status CheckBackups();
  absl::Status Restart();
  absl::Status Prove();
  absl::Status Catch();  // Takes what has come to be durable.
  absl::Status Remember();
  // An erasure may be under way from now on.
  void MayErase();

  void Note(const std::string& what);

  const uint64_t seed_;
  const SimulationOptions options_;
  Dice dice_;
  World world_;
  Workload workload_{&dice_};
  Model model_;
  Tally tally_;
  bool calm_ = false;
  int step_ = 0;
  int calls_ = 0;
  std::string doing_;
  std::string token_;  // Of the last call.
  // Something was or is wrong with the disk since the model was last even.
  bool is_faulty_ = false;
  int heals_at_ = 0;   // The step after which a fault ends; 0: there is none.
  bool dies_ = false;  // The process, with the power on.
  std::optional<Observed> observed_;
  std::map<std::string, v1::Movement> as_sent_;  // By normal form.
  // Outcomes and decisions, as sent, with what was answered.
  std::vector<std::pair<v1::Outcome, v1::RecordedOutcome>> outcomes_;
  std::vector<std::pair<v1::Decision, v1::RecordedDecision>> decisions_;
  std::map<uint32_t, uint64_t> backups_;  // Id; where its journal ends.
  std::vector<uint64_t> revisions_, profiles_, evaluations_;
  bool may_erase_ = false;                  // In the background.
  std::map<uint64_t, std::string> erased_;  // By number, who.
};

}  // namespace portrisk::simulation

#endif  // PORTRISK_TESTS_SIMULATION_SIMULATION_H_
