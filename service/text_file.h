// A file that is read whole: what operators and authors hand over.
#ifndef PORTRISK_SERVICE_TEXT_FILE_H_
#define PORTRISK_SERVICE_TEXT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace portrisk::service {

// NOT_FOUND when there is none; FAILED_PRECONDITION when it cannot be read (a
// folder, a bad disk). The message says why. An ifstream would take a folder
// for an empty file, and what reads its buffer directly would throw.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_TEXT_FILE_H_
