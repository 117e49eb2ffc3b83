#include "scoring/aggregate_names.h"

#include <cstdio>
#include <cstdlib>
#include <set>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace portrisk::scoring {
namespace {

using cel::Kind;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

void SetMessageType(const Descriptor& type, FieldDescriptorProto* field) {
  field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
  field->set_type_name(absl::StrCat(".", type.full_name()));
}

void SetType(const cel::Type& type, FieldDescriptorProto* field) {
  switch (type.kind) {
    case Kind::kBool:
      return field->set_type(FieldDescriptorProto::TYPE_BOOL);
    case Kind::kUint:
      return field->set_type(FieldDescriptorProto::TYPE_UINT64);
    case Kind::kDouble:
      return field->set_type(FieldDescriptorProto::TYPE_DOUBLE);
    case Kind::kString:
      return field->set_type(FieldDescriptorProto::TYPE_STRING);
    case Kind::kTimestamp:
      return SetMessageType(*google::protobuf::Timestamp::descriptor(), field);
    case Kind::kDuration:
      return SetMessageType(*google::protobuf::Duration::descriptor(), field);
    case Kind::kEnum:
      field->set_type(FieldDescriptorProto::TYPE_ENUM);
      field->set_type_name(absl::StrCat(".", type.enumeration->full_name()));
      return;
    default:
      return field->set_type(FieldDescriptorProto::TYPE_INT64);
  }
}

// What the types above are declared in.
std::set<std::string> FilesOf(const std::vector<AggregateDeclaration>& all) {
  std::set<std::string> files = {
      google::protobuf::Timestamp::descriptor()->file()->name(),
      google::protobuf::Duration::descriptor()->file()->name()};
  for (const AggregateDeclaration& one : all) {
    if (one.type.kind == Kind::kEnum) {
      files.insert(one.type.enumeration->file()->name());
    }
  }
  return files;
}

}  // namespace

AggregateNames::AggregateNames(std::vector<AggregateDeclaration> declarations)
    : declarations_(std::move(declarations)),
      pool_(DescriptorPool::generated_pool()) {
  // Times in it are the generated classes, as everywhere.
  factory_.SetDelegateToGeneratedFactory(true);
  FileDescriptorProto file;
  file.set_name("aggregates of a rule set");
  file.set_package("portrisk.declared");
  // Fields that know whether they are set.
  file.set_syntax("proto2");
  for (const std::string& name : FilesOf(declarations_)) {
    file.add_dependency(name);
  }
  auto* const message = file.add_message_type();
  message->set_name("Aggregates");
  const auto add = [&](const std::string& name) {
    FieldDescriptorProto* const field = message->add_field();
    field->set_name(name);
    field->set_number(message->field_size());
    field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    return field;
  };
  for (const AggregateDeclaration& one : declarations_) {
    SetType(one.type, add(one.name));
    add(absl::StrCat(one.name, kCountSuffix))
        ->set_type(FieldDescriptorProto::TYPE_INT64);
  }
  const FileDescriptor* const built = pool_.BuildFile(file);
  if (built == nullptr) {
    std::fputs("aggregates with names that are no identifiers\n", stderr);
    std::abort();
  }
  type_ = built->message_type(0);
}

std::unique_ptr<google::protobuf::Message> AggregateNames::NewValues() const {
  return std::unique_ptr<google::protobuf::Message>(
      factory_.GetPrototype(type_)->New());
}

}  // namespace portrisk::scoring
