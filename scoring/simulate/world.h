// Everything about a world that does not change while it runs: a function of
// its options.
#ifndef PORTRISK_SCORING_SIMULATE_WORLD_H_
#define PORTRISK_SCORING_SIMULATE_WORLD_H_

#include <cstdint>

#include "scoring/simulate/geography.h"
#include "scoring/simulate/liner.h"
#include "scoring/simulate/parties.h"
#include "scoring/simulate/sources.h"
#include "scoring/simulate/trade.h"

namespace portrisk::scoring::simulate {

struct Options {
  uint64_t seed = 1;
  // 1 January 2025, 00:00 UTC. What is reported happened between here and
  // `days` later.
  int64_t start = 1'735'689'600;
  int days = 90;               // 1 to 3650.
  uint32_t containers = 1000;  // 1 to 3,000,000.
  // Injected cases in a million containers, spread evenly over the patterns;
  // each pattern has one at least, unless it is 0.
  uint32_t cases_ppm = 2'000;
  // Of the events that their source does not declare complete, so many in a
  // hundred are lost.
  uint32_t missing_percent = 5;
  // Clocks are right, nothing is misspelt, repeated, corrected or written in
  // an odd way. Delays and losses stay.
  bool careful_sources = false;

  int64_t end() const { return start + int64_t{days} * 86400; }
};

struct World {
  explicit World(const Options& o)
      : options(o),
        liner(o.seed, geography),
        trade(geography, liner),
        parties(o.seed, o.start, geography),
        sources(o.seed, o.start, o.days, geography) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Options options;
  const Geography geography;
  const Liner liner;
  const Trade trade;
  const Parties parties;
  const Sources sources;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_WORLD_H_
