// What the fuzzer of rule sets does with one input.
#ifndef PORTRISK_TESTS_FUZZ_RULE_SET_FUZZ_H_
#define PORTRISK_TESTS_FUZZ_RULE_SET_FUZZ_H_

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/string_view.h"
#include "scoring/programme.h"

namespace portrisk::scoring {

// Any bytes give issues inside of them, or a rule set that compiles, evaluates
// and explains. Aborts, after saying why, when that is broken. Returns whether
// they were a rule set.
inline bool FuzzRuleSet(absl::string_view yaml) {
  const CheckResult result = CheckRuleSet(yaml, "fuzz.yaml");
  const auto lines = std::count(yaml.begin(), yaml.end(), '\n') + 1;
  bool errors = false;
  for (const v1::Issue& issue : result.issues) {
    errors |= issue.severity() == v1::ERROR;
    if (issue.line() < 0 || issue.line() > lines || issue.message().empty()) {
      std::cerr << issue.DebugString();
      std::abort();
    }
  }
  if (errors != (result.rule_set == nullptr)) std::abort();
  if (result.rule_set == nullptr) return false;
  const auto programme = Programme::Compile({{1, result.rule_set}});
  if (!programme.ok()) std::abort();
  v1::Movement movement;
  movement.set_event(v1::GATE_OUT);
  movement.mutable_occurrence_time()->set_seconds(1767225600);
  const v1::ContainerView container;
  const v1::RightView right;
  EvalScratch scratch;
  v1::Assessment assessment;
  (*programme)
      ->Evaluate({&movement, &container, &right}, &scratch, &assessment);
  for (v1::Hit& hit : *assessment.mutable_hits()) {
    ExplainHit(*result.rule_set, "es", &hit);
  }
  return true;
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_TESTS_FUZZ_RULE_SET_FUZZ_H_
