// The message types that an expression may name and build, and how messages
// and values become one another as CEL wants it: wrappers are their value or
// null, Struct, Value and ListValue are maps, values and lists, Any is what it
// holds, Timestamp and Duration are times. Only for environments without
// roots: rules read fields through fields.h and build no messages.
#ifndef PORTRISK_SCORING_CEL_MESSAGE_TYPES_H_
#define PORTRISK_SCORING_CEL_MESSAGE_TYPES_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

// Both outlive every use.
struct MessageTypes {
  const google::protobuf::DescriptorPool* pool;
  google::protobuf::MessageFactory* factory;

  // Null when there is no such type.
  const google::protobuf::Message* Prototype(absl::string_view name) const;
};

// A message as a value. Text points into it; what has to be built lies in the
// arena.
Value FromMessage(const google::protobuf::Message& message,
                  const MessageTypes& types, Arena* arena);

// A field, or its default when it is not set.
Value ReadFieldOrDefault(const google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field,
                         const MessageTypes& types, Arena* arena);
// Whether it is set; of a field without presence, whether it is not its
// default.
bool HasField(const google::protobuf::Message& message,
              const google::protobuf::FieldDescriptor& field);

// "" or why the value does not fit the field. Null unsets message fields.
const char* WriteField(const Value& value,
                       const google::protobuf::FieldDescriptor& field,
                       const MessageTypes& types, Arena* arena,
                       google::protobuf::Message* message);

// By their fields; the contents of Any by what they hold.
bool EqualMessages(const google::protobuf::Message& a,
                   const google::protobuf::Message& b);

// Whether no field of it is set.
bool IsEmptyMessage(const google::protobuf::Message& message);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_MESSAGE_TYPES_H_
