// Which ports a service calls at, and in which order.
#ifndef PORTRISK_SCORING_SIMULATE_ROTATIONS_H_
#define PORTRISK_SCORING_SIMULATE_ROTATIONS_H_

#include <vector>

#include "scoring/simulate/geography.h"
#include "scoring/simulate/random.h"

namespace portrisk::scoring::simulate {

// Rotations of 6 to 14 calls, closed; together they call at every port.
std::vector<std::vector<int>> MakeRotations(const Geography& geography,
                                            Random* random);

}  // namespace portrisk::scoring::simulate

#endif  // PORTRISK_SCORING_SIMULATE_ROTATIONS_H_
