// From hits to a recommendation: the precedence of design, one function.
//
//   1. Contributions are capped per category, then their sum at 1000.
//   2. Mandatory lanes of rules that hit.
//   3. Score thresholds of the profile.
//   4. The random stream.
// The strongest lane wins; the channel is the first of these that selected.
// Shadow hits are recorded and add nothing.
#ifndef PORTRISK_SCORING_DECISION_H_
#define PORTRISK_SCORING_DECISION_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/programme.h"

namespace portrisk::scoring {

inline constexpr int32_t kScoreMax = 1000;

// Thresholds of selection. Versioned by name: assessments name the profile
// they were made with.
struct SelectionProfile {
  std::string name = "default.1";
  int32_t yellow_score_min = 100;
  int32_t orange_score_min = 300;
  int32_t red_score_min = 600;
  // A unit whose draw is below goes to `random_lane`, whatever its score.
  uint32_t random_rate_ppm = 10'000;  // 1 %.
  v1::Lane random_lane = v1::ORANGE;
};

// The secret behind random draws.
struct DrawKey {
  std::string id;
  std::array<uint8_t, 16> key;
};

// The draw of a unit: a keyed hash (SipHash-2-4) of its id, 0 to 999,999.
// Whoever holds the key can prove it; nobody else can foresee it.
uint32_t DrawPpm(const DrawKey& key, absl::string_view unit_id);

// HOT PATH. Finds the unit the movement belongs to. `state` is the container
// before the movement; null when the movement names none.
void AssignUnit(const v1::Movement& movement, const v1::ContainerState* state,
                const DrawKey& key, v1::Unit* unit);

// HOT PATH. Caps, sums, orders the hits and fills score, lane, control,
// channel and the unit's standing.
void Decide(const Programme& programme, const SelectionProfile& profile,
            v1::Assessment* assessment);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_DECISION_H_
