// Cuts a condition into tokens. Source of the grammar: the Common Expression
// Language's language definition, section "Syntax".
#ifndef PORTRISK_SCORING_CEL_LEXER_H_
#define PORTRISK_SCORING_CEL_LEXER_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/tree.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

enum class Token : uint8_t {
  kEnd,
  kIdentifier,
  kQuotedName,  // `any-name` of a field; the text is without the quotes.
  kInt,         // Digits or 0x digits, without sign.
  kUint,        // The same with u.
  kDouble,      // Without sign.
  kString,
  kBytes,
  kSymbol,  // Operators and punctuation; the text says which.
};

// A symbol of one or two characters as a number.
constexpr uint16_t Symbol(absl::string_view text) {
  return static_cast<uint16_t>(
      static_cast<uint8_t>(text[0]) |
      (text.size() > 1 ? static_cast<uint8_t>(text[1]) << 8 : 0));
}

struct Lexeme {
  Token token = Token::kEnd;
  uint16_t symbol = 0;  // kSymbol
  uint32_t begin = 0;
  uint32_t end = 0;
  absl::string_view text;  // Source text; contents after escapes for literals.
};

// The lexemes of the source that `tree` has, ended by kEnd; or nothing and a
// diagnostic. Their texts live in the tree. `lexemes` is cleared first.
void Tokenise(Tree* tree, Diagnostics* diagnostics,
              std::vector<Lexeme>* lexemes);

// The value of a number; `negative` when a minus stands before it. Returns
// what is wrong with it, or "".
absl::string_view ReadNumber(const Lexeme& lexeme, bool negative, Value* value);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_LEXER_H_
