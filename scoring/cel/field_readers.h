// Fields read by generated code (scoring/generate), several times faster than
// by reflection and under the same rule of presence.
#ifndef PORTRISK_SCORING_CEL_FIELD_READERS_H_
#define PORTRISK_SCORING_CEL_FIELD_READERS_H_

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

// False, and `value` undefined, when the field is absent.
using FieldReader = bool (*)(const google::protobuf::Message& message,
                             const google::protobuf::FieldDescriptor& field,
                             Value* value);

// Null for a field of a message that is not part of the vocabulary.
FieldReader FindFieldReader(const google::protobuf::FieldDescriptor& field);

// A message as a value: the times are values of their own.
inline Value ValueOf(const google::protobuf::Message& message) {
  return Value::Message(&message);
}
inline Value ValueOf(const google::protobuf::Timestamp& time) {
  return Value::Time(Kind::kTimestamp, time.seconds(), time.nanos());
}
inline Value ValueOf(const google::protobuf::Duration& time) {
  // Protobuf gives both parts the sign; values round seconds down.
  const bool borrow = time.nanos() < 0;
  return Value::Time(Kind::kDuration, time.seconds() - (borrow ? 1 : 0),
                     time.nanos() + (borrow ? 1'000'000'000 : 0));
}

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_FIELD_READERS_H_
