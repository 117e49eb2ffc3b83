// Strict operators and functions of the second evaluator.
#ifndef PORTRISK_SCORING_CEL_NAIVE_FUNCTIONS_H_
#define PORTRISK_SCORING_CEL_NAIVE_FUNCTIONS_H_

#include <string>
#include <vector>

#include "scoring/cel/naive.h"

namespace portrisk::scoring::cel {

// `name` as in the tree: "_+_", "startsWith". All arguments are decided and
// of types the checker allows.
NaiveValue NaiveCall(const std::string& name,
                     const std::vector<NaiveValue>& args);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_NAIVE_FUNCTIONS_H_
