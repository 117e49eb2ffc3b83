// What the fuzzer of conditions does with one input.
#ifndef PORTRISK_TESTS_FUZZ_CEL_FUZZ_H_
#define PORTRISK_TESTS_FUZZ_CEL_FUZZ_H_

#include <cstdlib>
#include <iostream>

#include "absl/strings/string_view.h"
#include "tests/cel/agreement.h"

namespace portrisk::scoring::cel {

inline Bindings SomeBindings() {
  Bindings b;
  b.movement.set_event(v1::GATE_OUT);
  b.movement.mutable_haulier()->set_id("A");
  b.movement.mutable_occurrence_time()->set_seconds(1767225600);
  b.movement.mutable_weights()->set_vgm_kg(20000);
  b.movement.add_seals()->set_number("A");
  b.movement.add_seals()->set_source("CUS");
  b.container.add_last_seals("B");
  b.container.set_weight_change(0.06);
  b.right.mutable_nominated()->set_id("B");
  b.party.mutable_haulier()->set_movements(3);
  b.vessel.set_voyage_stowed(7);
  b.route.set_from_locode("ECGYE");
  b.facility.set_near_twin("BEANRA");
  b.source.set_declared(true);
  b.source.add_complete(v1::GATE_OUT);
  b.usual.mutable_dwell()->set_count(40);
  return b;
}

// Aborts, after saying why, when a promise is broken. Returns whether the text
// was a condition.
inline bool FuzzCondition(absl::string_view text) {
  static const auto* const environment = new Environment(TestEnvironment());
  Diagnostics diagnostics;
  const Checked checked = CheckExpression(text, *environment, &diagnostics);
  for (const Diagnostic& one : diagnostics) {
    if (one.begin > text.size() || one.end < one.begin || one.message.empty()) {
      std::cerr << "bad diagnostic: " << one.message << "\n";
      std::abort();
    }
  }
  if (checked.expr == nullptr) {
    if (diagnostics.empty()) std::abort();
    return false;
  }
  Compiler compiler(*environment);
  const uint32_t root = compiler.Add(*checked.expr);
  const auto program = compiler.Finish();
  EvalState state;
  for (const Bindings& bindings : {Bindings(), SomeBindings()}) {
    state.Begin(*program, bindings.roots().data());
    const std::string fast =
        DebugText(ToNaive(state.Evaluate(root), program->paths));
    const std::string naive = Naively(*checked.expr, *environment, bindings);
    if (fast != naive) {
      std::cerr << text << "\n" << fast << "\n" << naive << "\n";
      std::abort();
    }
  }
  return true;
}

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_TESTS_FUZZ_CEL_FUZZ_H_
