// From what happened to what is reported: losses, clocks, typing errors,
// delays, repeats, corrections and retractions.
#ifndef PORTRISK_SCORING_SIMULATE_REPORTER_H_
#define PORTRISK_SCORING_SIMULATE_REPORTER_H_

#include <cstdint>
#include <string>

#include "scoring/simulate/drafts.h"
#include "scoring/simulate/truth.h"
#include "scoring/simulate/world.h"

namespace portrisk::scoring::simulate {

// Identifier of a draft within its source: unique in the world.
std::string DraftId(uint64_t trip, size_t draft);

class Reporter {
 public:
  Reporter(const World& world, Sink* sink, Counts* counts)
      : world_(world), sink_(sink), counts_(counts) {}

  // Reports one draft of a trip. `record` gets what became of it when a case
  // needs it; may be null. The draft's movement is used up.
  void Report(uint64_t trip, size_t index, Draft* draft, Random* random,
              CaseRecord* record);

 private:
  void Spoil(const Source& source, const Draft& draft, Random* random,
             v1::Movement* movement);
  void Send(int64_t recorded, const v1::Movement& movement);
  // When, and under which id, its last version came.
  int64_t SendVersions(int64_t recorded, Draft* draft, Random* random);

  const World& world_;
  Sink* const sink_;
  Counts* const counts_;
};

// The number with a typing error: one digit wrong or two exchanged.
std::string Misspell(const std::string& number, Random* random);

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_REPORTER_H_
