// Runs a world: trip after trip, in the order in which trips begin.
#ifndef PORTRISK_SCORING_SIMULATE_SIMULATION_H_
#define PORTRISK_SCORING_SIMULATE_SIMULATION_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "scoring/simulate/cases.h"
#include "scoring/simulate/drafts.h"
#include "scoring/simulate/fleet.h"
#include "scoring/simulate/reporter.h"
#include "scoring/simulate/truth.h"
#include "scoring/simulate/world.h"

namespace portrisk::scoring::simulate {

// Equal options give equal calls of the sink, on every machine. Memory grows
// with the number of containers (some 50 bytes each), not with the days. Not
// thread-safe.
class Simulation {
 public:
  // Both must outlive it.
  Simulation(const World& world, Sink* sink);

  // One trip. False when no trip begins before the end any more.
  bool RunOne();
  const Counts& counts() const { return counts_; }
  // When the last trip began; from before the start to the end.
  int64_t now() const { return now_; }

 private:
  void RunTrip(uint32_t box_index);
  // What of the trip is reported: from where on it lies in the world.
  enum class Visible { kNothing, kArrival, kSince, kAll };
  Visible VisibleOf() const;
  bool IsHot() const;
  void Remember();
  void ReportAll(Visible visible, Random* random, CaseRecord* record);
  void RecordTraps(Visible visible);
  void RecordOutcome(bool is_case, Random* random);
  void Count();

  const World& world_;
  Sink* const sink_;
  Counts counts_;
  Reporter reporter_;
  CaseSchedule schedule_;
  Fleet fleet_;
  // When each container's next trip begins, the earliest on top.
  std::vector<std::pair<int64_t, uint32_t>> queue_;
  int64_t now_ = 0;
  // Scratch.
  Trip trip_;
  Drafts drafts_;
  std::vector<Shipment> open_;        // The last one of each port.
  std::vector<RecentImport> recent_;  // A ring.
  size_t recent_next_ = 0;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_SIMULATION_H_
