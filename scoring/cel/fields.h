// Reads message fields as values, under the rule of presence: an empty
// string, an unspecified enum, an empty list and an unset message or optional
// are absent. Nothing here allocates.
#ifndef PORTRISK_SCORING_CEL_FIELDS_H_
#define PORTRISK_SCORING_CEL_FIELDS_H_

#include "google/protobuf/message.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

// False, and `value` untouched, when the field is absent.
bool ReadField(const google::protobuf::Message& message,
               const google::protobuf::FieldDescriptor& field, Value* value);

// Element `index` of a list of either kind; within its length.
Value ListElement(const Value& list, uint32_t index);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_FIELDS_H_
