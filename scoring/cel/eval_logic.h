// What is left of values that do not decide.
#ifndef PORTRISK_SCORING_CEL_EVAL_LOGIC_H_
#define PORTRISK_SCORING_CEL_EVAL_LOGIC_H_

#include "scoring/cel/functions.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

// Of a value that stands where a bool must be and is none.
inline Value NotBool(const Value& value) {
  return value.is_decided() ? Value::Error(kNoOverload) : value;
}

// Of two values that do not decide: the one to report.
inline Value Worse(const Value& left, const Value& right) {
  if (left.is_unknown()) return left;
  if (right.is_unknown()) return right;
  if (left.is_error()) return left;
  if (right.is_error()) return right;
  return Value::Error(kNoOverload);
}

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_EVAL_LOGIC_H_
