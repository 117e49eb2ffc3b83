// Requests as bytes: what is too large, or would become much more in memory
// than it is on the wire, is refused before it is parsed.
#ifndef PORTRISK_SERVICE_REQUEST_READER_H_
#define PORTRISK_SERVICE_REQUEST_READER_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace portrisk::service {

// Most fields of a request, those of the messages in it included. Two bytes
// make an empty message, which takes a hundred and more of memory.
inline constexpr size_t kRequestFieldsMax = 200'000;

// INVALID_ARGUMENT (TOO_MANY_FIELDS). What is no message is so to its parser.
absl::Status CheckFields(absl::string_view bytes,
                         const google::protobuf::Descriptor& type);

// INVALID_ARGUMENT: REQUEST_TOO_LARGE, TOO_MANY_FIELDS, UNPARSABLE_REQUEST.
absl::Status ReadRequest(const grpc::ByteBuffer& bytes, size_t bytes_max,
                         google::protobuf::Message* request);

// INVALID_ARGUMENT (REQUEST_TOO_LARGE).
absl::Status RequestTooLarge(size_t bytes_max);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REQUEST_READER_H_
