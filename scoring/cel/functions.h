// The functions and operators a condition may call, by the types they take.
// The checker chooses among them when it knows the types; where it does not
// (dyn), evaluation chooses by the kinds of the values.
#ifndef PORTRISK_SCORING_CEL_FUNCTIONS_H_
#define PORTRISK_SCORING_CEL_FUNCTIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/message_types.h"
#include "scoring/cel/op.h"
#include "scoring/cel/type.h"
#include "scoring/cel/value.h"

namespace re2 {
class RE2;
}

namespace portrisk::scoring::cel {

inline constexpr const char* kNoOverload = "no such overload";

// What a function may use besides its operands.
struct CallContext {
  Arena* arena;
  const MessageTypes* types;  // Null in rules.
  const re2::RE2* pattern;    // Of matches with a constant pattern, else null.
};

using Function = Value (*)(absl::Span<const Value> args,
                           const CallContext& context);

// What a result is, given the types of the operands.
enum class Result : uint8_t {
  kFixed,          // Overload::result.
  kStrings,        // list(string)
  kOptionalOfArg,  // optional of the first operand
  kElementOfArg,   // what the first operand, an optional, holds
};

struct Overload {
  absl::string_view name;
  bool member;  // Written x.f(y).
  // What ApplyStrict does, or kCall for `function`.
  Op op;
  Kind result;
  // The receiver first. Never kEnum; kDyn takes anything.
  std::vector<Kind> args;
  Function function = nullptr;
  Result rule = Result::kFixed;
  bool variadic = false;  // The last of `args` may be repeated.
};

enum class Match : uint8_t {
  kNo,
  kPerhaps,  // An operand is dyn where this wants something certain.
  kYes,
};
Match Matches(const Overload& overload, absl::Span<const Kind> args);

// All overloads of a name in one way of writing; empty when there is none.
absl::Span<const Overload* const> Overloads(absl::string_view name,
                                            bool member);

// Null when none fits for certain. Enums are passed as kInt. Operators whose
// operands may be of many types (==, <, in, [], ?:, lists) are the checker's
// own.
const Overload* FindOverload(absl::string_view name, bool member,
                             absl::Span<const Kind> args);

// Carries out the overload that fits the values; all are decided.
Value Dispatch(absl::Span<const Overload* const> overloads,
               absl::Span<const Value> args, const CallContext& context);
Value Apply(const Overload& overload, absl::Span<const Value> args,
            const CallContext& context);

// Whether any overload has this name, in either way of writing.
bool IsFunction(absl::string_view name);
std::vector<std::string> FunctionNames();

// Why a function of CEL is left out of rules; "" when it is none of those.
absl::string_view LeftOutReason(absl::string_view name);

// The parts of the table, each in the file of its functions.
void AddStringFunctions(std::vector<Overload>* table);   // string_functions.cc
void AddFormatFunctions(std::vector<Overload>* table);   // format.cc
void AddMathFunctions(std::vector<Overload>* table);     // math_functions.cc
void AddAccessFunctions(std::vector<Overload>* table);   // access.cc
void AddPatternFunctions(std::vector<Overload>* table);  // patterns.cc

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_FUNCTIONS_H_
