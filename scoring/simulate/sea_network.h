// The sea as a network: straits, capes and canals, and the open water between
// them.
#ifndef PORTRISK_SCORING_SIMULATE_SEA_NETWORK_H_
#define PORTRISK_SCORING_SIMULATE_SEA_NETWORK_H_

#include <cstddef>
#include <vector>

namespace portrisk::scoring::simulate {

// Kilometres between waypoints along the network, all pairs.
class SeaNetwork {
 public:
  SeaNetwork();

  // Index of a waypoint, or -1.
  static int Find(const char* name);
  static double Latitude(int waypoint);
  static double Longitude(int waypoint);
  double Km(int from, int to) const { return km_[from * size_ + to]; }

 private:
  size_t size_;
  std::vector<double> km_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_SEA_NETWORK_H_
