// Whether two hashes are of the same PIN.
//
// The key of PIN hashes is replaced from time to time. While rights that were
// issued under the old key are about, admission hashes by both, so that two
// reports of one PIN have a hash by one key in common, whichever side of the
// change each was recorded on. Two that have no key in common say nothing of
// each other: that is unknown, not another PIN.
#ifndef PORTRISK_SCORING_PIN_HASH_H_
#define PORTRISK_SCORING_PIN_HASH_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace portrisk::scoring {

inline constexpr size_t kPinHashBytes = 16;

enum class SamePin : uint8_t { kUnknown, kNo, kYes };

// Each is a hash and, behind it, the id of the key that made it; empty: none.
// One without an id, of before ids were kept, is compared with any.
struct PinHashes {
  absl::string_view now;     // By the key in force at admission.
  absl::string_view before;  // By the key before, where there was one.
};

inline SamePin Compare(const PinHashes& a, const PinHashes& b) {
  SamePin same = SamePin::kUnknown;
  for (const absl::string_view x : {a.now, a.before}) {
    for (const absl::string_view y : {b.now, b.before}) {
      if (x.empty() || y.empty()) continue;
      // Hashes by two keys are equal by no chance worth counting.
      if (x.substr(0, kPinHashBytes) == y.substr(0, kPinHashBytes)) {
        return SamePin::kYes;
      }
      const bool one_key = x.size() <= kPinHashBytes ||
                           y.size() <= kPinHashBytes ||
                           x.substr(kPinHashBytes) == y.substr(kPinHashBytes);
      if (one_key) same = SamePin::kNo;
    }
  }
  return same;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PIN_HASH_H_
