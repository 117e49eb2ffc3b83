// Evaluates a checked expression by both evaluators.
#ifndef PORTRISK_TESTS_CEL_AGREEMENT_H_
#define PORTRISK_TESTS_CEL_AGREEMENT_H_

#include <string>

#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "portrisk/v1/usual.pb.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/naive.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {

struct Bindings {
  v1::Movement movement;
  v1::ContainerView container;
  v1::RightView right;
  v1::PartyView party;
  v1::VesselView vessel;
  v1::RouteView route;
  v1::FacilityView facility;
  v1::SourceView source;
  v1::UsualView usual;

  // No message is read below the last, which is that of declared values.
  std::array<const google::protobuf::Message*, kRuleRoots> roots() const {
    return {&movement, &container, &right,  &party, &vessel,
            &route,    &facility,  &source, &usual, nullptr};
  }
};

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
