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
  if (!issues.has_errors()) {
    result.rule_set = std::move(parsed.rule_set);
  }
  result.issues = issues.Take();
  return result;
}

absl::string_view RuleSetName(const RuleSet& rule_set) { return rule_set.name; }

absl::string_view RuleSetOwner(const RuleSet& rule_set) {
  return rule_set.owner;
}

v1::Layer RuleSetLayer(const RuleSet& rule_set) { return rule_set.layer; }

size_t RuleCount(const RuleSet& rule_set) { return rule_set.rules.size(); }

std::vector<std::string> CheckSuppressions(
    const Programme::Member& member,
    const std::vector<Programme::Member>& members) {
  std::vector<std::string> problems;
  for (const Suppression& one : member.rule_set->suppressions) {
    bool found = false;
    const std::string target = absl::StrCat(one.rule_set, "/", one.rule);
    for (const Programme::Member& other : members) {
      const RuleSet& set = *other.rule_set;
      if (set.name != one.rule_set) continue;
      const auto rule = set.rule_index.find(one.rule);
      if (rule == set.rule_index.end()) continue;
      found = true;
      if (member.rule_set->layer <= set.layer) {
        problems.push_back(absl::StrCat(
            target, " is of layer ", v1::Layer_Name(set.layer),
            ", which is not above ", v1::Layer_Name(member.rule_set->layer),
            "; ask its owner ", set.owner, " to change the rule"));
      } else if (!set.rules[rule->second].suppressible) {
        problems.push_back(absl::StrCat(
            target, " may not be suppressed; its owner ", set.owner,
            " would have to write `suppressible: true`"));
      }
    }
    if (!found) {
      problems.push_back(
          absl::StrCat(target,
                       " is in no revision in force; correct the name, or "
                       "activate that rule set first"));
    }
  }
  return problems;
}

std::vector<ListUse> ListsUsed(const RuleSet& rule_set) {
  std::vector<ListUse> uses;
  for (const auto& set : rule_set.environment.Sets()) {
    if (!set->source().empty()) uses.push_back({set->source(), set->type()});
  }
  return uses;
}

std::vector<v1::Breaker> Breakers(const RuleSet& rule_set) {
  std::vector<v1::Breaker> breakers;
  for (const Rule& rule : rule_set.rules) {
    if (rule.breaker.window == 0) continue;
    v1::Breaker& breaker = breakers.emplace_back();
    breaker.set_rule(rule.id);
    breaker.set_share_ppm(rule.breaker.share_ppm);
    breaker.set_window(rule.breaker.window);
    for (const v1::Event event : rule.applies_to) {
      breaker.add_applies_to(event);
    }
  }
  return breakers;
}

bool IsRestricted(const RuleSet& rule_set, absl::string_view rule) {
  const auto found = rule_set.rule_index.find(rule);
  return found != rule_set.rule_index.end() &&
         rule_set.rules[found->second].restricted;
}

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
