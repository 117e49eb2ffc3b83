#include "service/evaluation_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/evaluation_plots.h"

namespace portrisk::service {
namespace {

using scoring::Coordinates;

constexpr double kPi = 3.14159265358979323846;
constexpr double kWidth = 640, kHeightMin = 260, kHeightMax = 460;
constexpr double kMargin = 14;
constexpr int kSteps = 48;  // Of a great circle.
// Of a label: what the largest letters take, those of small screens.
constexpr double kLetter = 12.5, kLine = 20;
constexpr double kDegreeRoom = 46;  // Of the name of a meridian.
constexpr double kDegreesMin = 12;  // Shown at least, so that one port fits.

using Arc = std::vector<Coordinates>;

// Longitudes go on beyond 180 where it crosses that line.
Arc GreatCircle(const Coordinates& a, const Coordinates& b) {
  const auto vector = [](const Coordinates& at) {
    const double phi = at.latitude * kPi / 180, l = at.longitude * kPi / 180;
    return std::array<double, 3>{std::cos(phi) * std::cos(l),
                                 std::cos(phi) * std::sin(l), std::sin(phi)};
  };
  const auto u = vector(a), v = vector(b);
  const double cosine = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  const double angle = std::acos(std::clamp(cosine, -1.0, 1.0));
  Arc arc = {a};
  if (angle < 1e-9) return arc;
  for (int i = 1; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const double p = std::sin((1 - t) * angle), q = std::sin(t * angle);
    double w[3];
    for (int d = 0; d < 3; ++d) w[d] = p * u[d] + q * v[d];
    Coordinates at{std::atan2(w[2], std::hypot(w[0], w[1])) * 180 / kPi,
                   std::atan2(w[1], w[0]) * 180 / kPi};
    while (at.longitude - arc.back().longitude > 180) at.longitude -= 360;
    while (at.longitude - arc.back().longitude < -180) at.longitude += 360;
    arc.push_back(at);
  }
  return arc;
}

// How often the world was gone round, from the meridian `cut` on.
double TurnsOf(double longitude, double cut) {
  return std::floor((longitude - cut) / 360);
}

double Within(double longitude, double cut) {
  return longitude - 360 * TurnsOf(longitude, cut);
}

// The meridian at which the map is cut open: one that the fewest arcs cross,
// of those the nearest to 180 degrees.
double CutOf(const std::vector<Arc>& arcs) {
  double best = 0;
  size_t least = arcs.size() + 1;
  for (int i = 0; i < 36; ++i) {
    const double cut = -180 + 10 * ((i + 1) / 2) * (i % 2 == 0 ? 1 : -1);
    const auto crossing = static_cast<size_t>(
        std::count_if(arcs.begin(), arcs.end(), [&](const Arc& arc) {
          return std::any_of(arc.begin(), arc.end(), [&](const auto& at) {
            return TurnsOf(at.longitude, cut) !=
                   TurnsOf(arc.front().longitude, cut);
          });
        }));
    if (crossing >= least) continue;
    least = crossing;
    best = cut;
  }
  return best;
}

// Of one arc: it leaves the map at one edge and comes back at the other.
std::vector<Arc> PartsOf(const Arc& arc, double cut) {
  std::vector<Arc> parts(1);
  for (size_t i = 0; i < arc.size(); ++i) {
    const double turns = TurnsOf(arc[i].longitude, cut);
    if (i > 0) {
      const Coordinates& last = arc[i - 1];
      const double before = TurnsOf(last.longitude, cut);
      if (turns != before) {
        const double edge = cut + 360 * std::max(turns, before);
        const double share =
            (edge - last.longitude) / (arc[i].longitude - last.longitude);
        const double latitude =
            last.latitude + share * (arc[i].latitude - last.latitude);
        parts.back().push_back({latitude, edge - 360 * before});
        parts.push_back({{latitude, edge - 360 * turns}});
      }
    }
    parts.back().push_back({arc[i].latitude, Within(arc[i].longitude, cut)});
  }
  return parts;
}

// From degrees to the plane: a degree is as long in both directions in the
// middle of what is shown.
struct Frame {
  double west = 1e9, east = -1e9, south = 90, north = -90;
  double scale = 1, squeeze = 1, height = kHeightMin;

