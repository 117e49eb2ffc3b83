// Expressions of conditions by number, equal ones alike, so that statements
// about them can be compared.
//
// A term is known by a key of bytes: for what is understood built of its
// parts, with the sides of commutative operators in one order; for all else
// its source text. So a construct that is not known here is only ever equal to
// itself.
#ifndef PORTRISK_SCORING_CEL_TERMS_H_
#define PORTRISK_SCORING_CEL_TERMS_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/value_set.h"

namespace portrisk::scoring::cel {

// An expression that statements are about: a field, or something computed.
struct Term {
  bool is_path = false;
  Path path;
  ValueSet::Domain domain = ValueSet::Domain::kOther;
  // Terms of the fields without which it has no value.
  std::vector<uint32_t> needs;
  // Of `x in declared_list`: the list and the term of x.
  const EntrySet* set = nullptr;
  uint32_t subject = 0;
};

// Every expression met so far, numbered, equal ones alike. Conditions that are
// to be compared share one. Expressions need not outlive it, only the declared
// lists that they name.
class Terms {
 public:
  uint32_t Intern(absl::string_view key, Term term);
  uint32_t OfPath(const Path& path);
  // The expression, when all of it is understood: then `needs` has its fields.
  bool AppendKey(const Expr& expr, std::string* key,
                 std::vector<uint32_t>* needs);

  const Term& operator[](uint32_t term) const { return terms_[term]; }
  // A copy of a text that lives as long as this; equal ones are one.
  absl::string_view Keep(absl::string_view text);
  // The value with its text kept, if it is one.
  Value Keep(Value value);

 private:
  std::deque<Term> terms_;
  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::deque<std::string> texts_;
  absl::flat_hash_set<absl::string_view> known_texts_;  // Of texts_.
  std::string key_;                                     // Scratch of OfPath.
};

// A single value or a list of such: what keys are made of.
bool IsPlain(const Type& type);
// `movement.haulier.id`, without a question mark.
bool IsField(const Expr& expr);
// && || and ?: are decided without all of their operands.
bool IsLogic(absl::string_view function);
ValueSet::Domain DomainOf(const Type& type);
// A value written out, times and enums included.
bool ConstantValue(const Expr& expr, Value* value);

// Building blocks of keys.
template <typename T>
void AppendRaw(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void AppendText(absl::string_view text, std::string* out);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_TERMS_H_
