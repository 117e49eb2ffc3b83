#include "service/completion.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include "google/protobuf/io/coded_stream.h"
#include "portrisk/v1/scoring_service.pb.h"
#include "service/errors.h"
#include "service/wire_reader.h"

namespace portrisk::service {

bool Parse(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* out) {
  grpc::ByteBuffer shared(buffer);  // Counts references; copies nothing.
  grpc::ProtoBufferReader reader(&shared);
  return reader.status().ok() && out->ParseFromZeroCopyStream(&reader);
}

grpc::ByteBuffer ToBuffer(absl::string_view bytes) {
  grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

void AppendField(int number, absl::string_view bytes, std::string* out) {
  uint8_t header[16];
  uint8_t* end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(
      static_cast<uint32_t>(number) << 3 | 2, header);
  end = google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(
      bytes.size(), end);
  out->append(reinterpret_cast<char*>(header), end - header);
  out->append(bytes.data(), bytes.size());
}

std::string Acknowledgement(absl::string_view assessment) {
  std::string acknowledged;
  absl::string_view control;
  bool may_have_control = false;
  WireReader in(assessment);
  while (in.Next()) {
    if (in.field() <= v1::Assessment::kContainerNumberFieldNumber) {
      acknowledged.append(in.whole().data(), in.whole().size());
    } else if (in.IsNumber(v1::Assessment::kControlFieldNumber)) {
      control = in.whole();
    } else if (in.IsNumber(v1::Assessment::kControlToSenderFieldNumber)) {
      may_have_control = in.number() != 0;
    }
  }
  if (!in.ok()) return "";
  if (may_have_control) acknowledged.append(control.data(), control.size());
  return acknowledged;
}

std::string ResultBytes(const absl::Status& status,
                        absl::string_view assessment) {
  std::string bytes;
  if (status.ok()) {
    AppendField(v1::ScoreResult::kAssessmentFieldNumber, assessment, &bytes);
  } else {
    AppendField(v1::ScoreResult::kErrorFieldNumber,
                ToRpcStatus(status).SerializeAsString(), &bytes);
  }
  return bytes;
}

}  // namespace portrisk::service
