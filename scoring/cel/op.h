// The operations a compiled condition consists of.
#ifndef PORTRISK_SCORING_CEL_OP_H_
#define PORTRISK_SCORING_CEL_OP_H_

#include <cstdint>

namespace portrisk::scoring::cel {

enum class Op : uint8_t {
  // Leaves and operators that do not need all of their operands.
  kConstant,
  kSlot,      // A field reached from movement, container or right.
  kVariable,  // Of a macro.
  kSelect,    // A field of a message that is no slot.
  kHasSlot,
  kHasSelect,
  kAnd,
  kOr,
  kConditional,
  kInSet,
  kList,
  kAll,
  kExists,
  kExistsOne,
  kMap,  // range, condition or none, result
  kFilter,
  kBound,           // A variable of an environment without roots.
  kOptionalSlot,    // The field as an optional: none when absent.
  kOptionalSelect,  // The same of a message that is no slot.
  kOptionalOr,
  kOptionalOrValue,
  kOptMap,
  kOptFlatMap,
  kBind,  // cel.bind: a value with a name for its body.
  kMapLiteral,
  kMessageLiteral,
  kOptionalList,  // List and map literals with ?.
  kOptionalMap,
  // Macros with two variables.
  kAll2,
  kExists2,
  kExistsOne2,
  kTransformList,
  kTransformMap,
  kTransformMapEntry,
  kCall,  // A function of functions.h, looked up by what its operands are.
  // Strict: every operand is decided before they run (ops.h). Comparisons stand
  // together, from kEqual to kGreaterEqual.
  kNot,
  kNegate,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kIn,
  kIndex,
  kSize,
  kStartsWith,
  kEndsWith,
  kContains,
  kToInt,
  kToUint,
  kToDouble,
  kToBool,
  kToString,
  kToBytes,
  kToTimestamp,
  kToDuration,
  kGetFullYear,
  kGetMonth,
  kGetDate,
  kGetDayOfMonth,
  kGetDayOfWeek,
  kGetDayOfYear,
  kGetHours,
  kGetMinutes,
  kGetSeconds,
  kGetMilliseconds,
};

inline bool IsStrict(Op op) { return op >= Op::kNot; }

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_OP_H_
