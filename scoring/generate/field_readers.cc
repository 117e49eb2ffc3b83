// Build step: writes a function for every field a condition can reach, from
// the descriptors, so that evaluation reads fields as compiled code would and
// nobody keeps a second list of them.
//
//   generate_field_readers OUTPUT.cc
#include <cstdio>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void Collect(const Descriptor* type, std::set<std::string>* seen,
             std::vector<const Descriptor*>* types) {
  if (type->file()->package() != "portrisk.v1") return;
  if (!seen->insert(type->full_name()).second) return;
  types->push_back(type);
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->message_type() != nullptr) {
      Collect(type->field(i)->message_type(), seen, types);
    }
  }
}

// portrisk::v1::Outer_Inner
std::string ClassName(const Descriptor& type) {
  std::string name = type.name();
  for (const Descriptor* at = type.containing_type(); at != nullptr;
       at = at->containing_type()) {
    name = absl::StrCat(at->name(), "_", name);
  }
  return absl::StrCat("portrisk::v1::", name);
}

std::string FunctionName(const FieldDescriptor& field) {
  return absl::StrCat("Read_",
                      absl::StrReplaceAll(field.full_name(), {{".", "_"}}));
}

// What follows once the field is known to be present.
std::string Assignment(const FieldDescriptor& field, const std::string& get) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat("*value = Value::Int(", get, ");\n  return true;");
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat("*value = Value::Uint(", get, ");\n  return true;");
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat("*value = Value::Double(", get, ");\n  return true;");
    case FieldDescriptor::CPPTYPE_BOOL:
      return absl::StrCat("*value = Value::Bool(", get, ");\n  return true;");
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("*value = Value::Int(", get,
                          ");\n  return value->i != 0;");
    case FieldDescriptor::CPPTYPE_STRING:
      return absl::StrCat(
          "*value = Value::Text(Kind::",
          field.type() == FieldDescriptor::TYPE_BYTES ? "kBytes" : "kString",
          ", ", get, ");\n  return value->aux != 0;");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("*value = ValueOf(", get, ");\n  return true;");
  }
  return "";
}

std::string Function(const FieldDescriptor& field) {
  const std::string name = field.lowercase_name();
  std::string text = absl::StrCat(
      "bool ", FunctionName(field),
      "(const Message& message, const FieldDescriptor& field, Value* value) "
      "{\n  const auto& m = static_cast<const ",
      ClassName(*field.containing_type()), "&>(message);\n");
  if (field.is_repeated()) {
    absl::StrAppend(&text, "  *value = Value::Repeated(&m, &field, m.", name,
                    "_size());\n  return value->aux != 0;\n}\n\n");
    return text;
  }
  if (field.has_presence()) {
    absl::StrAppend(&text, "  if (!m.has_", name, "()) return false;\n");
  }
  absl::StrAppend(&text, "  ",
                  Assignment(field, absl::StrCat("m.", name, "()")), "\n}\n\n");
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: generate_field_readers OUTPUT.cc\n");
    return 2;
  }
  std::set<std::string> seen;
  std::vector<const Descriptor*> types;
  Collect(portrisk::v1::Movement::descriptor(), &seen, &types);
  Collect(portrisk::v1::ContainerView::descriptor(), &seen, &types);
  Collect(portrisk::v1::RightView::descriptor(), &seen, &types);
  Collect(portrisk::v1::PartyView::descriptor(), &seen, &types);
  Collect(portrisk::v1::VesselView::descriptor(), &seen, &types);
  Collect(portrisk::v1::RouteView::descriptor(), &seen, &types);
  Collect(portrisk::v1::FacilityView::descriptor(), &seen, &types);
  Collect(portrisk::v1::SourceView::descriptor(), &seen, &types);
  Collect(portrisk::v1::UsualView::descriptor(), &seen, &types);
  std::string code =
      "// Generated from the descriptors by scoring/generate.\n"
      "#include \"absl/container/flat_hash_map.h\"\n"
      "#include \"portrisk/v1/history.pb.h\"\n"
      "#include \"portrisk/v1/movement.pb.h\"\n"
      "#include \"portrisk/v1/usual.pb.h\"\n"
      "#include \"scoring/cel/field_readers.h\"\n\n"
      "namespace portrisk::scoring::cel {\nnamespace {\n\n"
      "using google::protobuf::FieldDescriptor;\n"
      "using google::protobuf::Message;\n\n";
  std::string table;
  for (const Descriptor* type : types) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      code += Function(field);
      absl::StrAppend(&table, "          {\"", field.full_name(), "\", ",
                      FunctionName(field), "},\n");
    }
  }
  absl::StrAppend(
      &code,
      "}  // namespace\n\nFieldReader FindFieldReader(const FieldDescriptor& "
      "field) {\n  if (field.file()->pool() !=\n"
      "      google::protobuf::DescriptorPool::generated_pool()) {\n"
      "    return nullptr;\n  }\n"
      "  static const auto* const readers =\n"
      "      new absl::flat_hash_map<std::string, FieldReader>{\n",
      table,
      "      };\n  const auto found = readers->find(field.full_name());\n"
      "  return found == readers->end() ? nullptr : found->second;\n}\n\n"
      "}  // namespace portrisk::scoring::cel\n");
  std::ofstream out(argv[1]);
  out << code;
  return out.flush() ? 0 : 1;
}
