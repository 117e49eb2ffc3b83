#include "scoring/cel/type.h"

#include "absl/strings/str_cat.h"

namespace portrisk::scoring::cel {

using google::protobuf::FieldDescriptor;

bool Type::operator==(const Type& other) const {
  if (kind != other.kind || message != other.message ||
      enumeration != other.enumeration) {
    return false;
  }
  return kind != Kind::kList || *element == *other.element;
}

bool Type::is_number() const {
  return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDouble ||
         kind == Kind::kEnum;
}

Type ListOf(Type element) {
  Type type;
  type.kind = Kind::kList;
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

Type TypeOfElement(const FieldDescriptor& field) {
  Type type;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      type.kind = Kind::kInt;
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      type.kind = Kind::kUint;
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      type.kind = Kind::kDouble;
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      type.kind = Kind::kBool;
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      type.kind = Kind::kEnum;
      type.enumeration = field.enum_type();
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      type.kind = field.type() == FieldDescriptor::TYPE_BYTES ? Kind::kBytes
                                                              : Kind::kString;
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      type.kind = Kind::kMessage;
      type.message = field.message_type();
      if (type.message->full_name() == "google.protobuf.Timestamp") {
        return {Kind::kTimestamp};
      }
      if (type.message->full_name() == "google.protobuf.Duration") {
        return {Kind::kDuration};
      }
      break;
  }
  return type;
}

Type TypeOfField(const FieldDescriptor& field) {
  return field.is_repeated() ? ListOf(TypeOfElement(field))
                             : TypeOfElement(field);
}

bool HasOrder(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kString || kind == Kind::kBytes ||
         kind == Kind::kTimestamp || kind == Kind::kDuration;
}

bool Comparable(const Type& a, const Type& b) {
  if (a.is_number() && b.is_number()) {
    return a.kind != Kind::kEnum || b.kind != Kind::kEnum ||
           a.enumeration == b.enumeration;
  }
  if (a.kind != b.kind) return false;
  if (a.kind == Kind::kList) {
    return a.element->kind == Kind::kDyn || b.element->kind == Kind::kDyn ||
           Comparable(*a.element, *b.element);
  }
  return a.kind == Kind::kNull || HasOrder(a.kind);
}

bool JoinTypes(const Type& a, const Type& b, Type* joined) {
  *joined = a;
  if (a == b) return true;
  if (a.kind == Kind::kList && b.kind == Kind::kList) {
    if (a.element->kind == Kind::kDyn) *joined = b;
    if (joined->element->kind != Kind::kDyn &&
        (a.element->kind == Kind::kDyn || b.element->kind == Kind::kDyn)) {
      return true;
    }
  }
  const auto is_int = [](const Type& type) {
    return type.kind == Kind::kInt || type.kind == Kind::kEnum;
  };
  joined->kind = Kind::kInt;
  joined->enumeration = nullptr;
  joined->element = nullptr;
  return is_int(a) && is_int(b);
}

std::string TypeName(const Type& type) {
  switch (type.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kDuration:
      return "duration";
    case Kind::kList:
      return absl::StrCat("list(", TypeName(*type.element), ")");
    case Kind::kMessage:
      return type.message->name();
    case Kind::kEnum:
      return type.enumeration->name();
    case Kind::kSet:
      return "declared list";
    default:
      return "dyn";
  }
}

}  // namespace portrisk::scoring::cel
