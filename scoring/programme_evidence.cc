#include "scoring/programme_evidence.h"

#include <charconv>

#include "scoring/cel/fields.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring {
namespace {

using cel::Kind;
using cel::Value;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void AppendHex(absl::string_view bytes, std::string* out) {
  constexpr absl::string_view kDigits = "0123456789abcdef";
  for (const char byte : bytes) {
    out->push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    out->push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
  }
}

template <typename T>
void AppendNumber(T value, std::string* out) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out->append(buffer, end.ptr - buffer);
}

void AppendInt(const Value& value, const FieldDescriptor& field,
               std::string* out) {
  const auto* name =
      field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM
          ? field.enum_type()->FindValueByNumber(static_cast<int>(value.i))
          : nullptr;
  if (name != nullptr) {
    out->append(name->name());
  } else {
    AppendNumber(value.i, out);
  }
}

void AppendMessage(const google::protobuf::Message& message, std::string* out) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    Value value;
    if (type.field(i)->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        !type.field(i)->is_repeated() &&
        cel::ReadField(message, {type.field(i), message.GetReflection()},
                       &value) &&
        value.kind == Kind::kString) {
      out->append(value.s, value.aux);
      return;
    }
  }
  out->append("present");
}

void Append(const Value& value, const FieldDescriptor& field,
            std::string* out) {
  char buffer[cel::kTimeTextMax];
  const cel::TimePoint time{value.i, static_cast<int32_t>(value.aux)};
  switch (value.kind) {
    case Kind::kBool:
      out->append(value.b ? "true" : "false");
      break;
    case Kind::kInt:
      AppendInt(value, field, out);
      break;
    case Kind::kUint:
      AppendNumber(value.u, out);
      break;
    case Kind::kDouble:
      AppendNumber(value.d, out);
      break;
    case Kind::kString:
      out->append(value.s, value.aux);
      break;
    case Kind::kBytes:
      AppendHex(value.text(), out);
      break;
    case Kind::kTimestamp:
      out->append(buffer, cel::FormatTimestamp(time, buffer));
      break;
    case Kind::kDuration:
      out->append(buffer, cel::FormatDuration(time, buffer));
      break;
    case Kind::kMessage:
      AppendMessage(*value.message, out);
      break;
    default:
      break;
  }
}

}  // namespace

void FormatEvidence(const Value& value, const FieldDescriptor& field,
                    std::string* out) {
  out->clear();
  if (value.kind != Kind::kList) return Append(value, field, out);
  for (uint32_t i = 0; i < value.aux; ++i) {
    if (i > 0) out->append(", ");
    Append(cel::ListElement(value, i), field, out);
  }
}

}  // namespace portrisk::scoring
