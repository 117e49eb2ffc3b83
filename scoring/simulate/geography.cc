#include "scoring/simulate/geography.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "scoring/simulate/sea_network.h"

namespace portrisk::scoring::simulate {
namespace {

// Between ports at one waypoint ships round headlands and follow channels.
constexpr double kCoastalDetour = 1.2;

// Where loads that deserve a look come from. Made up for this world, and no
// statement about the places.
bool IsRiskyOrigin(const char* locode) {
  for (const char* risky : {"ECGYE", "ECPBO", "COTRB", "COBUN", "BRSSZ",
                            "BRNVT", "CRMOB", "PEPAI", "DOCAU"}) {
    if (std::strcmp(risky, locode) == 0) return true;
  }
  return false;
}

Port FromRow(const PortRow& row) {
  Port port;
  port.locode = row.locode;
  port.country = port.locode.substr(0, 2);
  port.place = {row.latitude, row.longitude};
  port.region = row.region;
  port.weight = row.weight;
  port.utc_offset_h = row.utc_offset_h;
  port.uses_pins = row.uses_pins;
  port.risky_origin = IsRiskyOrigin(row.locode);
  port.gate_at_night = row.weight >= 8;
  const std::string place = port.locode.substr(2);
  for (int i = 1; i <= row.terminals; ++i) {
    port.terminals.push_back(absl::StrCat(place, "T", i));
  }
  for (int i = 1; i <= 1 + row.weight / 6; ++i) {
    port.depots.push_back(absl::StrCat(place, "D", i));
  }
  return port;
}

}  // namespace

Geography::Geography() {
  for (const PortRow& row : PortTable()) ports_.push_back(FromRow(row));
  MeasureSea();
}

int Geography::Find(const std::string& locode) const {
  for (size_t i = 0; i < ports_.size(); ++i) {
    if (ports_[i].locode == locode) return static_cast<int>(i);
  }
  return -1;
}

int32_t Geography::AirKm(int from, int to) const {
  return static_cast<int32_t>(
      std::lround(DistanceKm(ports_[from].place, ports_[to].place)));
}

void Geography::MeasureSea() {
  const SeaNetwork network;
  const std::vector<PortRow>& rows = PortTable();
  // Each port's waypoints with the way to them.
  struct Way {
    int waypoint;
    double km;
  };
  std::vector<std::vector<Way>> ways(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const char* name : {rows[i].waypoint, rows[i].waypoint_2}) {
      const int waypoint = SeaNetwork::Find(name);
      if (waypoint < 0) continue;
      const Coordinates there = {SeaNetwork::Latitude(waypoint),
                                 SeaNetwork::Longitude(waypoint)};
      ways[i].push_back({waypoint, DistanceKm(ports_[i].place, there)});
    }
  }
  sea_km_.assign(rows.size() * rows.size(), 0);
  for (size_t a = 0; a < rows.size(); ++a) {
    for (size_t b = 0; b < rows.size(); ++b) {
      if (a == b) continue;
      const double air = DistanceKm(ports_[a].place, ports_[b].place);
      double best = 1e9;
      for (const Way& from : ways[a]) {
        for (const Way& to : ways[b]) {
          const double km =
              from.waypoint == to.waypoint
                  ? air * kCoastalDetour
                  : from.km + to.km + network.Km(from.waypoint, to.waypoint);
          best = std::min(best, km);
        }
      }
      sea_km_[a * rows.size() + b] =
          static_cast<int32_t>(std::lround(std::max(best, air)));
    }
  }
}

}  // namespace portrisk::scoring::simulate
