// Which units a facility controls when it cannot control all: selection under
// capacity, one pure function.
//
//   1. Units that a mandatory rule selected,
//   2. units that their score selected,
//   3. units that only the random stream drew,
//   4. top-up: units that an earlier worklist selected, then units that nothing
//      selected, from a least score on.
//
// Within each the stronger lane comes first (1 and 2), then the higher score,
// then the lesser name. That order is the rank, and units have the places of
// the capacity in it, but for one thing: every unit that the random stream
// drew, whatever else selected it, has its place before all others. Were it
// crowded out on busy days, nobody would know any more what the rules miss.
// Should those drawn alone be more than the capacity, the lowest draws have it,
// so that chance and nothing else decides among them.
//
//   const auto ranked = RankWorklist(units, /*capacity=*/40, {});
//   for (const RankedUnit& one : ranked) ... units[one.index] ...
#ifndef PORTRISK_SCORING_WORKLIST_H_
#define PORTRISK_SCORING_WORKLIST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/assessment.pb.h"

namespace portrisk::scoring {

struct WorklistCandidate {
  absl::string_view unit;
  // What selected it, most urgent of all its movements: MANDATORY_RULE, SCORE,
  // or anything else for nothing but perhaps chance.
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  bool drawn = false;      // By the random stream.
  bool topped_up = false;  // By a worklist that was taken.
  v1::Lane lane = v1::GREEN;
  int32_t score = 0;
  uint32_t draw_ppm = 0;
};

struct RankedUnit {
  size_t index = 0;  // Into the candidates.
  // MANDATORY_RULE, SCORE, RANDOM or CAPACITY: what it stands there by.
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  bool within_capacity = false;
};

struct WorklistOptions {
  // Units from this score on may fill up; kScoreMax + 1: none.
  int32_t top_up_score_min = 1;
};

// By rank: all candidates that something selected, and as many others as fill
// up the capacity. Equal candidates in any order give equal answers.
std::vector<RankedUnit> RankWorklist(
    absl::Span<const WorklistCandidate> candidates, size_t capacity,
    const WorklistOptions& options);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_WORKLIST_H_
