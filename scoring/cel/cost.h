// An upper estimate of the work of one evaluation.
#ifndef PORTRISK_SCORING_CEL_COST_H_
#define PORTRISK_SCORING_CEL_COST_H_

#include <cstdint>

#include "scoring/cel/ast.h"

namespace portrisk::scoring::cel {

// Operations, with kAssumedListLength for lists whose length is not written
// out. Stops counting a little above kConditionCostMax.
int64_t EstimateCost(const Expr& expr);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_COST_H_
