// Ports, their terminals and depots, and the sea between them.
//
// Ports are real UN/LOCODEs at their real places. Terminals, depots and their
// codes are made up. Sea distances run along a network of straits, capes and
// canals, so that they are the ways that ships go and never shorter than the
// great circle.
#ifndef PORTRISK_SCORING_SIMULATE_GEOGRAPHY_H_
#define PORTRISK_SCORING_SIMULATE_GEOGRAPHY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "scoring/reference.h"

namespace portrisk::scoring::simulate {

enum Region : uint8_t {
  kChina,
  kNortheastAsia,
  kSoutheastAsia,
  kSouthAsia,
  kMiddleEast,
  kMediterranean,
  kNorthEurope,
  kWestAfrica,
  kSouthAfrica,  // And east.
  kAmericaEast,
  kAmericaWest,
  kCaribbean,  // And Central America.
  kAndes,      // The west coast of South America.
  kPlate,      // The east coast of South America.
  kOceania,
  kRegionCount
};

// As the table has it: one line a port.
struct PortRow {
  const char* locode;
  double latitude;
  double longitude;
  Region region;
  // Share of its region's trade, in no unit.
  uint16_t weight;
  int8_t utc_offset_h;
  uint8_t terminals;
  // Containers leave against a PIN; elsewhere against a right that passes
  // from party to party.
  bool uses_pins;
  // The nearest waypoints of the sea network, by name; "" where one is all.
  const char* waypoint;
  const char* waypoint_2;
};

const std::vector<PortRow>& PortTable();

struct Port {
  std::string locode;
  std::string country;  // ISO 3166, two letters.
  Coordinates place;
  Region region;
  uint32_t weight;
  int8_t utc_offset_h;
  bool uses_pins;
  bool risky_origin;  // Loads that deserve a look come from here.
  bool gate_at_night;
  std::vector<std::string> terminals;
  std::vector<std::string> depots;
};

class Geography {
 public:
  Geography();

  const std::vector<Port>& ports() const { return ports_; }
  const Port& port(int index) const { return ports_[index]; }
  // Index of a port, or -1.
  int Find(const std::string& locode) const;
  // By sea, in whole kilometres.
  int32_t SeaKm(int from, int to) const {
    return sea_km_[from * ports_.size() + to];
  }
  // By the great circle, in whole kilometres.
  int32_t AirKm(int from, int to) const;

 private:
  void MeasureSea();

  std::vector<Port> ports_;
  std::vector<int32_t> sea_km_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_GEOGRAPHY_H_
