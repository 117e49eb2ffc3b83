// The functions and operators a condition may call, by the types they take.
#ifndef PORTRISK_SCORING_CEL_FUNCTIONS_H_
#define PORTRISK_SCORING_CEL_FUNCTIONS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/op.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

struct Overload {
  absl::string_view name;
  bool member;  // Written x.f(y).
  Op op;
  Kind result;
  std::vector<Kind> args;  // The receiver first. Never kEnum.
};

// Null when none fits. Enums are passed as kInt. Operators whose operands may
// be of many types (==, <, in, [], ?:, lists) are the checker's own.
const Overload* FindOverload(absl::string_view name, bool member,
                             const std::vector<Kind>& args);

// Whether any overload has this name, in either way of writing.
bool IsFunction(absl::string_view name);
std::vector<std::string> FunctionNames();

// Why a function of CEL is left out here; "" when it is none of those.
absl::string_view LeftOutReason(absl::string_view name);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_FUNCTIONS_H_
