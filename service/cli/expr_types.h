// The message types that expressions of `portrisk expr` know: those of the
// protobuf library, and those of a descriptor file.
#ifndef PORTRISK_SERVICE_CLI_EXPR_TYPES_H_
#define PORTRISK_SERVICE_CLI_EXPR_TYPES_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/type_resolver.h"
#include "scoring/cel/message_types.h"

namespace portrisk::service::cli {

class ExprTypes {
 public:
  ExprTypes();

  // Adds the files of a serialised google.protobuf.FileDescriptorSet, as
  // `protoc --include_imports --descriptor_set_out=FILE` writes it.
  absl::Status Load(const std::string& path);

  // Valid as long as this lives.
  scoring::cel::MessageTypes types();

  // Between a message and the JSON form of google.protobuf.Any, which names
  // the type under "@type".
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> FromJson(
      const std::string& json);
  // A message of the named type from its own JSON form.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> FromJson(
      const std::string& type, const std::string& json);
  absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::util::TypeResolver> resolver_;
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_EXPR_TYPES_H_
