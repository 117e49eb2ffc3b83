#include "service/request_reader.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "service/errors.h"
#include "service/wire_reader.h"

namespace portrisk::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Protobuf parses no deeper.
constexpr int kDepthMax = 100;

absl::Status Unparsable() {
  return Error(absl::StatusCode::kInvalidArgument, "UNPARSABLE_REQUEST",
               "the request is not a valid protobuf message of this method; is "
               "every string UTF-8, and was it made from this version's "
               "proto?");
}

absl::Status TooManyFields() {
  return Error(absl::StatusCode::kInvalidArgument, "TOO_MANY_FIELDS",
               absl::StrCat("the request has more than the ", kRequestFieldsMax,
                            " fields that one may have; send less in one"),
               {{"request_fields_max", absl::StrCat(kRequestFieldsMax)}});
}

// Takes the fields of a message off what is left of those that there may be. A
// group, behind which the reader sees nothing, is none of ours.
absl::Status CountFields(absl::string_view bytes, const Descriptor& type,
                         int depth, size_t* left) {
  WireReader in(bytes);
  while (in.Next()) {
    if ((*left)-- == 0) return TooManyFields();
    if (in.type() != WireReader::Type::kBytes || depth == kDepthMax) continue;
    const FieldDescriptor* const field =
        type.FindFieldByNumber(static_cast<int>(in.field()));
    if (field == nullptr ||
        field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    absl::Status status =
        CountFields(in.bytes(), *field->message_type(), depth + 1, left);
    if (!status.ok()) return status;
  }
  return in.ok() ? absl::OkStatus() : Unparsable();
}

}  // namespace

absl::Status RequestTooLarge(size_t bytes_max) {
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_TOO_LARGE",
               absl::StrCat("the request has more than the ", bytes_max,
                            " bytes that this method takes; send less in one"),
               {{"request_bytes_max", absl::StrCat(bytes_max)}});
}

absl::Status CheckFields(absl::string_view bytes, const Descriptor& type) {
  // No field is shorter than two bytes.
  if (bytes.size() / 2 <= kRequestFieldsMax) return absl::OkStatus();
  size_t left = kRequestFieldsMax;
  return CountFields(bytes, type, 0, &left);
}

absl::Status ReadRequest(const grpc::ByteBuffer& bytes, size_t bytes_max,
                         google::protobuf::Message* request) {
  if (!bytes.Valid()) return Unparsable();  // The caller has sent none.
  if (bytes.Length() > bytes_max) return RequestTooLarge(bytes_max);
  if (bytes.Length() == 0) return absl::OkStatus();
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok()) return Unparsable();
  const absl::string_view text(reinterpret_cast<const char*>(slice.begin()),
                               slice.size());
  const absl::Status counted = CheckFields(text, *request->GetDescriptor());
  if (!counted.ok()) return counted;
  if (!request->ParseFromArray(text.data(), static_cast<int>(text.size()))) {
    return Unparsable();
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
