// The systems that report: what each declares complete, and how wrong its
// clock, how slow and how careless it is.
#ifndef PORTRISK_SCORING_SIMULATE_SOURCES_H_
#define PORTRISK_SCORING_SIMULATE_SOURCES_H_

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "portrisk/v1/movement.pb.h"
#include "scoring/simulate/geography.h"
#include "scoring/simulate/random.h"

namespace portrisk::scoring::simulate {

enum class Outlet : uint8_t {
  kTerminal,
  kDepot,
  kCommunity,  // Port community system: rights, hauliers, stuffing.
  kCustoms,
  kCarrier,
  kTracker,  // Positions.
};

enum class Pace : uint8_t {
  kLive,     // Minutes, now and then hours.
  kHours,    // Some hours, now and then days.
  kNightly,  // A batch each night.
};

struct Source {
  std::string name;
  Outlet outlet;
  Pace pace;
  int port;  // -1 where it serves many.
  // By number of Event: none of these is ever lost or misspelt.
  std::bitset<96> complete;
  int64_t skew_s;  // Its clock is always ahead by so much.
  // Between these its clock is a whole hour off.
  int64_t wrong_from;
  int64_t wrong_until;
  int64_t wrong_by_s;
  uint32_t typing_errors_ppm;  // Of the numbers that people type.
  uint64_t outage_seed;

  bool Declares(v1::Event event) const {
    return complete.test(static_cast<size_t>(event));
  }
};

class Sources {
 public:
  Sources(uint64_t seed, int64_t start, int days, const Geography& geography);

  const std::vector<Source>& all() const { return sources_; }
  const Source& operator[](int source) const { return sources_[source]; }

  int Terminal(int port, int terminal) const {
    return ports_[port].terminals + terminal;
  }
  int Depot(int port, int depot) const { return ports_[port].depots + depot; }
  int Community(int port) const { return ports_[port].community; }
  int Customs(int port) const { return ports_[port].customs; }
  int Carrier(int carrier) const { return carriers_ + carrier; }
  int Tracker() const { return tracker_; }

 private:
  struct OfPort {
    int terminals;
    int depots;
    int community;
    int customs;
  };
  int Add(std::string name, Outlet outlet, int port, Random* random);

  const int64_t start_;
  const int days_;
  std::vector<Source> sources_;
  std::vector<OfPort> ports_;
  int carriers_ = 0;
  int tracker_ = 0;
};

// When something that happened at `time` reaches portrisk; never before it.
int64_t RecordedAt(const Source& source, int64_t time, Random* random);

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_SOURCES_H_
