// Structured logs: one JSON object a line on standard error. Never on the hot
// path; never a PIN, a key or a name.
#ifndef PORTRISK_SERVICE_LOG_H_
#define PORTRISK_SERVICE_LOG_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portrisk::service {

using LogFields = std::vector<std::pair<std::string, std::string>>;

void LogInfo(absl::string_view message, const LogFields& fields = {});
// What failed, doing what.
void LogError(absl::string_view action, const absl::Status& status);

// Only warnings and errors from now on.
void QuietLogs();
// The same, as a user reads them: for a command line that runs an engine in
// process.
void LogInWords();

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_LOG_H_
