// Which views the fields of a condition belong to, as bits.
#ifndef PORTRISK_SCORING_ROOTS_H_
#define PORTRISK_SCORING_ROOTS_H_

#include <cstdint>
#include <vector>

#include "scoring/cel/program.h"
#include "scoring/programme.h"

namespace portrisk::scoring {

// Bit n for root n of cel::RuleEnvironment; beyond them a bit each for the
// fields of two that are not near, and one for find rates (Programme::Needs).
inline constexpr int kRootCount = static_cast<int>(cel::kRuleRoots);
inline constexpr uint16_t kContainerBeyond = 1 << kRootCount;
inline constexpr uint16_t kRightBeyond = 1 << (kRootCount + 1);
inline constexpr uint16_t kFindRates = 1 << (kRootCount + 2);

// The bits of a root, and of what its field `first` needs; null: of all it has.
uint16_t RootsOfField(uint32_t root,
                      const google::protobuf::FieldDescriptor* first);
uint16_t RootsOf(const std::vector<cel::Path>& fields);
Programme::Needs NeedsOf(uint16_t roots);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_ROOTS_H_
