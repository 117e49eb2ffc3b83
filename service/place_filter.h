// A facility, or all of a UN/LOCODE: what belongs to it.
#ifndef PORTRISK_SERVICE_PLACE_FILTER_H_
#define PORTRISK_SERVICE_PLACE_FILTER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::service {

struct PlaceFilter {
  std::string locode;
  std::string facility;  // Empty: any of the locode.

  bool Holds(absl::string_view at_locode, absl::string_view at_facility) const {
    return at_locode == locode && (facility.empty() || at_facility == facility);
  }

  // Whether a unit is a visit there: "MSKU1234565@NLRTM/ECTDELTA#3".
  bool HoldsUnit(absl::string_view unit) const {
    const size_t at = unit.find('@');
    const size_t slash = unit.find('/', at);
    const size_t end = unit.find_last_of("#~");
    if (at == unit.npos || slash == unit.npos || end == unit.npos ||
        end < slash) {
      return false;
    }
    return Holds(unit.substr(at + 1, slash - at - 1),
                 unit.substr(slash + 1, end - slash - 1));
  }
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PLACE_FILTER_H_
