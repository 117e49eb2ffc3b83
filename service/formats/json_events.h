// Events in JSON, one after the other: what DCSA and EPCIS have in common.
#ifndef PORTRISK_SERVICE_FORMATS_JSON_EVENTS_H_
#define PORTRISK_SERVICE_FORMATS_JSON_EVENTS_H_

#include <istream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"
#include "service/formats/json_splitter.h"
#include "service/formats/output.h"
#include "simdjson.h"

namespace portrisk::service {

class JsonEvents {
 public:
  JsonEvents(std::istream& in, JsonSplitter::Envelope envelope, Output* output)
      : splitter_(in, envelope), output_(output) {}
  virtual ~JsonEvents() = default;

  // To the end; what is no event is refused where it stands.
  absl::Status Read();

 protected:
  // An event that parses.
  virtual absl::Status Take(simdjson::dom::element event) = 0;

  // The event at hand, refused; `pointer` goes on from its own.
  void Refuse(absl::string_view pointer, std::string reason,
              std::string message);
  // A movement of the event at hand.
  absl::Status Emit(v1::Movement movement);
  absl::string_view text() const { return splitter_.text(); }
  Output* output() { return output_; }

 private:
  void ReadStray();
  absl::Status ReadRecord();

  JsonSplitter splitter_;
  Output* output_;
  simdjson::dom::parser parser_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_JSON_EVENTS_H_
