// Which views the fields of a condition belong to.
#ifndef PORTRISK_SCORING_ROOTS_H_
#define PORTRISK_SCORING_ROOTS_H_

#include <cstdint>
#include <vector>

#include "scoring/cel/program.h"

namespace portrisk::scoring {

// The roots of cel::RuleEnvironment, by number.
enum Root : uint8_t {
  kMovementRoot,
  kContainerRoot,
  kRightRoot,
  kPartyRoot,
  kVesselRoot,
  kRouteRoot,
  kFacilityRoot,
  kSourceRoot,
  kUsualRoot,
  kAggregatesRoot,
};
static_assert(kAggregatesRoot + 1 == cel::kRuleRoots);
static_assert(kAggregatesRoot == cel::kAggregatesRoot);

// Whether a root has find rates among its fields.
inline bool HasFindRates(uint32_t root) {
  return root == kPartyRoot || root == kRouteRoot || root == kFacilityRoot;
}
// Whether a field of a root is a find rate.
bool IsFindRate(uint32_t root, const google::protobuf::FieldDescriptor& field);

// What conditions with these fields read.
struct RootsRead {
  uint16_t roots = 0;  // Bit n for root n.
  bool finds = false;  // Find rates, of whichever view.

  bool Has(Root root) const { return (roots >> root & 1) != 0; }
};
RootsRead RootsOf(const std::vector<cel::Path>& fields);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_ROOTS_H_
