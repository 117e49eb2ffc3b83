// What the business steps of EPCIS 2.0 report of a container.
#ifndef PORTRISK_SERVICE_FORMATS_EPCIS_H_
#define PORTRISK_SERVICE_FORMATS_EPCIS_H_

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "portrisk/v1/movement.pb.h"
#include "simdjson.h"

namespace portrisk::service {

struct EpcisStep {
  absl::string_view step;  // Last word of a bizStep.
  v1::Event event;
};
absl::Span<const EpcisStep> EpcisSteps();

// "geo:52.1,4.5" (RFC 5870); false when it is none.
bool ParseGeoUri(absl::string_view uri, double* latitude, double* longitude);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_EPCIS_H_
