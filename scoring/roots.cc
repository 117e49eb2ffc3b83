// HOT PATH (NeedsOf).
#include "scoring/roots.h"

#include "portrisk/v1/outcome.pb.h"

namespace portrisk::scoring {
namespace {

enum Root : uint8_t {
  kMovement,
  kContainer,
  kRight,
  kParty,
  kVessel,
  kRoute,
  kFacility,
  kSource,
  kAggregates,
};
static_assert(kAggregates + 1 == kRootCount);
static_assert(kAggregates == cel::kAggregatesRoot);
static_assert(kRootCount + 2 < 16);

}  // namespace

uint16_t RootsOf(const std::vector<cel::Path>& fields) {
  uint16_t roots = 0;
  for (const cel::Path& path : fields) {
    roots |= static_cast<uint16_t>(1 << path.root);
    const int field = path.fields.empty() ? 0 : path.fields[0]->number();
    if (path.root == kContainer && field > Programme::kContainerNearMax) {
      roots |= kContainerBeyond;
    }
    if (path.root == kRight && field > Programme::kRightNearMax) {
      roots |= kRightBeyond;
    }
    if (!path.fields.empty() &&
        path.fields[0]->message_type() == v1::FindRate::descriptor()) {
      roots |= kFindRates;
    }
  }
  return roots;
}

Programme::Needs NeedsOf(uint16_t roots) {
  const auto reads = [&](int bit) { return (roots >> bit & 1) != 0; };
  Programme::Needs needs;
  needs.container = reads(kContainer);
  needs.right = reads(kRight);
  needs.party = reads(kParty);
  needs.vessel = reads(kVessel);
  needs.route = reads(kRoute);
  needs.facility = reads(kFacility);
  needs.source = reads(kSource);
  needs.aggregates = reads(kAggregates);
  needs.container_beyond = (roots & kContainerBeyond) != 0;
  needs.right_beyond = (roots & kRightBeyond) != 0;
  needs.finds = (roots & kFindRates) != 0;
  return needs;
}

}  // namespace portrisk::scoring
