// Reads what limits or takes away a rule's effect: breakers and suppressions.
#ifndef PORTRISK_SCORING_RULE_SET_EFFECTS_H_
#define PORTRISK_SCORING_RULE_SET_EFFECTS_H_

#include "scoring/rule_set.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {

// {share: 0.05, window: 1000}
void ReadBreaker(const YamlNode& node, Issues* issues, RuleBreaker* out);

// Checks them as far as the document alone allows; whether the other set and
// its rule allow it is checked when the revision is activated.
void ReadSuppressions(const YamlNode& node, Issues* issues, RuleSet* set);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_EFFECTS_H_
