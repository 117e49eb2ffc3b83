#include <string>

#include "absl/time/time.h"
#include "service/formats/dcsa_event.h"
#include "service/formats/json_events.h"
#include "service/formats/output.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

constexpr size_t kSourceBytesMax = 64;

class DcsaReader : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;

 private:
  absl::Status Take(simdjson::dom::element event) override;
};

absl::Status DcsaReader::Take(simdjson::dom::element event) {
  const int offset_min = output()->options().default_utc_offset_min;
  DcsaResult result =
      ReadDcsaEvent(event, absl::FixedTimeZone(offset_min * 60));
  for (const std::string& reason : result.tolerated) output()->Tolerate(reason);
  if (!result.reason.empty()) {
    Refuse(result.pointer, result.reason, result.message);
    return absl::OkStatus();
  }
  for (v1::Movement& movement : result.movements) {
    if (movement.source().empty()) movement.set_source("dcsa");
    std::string* source = movement.mutable_source();
    while (source->size() > kSourceBytesMax || !IsValidUtf8(*source)) {
      source->pop_back();
    }
    if (absl::Status sunk = Emit(std::move(movement)); !sunk.ok()) {
      return sunk;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadDcsa(std::istream& in, Output* output) {
  return DcsaReader(in, JsonSplitter::Envelope::kEvents, output).Read();
}

}  // namespace portrisk::service
