// CLIPS beside us: the rules of rule_workload.h in a production system that
// many have built targeting on. Only where its library is installed.
#ifndef PORTRISK_BENCH_CLIPS_ENGINE_H_
#define PORTRISK_BENCH_CLIPS_ENGINE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/rule_workload.h"

namespace portrisk::bench {

class ClipsEngine {
 public:
  virtual ~ClipsEngine() = default;
  // Asserts the event's fact, runs the agenda, retracts the fact. Replaces
  // `hits` by the numbers of the rules that fired, ascending.
  virtual void Match(const BenchEvent& event, std::vector<uint32_t>* hits) = 0;
};

// Null when this program was built without CLIPS.
std::unique_ptr<ClipsEngine> MakeClipsEngine(
    const std::vector<BenchRule>& rules);

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_CLIPS_ENGINE_H_
