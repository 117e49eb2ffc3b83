// What is read of each format, field by field: printed from the tables that
// the readers interpret, so that it cannot say anything else.
#ifndef PORTRISK_SERVICE_FORMATS_FORMATS_TABLE_H_
#define PORTRISK_SERVICE_FORMATS_FORMATS_TABLE_H_

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace portrisk::service {

// A place in a JSON event and the field it fills. The readers of JSON are not
// driven by these rows; a test reads `sample` at each place instead.
struct JsonPlace {
  absl::string_view format;  // "dcsa 2.2", "dcsa 3.0", "epcis 2.0".
  absl::string_view pointer;
  absl::string_view sample;  // JSON.
  absl::string_view field;   // As Field::path.
};
absl::Span<const JsonPlace> JsonPlacesRead();

// Prints the overview, or all of one format or message type ("edifact",
// "CODECO", "x12", "315", "dcsa", "epcis", "csv", "jsonl"), or of all.
// NOT_FOUND names what there is.
absl::Status PrintFormats(const std::string& name, std::ostream& out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_FORMATS_TABLE_H_
