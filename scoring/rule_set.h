// A parsed and checked rule set. programme.h is the manual of what can be done
// with one; this header is for the files that build and compile it.
#ifndef PORTRISK_SCORING_RULE_SET_H_
#define PORTRISK_SCORING_RULE_SET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/rules.pb.h"
#include "scoring/aggregate_names.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/program.h"
#include "scoring/programme.h"
#include "scoring/rule_set_text.h"

namespace portrisk::scoring {

enum class RuleStatus : uint8_t { kDraft, kShadow, kActive };

// When a rule is in force, in Unix seconds of the movement's occurrence.
struct Validity {
  int64_t from = INT64_MIN;
  int64_t until = INT64_MAX;  // Exclusive.

  bool is_limited() const { return from != INT64_MIN || until != INT64_MAX; }
  bool Covers(int64_t seconds) const {
    return seconds >= from && seconds < until;
  }
};

// Stops a rule that fires more often than its author thought.
struct RuleBreaker {
  uint32_t share_ppm = 0;
  uint32_t window = 0;  // Movements; 0: the rule has no breaker.
};

// Takes the effect of another set's rule away, for a while.
struct Suppression {
  std::string rule_set;
  std::string rule;
  std::string reason;
  int64_t until = 0;  // Unix seconds of the movement's occurrence, exclusive.
  cel::Checked when;  // Without an expression: always.
};

struct Rule {
  // What a hit copies comes first and lies together: of a million rules, each
  // hit's is far from the last one's.
  std::string id;
  int32_t score = 0;
  v1::Lane lane_at_least = v1::LANE_UNSPECIFIED;
  v1::Control control = v1::CONTROL_UNSPECIFIED;
  RuleStatus status = RuleStatus::kActive;
  std::string category;
  Translations title;
  std::vector<std::string> tags;
  std::vector<v1::Event> applies_to;  // Empty: every event.
  std::string source;                 // The condition as written.
  uint32_t root = cel::kNoOperand;    // Of the condition, in the set's program.
  Translations explain;
  Translations task;  // What the officer is to do; empty when not given.
  Validity valid;
  bool restricted = false;    // The condition is not shown to officers.
  bool suppressible = false;  // Lower layers may suppress it.
  RuleBreaker breaker;
  // The condition's fields in source order, so many, then those of its texts.
  std::vector<cel::Path> evidence;
  uint32_t condition_fields = 0;

  bool AppliesTo(v1::Event event) const;
};

class RuleSet {
 public:
  std::string name;
  v1::Layer layer = v1::LAYER_UNSPECIFIED;
  std::string owner;
  std::vector<std::pair<std::string, int32_t>> categories;  // Name, cap.
  std::vector<Suppression> suppressions;
  std::vector<Rule> rules;
  std::shared_ptr<const AggregateNames> aggregates;  // Null when none.
  cel::Environment environment = cel::RuleEnvironment();
  absl::flat_hash_map<std::string, size_t> rule_index;  // By id.
  std::shared_ptr<const cel::Program> program;          // Of all conditions.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_H_
