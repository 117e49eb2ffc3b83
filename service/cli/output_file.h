// A file that a command writes, compressed as its name says.
#ifndef PORTRISK_SERVICE_CLI_OUTPUT_FILE_H_
#define PORTRISK_SERVICE_CLI_OUTPUT_FILE_H_

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portrisk::service::cli {

// Lifecycle: Open, Write, Close; destroyed without Close, the file is removed.
class OutputFile {
 public:
  // "-" is standard output, compressed as `compression` says: "zstd", "gzip" or
  // "none". Any other is made anew with mode 0600, compressed where its name
  // ends in .zst or .gz.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(
      const std::string& path, const std::string& compression);
  ~OutputFile();

  absl::Status Write(absl::string_view text);
  // All of it is with the system when this returns OK.
  absl::Status Close();

 private:
  // Turns text into what is written; one for each kind of compression.
  class Coder;
  class Zstd;
  class Gzip;

  OutputFile() = default;
  absl::Status Put(absl::string_view bytes);
  absl::Status Failed() const;  // As errno says.

  std::string path_;  // "": standard output.
  std::FILE* file_ = nullptr;
  std::unique_ptr<Coder> coder_;  // Null: as it is.
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_OUTPUT_FILE_H_
