// Arithmetic on protobuf timestamps without conversion.
#ifndef PORTRISK_SCORING_TIMESTAMPS_H_
#define PORTRISK_SCORING_TIMESTAMPS_H_

#include <tuple>

#include "google/protobuf/timestamp.pb.h"

namespace portrisk::scoring {

inline bool Before(const google::protobuf::Timestamp& a,
                   const google::protobuf::Timestamp& b) {
  return std::make_tuple(a.seconds(), a.nanos()) <
         std::make_tuple(b.seconds(), b.nanos());
}

inline bool SameTime(const google::protobuf::Timestamp& a,
                     const google::protobuf::Timestamp& b) {
  return a.seconds() == b.seconds() && a.nanos() == b.nanos();
}

// b - a in hours.
inline double HoursBetween(const google::protobuf::Timestamp& a,
                           const google::protobuf::Timestamp& b) {
  return (static_cast<double>(b.seconds() - a.seconds()) +
          static_cast<double>(b.nanos() - a.nanos()) * 1e-9) /
         3600.0;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_TIMESTAMPS_H_
