// Liner services: rotations of real ports, one departure a week, the vessels
// that sail them, and the routes that cargo can take.
#ifndef PORTRISK_SCORING_SIMULATE_LINER_H_
#define PORTRISK_SCORING_SIMULATE_LINER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "scoring/simulate/geography.h"
#include "scoring/simulate/random.h"

namespace portrisk::scoring::simulate {

struct Vessel {
  std::string name;
  std::string imo;  // Seven digits, the last one checks.
  std::string call_sign;
};

// The check digit of six digits of an IMO number.
int ImoCheckDigit(uint32_t six_digits);

// Offsets are seconds from the start of a rotation.
struct Call {
  int port;
  int terminal;  // Index into the port's terminals.
  int64_t arrive;
  int64_t depart;
};

struct Service {
  std::string code;
  int carrier;
  int speed_kmh;
  std::vector<Call> calls;
  int weeks;  // Length of a rotation, and number of vessels.
  int first_vessel;
  int64_t phase;  // When rotation 0 started.
};

// Aboard one vessel from one call to another.
struct RouteLeg {
  int service;
  int from_call;
  int to_call;
};

struct Route {
  std::vector<RouteLeg> legs;  // One, or two with a transhipment.
  int64_t duration;            // As planned, with the wait at a hub.
};

struct Carrier {
  std::string code;    // Four letters, as a SCAC.
  std::string prefix;  // Of its container numbers, four letters.
  std::string name;
};
const std::vector<Carrier>& Carriers();

class Liner {
 public:
  Liner(uint64_t seed, const Geography& geography);

  const std::vector<Service>& services() const { return services_; }
  const std::vector<Vessel>& vessels() const { return vessels_; }
  const Call& CallOf(const RouteLeg& leg, bool destination) const;
  const Vessel& VesselOf(int service, int64_t sailing) const;
  // Number of the first sailing that leaves the call at `time` or later.
  int64_t SailingAfter(int service, int call, int64_t time) const;
  // As it came to be, delays included. `sailing` is the one of departure.
  int64_t Departure(const RouteLeg& leg, int64_t sailing) const;
  int64_t ArrivalToLoad(const RouteLeg& leg, int64_t sailing) const;
  int64_t Arrival(const RouteLeg& leg, int64_t sailing) const;
  int64_t DepartureAfterDischarge(const RouteLeg& leg, int64_t sailing) const;

  // Best first, at most four; empty where no service leads.
  const std::vector<Route>& Routes(int from, int to) const {
    return routes_[from * ports_ + to];
  }

 private:
  void MakeServices(Random* random);
  void MakeService(const std::vector<int>& ports, Random* random);
  void FindRoutes();
  void Direct(int service, std::vector<std::vector<RouteLeg>>* by_origin);
  int64_t Planned(const RouteLeg& leg) const;
  int64_t Delay(int service, int64_t sailing, int call) const;
  int64_t At(int service, int64_t sailing, int call, bool departure) const;

  const uint64_t seed_;
  const Geography& geography_;
  const int ports_;
  std::vector<Service> services_;
  std::vector<Vessel> vessels_;
  std::vector<std::vector<Route>> routes_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_LINER_H_
