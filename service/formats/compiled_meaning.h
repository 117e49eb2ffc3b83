// HOT PATH. The tables of meaning.h in the form that the reader interprets:
// for each message type, by tag, the groups that a segment may begin and the
// rules that may hold of it, with codes packed into integers.
#ifndef PORTRISK_SERVICE_FORMATS_COMPILED_MEANING_H_
#define PORTRISK_SERVICE_FORMATS_COMPILED_MEANING_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "service/formats/definitions.h"
#include "service/formats/meaning.h"

namespace portrisk::service {

// A code of at most four characters as one integer; no code has more, and what
// is longer equals none. Empty is 0.
inline constexpr uint32_t kNoCode = 0xFFFFFFFF;
inline uint32_t PackCode(absl::string_view code) {
  if (code.size() > 4) return kNoCode;
  uint32_t packed = 0;
  for (const char c : code) {
    packed = packed << 8 | static_cast<unsigned char>(c);
  }
  return packed;
}

// Some codes. Few enough to be compared one by one.
class CodeSet {
 public:
  // `codes` as Rule says them.
  explicit CodeSet(absl::string_view codes);
  bool any() const { return count_ == 0; }
  absl::Span<const uint32_t> codes() const {
    return absl::MakeConstSpan(codes_).subspan(0, count_);
  }
  bool Has(uint32_t packed) const {
    for (uint32_t i = 0; i < count_; ++i) {
      if (codes_[i] == packed) return true;
    }
    return false;
  }

 private:
  std::array<uint32_t, 7> codes_ = {};
  uint32_t count_ = 0;
};

struct Step {
  Scopes at;
  Leg leg;
  bool of_first;  // The codes are of the part 1.0.
  bool plain;     // Nothing more needs to hold.
  CodeSet codes;
  CodeSet codes2;
  const Rule* rule;
};

struct Opening {
  CodeSet codes;
  const Group* group;
};

struct TagMeaning {
  uint32_t tag = 0;
  std::vector<Opening> openings;
  std::vector<Step> steps;

  // The steps that may hold of a segment whose part 1.0 is this code: where
  // all of a tag's rules ask for that part, only those that name the code.
  const std::vector<Step>& StepsFor(uint32_t code) const {
    if (buckets.empty()) return steps;
    for (size_t at = HashOf(code);; at = (at + 1) % kBuckets) {
      const Bucket& bucket = buckets[at];
      if (bucket.code == code || bucket.code == kNoCode) return bucket.steps;
    }
  }
  void IndexByCode();

 private:
  struct Bucket {
    uint32_t code = kNoCode;  // None.
    std::vector<Step> steps;
  };
  static constexpr size_t kBuckets = 64;
  static size_t HashOf(uint32_t code) { return code * 0x9E3779B1u >> 26; }
  std::vector<Bucket> buckets;
};

class CompiledMeaning {
 public:
  explicit CompiledMeaning(MessageType type);

  // Null when segments of this tag say nothing.
  const TagMeaning* Find(absl::string_view tag) const {
    const uint32_t packed = PackCode(tag);
    for (size_t at = SlotOf(packed);; at = (at + 1) % kSlots) {
      const TagMeaning* found = slots_[at];
      if (found == nullptr || found->tag == packed) return found;
    }
  }
  const Definition& definition() const { return definition_; }

 private:
  // Far more than any message type has tags.
  static constexpr size_t kSlots = 128;
  static size_t SlotOf(uint32_t packed) { return packed * 0x9E3779B1u >> 25; }
  TagMeaning* At(absl::string_view tag);

  const Definition& definition_;
  std::array<TagMeaning*, kSlots> slots_ = {};
  std::vector<std::unique_ptr<TagMeaning>> tags_;
};

// Compiled once, on first use.
const CompiledMeaning& MeaningOf(MessageType type);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_COMPILED_MEANING_H_
