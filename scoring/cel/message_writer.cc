// Writing: what becomes of a value in a field of a message. Numbers must fit
// their field; null unsets a message; wrappers, Any and the JSON types take
// what they can hold.
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/wrappers.pb.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/message_types.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;
using pb::FieldDescriptor;
using pb::Message;

constexpr const char* kDone = "";
constexpr const char* kUnsupported = "unsupported field type";
constexpr const char* kRange = "the number does not fit the field";
// Integers beyond it are not exact in JSON, and written as text.
constexpr int64_t kJsonIntegerMax = int64_t{1} << 53;

std::string Text(const Value& value) { return std::string(value.text()); }

pb::Timestamp TimestampOf(const Value& value) {
  pb::Timestamp time;
  time.set_seconds(value.i);
  time.set_nanos(static_cast<int32_t>(value.aux));
  return time;
}

// Protobuf gives both parts the sign; values round seconds down.
pb::Duration DurationOf(const Value& value) {
  const bool negative = value.i < 0 && value.aux > 0;
  pb::Duration time;
  time.set_seconds(negative ? value.i + 1 : value.i);
  time.set_nanos(static_cast<int32_t>(value.aux) -
                 (negative ? 1'000'000'000 : 0));
  return time;
}

const char* WriteStruct(const Value& value, pb::Struct* object);
const char* WriteList(const Value& value, pb::ListValue* list);

// The few messages that JSON has a form of their own for.
const char* WriteJsonMessage(const Message& message, pb::Value* json) {
  if (message.GetDescriptor()->full_name() == "google.protobuf.Empty") {
    json->mutable_struct_value();
    return kDone;
  }
  const auto* mask = dynamic_cast<const pb::FieldMask*>(&message);
  if (mask == nullptr) return kUnsupported;
  json->set_string_value(pb::util::FieldMaskUtil::ToString(*mask));
  return kDone;
}

const char* WriteJson(const Value& value, pb::Value* json) {
  char buffer[kTimeTextMax];
  const TimePoint time{value.i, static_cast<int32_t>(value.aux)};
  switch (value.kind) {
    case Kind::kNull:
      json->set_null_value(pb::NULL_VALUE);
      return kDone;
    case Kind::kBool:
      json->set_bool_value(value.b);
      return kDone;
    case Kind::kInt:
      if (value.i > kJsonIntegerMax || value.i < -kJsonIntegerMax) {
        json->set_string_value(absl::StrCat(value.i));
      } else {
        json->set_number_value(static_cast<double>(value.i));
      }
      return kDone;
    case Kind::kUint:
      if (value.u > static_cast<uint64_t>(kJsonIntegerMax)) {
        json->set_string_value(absl::StrCat(value.u));
      } else {
        json->set_number_value(static_cast<double>(value.u));
      }
      return kDone;
    case Kind::kDouble:
      json->set_number_value(value.d);
      return kDone;
    case Kind::kString:
      json->set_string_value(Text(value));
      return kDone;
    case Kind::kBytes:
      json->set_string_value(absl::Base64Escape(value.text()));
      return kDone;
    case Kind::kTimestamp:
      json->set_string_value(
          std::string(buffer, FormatTimestamp(time, buffer)));
      return kDone;
    case Kind::kDuration:
      json->set_string_value(std::string(buffer, FormatDuration(time, buffer)));
      return kDone;
    case Kind::kList:
      return WriteList(value, json->mutable_list_value());
    case Kind::kMap:
      return WriteStruct(value, json->mutable_struct_value());
    case Kind::kMessage:
      return WriteJsonMessage(*value.message, json);
    default:
      return kUnsupported;
  }
}

const char* WriteStruct(const Value& value, pb::Struct* object) {
  for (uint32_t i = 0; i < value.aux; ++i) {
    const Value& key = value.items[2 * i];
    if (key.kind != Kind::kString) return "the keys of a Struct are text";
    const char* error = WriteJson(value.items[2 * i + 1],
                                  &(*object->mutable_fields())[Text(key)]);
    if (*error != '\0') return error;
  }
  return kDone;
}

const char* WriteList(const Value& value, pb::ListValue* list) {
  for (uint32_t i = 0; i < value.aux; ++i) {
    const char* error = WriteJson(ListElement(value, i), list->add_values());
    if (*error != '\0') return error;
  }
  return kDone;
}

template <typename Wrapper, typename T>
const char* Pack(const T& value, pb::Any* any) {
  Wrapper wrapper;
  wrapper.set_value(value);
  any->PackFrom(wrapper);
  return kDone;
}

const char* WriteAny(const Value& value, pb::Any* any) {
  switch (value.kind) {
    case Kind::kBool:
      return Pack<pb::BoolValue>(value.b, any);
    case Kind::kInt:
      return Pack<pb::Int64Value>(value.i, any);
    case Kind::kUint:
      return Pack<pb::UInt64Value>(value.u, any);
    case Kind::kDouble:
      return Pack<pb::DoubleValue>(value.d, any);
    case Kind::kString:
      return Pack<pb::StringValue>(Text(value), any);
    case Kind::kBytes:
      return Pack<pb::BytesValue>(Text(value), any);
    case Kind::kTimestamp:
      any->PackFrom(TimestampOf(value));
      return kDone;
    case Kind::kDuration:
      any->PackFrom(DurationOf(value));
      return kDone;
    case Kind::kMessage:
      if (const auto* already = dynamic_cast<const pb::Any*>(value.message)) {
        *any = *already;
      } else {
        any->PackFrom(*value.message);
      }
      return kDone;
    case Kind::kList: {
      pb::ListValue list;
      const char* error = WriteList(value, &list);
      any->PackFrom(list);
      return error;
    }
    case Kind::kMap: {
      pb::Struct object;
      const char* error = WriteStruct(value, &object);
      any->PackFrom(object);
      return error;
    }
    case Kind::kNull: {
      pb::Value json;
      json.set_null_value(pb::NULL_VALUE);
      any->PackFrom(json);
      return kDone;
    }
    default:
      return kUnsupported;
  }
}

// One field of a message: set it, or add to it when it is repeated.
class FieldWriter {
 public:
  FieldWriter(const FieldDescriptor& field, const MessageTypes& types,
              Arena* arena, Message* message)
      : field_(field),
        types_(types),
        arena_(arena),
        message_(message),
        reflection_(*message->GetReflection()) {}

  const char* Write(const Value& value) {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        if (value.kind != Kind::kInt) return kUnsupported;
        if (!FitsInt32(value)) return kRange;
        return Put(&pb::Reflection::SetInt32, &pb::Reflection::AddInt32,
                   static_cast<int32_t>(value.i));
      case FieldDescriptor::CPPTYPE_INT64:
        if (value.kind != Kind::kInt) return kUnsupported;
        return Put(&pb::Reflection::SetInt64, &pb::Reflection::AddInt64,
                   value.i);
      case FieldDescriptor::CPPTYPE_UINT32:
        if (value.kind != Kind::kUint) return kUnsupported;
        if (value.u > std::numeric_limits<uint32_t>::max()) return kRange;
        return Put(&pb::Reflection::SetUInt32, &pb::Reflection::AddUInt32,
                   static_cast<uint32_t>(value.u));
      case FieldDescriptor::CPPTYPE_UINT64:
        if (value.kind != Kind::kUint) return kUnsupported;
        return Put(&pb::Reflection::SetUInt64, &pb::Reflection::AddUInt64,
                   value.u);
      case FieldDescriptor::CPPTYPE_FLOAT:
        if (value.kind != Kind::kDouble) return kUnsupported;
        return Put(&pb::Reflection::SetFloat, &pb::Reflection::AddFloat,
                   static_cast<float>(value.d));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (value.kind != Kind::kDouble) return kUnsupported;
        return Put(&pb::Reflection::SetDouble, &pb::Reflection::AddDouble,
                   value.d);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (value.kind != Kind::kBool) return kUnsupported;
        return Put(&pb::Reflection::SetBool, &pb::Reflection::AddBool, value.b);
      case FieldDescriptor::CPPTYPE_ENUM:
        return WriteEnum(value);
      case FieldDescriptor::CPPTYPE_STRING: {
        const bool bytes = field_.type() == FieldDescriptor::TYPE_BYTES;
        if (value.kind != (bytes ? Kind::kBytes : Kind::kString)) {
          return kUnsupported;
        }
        if (field_.is_repeated()) {
          reflection_.AddString(message_, &field_, Text(value));
        } else {
          reflection_.SetString(message_, &field_, Text(value));
        }
        return kDone;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WriteMessage(value);
    }
    return kUnsupported;
  }

 private:
  static bool FitsInt32(const Value& value) {
    return value.i >= std::numeric_limits<int32_t>::min() &&
           value.i <= std::numeric_limits<int32_t>::max();
  }

  template <typename T>
  const char* Put(void (pb::Reflection::*set)(Message*, const FieldDescriptor*,
                                              T) const,
                  void (pb::Reflection::*add)(Message*, const FieldDescriptor*,
                                              T) const,
                  T value) {
    (reflection_.*(field_.is_repeated() ? add : set))(message_, &field_, value);
    return kDone;
  }

  const char* WriteEnum(const Value& value) {
    const bool null_type =
        field_.enum_type()->full_name() == "google.protobuf.NullValue";
    if (null_type && value.kind == Kind::kNull) {
      return Put(&pb::Reflection::SetEnumValue, &pb::Reflection::AddEnumValue,
                 0);
    }
    if (value.kind != Kind::kInt) return kUnsupported;
    if (!FitsInt32(value)) return kRange;
    return Put(&pb::Reflection::SetEnumValue, &pb::Reflection::AddEnumValue,
               static_cast<int>(value.i));
  }

  const char* WriteMessage(const Value& value) {
    const Descriptor& type = *field_.message_type();
    const auto known = type.well_known_type();
    const bool json = known == Descriptor::WELLKNOWNTYPE_VALUE;
    const bool any = known == Descriptor::WELLKNOWNTYPE_ANY;
    const bool object = known == Descriptor::WELLKNOWNTYPE_STRUCT;
    const bool list = known == Descriptor::WELLKNOWNTYPE_LISTVALUE;
    if (value.kind == Kind::kNull && !json && !any) {
      if (object || list || field_.is_repeated()) return kUnsupported;
      reflection_.ClearField(message_, &field_);
      return kDone;
    }
    if (object && value.kind != Kind::kMap) return kUnsupported;
    if (list && value.kind != Kind::kList) return kUnsupported;
    std::unique_ptr<Message> made(types_.factory->GetPrototype(&type)->New());
    const char* error = Fill(known, value, made.get());
    if (*error != '\0') return error;
    Message* place =
        field_.is_repeated()
            ? reflection_.AddMessage(message_, &field_, types_.factory)
            : reflection_.MutableMessage(message_, &field_, types_.factory);
    place->CopyFrom(*made);
    return kDone;
  }

  const char* Fill(Descriptor::WellKnownType known, const Value& value,
                   Message* made) {
    switch (known) {
      case Descriptor::WELLKNOWNTYPE_VALUE:
        return WriteJson(value, static_cast<pb::Value*>(made));
      case Descriptor::WELLKNOWNTYPE_ANY:
        return WriteAny(value, static_cast<pb::Any*>(made));
      case Descriptor::WELLKNOWNTYPE_STRUCT:
        return WriteStruct(value, static_cast<pb::Struct*>(made));
      case Descriptor::WELLKNOWNTYPE_LISTVALUE:
        return WriteList(value, static_cast<pb::ListValue*>(made));
      case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
        if (value.kind != Kind::kTimestamp) return kUnsupported;
        made->CopyFrom(TimestampOf(value));
        return kDone;
      case Descriptor::WELLKNOWNTYPE_DURATION:
        if (value.kind != Kind::kDuration) return kUnsupported;
        made->CopyFrom(DurationOf(value));
        return kDone;
      default:
        break;
    }
    if (value.kind == Kind::kMessage &&
        value.message->GetDescriptor() == made->GetDescriptor()) {
      made->CopyFrom(*value.message);
      return kDone;
    }
    const bool wrapper = known >= Descriptor::WELLKNOWNTYPE_DOUBLEVALUE &&
                         known <= Descriptor::WELLKNOWNTYPE_BOOLVALUE;
    if (!wrapper) return kUnsupported;
    return WriteField(value, *made->GetDescriptor()->field(0), types_, arena_,
                      made);
  }

  const FieldDescriptor& field_;
  const MessageTypes& types_;
  Arena* const arena_;
  Message* const message_;
  const pb::Reflection& reflection_;
};

}  // namespace

const char* WriteField(const Value& value, const FieldDescriptor& field,
                       const MessageTypes& types, Arena* arena,
                       Message* message) {
  const pb::Reflection& reflection = *message->GetReflection();
  if (field.is_map()) {
    if (value.kind != Kind::kMap) return kUnsupported;
    const Descriptor& entry = *field.message_type();
    for (uint32_t i = 0; i < value.aux; ++i) {
      if (value.items[2 * i + 1].kind == Kind::kNull &&
          entry.map_value()->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
          entry.map_value()->message_type()->well_known_type() !=
              Descriptor::WELLKNOWNTYPE_VALUE &&
          entry.map_value()->message_type()->well_known_type() !=
              Descriptor::WELLKNOWNTYPE_ANY) {
        continue;
      }
      Message* one = reflection.AddMessage(message, &field, types.factory);
      const char* error = FieldWriter(*entry.map_key(), types, arena, one)
                              .Write(value.items[2 * i]);
      if (*error == '\0') {
        error = FieldWriter(*entry.map_value(), types, arena, one)
                    .Write(value.items[2 * i + 1]);
      }
      if (*error != '\0') return error;
    }
    return kDone;
  }
  FieldWriter writer(field, types, arena, message);
  if (!field.is_repeated()) return writer.Write(value);
  if (value.kind != Kind::kList) return kUnsupported;
  for (uint32_t i = 0; i < value.aux; ++i) {
    const char* error = writer.Write(ListElement(value, i));
    if (*error != '\0') return error;
  }
  return kDone;
}

}  // namespace portrisk::scoring::cel
