// Movements as proto JSON lines, fast.
//
// What protobuf's own printer writes takes it about 15 us a movement; a world
// has tens of millions. This one knows no field by name either, but looks the
// descriptors up once; tests read everything back with protobuf's parser.
#ifndef PORTRISK_SERVICE_SIMULATE_JSON_LINES_H_
#define PORTRISK_SERVICE_SIMULATE_JSON_LINES_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace portrisk::service {

// Prints messages of one type. Presence as proto JSON has it: what is unset is
// left out. Equal messages give equal bytes. Maps, floats and Any are not
// supported: no message of ours has one. Immutable; any number of threads.
class JsonPrinter {
 public:
  explicit JsonPrinter(const google::protobuf::Descriptor* type);
  ~JsonPrinter();

  // Appends one object without a line end.
  void Append(const google::protobuf::Message& message, std::string* out) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

// Appends the text as a JSON string with its quotes.
void AppendJsonString(absl::string_view text, std::string* out);
// Appends seconds since 1970 as RFC 3339 in quotes.
void AppendJsonTime(int64_t seconds, std::string* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SIMULATE_JSON_LINES_H_
