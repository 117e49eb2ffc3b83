// Makes a RuleSet of YAML.
#ifndef PORTRISK_SCORING_RULE_SET_PARSER_H_
#define PORTRISK_SCORING_RULE_SET_PARSER_H_

#include <memory>
#include <string>
#include <vector>

#include "scoring/cel/terms.h"
#include "scoring/rule_form.h"
#include "scoring/rule_set.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_yaml.h"

namespace portrisk::scoring {

// What the tests of one rule say, still as YAML.
struct RuleTests {
  size_t rule = 0;  // Its index in the set.
  std::vector<const YamlNode*> tests;
};

struct ParsedRuleSet {
  std::shared_ptr<const YamlNode> document;  // What `tests` point into.
  std::shared_ptr<RuleSet> rule_set;  // Null when the document is no map.
  std::vector<RuleTests> tests;
  // Of each rule, and what they speak about.
  std::vector<RuleForm> forms;
  cel::Terms terms;
};

// Reads the whole document and reports every mistake in it. The rule set can
// be used only when `issues` has no error afterwards.
ParsedRuleSet ParseRuleSet(absl::string_view yaml, Issues* issues);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_PARSER_H_
