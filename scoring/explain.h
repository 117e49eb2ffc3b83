// Why a condition came out as it did: the condition as a tree, each part with
// its value. For people who ask; nothing of it runs when movements are scored.
#ifndef PORTRISK_SCORING_EXPLAIN_H_
#define PORTRISK_SCORING_EXPLAIN_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/rule_service.pb.h"
#include "scoring/programme.h"
#include "scoring/roots.h"

namespace portrisk::scoring {

// Elements of a macro's list that are shown one by one.
inline constexpr uint32_t kElementsShown = 8;

// Fills title (in `language`), condition and the reasons that lie in the rule
// itself (its status, its events, its validity). Every part is evaluated by the
// compiled evaluator. `lists` are those in force at the movement. False when
// the set has no such rule.
bool ExplainRule(const RuleSet& rule_set, absl::string_view rule,
                 absl::string_view language, const Scope& scope,
                 const std::vector<Programme::List>& lists,
                 v1::ExplainResponse* out);

// What a rule reads; nothing when there is no such rule.
RootsRead RootsOf(const RuleSet& rule_set, absl::string_view rule);

bool HasRule(const RuleSet& rule_set, absl::string_view rule);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_EXPLAIN_H_
