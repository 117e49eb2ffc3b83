// Seconds since 1970, UTC, and spans of them.
#ifndef PORTRISK_SCORING_SIMULATE_TIMES_H_
#define PORTRISK_SCORING_SIMULATE_TIMES_H_

#include <cstdint>

#include "google/protobuf/timestamp.pb.h"
#include "scoring/simulate/random.h"

namespace portrisk::scoring::simulate {

inline constexpr int64_t kMinute = 60;
inline constexpr int64_t kHour = 3600;
inline constexpr int64_t kDay = 86400;
inline constexpr int64_t kWeek = 7 * kDay;

inline void SetTime(int64_t seconds, google::protobuf::Timestamp* stamp) {
  stamp->set_seconds(seconds);
}

// A span drawn from quantiles that are given in minutes.
//
// Each draw is a statement of its own, here and everywhere: in which order the
// operands of an expression are evaluated differs from compiler to compiler.
inline int64_t DrawMinutes(const Quantiles& minutes, Random* random) {
  const int64_t drawn = random->Draw(minutes) * kMinute;
  return drawn + random->Below(60);
}

enum class Gate { kDayOnly, kDayAndNight };

// The first moment from `earliest` on at which a lorry passes the gate: rush
// hours on working days, little on Saturday, hardly anything on Sunday or at
// night. At most a few days later.
int64_t GateTime(int64_t earliest, int utc_offset_h, Gate gate, Random* random);

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_TIMES_H_
