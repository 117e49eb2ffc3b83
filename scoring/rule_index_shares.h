// How often movements have the values that conditions name: learned from
// movements where a sample is at hand, else guessed from how often conditions
// name them. It decides how a rule index is laid out and nothing else.
#ifndef PORTRISK_SCORING_RULE_INDEX_SHARES_H_
#define PORTRISK_SCORING_RULE_INDEX_SHARES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/rule_index_atoms.h"

namespace portrisk::scoring {

// Of one attribute.
class ValueShares {
 public:
  // `ranges` are what all conditions demand of the attribute; `path` is its
  // field, null when it is no more than computed.
  ValueShares(KeyFamily family, const std::vector<KeyRange>& ranges,
              const v1::Statistics& statistics, const std::string* path);

  // The share of movements with that value, from 0 to 1.
  double Of(uint64_t key) const;
  // Single values that conditions name, the most named first.
  std::vector<uint64_t> KeysByUse() const;
  // What the sample has shown, by key.
  const std::vector<std::pair<uint64_t, double>>& Shown() const {
    return shown_;
  }

 private:
  void Learn(KeyFamily family, const v1::Statistics& statistics,
             const v1::FieldSample& sample);

  absl::flat_hash_map<uint64_t, uint32_t> uses_;  // Of single values.
  uint64_t all_uses_ = 0;
  bool learned_ = false;
  std::vector<std::pair<uint64_t, double>> shown_;  // Ascending.
  double unshown_ = 0;  // Of each value the sample does not show.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_INDEX_SHARES_H_
