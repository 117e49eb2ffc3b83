// Days and shares as people write and read them.
#ifndef PORTRISK_SERVICE_CLI_FIGURES_H_
#define PORTRISK_SERVICE_CLI_FIGURES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace portrisk::service::cli {

// Its first second, Unix time.
inline absl::StatusOr<int64_t> ParseDay(const std::string& text) {
  absl::Time time;
  std::string ignored;
  if (absl::ParseTime("%Y-%m-%d", text, absl::UTCTimeZone(), &time, &ignored)) {
    return absl::ToUnixSeconds(time);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no date; write 2026-03-01"));
}

inline std::string Percent(double share) {
  return absl::StrFormat("%.1f%%", 100 * share);
}

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_FIGURES_H_
