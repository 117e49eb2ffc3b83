// Into which buckets the values of an attribute fall: part of building a rule
// index.
#ifndef PORTRISK_SCORING_RULE_INDEX_BUCKETS_H_
#define PORTRISK_SCORING_RULE_INDEX_BUCKETS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scoring/rule_index.h"
#include "scoring/rule_index_atoms.h"
#include "scoring/rule_index_shares.h"

namespace portrisk::scoring {

// Buckets from `first` to `last`, counted from 0.
struct BucketRange {
  uint8_t first;
  uint8_t last;
};

class RuleIndexBuckets {
 public:
  using Attribute = RuleIndex::Attribute;

  // Gives an attribute its buckets, at most `most`. `ranges` are what all
  // conditions demand of it.
  static void Set(const ValueShares& shares,
                  const std::vector<KeyRange>& ranges, size_t most,
                  Attribute* attribute);

  // The buckets of a demand, ascending and apart.
  static void Of(const Attribute& attribute, const KeySet& keys,
                 std::vector<BucketRange>* out);

 private:
  static void SetBounds(const std::vector<KeyRange>& ranges, size_t most,
                        Attribute* attribute);
  static void SetHashBuckets(const ValueShares& shares, size_t most,
                             Attribute* attribute);
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_BUCKETS_H_
