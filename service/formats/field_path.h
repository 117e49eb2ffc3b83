// Sets a field of a message from text, by its path.
//
//   SetField(&movement, "container.number", "MSKU1234565", {});
//   SetField(&movement, "occurrence_time", "2019-02-02 14:37:00",
//            {"%Y-%m-%d %H:%M:%S", absl::FixedTimeZone(3600)});
//
// Works on the descriptors, so a field added to a message needs nothing here.
// A path through a repeated message fills its last entry, and starts a new one
// when the last has the field already: "seals.number" twice gives two seals.
//
// Pure; any number of threads.
#ifndef PORTRISK_SERVICE_FORMATS_FIELD_PATH_H_
#define PORTRISK_SERVICE_FORMATS_FIELD_PATH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace portrisk::service {

// How to read times.
struct TimeText {
  // As absl::ParseTime; empty means RFC 3339 with a zone.
  std::string format;
  // For times whose text names no zone.
  absl::TimeZone zone = absl::UTCTimeZone();
};

// Empty text leaves the field unset. INVALID_ARGUMENT with what is wrong and
// what would be right; its message begins with a capital reason and a colon:
// NO_SUCH_FIELD, BAD_NUMBER, BAD_TIME, BAD_VALUE. A number with a decimal comma
// is none unless `decimal_comma` is there, which becomes true then.
absl::Status SetField(google::protobuf::Message* message,
                      absl::string_view path, absl::string_view text,
                      const TimeText& times, bool* decimal_comma = nullptr);

// Whether SetField knows the path in messages of this type.
absl::Status CheckPath(const google::protobuf::Descriptor* type,
                       absl::string_view path);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_FIELD_PATH_H_
