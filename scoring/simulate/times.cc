#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

// Lorries in each local hour of a working day; the busiest is 1000.
constexpr int32_t kHourly[24] = {90,   60,  45,  40,  60,  180, 520, 860,
                                 1000, 960, 820, 760, 640, 700, 860, 940,
                                 860,  660, 440, 300, 230, 180, 150, 120};
// Of a working day, in thousandths. Who comes on a Sunday has many moments to
// pass in, so the share that does is larger than this.
constexpr int32_t kSaturday = 150;
constexpr int32_t kSunday = 20;
// At the busiest hour a moment is taken so many times in a thousand.
constexpr int32_t kTaken = 300;
constexpr int kOpens = 6;  // Where no gate works at night.
constexpr int kCloses = 20;
// So that a gate is always passed in the end.
constexpr int kTriesMax = 400;

uint32_t Traffic(int64_t local, Gate gate) {
  const int hour = static_cast<int>(local / kHour % 24);
  if (gate == Gate::kDayOnly && (hour < kOpens || hour >= kCloses)) return 0;
  const int64_t weekday = (local / kDay + 3) % 7;  // 1970 began on a Thursday.
  const int32_t share = weekday == 5   ? kSaturday
                        : weekday == 6 ? kSunday
                                       : 1000;
  return static_cast<uint32_t>(kHourly[hour] * share / 1000 * kTaken);
}

}  // namespace

int64_t GateTime(int64_t earliest, int utc_offset_h, Gate gate,
                 Random* random) {
  int64_t time = earliest;
  for (int i = 0; i < kTriesMax; ++i) {
    if (random->Chance(Traffic(time + utc_offset_h * kHour, gate))) return time;
    time += random->Between(5, 70) * kMinute;
    time += random->Below(60);
  }
  return time;
}

}  // namespace portrisk::scoring::simulate
