// Synthetic criteria and movements for the rule benchmarks: four or five
// conditions a rule over some twenty attributes whose values are skewed as in
// trade, where a few ports, carriers and weights dominate.
//
// A rule is made from the values of a random movement, so that every rule can
// hit. The same rules can be written as a rule set, for a flat scan, as CLIPS
// text and as JSON.
#ifndef PORTRISK_BENCH_RULE_WORKLOAD_H_
#define PORTRISK_BENCH_RULE_WORKLOAD_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "portrisk/v1/movement.pb.h"

namespace portrisk::bench {

// The first are texts, the rest numbers.
inline constexpr size_t kTextAttributes = 11;
inline constexpr size_t kAttributes = 19;

struct Predicate {
  enum class Kind : uint8_t { kIn, kPrefix, kRange };
  uint8_t attribute;
  Kind kind;
  std::vector<std::string> texts;  // kIn: any of them; kPrefix: one.
  int64_t low = 0, high = 0;       // kRange, both included.
};

struct BenchRule {
  std::vector<Predicate> all_of;
};

struct BenchEvent {
  std::array<std::string, kTextAttributes> texts;
  std::array<int64_t, kAttributes - kTextAttributes> numbers;

  int64_t number(size_t attribute) const {
    return numbers[attribute - kTextAttributes];
  }
  v1::Movement ToMovement() const;
};

enum class RuleMix { kEquality, kMixed, kRangesOnly };
const char* MixName(RuleMix mix);

std::vector<BenchEvent> MakeEvents(size_t count, uint64_t seed);
std::vector<BenchRule> MakeRules(size_t count, RuleMix mix, uint64_t seed);

// Rules `begin` to `end` as one document; rule n is called "n".
std::string ToYaml(const std::vector<BenchRule>& rules, size_t begin,
                   size_t end);
// A deftemplate and a defrule each, a line a construct; a match appends its
// number to the global ?*hits*.
std::string ToClips(const std::vector<BenchRule>& rules);
std::string ToClipsFact(const BenchEvent& event);
// {"rules": [...], "events": [...], "hits": [[...] ...]}, for programs in other
// languages.
std::string ToJson(const std::vector<BenchRule>& rules,
                   const std::vector<BenchEvent>& events);

// What one would write by hand for these rules and nothing else: texts become
// numbers once a movement, predicates lie in one array, a rule is left at its
// first false one.
class FlatScan {
 public:
  explicit FlatScan(const std::vector<BenchRule>& rules);
  ~FlatScan();
  // Appends the numbers of the rules that match.
  void Match(const v1::Movement& movement, std::vector<uint32_t>* hits) const;

 private:
  struct Rep;
  Rep* const rep_;
};

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_RULE_WORKLOAD_H_
