// Runs small worlds and keeps what they yield.
#ifndef PORTRISK_TESTS_SCORING_SIMULATE_FIXTURE_H_
#define PORTRISK_TESTS_SCORING_SIMULATE_FIXTURE_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "scoring/iso6346.h"
#include "scoring/simulate/simulation.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {

class Collector : public Sink {
 public:
  struct Reported {
    int64_t recorded;
    v1::Movement movement;
  };

  void OnMovement(int64_t recorded, const v1::Movement& movement) override {
    EXPECT_GE(recorded, watermark_);
    movements.push_back({recorded, movement});
  }
  void OnWatermark(int64_t time) override {
    EXPECT_GE(time, watermark_);
    watermark_ = time;
  }
  void OnCase(const CaseRecord& record) override { cases.push_back(record); }
  void OnTrap(const TrapRecord& trap) override { traps.push_back(trap); }
  void OnOutcome(const OutcomeRecord& outcome) override {
    outcomes.push_back(outcome);
  }

  std::vector<Reported> movements;
  std::vector<CaseRecord> cases;
  std::vector<TrapRecord> traps;
  std::vector<OutcomeRecord> outcomes;
  Counts counts;

 private:
  int64_t watermark_ = INT64_MIN;
};

inline Options Small(uint64_t seed = 1) {
  Options options;
  options.seed = seed;
  options.days = 120;
  options.containers = 400;
  return options;
}

inline Collector RunWorld(const Options& options) {
  const World world(options);
  Collector collector;
  Simulation simulation(world, &collector);
  while (simulation.RunOne()) {
  }
  collector.counts = simulation.counts();
  return collector;
}

// The last version of each movement by container, in order of occurrence;
// movements that were voided are left out.
inline std::map<std::string, std::vector<v1::Movement>> Timelines(
    Collector& collector) {
  std::stable_sort(
      collector.movements.begin(), collector.movements.end(),
      [](const Collector::Reported& a, const Collector::Reported& b) {
        return a.recorded < b.recorded;
      });
  std::map<std::pair<std::string, std::string>, v1::Movement> last;
  for (const Collector::Reported& one : collector.movements) {
    const auto key = std::make_pair(one.movement.source(), one.movement.id());
    if (one.movement.retraction()) {
      last.erase(key);
    } else {
      last[key] = one.movement;
    }
  }
  std::map<std::string, std::vector<v1::Movement>> timelines;
  for (auto& [key, movement] : last) {
    const std::string number =
        NormaliseContainerNumber(movement.container().number());
    if (!number.empty()) timelines[number].push_back(std::move(movement));
  }
  for (auto& [number, movements] : timelines) {
    std::stable_sort(movements.begin(), movements.end(),
                     [](const v1::Movement& a, const v1::Movement& b) {
                       return a.occurrence_time().seconds() <
                              b.occurrence_time().seconds();
                     });
  }
  return timelines;
}

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_TESTS_SCORING_SIMULATE_FIXTURE_H_
