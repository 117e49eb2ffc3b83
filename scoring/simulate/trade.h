// What is shipped where: goods by origin, and the flows between ports.
#ifndef PORTRISK_SCORING_SIMULATE_TRADE_H_
#define PORTRISK_SCORING_SIMULATE_TRADE_H_

#include <cstdint>
#include <vector>

#include "scoring/simulate/liner.h"

namespace portrisk::scoring::simulate {

struct Commodity {
  const char* hs;     // Six digits.
  const char* goods;  // As the shipper would write it.
  uint32_t regions;   // Bit per region that exports it.
  bool reefer;
  int32_t cargo_kg_min;  // In a box of twenty feet; half as much more in forty.
  int32_t cargo_kg_max;
  uint32_t weight;  // How often, beside the others of its regions.
  bool risky;       // A usual cover for what is hidden.
};
const std::vector<Commodity>& Commodities();

enum class Cooling { kDry, kReefer };
enum class Size { kTwenty, kForty };

class Trade {
 public:
  Trade(const Geography& geography, const Liner& liner);

  // A destination for cargo, or for an empty box, from a port; -1 when no
  // service leads anywhere useful.
  int PickDestination(int from, Random* random) const;
  int PickEmptyDestination(int from, Random* random) const;
  // Whether the next trip from here is a full one.
  bool FullNext(int from, Random* random) const;
  // A port to find a container at, as often as trade has it.
  int PickHome(Random* random) const;
  // Light goods are rarer in boxes of twenty feet. -1 when the region exports
  // nothing of the kind.
  int PickCommodity(Region origin, Cooling cooling, Size size,
                    Random* random) const;

 private:
  struct Flow {
    int port;
    uint32_t up_to;  // Sum of the weights so far.
  };
  static int Pick(const std::vector<Flow>& flows, Random* random);

  const Geography& geography_;
  std::vector<std::vector<Flow>> full_;   // By port of origin.
  std::vector<std::vector<Flow>> empty_;  // By port of origin.
  std::vector<Flow> homes_;
};

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_TRADE_H_
