// What people and machines send, from a seed: movements of a few containers,
// some late, repeated, corrected, retracted, conflicting or invalid, and what
// is told about them.
#ifndef PORTRISK_TESTS_SIMULATION_WORKLOAD_H_
#define PORTRISK_TESTS_SIMULATION_WORKLOAD_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/operator_service.pb.h"
#include "portrisk/v1/outcome.pb.h"
#include "portrisk/v1/selection_service.pb.h"

namespace portrisk::simulation {

inline constexpr int kBoxes = 6;

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  void Seed(uint64_t seed) { random_.seed(seed); }
  // 0 to n - 1.
  int Below(int n) {
    return static_cast<int>(random_() % static_cast<uint64_t>(n));
  }
  bool OneIn(int n) { return Below(n) == 0; }
  template <typename List>
  auto Pick(const List& list) {
    return list[static_cast<size_t>(Below(static_cast<int>(std::size(list))))];
  }

 private:
  std::mt19937_64 random_;
};

// A box number for each of kBoxes.
std::string BoxNumber(int box);

class Workload {
 public:
  explicit Workload(Dice* dice) : dice_(dice) {}

  // Of any kind. `now` is the engine's time.
  v1::Movement NextMovement(absl::Time now);
  v1::Outcome NextOutcome(absl::Time now);
  v1::Decision NextDecision();
  v1::ListWorklistRequest NextWorklist(absl::Time now);
  // Somebody whom movements may name; the text is in no other field of them.
  v1::ErasureSubject NextSubject();
  std::string RuleSetName() { return dice_->OneIn(2) ? "s" : "t"; }
  std::string NextRuleSet(const std::string& name);
  std::string NextProfile();
  std::string NextList();

 private:
  v1::Movement NewMovement(absl::Time now);
  void AddParties(v1::Movement* movement);
  void AddRight(v1::Movement* movement);
  v1::Movement Changed(v1::Movement movement);
  google::protobuf::Timestamp NextUpdate();

  Dice* const dice_;
  int ids_ = 0;
  int updates_ = 0;
  std::vector<v1::Movement> movements_;  // All that were made.
  std::vector<v1::Outcome> outcomes_;
  std::vector<v1::Decision> decisions_;
};

}  // namespace portrisk::simulation

#endif  // PORTRISK_TESTS_SIMULATION_WORKLOAD_H_
