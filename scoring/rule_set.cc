#include "scoring/rule_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scoring/rule_set_cases.h"
#include "scoring/rule_set_issues.h"
#include "scoring/rule_set_lint.h"
#include "scoring/rule_set_parser.h"

namespace portrisk::scoring {

bool Rule::AppliesTo(v1::Event event) const {
  return applies_to.empty() || std::find(applies_to.begin(), applies_to.end(),
                                         event) != applies_to.end();
}

CheckResult CheckRuleSet(absl::string_view yaml, absl::string_view file) {
  return CheckRuleSet(yaml, file, CheckOptions());
}

CheckResult CheckRuleSet(absl::string_view yaml, absl::string_view file,
                         const CheckOptions& options) {
  CheckResult result;
  Issues issues(yaml, file);
  ParsedRuleSet parsed = ParseRuleSet(yaml, &issues);
  if (!issues.has_errors()) LintRuleSet(parsed, options, &issues);
  if (parsed.rule_set != nullptr) result.tests = RunTests(parsed, &issues);
  if (!issues.has_errors()) result.rule_set = std::move(parsed.rule_set);
  result.issues = issues.Take();
  return result;
}

absl::string_view RuleSetName(const RuleSet& rule_set) { return rule_set.name; }

absl::string_view RuleSetOwner(const RuleSet& rule_set) {
  return rule_set.owner;
}

v1::Layer RuleSetLayer(const RuleSet& rule_set) { return rule_set.layer; }

size_t RuleCount(const RuleSet& rule_set) { return rule_set.rules.size(); }

void ExplainHit(const RuleSet& rule_set, absl::string_view language,
                v1::Hit* hit) {
  const auto found = rule_set.rule_index.find(hit->rule());
  if (found == rule_set.rule_index.end()) return;
  const Rule& rule = rule_set.rules[found->second];
  hit->set_title(Render(rule.title, language, *hit));
  std::string explanation = Render(rule.explain, language, *hit);
  const std::string task = Render(rule.task, language, *hit);
  if (!task.empty()) absl::StrAppend(&explanation, "\n", task);
  hit->set_explanation(std::move(explanation));
}

}  // namespace portrisk::scoring
