// Reading: what CEL makes of a message. Writing is message_writer.cc.
#include "scoring/cel/message_types.h"

#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/wrappers.pb.h"
#include "scoring/cel/fields.h"

namespace portrisk::scoring::cel {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;
using pb::FieldDescriptor;
using pb::Message;

Value JsonValue(const pb::Value& json, Arena* arena);

Value JsonList(const pb::ListValue& list, Arena* arena) {
  Value* items = arena->Values(list.values_size());
  for (int i = 0; i < list.values_size(); ++i) {
    items[i] = JsonValue(list.values(i), arena);
  }
  return Value::List(items, list.values_size());
}

Value JsonStruct(const pb::Struct& object, Arena* arena) {
  Value* items = arena->Values(2 * object.fields().size());
  size_t count = 0;
  for (const auto& [name, value] : object.fields()) {
    items[2 * count] = Value::String(name);
    items[2 * count + 1] = JsonValue(value, arena);
    ++count;
  }
  return Value::Map(items, count);
}

Value JsonValue(const pb::Value& json, Arena* arena) {
  switch (json.kind_case()) {
    case pb::Value::kBoolValue:
      return Value::Bool(json.bool_value());
    case pb::Value::kNumberValue:
      return Value::Double(json.number_value());
    case pb::Value::kStringValue:
      return Value::String(json.string_value());
    case pb::Value::kListValue:
      return JsonList(json.list_value(), arena);
    case pb::Value::kStructValue:
      return JsonStruct(json.struct_value(), arena);
    default:
      return Value();
  }
}

// What an Any holds; the Any itself when its type is not known.
Value Unpacked(const Message& any, const MessageTypes& types, Arena* arena) {
  const auto& packed = static_cast<const pb::Any&>(any);
  const std::string& url = packed.type_url();
  if (url.empty()) return Value::Error("an Any without a type");
  const Message* prototype =
      types.Prototype(absl::string_view(url).substr(url.find_last_of('/') + 1));
  if (prototype == nullptr) return Value::Message(&any);
  std::unique_ptr<Message> held(prototype->New());
  if (!held->ParseFromString(packed.value())) {
    return Value::Error("the contents of this Any cannot be read");
  }
  return FromMessage(*arena->Own(std::move(held)), types, arena);
}

bool IsGenerated(const Message& message) {
  return message.GetDescriptor()->file()->pool() ==
         pb::DescriptorPool::generated_pool();
}

Value ElementOf(const Message& message, const FieldDescriptor& field, int index,
                const MessageTypes& types, Arena* arena) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return ListElement(Value::Repeated(&message, &field, index + 1),
                       static_cast<uint32_t>(index));
  }
  return FromMessage(
      message.GetReflection()->GetRepeatedMessage(message, &field, index),
      types, arena);
}

Value MapField(const Message& message, const FieldDescriptor& field,
               const MessageTypes& types, Arena* arena) {
  const pb::Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  const Descriptor& entry = *field.message_type();
  Value* items = arena->Values(2 * static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    const Message& one = reflection.GetRepeatedMessage(message, &field, i);
    items[2 * i] = ReadFieldOrDefault(one, *entry.map_key(), types, arena);
    items[2 * i + 1] =
        ReadFieldOrDefault(one, *entry.map_value(), types, arena);
  }
  return Value::Map(items, static_cast<size_t>(size));
}

bool IsWrapper(const Descriptor& type) {
  return type.well_known_type() >= Descriptor::WELLKNOWNTYPE_DOUBLEVALUE &&
         type.well_known_type() <= Descriptor::WELLKNOWNTYPE_BOOLVALUE;
}

}  // namespace

const Message* MessageTypes::Prototype(absl::string_view name) const {
  const Descriptor* type = pool->FindMessageTypeByName(std::string(name));
  return type == nullptr ? nullptr : factory->GetPrototype(type);
}

Value FromMessage(const Message& message, const MessageTypes& types,
                  Arena* arena) {
  const Descriptor& type = *message.GetDescriptor();
  if (IsWrapper(type)) {
    return ReadFieldOrDefault(message, *type.field(0), types, arena);
  }
  if (!IsGenerated(message)) return Value::Message(&message);
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_ANY:
      return Unpacked(message, types, arena);
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return JsonValue(static_cast<const pb::Value&>(message), arena);
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return JsonList(static_cast<const pb::ListValue&>(message), arena);
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return JsonStruct(static_cast<const pb::Struct&>(message), arena);
    default:
      return MessageAsValue(message);
  }
}

bool HasField(const Message& message, const FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
  return reflection.HasField(message, &field);
}

Value ReadFieldOrDefault(const Message& message, const FieldDescriptor& field,
                         const MessageTypes& types, Arena* arena) {
  if (field.is_map()) return MapField(message, field, types, arena);
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    const int size = reflection.FieldSize(message, &field);
    Value* items = arena->Values(size);
    for (int i = 0; i < size; ++i) {
      items[i] = ElementOf(message, field, i, types, arena);
    }
    return Value::List(items, size);
  }
  if (field.enum_type() != nullptr &&
      field.enum_type()->full_name() == "google.protobuf.NullValue") {
    return Value();
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (IsWrapper(*field.message_type()) && !HasField(message, field)) {
      return Value();
    }
    const Message& inner =
        reflection.GetMessage(message, &field, types.factory);
    const bool any = field.message_type()->well_known_type() ==
                     Descriptor::WELLKNOWNTYPE_ANY;
    if (any && !HasField(message, field)) return Value();
    return FromMessage(inner, types, arena);
  }
  // ReadField leaves what is not set undefined; its defaults are read here.
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return Value::Int(reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text =
          reflection.GetStringReference(message, &field, &scratch);
      char* memory = arena->Allocate(text.size());
      text.copy(memory, text.size());
      return Value::Text(field.type() == FieldDescriptor::TYPE_BYTES
                             ? Kind::kBytes
                             : Kind::kString,
                         absl::string_view(memory, text.size()));
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return Value::Int(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return Value::Int(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return Value::Uint(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return Value::Uint(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Value::Double(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Value::Double(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return Value::Bool(reflection.GetBool(message, &field));
    default:
      return Value();
  }
}

bool EqualMessages(const Message& a, const Message& b) {
  return a.GetDescriptor() == b.GetDescriptor() &&
         pb::util::MessageDifferencer::Equals(a, b);
}

bool IsEmptyMessage(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields.empty();
}

}  // namespace portrisk::scoring::cel
