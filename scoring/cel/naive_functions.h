// Strict operators and functions of the second evaluator. Each takes arguments
// that are decided and that an overload of functions.h allows.
#ifndef PORTRISK_SCORING_CEL_NAIVE_FUNCTIONS_H_
#define PORTRISK_SCORING_CEL_NAIVE_FUNCTIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "scoring/cel/naive.h"

namespace portrisk::scoring::cel {

struct NaiveContext {
  const MessageTypes* types;     // Null in rules.
  std::shared_ptr<Arena> arena;  // Owns what messages are made.
};

// `name` as in the tree: "_+_", "startsWith".
NaiveValue NaiveCall(const std::string& name,
                     const std::vector<NaiveValue>& args,
                     const NaiveContext& context);

// Of it: names with a dot and those of texts (naive_text.cc); fields, keys
// and optionals (naive_access.cc). False when the name is none of theirs.
bool NaiveText(const std::string& name, const std::vector<NaiveValue>& args,
               NaiveValue* result);
bool NaiveMath(const std::string& name, const std::vector<NaiveValue>& args,
               NaiveValue* result);
bool NaiveAccess(const std::string& name, const std::vector<NaiveValue>& args,
                 const NaiveContext& context, NaiveValue* result);

// What string() makes of it.
NaiveValue NaiveToText(const NaiveValue& value);
bool NaiveIsNumber(const NaiveValue& value);
// -1, 0, 1, or 2 for unordered; of two numbers or two of one ordered kind.
int NaiveCompare(const NaiveValue& a, const NaiveValue& b);
bool NaiveEquals(const NaiveValue& a, const NaiveValue& b);
// Null when there is no such key.
const NaiveValue* NaiveFind(const NaiveValue::Map& map, const NaiveValue& key);

// Whether an overload of the name takes values of these kinds.
bool NaiveFits(const std::string& name, bool member,
               const std::vector<NaiveValue>& args);
Kind NaiveKind(const NaiveValue& value);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_NAIVE_FUNCTIONS_H_
