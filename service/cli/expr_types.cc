#include "service/cli/expr_types.h"

#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "google/protobuf/wrappers.pb.h"

namespace portrisk::service::cli {
namespace {

namespace pb = google::protobuf;

constexpr const char* kUrlPrefix = "type.googleapis.com";
constexpr const char* kAnyUrl = "type.googleapis.com/google.protobuf.Any";

// Loading a type's file also makes its types known to JSON.
void LinkWellKnownTypes() {
  pb::Any::descriptor();
  pb::Struct::descriptor();
  pb::Int32Value::descriptor();
}

absl::Status FromProto(const pb::util::Status& status) {
  return absl::InvalidArgumentError(
      absl::string_view(status.message().data(), status.message().size()));
}

}  // namespace

ExprTypes::ExprTypes()
    : pool_(pb::DescriptorPool::generated_pool()),
      factory_(&pool_),
      resolver_(
          pb::util::NewTypeResolverForDescriptorPool(kUrlPrefix, &pool_)) {
  LinkWellKnownTypes();
  // So that a Timestamp is the library's own class, whoever refers to it.
  factory_.SetDelegateToGeneratedFactory(true);
  // Comparing messages reports every type of an Any that only this pool knows.
  pb::SetLogHandler(nullptr);
}

absl::Status ExprTypes::Load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  pb::FileDescriptorSet set;
  if (!in || !set.ParseFromIstream(&in)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " is no serialised FileDescriptorSet; write one with protoc "
        "--include_imports --descriptor_set_out=FILE ..."));
  }
  // A file may stand before those it imports.
  std::vector<const pb::FileDescriptorProto*> left;
  for (const auto& file : set.file()) left.push_back(&file);
  while (!left.empty()) {
    std::vector<const pb::FileDescriptorProto*> later;
    for (const auto* file : left) {
      if (pool_.FindFileByName(file->name()) != nullptr) continue;
      bool ready = true;
      for (const std::string& import : file->dependency()) {
        ready &= pool_.FindFileByName(import) != nullptr;
      }
      if (!ready) {
        later.push_back(file);
      } else if (pool_.BuildFile(*file) == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": ", file->name(), " has mistakes"));
      }
    }
    if (later.size() == left.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", later[0]->name(),
                       " imports a file that is not in the set"));
    }
    left = std::move(later);
  }
  return absl::OkStatus();
}

scoring::cel::MessageTypes ExprTypes::types() { return {&pool_, &factory_}; }

absl::StatusOr<std::unique_ptr<pb::Message>> ExprTypes::FromJson(
    const std::string& json) {
  std::string binary;
  const auto status =
      pb::util::JsonToBinaryString(resolver_.get(), kAnyUrl, json, &binary);
  if (!status.ok()) return FromProto(status);
  pb::Any any;
  any.ParseFromString(binary);
  const std::string& url = any.type_url();
  const pb::Message* prototype =
      types().Prototype(url.substr(url.find_last_of('/') + 1));
  if (prototype == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("@type names no known message: ", url));
  }
  std::unique_ptr<pb::Message> message(prototype->New());
  message->ParseFromString(any.value());
  return message;
}

absl::StatusOr<std::unique_ptr<pb::Message>> ExprTypes::FromJson(
    const std::string& type, const std::string& json) {
  const pb::Message* prototype = types().Prototype(type);
  if (prototype == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no message type ", type));
  }
  std::string binary;
  const auto status = pb::util::JsonToBinaryString(
      resolver_.get(), absl::StrCat(kUrlPrefix, "/", type), json, &binary);
  if (!status.ok()) return FromProto(status);
  std::unique_ptr<pb::Message> message(prototype->New());
  message->ParseFromString(binary);
  return message;
}

absl::StatusOr<std::string> ExprTypes::ToJson(const pb::Message& message) {
  pb::Any any;
  any.set_type_url(
      absl::StrCat(kUrlPrefix, "/", message.GetDescriptor()->full_name()));
  any.set_value(message.SerializeAsString());
  std::string json;
  const auto status = pb::util::BinaryToJsonString(
      resolver_.get(), kAnyUrl, any.SerializeAsString(), &json);
  if (!status.ok()) return FromProto(status);
  return json;
}

}  // namespace portrisk::service::cli
