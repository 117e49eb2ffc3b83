// "NLRTM/ECTDELTA" or "NLRTM", as an option; reasons, as lines.
#ifndef PORTRISK_SERVICE_CLI_PLACES_H_
#define PORTRISK_SERVICE_CLI_PLACES_H_

#include <string>

namespace portrisk::service::cli {

// Sets locode and facility of a request.
template <typename Request>
void SetPlace(const std::string& text, Request* request) {
  const size_t slash = text.find('/');
  request->set_locode(text.substr(0, slash));
  if (slash != std::string::npos) request->set_facility(text.substr(slash + 1));
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
