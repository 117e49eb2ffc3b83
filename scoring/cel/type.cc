#include "scoring/cel/type.h"

#include "absl/strings/str_cat.h"

namespace portrisk::scoring::cel {

using google::protobuf::FieldDescriptor;

bool Type::operator==(const Type& other) const {
  if (kind != other.kind || message != other.message ||
      enumeration != other.enumeration) {
    return false;
  }
  if (kind == Kind::kMap && !(*key == *other.key)) return false;
  return element == nullptr || *element == *other.element;
}

bool Type::has_dyn() const {
  return kind == Kind::kDyn || (element != nullptr && element->has_dyn()) ||
         (key != nullptr && key->has_dyn());
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

Type MapOf(Type key, Type value) {
  Type type = ListOf(std::move(value));
  type.kind = Kind::kMap;
  type.key = std::make_shared<const Type>(std::move(key));
  return type;
}

Type OptionalOf(Type element) {
  Type type = ListOf(std::move(element));
  type.kind = Kind::kOptional;
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
  if (a.kind == Kind::kNothing || b.kind == Kind::kNothing) return true;
  if (a.kind == Kind::kDyn) return b.kind != Kind::kMessage;
  if (b.kind == Kind::kDyn) return a.kind != Kind::kMessage;
  if (a.kind != b.kind) return false;
  if (a.element != nullptr) {
    return (a.key == nullptr || Comparable(*a.key, *b.key)) &&
           Comparable(*a.element, *b.element);
  }
  return a.kind == Kind::kNull || a.kind == Kind::kType || HasOrder(a.kind);
}

bool JoinTypes(const Type& a, const Type& b, Type* joined) {
  *joined = a;
  if (a == b) return true;
  if (a.kind == Kind::kNothing) {
    *joined = b;
    return true;
  }
  if (b.kind == Kind::kNothing) return true;
  if (a.kind == Kind::kDyn || b.kind == Kind::kDyn) {
    *joined = Type{Kind::kDyn};
    return a.kind != Kind::kMessage && b.kind != Kind::kMessage &&
           a.kind != Kind::kSet && b.kind != Kind::kSet;
  }
  if (a.kind == b.kind && a.element != nullptr) {
    Type key, element;
    if (!JoinTypes(*a.element, *b.element, &element)) return false;
    if (a.key != nullptr && !JoinTypes(*a.key, *b.key, &key)) return false;
    joined->element = std::make_shared<const Type>(element);
    if (a.key != nullptr) joined->key = std::make_shared<const Type>(key);
    return true;
  }
  const auto is_int = [](const Type& type) {
    return type.kind == Kind::kInt || type.kind == Kind::kEnum;
  };
  joined->kind = Kind::kInt;
  joined->enumeration = nullptr;
  joined->element = nullptr;
  joined->key = nullptr;
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
    case Kind::kMap:
      return absl::StrCat("map(", TypeName(*type.key), ", ",
                          TypeName(*type.element), ")");
    case Kind::kOptional:
      return absl::StrCat("optional(", TypeName(*type.element), ")");
    case Kind::kType:
      return "type";
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
