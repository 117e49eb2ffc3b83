// Times between protobuf, Abseil and text.
#ifndef PORTRISK_SERVICE_TIMES_H_
#define PORTRISK_SERVICE_TIMES_H_

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace portrisk::service {

// What a Timestamp may hold: the years 1 to 9999.
inline bool FitsTimestamp(int64_t seconds) {
  return seconds >= -62135596800 && seconds <= 253402300799;
}

inline google::protobuf::Timestamp ToProto(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(seconds);
  stamp.set_nanos(static_cast<int32_t>(rest * 1000));
  return stamp;
}

inline absl::Time FromProto(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) +
         absl::Nanoseconds(stamp.nanos());
}

// RFC 3339 in UTC.
inline std::string FormatTime(const google::protobuf::Timestamp& stamp) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", FromProto(stamp),
                          absl::UTCTimeZone());
}

// Of what may be corrected: "updated 2026-11-28T10:00:00Z", or that it was not.
template <typename Content>
std::string UpdatedAt(const Content& content) {
  return content.has_update_time()
             ? "updated " + FormatTime(content.update_time())
             : "without update_time";
}

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_TIMES_H_
