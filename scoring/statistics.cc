#include "scoring/statistics.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Values kept of one field.
constexpr size_t kValuesMax = 64;

bool IsTime(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->well_known_type() !=
             Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

// References and names have no skew worth learning, and have no business here.
bool HoldsCode(const FieldDescriptor& field) {
  static const auto* const codes =
      new std::vector<absl::string_view>{"source",
                                         "type_code",
                                         "operator_code",
                                         "locode",
                                         "facility",
                                         "facility_code_list",
                                         "vessel_imo",
                                         "carrier_code",
                                         "next_locode",
                                         "previous_locode",
                                         "commodity",
                                         "origin_locode",
                                         "loading_locode",
                                         "discharge_locode",
                                         "transhipment_locode",
                                         "destination_locode",
                                         "country",
                                         "id_scheme"};
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return true;
  return std::find(codes->begin(), codes->end(), field.name()) != codes->end();
}

std::string TextOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "1" : "0";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat(reflection.GetEnumValue(message, &field));
    default:
      return reflection.GetString(message, &field);
  }
}

// Calls `visit` with the path of every single field, in order of declaration.
void ForEachPath(const Descriptor& type, const std::string& prefix,
                 const std::function<void(const std::string&)>& visit) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string path = absl::StrCat(prefix, ".", field.name());
    visit(path);
    if (!field.is_repeated() && field.message_type() != nullptr &&
        !IsTime(field)) {
      ForEachPath(*field.message_type(), path, visit);
    }
  }
}

}  // namespace

void StatisticsBuilder::Add(const v1::Movement& movement) {
  ++movements_;
  AddFields(movement, "movement");
}

void StatisticsBuilder::AddFields(const Message& message,
                                  const std::string& prefix) {
  std::vector<const FieldDescriptor*> present;
  message.GetReflection()->ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    const std::string path = absl::StrCat(prefix, ".", field->name());
    Field& known = fields_[path];
    ++known.present;
    if (field->is_repeated() || IsTime(*field)) continue;
    if (field->message_type() != nullptr) {
      AddFields(message.GetReflection()->GetMessage(message, field), path);
    } else if (HoldsCode(*field)) {
      ++known.values[TextOf(message, *field)];
    }
  }
}

v1::Statistics StatisticsBuilder::Take(uint64_t last_sequence) const {
  v1::Statistics result;
  result.set_last_sequence(last_sequence);
  result.set_movements(movements_);
  ForEachPath(*v1::Movement::descriptor(), "movement",
              [&](const std::string& path) {
                v1::FieldSample* sample = result.add_fields();
                sample->set_field(path);
                sample->set_absent(movements_);
                const auto found = fields_.find(path);
                if (found == fields_.end()) return;
                sample->set_absent(movements_ - found->second.present);
                std::vector<std::pair<uint32_t, std::string>> values;
                for (const auto& [text, count] : found->second.values) {
                  values.emplace_back(count, text);
                }
                std::sort(values.begin(), values.end(),
                          [](const auto& a, const auto& b) {
                            return a.first != b.first ? a.first > b.first
                                                      : a.second < b.second;
                          });
                values.resize(std::min(values.size(), kValuesMax));
                for (auto& [count, text] : values) {
                  sample->add_values(std::move(text));
                  sample->add_counts(count);
                }
              });
  return result;
}

}  // namespace portrisk::scoring
