// Parts shared by the calls on the completion queue.
#ifndef PORTRISK_SERVICE_COMPLETION_H_
#define PORTRISK_SERVICE_COMPLETION_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"
#include "service/thread_sanitizer.h"

namespace portrisk::service {

// What a completion queue hands back.
class Tag {
 public:
  virtual ~Tag() = default;
  virtual void Proceed(bool ok) = 0;
};

// Begins what the queue is to hand back `tag` for: `begin` calls gRPC, and
// nothing of the tag is used after it, since it may be gone.
template <typename Begin>
void HandOver(Tag* tag, Begin begin) {
  thread_sanitizer::Release(tag);
  const thread_sanitizer::Unseen unseen;
  begin();
}
// The next tag; null when the queue is shut down and empty.
inline Tag* TakeBack(grpc::CompletionQueue* queue, bool* ok) {
  void* tag = nullptr;
  {
    const thread_sanitizer::Unseen unseen;
    if (!queue->Next(&tag, ok)) return nullptr;
  }
  thread_sanitizer::Acquire(tag);
  return static_cast<Tag*>(tag);
}

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
