// Reads message fields as values, under the rule of presence: an empty
// string, an unspecified enum, an empty list and an unset message or optional
// are absent. Nothing here allocates.
#ifndef PORTRISK_SCORING_CEL_FIELDS_H_
#define PORTRISK_SCORING_CEL_FIELDS_H_

#include "google/protobuf/message.h"
#include "scoring/cel/field_readers.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

// A field and how to reach it in any message of its type. Finding the
// reflection of a message costs as much as reading a field, so it is kept.
struct FieldAccess {
  FieldAccess() = default;
  // Takes a lock; for compilation.
  explicit FieldAccess(const google::protobuf::FieldDescriptor* field);
  FieldAccess(const google::protobuf::FieldDescriptor* field,
              const google::protobuf::Reflection* reflection)
      : field(field), reflection(reflection) {}

  // Of declared_values.h: there is no message to read it from.
  bool is_declared() const { return field != nullptr && reflection == nullptr; }

  const google::protobuf::FieldDescriptor* field = nullptr;
  const google::protobuf::Reflection* reflection = nullptr;
  FieldReader reader = nullptr;  // Instead of reflection, where there is one.
};

// The same as ReadField, whatever the field.
bool ReadByReflection(const google::protobuf::Message& message,
                      const FieldAccess& access, Value* value);

// False, and `value` undefined, when the field is absent.
inline bool ReadField(const google::protobuf::Message& message,
                      const FieldAccess& access, Value* value) {
  return access.reader != nullptr ? access.reader(message, *access.field, value)
                                  : ReadByReflection(message, access, value);
}

// A message as a value: Timestamp and Duration are times.
Value MessageAsValue(const google::protobuf::Message& message);

// Element `index` of a list of either kind; within its length.
Value ListElement(const Value& list, uint32_t index);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_FIELDS_H_
