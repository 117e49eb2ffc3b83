// What is not wrong with a rule set and still worth a look: rules that can
// never fire or always do, that say the same or contain one another, that have
// run out, that read what nobody reports; caps that let nothing through.
// All of it is WARNING: the author may know better.
//
// Every claim holds for every movement; where that cannot be shown cheaply
// nothing is claimed. Work grows with the number of rules, not with its square.
#ifndef PORTRISK_SCORING_RULE_SET_LINT_H_
#define PORTRISK_SCORING_RULE_SET_LINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/programme.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_parser.h"

namespace portrisk::scoring {

// How often a field was absent, as the caller counted it over movements that
// this deployment received.
struct FieldUse {
  std::string path;        // As rules write it: "movement.weights.crane_kg".
  uint64_t absent = 0;     // Of `movements`, those without it.
  uint64_t movements = 0;  // Below kFieldUseMovementsMin nothing is claimed.
};
inline constexpr uint64_t kFieldUseMovementsMin = 1000;

struct CheckOptions {
  // Unix seconds of any moment of the day; without it, nothing is said about
  // rules that have run out or are to be reviewed.
  std::optional<int64_t> today;
  // Empty: nothing is said about fields that nobody reports.
  std::vector<FieldUse> field_use;
};

// As CheckRuleSet(yaml, file), which knows neither date nor field use.
CheckResult CheckRuleSet(absl::string_view yaml, absl::string_view file,
                         const CheckOptions& options);

// The lint alone. `parsed` is without errors.
void LintRuleSet(const ParsedRuleSet& parsed, const CheckOptions& options,
                 Issues* issues);

// A rule that reads a field no movement ever had.
struct UnfilledField {
  size_t rule = 0;  // Index in the set.
  std::string path;
  // The rule cannot hit without it; otherwise a part of it is of no use.
  bool is_needed = false;
};
std::vector<UnfilledField> LintFields(const RuleSet& rule_set,
                                      const std::vector<FieldUse>& field_use);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_LINT_H_
