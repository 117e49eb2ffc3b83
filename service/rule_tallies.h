// Counts of rules: what breakers and suppressions have seen. A state like that
// of an entity: folded from assessments as they were journaled, so that a
// re-fold after a crash counts the same without evaluating a rule.
#ifndef PORTRISK_SERVICE_RULE_TALLIES_H_
#define PORTRISK_SERVICE_RULE_TALLIES_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"

namespace portrisk::service {

// A breaker that has had enough.
struct Trip {
  uint64_t revision = 0;
  v1::RuleOverride override;  // Without time and sequence.
};

// Windows tumble: movements 1 to W of those a rule applies to, then W+1 to 2W.
// A breaker trips at the hit with which its rule has fired on more than its
// share of a whole window; waiting for the window's end would change nothing
// but let it fire longer. Hits in shadow do not count. Not thread-safe.
class RuleTallies {
 public:
  // The breakers of a revision that may come into force. Again: no effect.
  void Watch(uint64_t revision,
             const google::protobuf::RepeatedPtrField<v1::Breaker>& breakers);

  // HOT PATH. Counts one movement; appends what trips to `trips` unless null.
  // Costs a look at each watched revision and at each hit; allocates at the
  // first hit of a rule with a breaker only.
  void Count(const v1::Assessment& assessment, v1::Event event,
             std::vector<Trip>* trips);

  // A person has reset a breaker: its window counts from nothing.
  void Reset(uint64_t revision, const std::string& rule);

  std::vector<v1::SuppressionTally> SuppressedBy(uint64_t revision) const;

  bool empty() const;
  v1::RuleTallies State() const;
  // Before anything is counted.
  void Restore(const v1::RuleTallies& state);

 private:
  struct Watched {
    v1::Breaker breaker;
    uint64_t window = 0;
    uint32_t hits = 0;
    bool fired = false;  // Worth keeping.
  };
  struct Revision {
    std::array<uint64_t, v1::Event_ARRAYSIZE> seen{};
    std::map<std::string, Watched> rules;  // Watched ones, by id.
    std::map<std::pair<std::string, std::string>, uint64_t> suppressed;
  };

  static uint64_t SeenBy(const Revision& revision, const v1::Breaker& breaker);
  void CountHit(const v1::Hit& hit, std::vector<Trip>* trips);

  std::map<uint64_t, Revision> revisions_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_RULE_TALLIES_H_
