// What changed between two documents of rules.
#ifndef PORTRISK_SCORING_RULE_SET_DIFF_H_
#define PORTRISK_SCORING_RULE_SET_DIFF_H_

#include "absl/strings/string_view.h"
#include "portrisk/v1/rule_service.pb.h"

namespace portrisk::scoring {

// Compares rules by their id and, within a rule, key by key; the rest of the
// document key by key. Comments, order of keys and ways of quoting make no
// difference. Both documents are ones that CheckRuleSet took.
v1::DiffRevisionsResponse DiffRuleSets(absl::string_view before,
                                       absl::string_view after);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_DIFF_H_
