#include "service/evaluation_csv.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace portrisk::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Cells = std::vector<std::pair<std::string, std::string>>;

std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

// `index` is -1 where the field is no list.
std::string ValueOf(const Message& message, const FieldDescriptor& field,
                    int index) {
  const google::protobuf::Reflection& read = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? read.GetString(message, &field)
                 : read.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? read.GetUInt64(message, &field)
                              : read.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? read.GetUInt32(message, &field)
                              : read.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrFormat(
          "%.12g", one ? read.GetDouble(message, &field)
                       : read.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return read.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return read.GetEnum(message, &field)->name();
    default:
      return "";  // No other kind is in an evaluation; the test sees to it.
  }
}

class Tables {
 public:
  // Rows of `message` in table `name`, after the columns of `keys`; and those
  // of its lists.
  void Add(const Message& message, const std::string& name, const Cells& keys) {
    Cells row = keys;
    Flatten(message, "", &row);
    AddRow(name, row);
    Lists(message, name, keys);
  }
  std::map<std::string, std::string> Take() { return std::move(tables_); }

 private:
  static bool IsTime(const FieldDescriptor& field) {
    return field.message_type() == google::protobuf::Timestamp::descriptor();
  }

  // The columns are there whether the fields are or not.
  static void Flatten(const Message& message, const std::string& prefix,
                      Cells* row) {
    const google::protobuf::Reflection& read = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      const std::string name = absl::StrCat(prefix, field.name());
      if (field.is_repeated()) continue;
      const bool is_there =
          !field.has_presence() || read.HasField(message, &field);
      if (field.message_type() == nullptr) {
        row->emplace_back(name, is_there ? ValueOf(message, field, -1) : "");
      } else if (!IsTime(field)) {
        Flatten(is_there
                    ? read.GetMessage(message, &field)
                    : *google::protobuf::MessageFactory::generated_factory()
                           ->GetPrototype(field.message_type()),
                absl::StrCat(name, "_"), row);
      } else {
        const int64_t seconds = static_cast<const google::protobuf::Timestamp&>(
                                    read.GetMessage(message, &field))
                                    .seconds();
        row->emplace_back(
            name, is_there ? absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                                              absl::FromUnixSeconds(seconds),
                                              absl::UTCTimeZone())
                           : "");
      }
    }
  }

  // Also those in messages inside. `name` is the table of `message`.
  void Lists(const Message& message, const std::string& name,
             const Cells& keys) {
    const google::protobuf::Reflection& read = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (!field.is_repeated()) {
        if (field.message_type() != nullptr && !IsTime(field) &&
            read.HasField(message, &field)) {
          Lists(read.GetMessage(message, &field), name, keys);
        }
        continue;
      }
      // Lists of the report and of a variant are called as they are there.
      const bool is_outer = name == "report" || name == "variants";
      const std::string table =
          is_outer ? field.name() : absl::StrCat(name, "_", field.name());
      for (int n = 0; n < read.FieldSize(message, &field); ++n) {
        Cells own = keys;
        if (!is_outer) own.back().first = absl::StrCat(name, "_n");
        if (table == "variants") {
          // Its name is the first column of itself and a key of the others.
          const Message& variant = read.GetRepeatedMessage(message, &field, n);
          Cells row;
          Flatten(variant, "", &row);
          AddRow(table, row);
          row.resize(1);
          row[0].first = "variant";
          Lists(variant, table, row);
          continue;
        }
        own.emplace_back("n", absl::StrCat(n));
        if (field.message_type() != nullptr) {
          Add(read.GetRepeatedMessage(message, &field, n), table, own);
        } else {
          own.emplace_back("value", ValueOf(message, field, n));
          AddRow(table, own);
        }
      }
    }
  }

  void AddRow(const std::string& name, const Cells& row) {
    std::string& text = tables_[name];
    const auto join = [&](auto part) {
      absl::StrAppend(&text,
                      absl::StrJoin(row, ",",
                                    [&](std::string* out, const auto& cell) {
                                      out->append(Quoted(part(cell)));
                                    }),
                      "\n");
    };
    if (text.empty()) join([](const auto& cell) { return cell.first; });
    join([](const auto& cell) { return cell.second; });
  }

  std::map<std::string, std::string> tables_;
};

}  // namespace

std::map<std::string, std::string> EvaluationTables(
    const v1::EvaluationReport& report) {
  Tables tables;
  tables.Add(report, "report", {});
  return tables.Take();
}

absl::Status WriteEvaluationCsv(const v1::EvaluationReport& report,
                                const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  for (const auto& [name, text] : EvaluationTables(report)) {
    const std::string path = absl::StrCat(directory, "/", name, ".csv");
    std::ofstream file(path, std::ios::binary);
    if (!(file << text) || !file.flush()) {
      return absl::PermissionDeniedError(
          absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
    }
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
