// Reads the aggregates of a rule set. What an author may write is in RULES.md,
// "Aggregates"; every mistake is an issue where it stands.
#ifndef PORTRISK_SCORING_AGGREGATE_PARSER_H_
#define PORTRISK_SCORING_AGGREGATE_PARSER_H_

#include <vector>

#include "scoring/rule_set.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {

// `node` is the value of `aggregates`; the lists of `set` have been read, its
// rules have not. Fills set->aggregates and gives the environment their names.
void ReadAggregates(const YamlNode& node, Issues* issues, RuleSet* set);

// Whose drafts count as well.
enum class AggregateReaders : uint8_t { kNoDrafts, kAll };

// Which aggregates of the set, by index, its rules and suppressions read.
std::vector<bool> AggregatesRead(const RuleSet& set, AggregateReaders readers);

// Warns of those that nothing reads.
void WarnOfUnusedAggregates(const YamlNode& node, const RuleSet& set,
                            Issues* issues);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_AGGREGATE_PARSER_H_
