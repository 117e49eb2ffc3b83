#include "service/formats/field_path.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

absl::Status Bad(absl::string_view reason, absl::string_view text,
                 absl::string_view remedy) {
  return absl::InvalidArgumentError(
      absl::StrCat(reason, ": \"", Excerpt(text.substr(0, 60)), "\" ", remedy));
}

bool IsTime(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field->message_type() == Timestamp::descriptor();
}

bool IsNumber(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return true;
    default:
      return false;
  }
}

bool IsLeaf(const FieldDescriptor* field) {
  return field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || IsTime(field);
}

// The fields along `path`, outermost first.
absl::Status Resolve(const Descriptor* type, absl::string_view path,
                     std::vector<const FieldDescriptor*>* fields) {
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field =
        type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
    if (field == nullptr) {
      return Bad("NO_SUCH_FIELD", path,
                 "is no field of the message; use paths such as "
                 "container.number or occurrence_time");
    }
    fields->push_back(field);
    type = IsLeaf(field) ? nullptr : field->message_type();
  }
  if (!IsLeaf(fields->back())) {
    return Bad("NO_SUCH_FIELD", path, "is a message; name a field inside it");
  }
  if (fields->back()->type() == FieldDescriptor::TYPE_BYTES) {
    return Bad("NO_SUCH_FIELD", path, "cannot be set from text");
  }
  return absl::OkStatus();
}

// The message that holds the last field of the path.
Message* Descend(Message* message,
                 const std::vector<const FieldDescriptor*>& fields) {
  for (size_t i = 0; i + 1 < fields.size(); ++i) {
    const auto* reflection = message->GetReflection();
    const FieldDescriptor* field = fields[i];
    if (!field->is_repeated()) {
      message = reflection->MutableMessage(message, field);
      continue;
    }
    const int size = reflection->FieldSize(*message, field);
    Message* last = size == 0 ? nullptr
                              : reflection->MutableRepeatedMessage(
                                    message, field, size - 1);
    const FieldDescriptor* next = fields[i + 1];
    const bool taken = last != nullptr && !next->is_repeated() &&
                       (last->GetReflection()->HasField(*last, next));
    message = last == nullptr || taken ? reflection->AddMessage(message, field)
                                       : last;
  }
  return message;
}

// Points a decimal comma, which is as common in what people export.
absl::Status Point(std::string* text, bool* decimal_comma) {
  if (std::count(text->begin(), text->end(), ',') != 1) return absl::OkStatus();
  if (MayPartThousands(*text)) {
    return Bad("BAD_NUMBER", *text,
               "may mean thousands or a fraction; write it without the comma, "
               "as 21500 or 21.5");
  }
  (*text)[text->find(',')] = '.';
  *decimal_comma = true;
  return absl::OkStatus();
}

absl::Status ParseNumber(absl::string_view text, double low, double high,
                         double* number) {
  if (!ParseDecimal(text, number) || !std::isfinite(*number)) {
    return Bad("BAD_NUMBER", text, "is no number; write 27000 or 27000.5");
  }
  if (*number < low || *number > high) {
    return Bad("BAD_NUMBER", text, "is out of range for the field");
  }
  return absl::OkStatus();
}

absl::Status ParseTimeText(absl::string_view text, const TimeText& times,
                           absl::Time* time) {
  std::string error;
  const std::string format =
      times.format.empty() ? std::string(absl::RFC3339_full) : times.format;
  if (absl::ParseTime(format, text, times.zone, time, &error)) {
    if (*time >= absl::FromUnixSeconds(-62135596800) &&
        *time <= absl::FromUnixSeconds(253402300799)) {
      return absl::OkStatus();
    }
    return Bad("BAD_TIME", text, "lies outside the years 1 to 9999");
  }
  return Bad("BAD_TIME", text,
             times.format.empty()
                 ? "is no time; write 2026-01-31T08:15:00Z, or give the "
                   "column a format"
                 : absl::StrCat("is not of the form ", times.format));
}

absl::Status SetEnum(Message* message, const FieldDescriptor* field,
                     absl::string_view text) {
  std::string name = absl::AsciiStrToUpper(text);
  for (char& c : name) {
    if (c == ' ' || c == '-') c = '_';
  }
  const EnumValueDescriptor* value = field->enum_type()->FindValueByName(name);
  if (value == nullptr) {
    return Bad("BAD_VALUE", text,
               absl::StrCat("is no ", field->enum_type()->name(),
                            "; write a name such as ",
                            field->enum_type()->value(1)->name(),
                            ", or map it under `values`"));
  }
  message->GetReflection()->SetEnum(message, field, value);
  return absl::OkStatus();
}

