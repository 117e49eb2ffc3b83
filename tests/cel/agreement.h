// Evaluates a checked expression by both evaluators.
#ifndef PORTRISK_TESTS_CEL_AGREEMENT_H_
#define PORTRISK_TESTS_CEL_AGREEMENT_H_

#include <string>

#include "scoring/cel/checker.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/naive.h"
#include "scoring/cel/program.h"
#include "scoring/given.h"

namespace portrisk::scoring::cel {

using Bindings = GivenViews;

inline std::string Naively(const Expr& expr, const Environment& environment,
                           const Bindings& bindings) {
  return DebugText(EvaluateNaively(expr, environment, bindings.roots().data()));
}

// The environment of rules with the lists that tests name.
inline Environment TestEnvironment() {
  Environment environment = RuleEnvironment();
  const auto add = [&](const char* name, EntryType type,
                       std::vector<std::string> entries) {
    environment.AddSet(
        std::make_shared<const EntrySet>(name, type, std::move(entries)));
  };
  add("ports", EntryType::kLocode, {"NLRTM", "BEANR"});
  add("goods", EntryType::kHsPrefix, {"0803", "84"});
  add("parties", EntryType::kPartyId, {"X1"});
  return environment;
}

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_TESTS_CEL_AGREEMENT_H_
