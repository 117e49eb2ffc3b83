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
  kUsual,
  kAggregates,
};
static_assert(kAggregates + 1 == kRootCount);
static_assert(kAggregates == cel::kAggregatesRoot);
static_assert(kRootCount + 2 < 16);

}  // namespace

uint16_t RootsOfField(uint32_t root,
                      const google::protobuf::FieldDescriptor* first) {
  const auto bit = static_cast<uint16_t>(1 << root);
  const bool whole = first == nullptr;
  if (root == kContainer &&
      (whole || first->number() > Programme::kContainerNearMax)) {
    return bit | kContainerBeyond;
  }
  if (root == kRight && (whole || first->number() > Programme::kRightNearMax)) {
    return bit | kRightBeyond;
  }
  const bool has_finds = root == kParty || root == kRoute || root == kFacility;
  if (has_finds &&
      (whole || first->message_type() == v1::FindRate::descriptor())) {
    return bit | kFindRates;
  }
  return bit;
}

uint16_t RootsOf(const std::vector<cel::Path>& fields) {
  uint16_t roots = 0;
  for (const cel::Path& path : fields) {
    roots |=
        RootsOfField(path.root, path.fields.empty() ? nullptr : path.fields[0]);
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
  needs.usual = reads(kUsual);
  needs.aggregates = reads(kAggregates);
  needs.container_beyond = (roots & kContainerBeyond) != 0;
  needs.right_beyond = (roots & kRightBeyond) != 0;
  needs.finds = (roots & kFindRates) != 0;
  return needs;
}

}  // namespace portrisk::scoring
