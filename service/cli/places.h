// "NLRTM/ECTDELTA" or "NLRTM", as an option.
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

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_PLACES_H_
