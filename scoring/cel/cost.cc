#include "scoring/cel/cost.h"

#include <algorithm>

#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

int64_t Length(const Expr& list) {
  if (list.node == Node::kList) {
    return static_cast<int64_t>(list.args.size());
  }
  if (list.node == Node::kMacro) return Length(*list.args[0]);
  if (list.node == Node::kCall && list.op == Op::kAdd) {
    return Length(*list.args[0]) + Length(*list.args[1]);
  }
  return kAssumedListLength;
}

}  // namespace

int64_t EstimateCost(const Expr& expr) {
  int64_t cost = 1;
  for (size_t i = 0; i < expr.args.size(); ++i) {
    const bool body = expr.node == Node::kMacro && i > 0;
    cost += EstimateCost(*expr.args[i]) * (body ? Length(*expr.args[0]) : 1);
    cost = std::min(cost, 2 * kConditionCostMax);
  }
  if (expr.node == Node::kCall && expr.op == Op::kIn) {
    cost += Length(*expr.args[1]);
  }
  return cost;
}

}  // namespace portrisk::scoring::cel
