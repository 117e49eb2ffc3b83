// A facility, or all of a UN/LOCODE: what belongs to it.
#ifndef PORTRISK_SERVICE_PLACE_FILTER_H_
#define PORTRISK_SERVICE_PLACE_FILTER_H_

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/text_checks.h"

namespace portrisk::service {

// "NLRTM/ECTDELTA", "NLRTM".
inline std::string PlaceName(absl::string_view locode,
                             absl::string_view facility) {
  return facility.empty() ? std::string(locode)
                          : absl::StrCat(locode, "/", facility);
}

struct PlaceFilter {
  // Of "NLRTM/ECTDELTA" or "NLRTM"; none: it is not of that form.
  static std::optional<PlaceFilter> Parse(absl::string_view name) {
    const size_t slash = name.find('/');
    PlaceFilter place{std::string(name.substr(0, slash)), ""};
    if (slash != name.npos)
      place.facility = std::string(name.substr(slash + 1));
    if (!IsLocode(place.locode) ||
        (slash != name.npos && place.facility.empty())) {
      return std::nullopt;
    }
    return place;
  }

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
