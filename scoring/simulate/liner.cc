// Time. Rotation `sailing` of a service starts at phase + sailing weeks; a
// vessel sails every `weeks`-th of them. What passes the last call goes on
// with the same vessel in rotation sailing + weeks. Delays are a function of
// service, sailing and call, so nothing has to be simulated in order; slack at
// the end of a rotation keeps one rotation's delay out of the next.
#include "scoring/simulate/liner.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "scoring/simulate/rotations.h"
#include "scoring/simulate/times.h"

namespace portrisk::scoring::simulate {
namespace {

// Minutes late, the same for all calls of one rotation of one vessel.
constexpr Quantiles kLateMinutes = {0, 0, 20, 120, 360, 720, 1440, 2000, 2160};
constexpr int64_t kJitterMax = 150 * kMinute;
constexpr int64_t kSlack = 44 * kHour;
static_assert(kSlack > 2160 * kMinute + 2 * kJitterMax);
// What waiting at a hub takes, as planned.
constexpr int64_t kHubMean = 6 * kDay;
constexpr int64_t kLegMax = 45 * kDay;
constexpr size_t kRoutesMax = 4;

constexpr const char* kFirst[] = {"Silver",  "Northern", "Quiet",  "Golden",
                                  "Distant", "Early",    "Gentle", "Patient",
                                  "Bright",  "Western",  "Hollow", "Steady"};
constexpr const char* kSecond[] = {"Heron",  "Meridian", "Lantern", "Harbour",
                                   "Willow", "Compass",  "Osprey",  "Current",
                                   "Beacon", "Anchor",   "Juniper", "Tern"};

Vessel MakeVessel(uint32_t number) {
  Vessel vessel;
  vessel.name = absl::StrCat(kFirst[number % 12], " ",
                             kSecond[number / 12 % 12], " ", number / 144 + 1);
  // No ship has a number that begins with 3.
  const uint32_t six = 300'000 + number * 37 % 100'000;
  vessel.imo = absl::StrCat(six, ImoCheckDigit(six));
  vessel.call_sign = absl::StrFormat("QZ%03d", number);
  return vessel;
}

int64_t StayOf(const Port& port, Random* random) {
  return random->Between(12, 18 + static_cast<int64_t>(port.weight)) * kHour;
}

}  // namespace

int ImoCheckDigit(uint32_t six_digits) {
  uint32_t sum = 0;
  for (uint32_t weight = 2; weight <= 7; ++weight, six_digits /= 10) {
    sum += six_digits % 10 * weight;
  }
  return static_cast<int>(sum % 10);
}

const std::vector<Carrier>& Carriers() {
  // Letters that no register has given to anybody.
  static const auto* const carriers = new std::vector<Carrier>{
      {"QZAL", "QZAU", "Azimuth Line"},   {"QZBL", "QZBU", "Borealis Shipping"},
      {"QZCL", "QZCU", "Cassia Ocean"},   {"QZDL", "QZDU", "Delft Container"},
      {"QZEL", "QZEU", "Estrela Marine"}, {"QZFL", "QZFU", "Fulmar Lines"},
      {"QZGL", "QZGU", "Gannet Feeders"}, {"QZHL", "QZHU", "Hesper Carriers"},
  };
  return *carriers;
}

Liner::Liner(uint64_t seed, const Geography& geography)
    : seed_(Mix({seed, 0x11})),
      geography_(geography),
      ports_(static_cast<int>(geography.ports().size())) {
  Random random(seed_);
  MakeServices(&random);
  FindRoutes();
}

void Liner::MakeServices(Random* random) {
  for (const std::vector<int>& rotation : MakeRotations(geography_, random)) {
    MakeService(rotation, random);
  }
}

void Liner::MakeService(const std::vector<int>& ports, Random* random) {
  Service service;
  const int number = static_cast<int>(services_.size());
  service.code = absl::StrFormat("S%02d", number + 1);
  service.carrier = static_cast<int>(
      random->Skewed(static_cast<uint32_t>(Carriers().size())));
  service.speed_kmh = static_cast<int>(random->Between(26, 36));
  int64_t at = 0;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Port& port = geography_.port(ports[i]);
    Call call;
    call.port = ports[i];
    call.terminal = static_cast<int>(
        random->Below(static_cast<uint32_t>(port.terminals.size())));
    call.arrive = at;
    call.depart = at + StayOf(port, random);
    service.calls.push_back(call);
    const int next = ports[(i + 1) % ports.size()];
    // Pilot and approach at both ends beside the way itself.
    at = call.depart +
         geography_.SeaKm(ports[i], next) * kHour / service.speed_kmh +
         random->Between(4, 8) * kHour;
  }
  service.weeks = static_cast<int>((at + kSlack + kWeek - 1) / kWeek);
  service.first_vessel = static_cast<int>(vessels_.size());
  service.phase = random->Below(static_cast<uint32_t>(kWeek));
  for (int i = 0; i < service.weeks; ++i) {
    vessels_.push_back(MakeVessel(static_cast<uint32_t>(vessels_.size())));
  }
  services_.push_back(std::move(service));
}

