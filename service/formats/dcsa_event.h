// One DCSA track and trace event to movements: version 2.2, and what 3.0 (beta
// and release) writes elsewhere in the object.
#ifndef PORTRISK_SERVICE_FORMATS_DCSA_EVENT_H_
#define PORTRISK_SERVICE_FORMATS_DCSA_EVENT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "portrisk/v1/movement.pb.h"
#include "simdjson.h"

namespace portrisk::service {

// An event type and its code, and what they report. SHIPMENT events report by
// the document they are about.
struct DcsaCode {
  absl::string_view type;
  absl::string_view code;
  v1::Event event;
};
absl::Span<const DcsaCode> DcsaCodes();

// What an event gave.
struct DcsaResult {
  std::vector<v1::Movement> movements;  // One for each container it names.
  std::vector<std::string> tolerated;
  // Set when there is none: reason, remedy, and the JSON pointer within the
  // event that it is about.
  std::string reason;
  std::string message;
  std::string pointer;
};

// Never fails otherwise. Times without a zone are in `zone`.
DcsaResult ReadDcsaEvent(simdjson::dom::element event, absl::TimeZone zone);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_DCSA_EVENT_H_
