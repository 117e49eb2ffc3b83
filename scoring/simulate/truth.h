// What really happened: kept apart from what is reported.
#ifndef PORTRISK_SCORING_SIMULATE_TRUTH_H_
#define PORTRISK_SCORING_SIMULATE_TRUTH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "portrisk/v1/movement.pb.h"

namespace portrisk::scoring::simulate {

// A movement that a case rests on.
struct Needed {
  std::string source;
  std::string id;
  v1::Event event = v1::EVENT_UNSPECIFIED;
  int64_t happened = 0;
  int64_t recorded = 0;  // 0 when it never arrived.
  // Why it never arrived: "missing", "misspelt", "after the end"; else "".
  const char* lost = "";
};

// An injected case of one of the 33 patterns.
struct CaseRecord {
  int pattern = 0;
  const char* variant = "";
  uint64_t number = 0;  // Unique in its world.
  std::string container;
  std::string locode;
  std::string facility;
  std::vector<Needed> needed;
  // How many of them suffice; all, except in a burst.
  size_t enough = 0;
  // When an absence has lasted long enough to tell; 0 where none is needed.
  int64_t absent_until = 0;

  bool arrived() const;
  // The movement with whose arrival all is known; null before that.
  const Needed* decidable() const;
};

// Something legal that looks like a case.
struct TrapRecord {
  const char* name;
  std::string container;
  std::string source;
  std::string id;
};

// What a control found. Only what was controlled has one.
struct OutcomeRecord {
  std::string container;
  std::string locode;
  std::string facility;
  int64_t time = 0;
  bool found = false;
  const char* kind = "";     // Of what was found.
  const char* control = "";  // "scan" or "inspection".
};

// Takes what a world yields. Movements come trip by trip, not in order; none
// comes that was recorded before the last watermark.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void OnMovement(int64_t recorded, const v1::Movement& movement) = 0;
  virtual void OnWatermark(int64_t time) {}
  virtual void OnCase(const CaseRecord& record) {}
  virtual void OnTrap(const TrapRecord& trap) {}
  virtual void OnOutcome(const OutcomeRecord& outcome) {}
};

struct Counts {
  uint64_t trips = 0;
  uint64_t empty_trips = 0;
  uint64_t transhipped_trips = 0;
  uint64_t joined_trips = 0;  // Of a consignment of several boxes.
  uint64_t consolidated_trips = 0;
  uint64_t happened = 0;   // Events that a source saw.
  uint64_t movements = 0;  // Reported, all versions.
  uint64_t missing = 0;
  uint64_t misspelt = 0;
  uint64_t repeated = 0;
  uint64_t corrected = 0;
  uint64_t retracted = 0;
  uint64_t an_hour_off = 0;
  uint64_t without_facility = 0;
  uint64_t late = 0;  // Recorded more than a day after it happened.
  uint64_t cases = 0;
  uint64_t cases_left = 0;  // For which no trip suited.
  uint64_t traps = 0;
  uint64_t outcomes = 0;
  uint64_t finds = 0;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_TRUTH_H_
