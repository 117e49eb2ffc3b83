#include "scoring/cel/cost.h"

#include <algorithm>
#include <array>

#include "scoring/cel/macro_checker.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

// What a call of a function that goes over its text costs, beside an operator.
constexpr int64_t kFunctionCost = 8;

class Estimator {
 public:
  Estimator() { lengths_.fill(kAssumedListLength); }

  int64_t Cost(const Expr& expr) {
    int64_t cost = expr.op == Op::kCall ? kFunctionCost : 1;
    if (expr.node == Node::kBind) {
      lengths_[expr.variable_depth] = Length(*expr.args[0]);
    }
    for (size_t i = 0; i < expr.args.size(); ++i) {
      const int64_t rounds = i > 0 && IsLoop(expr) ? Length(*expr.args[0]) : 1;
      cost += Cost(*expr.args[i]) * rounds;
      cost = std::min(cost, 2 * kConditionCostMax);
    }
    if (expr.node == Node::kBind) {
      lengths_[expr.variable_depth] = kAssumedListLength;
    }
    if (expr.node == Node::kCall && expr.op == Op::kIn) {
      cost += Length(*expr.args[1]);
    }
    // Every new key is compared with those before it.
    if (expr.node == Node::kMap) {
      cost += static_cast<int64_t>(expr.args.size() * expr.args.size() / 8);
    }
    return std::min(cost, 2 * kConditionCostMax);
  }

 private:
  static bool IsLoop(const Expr& expr) {
    return expr.node == Node::kMacro && expr.op != Op::kOptMap &&
           expr.op != Op::kOptFlatMap;
  }

  int64_t Length(const Expr& list) const {
    switch (list.node) {
      case Node::kList:
        return static_cast<int64_t>(list.args.size());
      case Node::kMap:
        return static_cast<int64_t>(list.args.size() / 2);
      case Node::kMacro:
        return IsLoop(list) ? Length(*list.args[0]) : kAssumedListLength;
      case Node::kBind:
        return std::max(kAssumedListLength, Length(*list.args[1]));
      case Node::kIdentifier:
        return list.reference == Reference::kVariable
                   ? lengths_[list.variable_depth]
                   : kAssumedListLength;
      case Node::kCall:
        break;
      default:
        return kAssumedListLength;
    }
    if (list.op == Op::kAdd || list.name == "_+_") {
      return std::min(Length(*list.args[0]) + Length(*list.args[1]),
                      2 * kConditionCostMax);
    }
    if (list.op == Op::kConditional) {
      return std::max(Length(*list.args[1]), Length(*list.args[2]));
    }
    int64_t length = kAssumedListLength;
    if (list.op == Op::kCall || list.op == Op::kOptionalOrValue) {
      for (const ExprPtr& arg : list.args) {
        length = std::max(length, Length(*arg));
      }
    }
    return length;
  }

  std::array<int64_t, kVariablesMax> lengths_;
};

}  // namespace

int64_t EstimateCost(const Expr& expr) { return Estimator().Cost(expr); }

}  // namespace portrisk::scoring::cel
