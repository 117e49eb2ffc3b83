// Types of conditions.
#ifndef PORTRISK_SCORING_CEL_TYPE_H_
#define PORTRISK_SCORING_CEL_TYPE_H_

#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

struct Type {
  Kind kind = Kind::kDyn;
  const google::protobuf::Descriptor* message = nullptr;          // kMessage
  const google::protobuf::EnumDescriptor* enumeration = nullptr;  // kEnum
  // Of a list or an optional; of the values of a map.
  std::shared_ptr<const Type> element;
  std::shared_ptr<const Type> key;  // kMap

  bool operator==(const Type& other) const;

  // Dyn, or what holds it.
  bool has_dyn() const;
  // Int, uint, double; enums count as int.
  bool is_number() const;
};

Type ListOf(Type element);
Type MapOf(Type key, Type value);
Type OptionalOf(Type element);

// The type of a field; google.protobuf.Timestamp and Duration are the times.
Type TypeOfField(const google::protobuf::FieldDescriptor& field);
// The same for one element of a repeated field.
Type TypeOfElement(const google::protobuf::FieldDescriptor& field);

// Bool, text, bytes and times: what < compares besides numbers.
bool HasOrder(Kind kind);

// Whether == makes sense: numbers of any kind, but not two different enums;
// otherwise equal types, lists, maps and optionals by their elements; dyn with
// anything. Messages never.
bool Comparable(const Type& a, const Type& b);

// The type of a value that is of either; false when there is none. Enums join
// with int, dyn with anything but messages.
bool JoinTypes(const Type& a, const Type& b, Type* joined);

// "int", "list(string)", "Event".
std::string TypeName(const Type& type);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_TYPE_H_
