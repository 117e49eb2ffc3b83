// Parts shared by the calls on the completion queue.
#ifndef PORTRISK_SERVICE_COMPLETION_H_
#define PORTRISK_SERVICE_COMPLETION_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"
#include "portrisk/v1/scoring_service.grpc.pb.h"

namespace portrisk::service {

// Hot methods take and give bytes, so that a stored assessment is answered as
// it is; the others are synchronous.
using ScoringBase = v1::ScoringService::WithRawMethod_ScoreMovement<
    v1::ScoringService::WithRawMethod_BatchScoreMovements<
        v1::ScoringService::WithRawMethod_StreamScoreMovements<
            v1::ScoringService::Service>>>;

// What a completion queue hands back.
class Tag {
 public:
  virtual ~Tag() = default;
  virtual void Proceed(bool ok) = 0;
};

bool Parse(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* out);
grpc::ByteBuffer ToBuffer(absl::string_view bytes);

// Appends a length-delimited protobuf field.
void AppendField(int number, absl::string_view bytes, std::string* out);

// What a caller without a role of customs gets of a serialised assessment: that
// it was taken, and the control where the profile lets it have it. Its size
// tells nothing else. Empty when the assessment does not parse.
std::string Acknowledgement(absl::string_view assessment);

// A serialised ScoreResult: the assessment, or else the error.
std::string ResultBytes(const absl::Status& status,
                        absl::string_view assessment);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_COMPLETION_H_
