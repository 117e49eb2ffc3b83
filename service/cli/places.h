// "NLRTM/ECTDELTA" or "NLRTM", as an option; reasons, as lines.
#ifndef PORTRISK_SERVICE_CLI_PLACES_H_
#define PORTRISK_SERVICE_CLI_PLACES_H_

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "service/text_checks.h"

namespace portrisk::service::cli {

// Sets locode and facility of a request.
template <typename Request>
absl::Status SetPlace(const std::string& text, Request* request) {
  const size_t slash = text.find('/');
  request->set_locode(text.substr(0, slash));
  if (slash != std::string::npos) request->set_facility(text.substr(slash + 1));
  if (IsLocode(request->locode())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--facility ", text,
                   " is no UN/LOCODE in capitals, such as NLRTM or "
                   "NLRTM/ECTDELTA"));
}

// A typing error looks like a quiet day.
inline void WarnUnknown(const std::string& place) {
  std::cerr << "no movement at " << place
            << " has ever been reported; codes are compared letter by letter\n";
}

// A text of several lines below a line that is indented by `by`.
inline std::string Indented(const std::string& text, size_t by) {
  std::string out;
  for (const char c : text) {
    out.push_back(c);
    if (c == '\n') out.append(by, ' ');
  }
  return out;
}

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_PLACES_H_
