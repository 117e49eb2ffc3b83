// A map of ways between ports, as SVG: great circles over a grid of degrees. No
// coast is drawn, since no reference data have one; the ports are named.
#ifndef PORTRISK_SERVICE_EVALUATION_MAP_H_
#define PORTRISK_SERVICE_EVALUATION_MAP_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/reference.h"

namespace portrisk::service {

struct MapRoute {
  std::string from;
  std::string to;
  scoring::Coordinates from_place;
  scoring::Coordinates to_place;
  uint64_t units = 0;
  // Lower end of the share of those controlled; 0: nothing was found, absent:
  // none was controlled.
  std::optional<double> finds;
  std::string title;  // Shown where a pointer rests.
};

// Steps of the colours of finds above 0, up to each. They are fixed, so that a
// colour says the same on every map: one find of one control, whose lower end
// is 20.7 %, is always of the first.
struct MapStep {
  const char* colour;
  double up_to;
};
inline constexpr MapStep kMapSteps[] = {
    {"#fdb863", 0.25}, {"#e66101", 0.5}, {"#a50026", 1}};
inline constexpr char kMapNotControlled[] = "#b8bfc7";
inline constexpr char kMapNoFinds[] = "#7fb3d5";

// Empty when there is no route. Routes with more finds lie above others.
// `label` is for those who hear the page.
std::string RouteMap(std::vector<MapRoute> routes,
                     absl::string_view label = "");

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_MAP_H_