  void Cover(const Coordinates& at) {
    west = std::min(west, at.longitude);
    east = std::max(east, at.longitude);
    south = std::min(south, at.latitude);
    north = std::max(north, at.latitude);
  }
  // No further than once round the world from `cut` on.
  void Fit(double cut) {
    const auto widen = [](double* low, double* high, double least) {
      const double room =
          std::max(0.06 * (*high - *low), (least - (*high - *low)) / 2);
      *low -= room;
      *high += room;
    };
    widen(&west, &east, kDegreesMin);
    widen(&south, &north, kDegreesMin);
    west = std::max(west, cut);
    east = std::min(east, cut + 360);
    south = std::max(south, -90.0);
    north = std::min(north, 90.0);
    squeeze = std::cos((south + north) / 2 * kPi / 180);
    scale = (kWidth - 2 * kMargin) / ((east - west) * squeeze);
    height = (north - south) * scale + 2 * kMargin;
    if (height > kHeightMax) {
      scale *= (kHeightMax - 2 * kMargin) / (height - 2 * kMargin);
      height = kHeightMax;
    }
    height = std::max(height, kHeightMin);
  }
  double x(double longitude) const {
    return kWidth / 2 + (longitude - (west + east) / 2) * squeeze * scale;
  }
  double y(double latitude) const {
    return height / 2 - (latitude - (south + north) / 2) * scale;
  }
};

std::string Degrees(double value, const char* positive, const char* negative) {
  const bool is_bare = value == 0 || std::abs(value) == 180;
  return absl::StrFormat("%.0f°%s", std::abs(value),
                         is_bare     ? ""
                         : value > 0 ? positive
                                     : negative);
}

std::string Grid(const Frame& frame) {
  const double span =
      std::max(frame.east - frame.west, frame.north - frame.south);
  const double step = span > 120 ? 30 : span > 45 ? 10 : span > 20 ? 5 : 2;
  const auto line = [](double x1, double y1, double x2, double y2) {
    return absl::StrFormat(
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
        "class=\"grid\"/>",
        x1, y1, x2, y2);
  };
  std::string svg;
  double free = 0;  // From where on there is room for a name.
  for (double at = step * std::ceil((frame.west - 90) / step);
       at <= frame.east + 90; at += step) {
    const double x = frame.x(at);
    if (x < 0 || x > kWidth) continue;
    svg += line(x, 0, x, frame.height);
    if (x < free || x > kWidth - kDegreeRoom) continue;
    free = x + kDegreeRoom;
    const double shown = std::remainder(at, 360);
    absl::StrAppendFormat(
        &svg, "<text x=\"%.1f\" y=\"%.1f\" class=\"degree\">%s</text>", x + 2,
        frame.height - 3, Degrees(shown, "E", "W"));
  }
  for (double at = -90; at <= 90; at += step) {
    const double y = frame.y(at);
    if (y < 0 || y > frame.height) continue;
    svg += line(0, y, kWidth, y);
    absl::StrAppendFormat(&svg,
                          "<text x=\"2\" y=\"%.1f\" class=\"degree\">%s</text>",
                          y - 2, Degrees(at, "N", "S"));
  }
  return svg;
}

struct Port {
  Coordinates place;
  uint64_t units = 0;
};

// Names of ports, those of most units first, where they hide no other.
std::string Labels(const Frame& frame,
                   const std::map<std::string, Port>& ports) {
  std::vector<std::map<std::string, Port>::const_iterator> order;
  for (auto it = ports.begin(); it != ports.end(); ++it) order.push_back(it);
  std::stable_sort(order.begin(), order.end(), [](auto a, auto b) {
    return a->second.units > b->second.units;
  });
  struct Box {
    double left, top, right, bottom;
  };
  std::vector<Box> taken;
  std::string dots, names;
  for (const auto it : order) {
    const double x = frame.x(it->second.place.longitude);
    const double y = frame.y(it->second.place.latitude);
    absl::StrAppendFormat(&dots,
                          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" "
                          "fill=\"#1b1f24\"><title>%s</title></circle>",
                          x, y, HtmlEscape(it->first));
    const double width = kLetter * static_cast<double>(it->first.size());
    const bool to_left = x + 6 + width > kWidth;
    const double left = to_left ? x - 6 - width : x + 6;
    const Box box{left, y - kLine * 0.75, left + width, y + kLine * 0.25};
    if (std::any_of(taken.begin(), taken.end(), [&](const Box& other) {
          return box.left < other.right && other.left < box.right &&
                 box.top < other.bottom && other.top < box.bottom;
        })) {
      continue;
    }
    taken.push_back(box);
    absl::StrAppendFormat(
        &names,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"port\">%s"
        "</text>",
        to_left ? x - 6 : x + 6, y + 4, to_left ? "end" : "start",
        HtmlEscape(it->first));
  }
  return dots + names;
}

const char* ColourOf(const MapRoute& route) {
  if (!route.finds) return kMapNotControlled;
  if (*route.finds == 0) return kMapNoFinds;
  return std::find_if(
             std::begin(kMapSteps), std::end(kMapSteps) - 1,
             [&](const MapStep& step) { return *route.finds <= step.up_to; })
      ->colour;
}

}  // namespace

std::string RouteMap(std::vector<MapRoute> routes, absl::string_view label) {
  if (routes.empty()) return "";
  uint64_t units_max = 1;
  Frame frame;
  std::map<std::string, Port> ports;
  for (const MapRoute& route : routes) {
    units_max = std::max(units_max, route.units);
  }
  // Those without finds first, so that they lie below.
  std::stable_sort(routes.begin(), routes.end(),
                   [](const MapRoute& a, const MapRoute& b) {
                     return a.finds.value_or(-1) < b.finds.value_or(-1);
                   });
  std::vector<Arc> arcs;
  for (const MapRoute& route : routes) {
    arcs.push_back(GreatCircle(route.from_place, route.to_place));
  }
  const double cut = CutOf(arcs);
  std::vector<std::vector<Arc>> drawn;
  for (size_t i = 0; i < routes.size(); ++i) {
    drawn.push_back(PartsOf(arcs[i], cut));
    for (const Arc& part : drawn.back()) {
      for (const Coordinates& at : part) frame.Cover(at);
    }
    for (const auto& [name, place] :
         {std::make_pair(routes[i].from, drawn.back().front().front()),
          std::make_pair(routes[i].to, drawn.back().back().back())}) {
      Port& port = ports[name];
      port.place = place;
      port.units += routes[i].units;
    }
  }
  frame.Fit(cut);
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" class=\"map\" "
      "aria-label=\"%s\">",
      kWidth, frame.height, HtmlEscape(label));
  svg += Grid(frame);
  for (size_t i = 0; i < routes.size(); ++i) {
    std::string path;
    for (const Arc& part : drawn[i]) {
      for (size_t n = 0; n < part.size(); ++n) {
        absl::StrAppendFormat(&path, "%s%.1f %.1f", n == 0 ? "M" : "L",
                              frame.x(part[n].longitude),
                              frame.y(part[n].latitude));
      }
    }
    const double share =
        static_cast<double>(routes[i].units) / static_cast<double>(units_max);
    absl::StrAppendFormat(
        &svg,
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" "
        "stroke-opacity=\"%s\" stroke-linecap=\"round\"><title>%s</title>"
        "</path>",
        path, ColourOf(routes[i]), 0.6 + 3.4 * std::sqrt(share),
        routes[i].finds ? ".85" : ".4", HtmlEscape(routes[i].title));
  }
  return svg + Labels(frame, ports) + "</svg>";
}

}  // namespace portrisk::service
