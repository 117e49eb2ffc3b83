// What the fuzzer of expressions does with one input, in the environment of
// the specification, where everything is checked at evaluation.
#ifndef PORTRISK_TESTS_FUZZ_EXPRESSION_FUZZ_H_
#define PORTRISK_TESTS_FUZZ_EXPRESSION_FUZZ_H_

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/cel/checker.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/naive.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {

// Variables of every shape: i, d, s, l, m, msg.
class Expressions {
 public:
  Expressions()
      : environment("portrisk.v1", {"i", "d", "s", "l", "m", "msg"},
                    {google::protobuf::DescriptorPool::generated_pool(),
                     google::protobuf::MessageFactory::generated_factory()}) {
    message_.set_id("m1");
    message_.mutable_haulier()->set_id("A");
    message_.mutable_occurrence_time()->set_seconds(5);
    message_.add_seals()->set_number("S1");
    items_ = {Value::Int(1), Value::String("a"), Value::Bool(true), Value()};
    entries_ = {Value::String("a"), Value::Int(1), Value::Int(2),
                Value::List(items_.data(), items_.size())};
    values = {Value::Int(3),
              Value::Double(1.5),
              Value::String("tacoc⚓t"),
              Value::List(items_.data(), items_.size()),
              Value::Map(entries_.data(), 2),
              Value::Message(&message_)};
    for (const Value& value : values) naive.push_back(ToNaive(value, {}));
  }

  // Null, with a diagnostic, when it is no expression.
  std::shared_ptr<const Expr> Check(absl::string_view text,
                                    Diagnostics* diagnostics) const {
    return CheckExpression(text, environment, diagnostics).expr;
  }

  std::string Fast(const Expr& expr) const {
    Compiler compiler(environment);
    const uint32_t root = compiler.Add(expr);
    const auto program = compiler.Finish();
    EvalState state;
    state.Begin(*program, values.data());
    return DebugText(ToNaive(state.Evaluate(root), program->paths));
  }

  std::string Plain(const Expr& expr) const {
    return DebugText(EvaluateNaively(expr, environment, naive));
  }

  const Environment environment;
  std::vector<Value> values;
  std::vector<NaiveValue> naive;

 private:
  v1::Movement message_;
  std::vector<Value> items_;
  std::vector<Value> entries_;
};

// Aborts, after saying why, when a promise is broken. Returns whether the text
// was an expression.
inline bool FuzzExpression(absl::string_view text) {
  static const auto* const expressions = new Expressions;
  Diagnostics diagnostics;
  const auto expr = expressions->Check(text, &diagnostics);
  if (expr == nullptr) {
    if (diagnostics.empty()) std::abort();
    return false;
  }
  const std::string fast = expressions->Fast(*expr);
  const std::string plain = expressions->Plain(*expr);
  if (fast != plain) {
    std::cerr << text << "\n" << fast << "\n" << plain << "\n";
    std::abort();
  }
  return true;
}

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_TESTS_FUZZ_EXPRESSION_FUZZ_H_
