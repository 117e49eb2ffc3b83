// What the readers make of a folder of real files.
#ifndef PORTRISK_SERVICE_FORMATS_SURVEY_H_
#define PORTRISK_SERVICE_FORMATS_SURVEY_H_

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "service/formats/reader.h"

namespace portrisk::service {

struct SurveyOptions {
  // Folder of column mappings (*.yaml) for CSV files; each file is read with
  // the mapping that fits its header best. Missing: none are known, and the
  // table says so.
  std::string mappings = "deploy/mappings";
  // What else is a reject.
  MovementCheck check = nullptr;
};

// Walks `dir`, tells each file's format by its name and first bytes, reads it,
// and prints one aligned line a file: format, records, movements, rejects,
// what was tolerated and the most frequent reasons of rejects; a file that no
// reader takes says why. Totals stand at the end. Movements are counted and
// dropped. Links are not followed.
//
// NOT_FOUND when `dir` is no folder; one file is no folder's failure.
absl::Status SurveyFolder(const std::string& dir, std::ostream& out,
                          const SurveyOptions& options = {});

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_SURVEY_H_