absl::Status SetBool(Message* message, const FieldDescriptor* field,
                     absl::string_view text) {
  bool value;
  if (!absl::SimpleAtob(text, &value)) {
    return Bad("BAD_VALUE", text, "is neither true nor false");
  }
  message->GetReflection()->SetBool(message, field, value);
  return absl::OkStatus();
}

template <typename Integer>
absl::Status SetInteger(Message* message, const FieldDescriptor* field,
                        absl::string_view text,
                        void (google::protobuf::Reflection::*set)(
                            Message*, const FieldDescriptor*, Integer) const) {
  // Weights come as 27000.0 as often as not; within 2^53 a double is exact.
  constexpr double kExact = 9007199254740992.0;
  double number = 0;
  const double low = std::max<double>(
      static_cast<double>(std::numeric_limits<Integer>::min()), -kExact);
  const double high = std::min<double>(
      static_cast<double>(std::numeric_limits<Integer>::max()), kExact);
  if (absl::Status parsed = ParseNumber(text, low, high, &number);
      !parsed.ok()) {
    return parsed;
  }
  (message->GetReflection()->*set)(message, field,
                                   static_cast<Integer>(std::round(number)));
  return absl::OkStatus();
}

absl::Status SetDouble(Message* message, const FieldDescriptor* field,
                       absl::string_view text) {
  constexpr double kAny = std::numeric_limits<double>::max();
  double number = 0;
  if (absl::Status parsed = ParseNumber(text, -kAny, kAny, &number);
      !parsed.ok()) {
    return parsed;
  }
  message->GetReflection()->SetDouble(message, field, number);
  return absl::OkStatus();
}

absl::Status SetTime(Message* message, const FieldDescriptor* field,
                     absl::string_view text, const TimeText& times) {
  absl::Time time;
  if (absl::Status parsed = ParseTimeText(text, times, &time); !parsed.ok()) {
    return parsed;
  }
  *static_cast<Timestamp*>(
      message->GetReflection()->MutableMessage(message, field)) = ToProto(time);
  return absl::OkStatus();
}

absl::Status SetText(Message* message, const FieldDescriptor* field,
                     absl::string_view text) {
  if (!IsValidUtf8(text)) return Bad("BAD_VALUE", text, "is not UTF-8");
  const auto* reflection = message->GetReflection();
  if (field->is_repeated()) {
    reflection->AddString(message, field, std::string(text));
  } else {
    reflection->SetString(message, field, std::string(text));
  }
  return absl::OkStatus();
}

absl::Status SetLeaf(Message* message, const FieldDescriptor* field,
                     absl::string_view text, const TimeText& times) {
  using google::protobuf::Reflection;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return SetText(message, field, text);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, text);
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(message, field, text);
    case FieldDescriptor::CPPTYPE_INT32:
      return SetInteger<int32_t>(message, field, text, &Reflection::SetInt32);
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetInteger<uint32_t>(message, field, text, &Reflection::SetUInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return SetInteger<int64_t>(message, field, text, &Reflection::SetInt64);
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetInteger<uint64_t>(message, field, text, &Reflection::SetUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return SetDouble(message, field, text);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetTime(message, field, text, times);
    default:
      return Bad("NO_SUCH_FIELD", field->name(), "cannot be set from text");
  }
}

}  // namespace

absl::Status SetField(Message* message, absl::string_view path,
                      absl::string_view text, const TimeText& times,
                      bool* decimal_comma) {
  std::vector<const FieldDescriptor*> fields;
  if (absl::Status known = Resolve(message->GetDescriptor(), path, &fields);
      !known.ok()) {
    return known;
  }
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return absl::OkStatus();
  std::string pointed;
  if (decimal_comma != nullptr && IsNumber(fields.back()) &&
      absl::StrContains(text, ',')) {
    pointed = std::string(text);
    absl::Status status = Point(&pointed, decimal_comma);
    if (!status.ok()) return status;
    text = pointed;
  }
  return SetLeaf(Descend(message, fields), fields.back(), text, times);
}

absl::Status CheckPath(const Descriptor* type, absl::string_view path) {
  std::vector<const FieldDescriptor*> fields;
  return Resolve(type, path, &fields);
}

}  // namespace portrisk::service
