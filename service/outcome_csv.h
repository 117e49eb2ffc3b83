// Outcomes as people and `portrisk simulate` write them: CSV with a header
// line.
#ifndef PORTRISK_SERVICE_OUTCOME_CSV_H_
#define PORTRISK_SERVICE_OUTCOME_CSV_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/outcome.pb.h"
#include "service/formats/reader.h"

namespace portrisk::service {

// What the columns mean, for people: the text behind --help.
extern const char kOutcomeCsvHelp[];

struct OutcomeCsvOptions {
  std::string file;                 // Name for positions.
  std::string source = "outcomes";  // Outcome.source of every row.
};

struct OutcomeCsvSink {
  // With the line it began on. An error ends reading and is returned.
  std::function<absl::Status(uint64_t line, v1::Outcome&&)> outcome;
  // A row that gave none; its position names the column.
  std::function<void(const Reject&)> reject;
};

struct OutcomeCsvSummary {
  uint64_t rows = 0;  // Below the header: each an outcome or a reject.
  uint64_t rejects = 0;
  std::vector<std::string> ignored_columns;
};

// Columns by name, in any order and case, separated by commas, semicolons or
// tabs. Memory does not grow with the file. INVALID_ARGUMENT when the header
// cannot be used; a bad row only spoils itself.
absl::StatusOr<OutcomeCsvSummary> ReadOutcomesCsv(
    std::istream& in, const OutcomeCsvOptions& options,
    const OutcomeCsvSink& sink);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OUTCOME_CSV_H_
