// Timestamps and durations as conditions and evidence see them: seconds
// rounded down and nanoseconds from 0 to 999,999,999. Proleptic Gregorian,
// UTC. Nothing here allocates.
#ifndef PORTRISK_SCORING_CEL_TIME_H_
#define PORTRISK_SCORING_CEL_TIME_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace portrisk::scoring::cel {

struct TimePoint {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z in Unix seconds.
inline constexpr int64_t kTimestampSecondsMin = -62135596800;
inline constexpr int64_t kTimestampSecondsMax = 253402300799;
// About 10,000 years, as google.protobuf.Duration limits it.
inline constexpr int64_t kDurationSecondsMax = 315576000000;
// What two timestamps may be apart: whole nanoseconds in 64 bits, 292 years.
inline constexpr int64_t kApartSecondsMax = INT64_MAX / 1'000'000'000;

// "2026-05-01T10:00:00.25+02:00". False when malformed or out of range.
bool ParseTimestamp(absl::string_view text, TimePoint* out);
// "2026-05-01": midnight UTC.
bool ParseDate(absl::string_view text, TimePoint* out);
// "1h30m", "-1.5s", "250ms". False when malformed or out of range.
bool ParseDuration(absl::string_view text, TimePoint* out);
// "+02:00", "-03:30", "Z", "UTC". Named zones are refused: their rules differ
// from machine to machine.
bool ParseZone(absl::string_view text, int* offset_minutes);

// Writes at most kTimeTextMax characters, without a terminator.
inline constexpr size_t kTimeTextMax = 40;
size_t FormatTimestamp(TimePoint time, char* out);     // ...Z
size_t FormatDuration(TimePoint duration, char* out);  // "5400s"

struct Civil {
  int year;
  int month;        // 1 to 12.
  int day;          // 1 to 31.
  int day_of_year;  // 0 to 365.
  int weekday;      // 0 is Sunday.
  int hour;
  int minute;
  int second;
};
Civil ToCivil(int64_t unix_seconds, int offset_minutes);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_TIME_H_