const Call& Liner::CallOf(const RouteLeg& leg, bool destination) const {
  return services_[leg.service]
      .calls[destination ? leg.to_call : leg.from_call];
}

const Vessel& Liner::VesselOf(int service, int64_t sailing) const {
  const Service& s = services_[service];
  return vessels_[s.first_vessel + sailing % s.weeks];
}

int64_t Liner::Delay(int service, int64_t sailing, int call) const {
  const uint64_t s = static_cast<uint64_t>(service);
  const uint64_t n = static_cast<uint64_t>(sailing);
  Random rotation(Mix({seed_, 1, s, n}));
  Random own(Mix({seed_, 2, s, n, static_cast<uint64_t>(call)}));
  return rotation.Draw(kLateMinutes) * kMinute + own.Between(0, kJitterMax);
}

int64_t Liner::At(int service, int64_t sailing, int call,
                  bool departure) const {
  const Call& c = services_[service].calls[call];
  return services_[service].phase + sailing * kWeek +
         (departure ? c.depart : c.arrive) + Delay(service, sailing, call);
}

int64_t Liner::SailingAfter(int service, int call, int64_t time) const {
  const Service& s = services_[service];
  const int64_t since = time - s.phase - s.calls[call].depart;
  // Delays only add: the planned departure decides.
  return since <= 0 ? 0 : (since + kWeek - 1) / kWeek;
}

int64_t Liner::Departure(const RouteLeg& leg, int64_t sailing) const {
  return At(leg.service, sailing, leg.from_call, true);
}

int64_t Liner::ArrivalToLoad(const RouteLeg& leg, int64_t sailing) const {
  return At(leg.service, sailing, leg.from_call, false);
}

int64_t Liner::Arrival(const RouteLeg& leg, int64_t sailing) const {
  if (leg.to_call < leg.from_call) sailing += services_[leg.service].weeks;
  return At(leg.service, sailing, leg.to_call, false);
}

int64_t Liner::DepartureAfterDischarge(const RouteLeg& leg,
                                       int64_t sailing) const {
  if (leg.to_call < leg.from_call) sailing += services_[leg.service].weeks;
  return At(leg.service, sailing, leg.to_call, true);
}

int64_t Liner::Planned(const RouteLeg& leg) const {
  const Service& s = services_[leg.service];
  int64_t span = s.calls[leg.to_call].arrive - s.calls[leg.from_call].depart;
  if (leg.to_call < leg.from_call) span += s.weeks * kWeek;
  return span;
}

void Liner::Direct(int service, std::vector<std::vector<RouteLeg>>* by_origin) {
  const int calls = static_cast<int>(services_[service].calls.size());
  for (int from = 0; from < calls; ++from) {
    for (int to = 0; to < calls; ++to) {
      const RouteLeg leg = {service, from, to};
      const int origin = CallOf(leg, false).port;
      if (origin == CallOf(leg, true).port || Planned(leg) > kLegMax) continue;
      (*by_origin)[origin].push_back(leg);
    }
  }
}

void Liner::FindRoutes() {
  std::vector<std::vector<RouteLeg>> legs(ports_);
  for (size_t s = 0; s < services_.size(); ++s) {
    Direct(static_cast<int>(s), &legs);
  }
  routes_.resize(static_cast<size_t>(ports_) * ports_);
  const auto add = [this](int from, int to, Route route) {
    std::vector<Route>& routes = routes_[from * ports_ + to];
    const auto after = std::upper_bound(
        routes.begin(), routes.end(), route,
        [](const Route& a, const Route& b) { return a.duration < b.duration; });
    routes.insert(after, std::move(route));
    if (routes.size() > kRoutesMax) routes.pop_back();
  };
  for (int from = 0; from < ports_; ++from) {
    for (const RouteLeg& first : legs[from]) {
      const int via = CallOf(first, true).port;
      add(from, via, {{first}, Planned(first)});
      for (const RouteLeg& second : legs[via]) {
        const int to = CallOf(second, true).port;
        if (to == from || second.service == first.service) continue;
        // A transhipment only where it does not lead far around.
        if (geography_.SeaKm(from, via) + geography_.SeaKm(via, to) >
            geography_.SeaKm(from, to) * 14 / 10) {
          continue;
        }
        add(from, to,
            {{first, second}, Planned(first) + kHubMean + Planned(second)});
      }
    }
  }
}

}  // namespace portrisk::scoring::simulate
