#include "service/simulate/json_lines.h"

#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"

namespace portrisk::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

void AppendTwo(int value, std::string* out) {
  out->push_back(static_cast<char>('0' + value / 10));
  out->push_back(static_cast<char>('0' + value % 10));
}

void AppendNumber(int64_t value, std::string* out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  out->append(text, end.ptr);
}

// The shortest text that reads back as the same number.
void AppendDouble(double value, std::string* out) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  out->append(text, end.ptr);
}

// Year, month and day of a number of days since 1970 (Hinnant's algorithm).
void AppendDate(int64_t days, std::string* out) {
  days += 719468;
  const int64_t era = days / 146097;
  const int64_t of_era = days - era * 146097;
  const int64_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year =
      of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * of_year + 2) / 153;
  const int day = static_cast<int>(of_year - (153 * shifted + 2) / 5 + 1);
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  AppendNumber(year_of_era + era * 400 + (month <= 2), out);
  out->push_back('-');
  AppendTwo(month, out);
  out->push_back('-');
  AppendTwo(day, out);
}

void AppendTimestamp(const Timestamp& stamp, std::string* out) {
  out->push_back('"');
  const int64_t seconds = stamp.seconds();
  AppendDate(seconds / 86400, out);
  const int of_day = static_cast<int>(seconds % 86400);
  out->push_back('T');
  AppendTwo(of_day / 3600, out);
  out->push_back(':');
  AppendTwo(of_day / 60 % 60, out);
  out->push_back(':');
  AppendTwo(of_day % 60, out);
  if (stamp.nanos() != 0) absl::StrAppendFormat(out, ".%09d", stamp.nanos());
  out->append("Z\"");
}

}  // namespace

struct JsonPrinter::Plan {
  struct Field {
    const FieldDescriptor* field;
    std::string key;                // With quotes and colon.
    std::unique_ptr<Plan> message;  // Of a message field but Timestamp.
    bool timestamp;
  };
  std::vector<Field> fields;

  explicit Plan(const Descriptor* type) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      Field one;
      one.field = field;
      one.key = absl::StrCat("\"", field->json_name(), "\":");
      const bool is_message =
          field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      one.timestamp = is_message && field->message_type()->full_name() ==
                                        Timestamp::descriptor()->full_name();
      if (is_message && !one.timestamp) {
        one.message = std::make_unique<Plan>(field->message_type());
      }
      fields.push_back(std::move(one));
    }
  }

  void Print(const Message& message, std::string* out) const;
  void PrintValue(const Field& field, const Message& message, int index,
                  std::string* out) const;
  void PrintText(const Field& field, const std::string& text,
                 std::string* out) const;
};

void JsonPrinter::Plan::PrintText(const Field& field, const std::string& text,
                                  std::string* out) const {
  if (field.field->type() == FieldDescriptor::TYPE_BYTES) {
    AppendJsonString(absl::Base64Escape(text), out);
  } else {
    AppendJsonString(text, out);
  }
}

// `index` is -1 for a field that is not repeated.
void JsonPrinter::Plan::PrintValue(const Field& field, const Message& message,
                                   int index, std::string* out) const {
  const Reflection& r = *message.GetReflection();
  const FieldDescriptor* f = field.field;
  const bool one = index < 0;
  std::string scratch;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      PrintText(field,
                one ? r.GetStringReference(message, f, &scratch)
                    : r.GetRepeatedStringReference(message, f, index, &scratch),
                out);
      return;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value =
          one ? r.GetEnum(message, f) : r.GetRepeatedEnum(message, f, index);
      AppendJsonString(value->name(), out);
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      out->append(
          (one ? r.GetBool(message, f) : r.GetRepeatedBool(message, f, index))
              ? "true"
              : "false");
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      AppendNumber(
          one ? r.GetInt32(message, f) : r.GetRepeatedInt32(message, f, index),
          out);
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      AppendNumber(one ? r.GetUInt32(message, f)
                       : r.GetRepeatedUInt32(message, f, index),
                   out);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      AppendDouble(one ? r.GetDouble(message, f)
                       : r.GetRepeatedDouble(message, f, index),
                   out);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      AppendJsonString(
          absl::StrCat(one ? r.GetInt64(message, f)
                           : r.GetRepeatedInt64(message, f, index)),
          out);
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      AppendJsonString(
          absl::StrCat(one ? r.GetUInt64(message, f)
                           : r.GetRepeatedUInt64(message, f, index)),
          out);
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& value = one ? r.GetMessage(message, f)
                                 : r.GetRepeatedMessage(message, f, index);
      if (field.timestamp) {
        AppendTimestamp(static_cast<const Timestamp&>(value), out);
      } else {
        field.message->Print(value, out);
      }
      return;
    }
    default:
      out->append("null");
  }
}

void JsonPrinter::Plan::Print(const Message& message, std::string* out) const {
  const Reflection& r = *message.GetReflection();
  char lead = '{';
  for (const Field& field : fields) {
    if (field.field->is_repeated()) {
      const int size = r.FieldSize(message, field.field);
      if (size == 0) continue;
      out->push_back(std::exchange(lead, ','));
      out->append(field.key);
      for (int i = 0; i < size; ++i) {
        out->push_back(i == 0 ? '[' : ',');
        PrintValue(field, message, i, out);
      }
      out->push_back(']');
    } else if (r.HasField(message, field.field)) {
      out->push_back(std::exchange(lead, ','));
      out->append(field.key);
      PrintValue(field, message, -1, out);
    }
  }
  if (lead == '{') out->push_back('{');
  out->push_back('}');
}

JsonPrinter::JsonPrinter(const Descriptor* type)
    : plan_(std::make_unique<Plan>(type)) {}

JsonPrinter::~JsonPrinter() = default;

void JsonPrinter::Append(const Message& message, std::string* out) const {
  plan_->Print(message, out);
}

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.data() + from, i - from);
    from = i + 1;
    if (c < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", c);
    } else {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    }
  }
  out->append(text.data() + from, text.size() - from);
  out->push_back('"');
}

void AppendJsonTime(int64_t seconds, std::string* out) {
  Timestamp stamp;
  stamp.set_seconds(seconds);
  AppendTimestamp(stamp, out);
}

}  // namespace portrisk::service
