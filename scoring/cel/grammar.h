// The words and operators of the language, as tables for the parser.
#ifndef PORTRISK_SCORING_CEL_GRAMMAR_H_
#define PORTRISK_SCORING_CEL_GRAMMAR_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "scoring/cel/lexer.h"

namespace portrisk::scoring::cel {

inline constexpr absl::string_view kReserved[] = {
    "as",        "break",  "const",  "continue", "else",  "for",
    "function",  "if",     "import", "let",      "loop",  "package",
    "namespace", "return", "var",    "void",     "while", "in"};

// Macros and how many arguments each takes: a variable, perhaps a second one,
// and expressions.
struct MacroForm {
  absl::string_view name;
  size_t args_min;
  size_t args_max;
  size_t two_variables;  // From this many arguments on.
  absl::string_view example;
};
inline constexpr MacroForm kMacros[] = {
    {"all", 2, 3, 3, "all(x, ...)"},
    {"exists", 2, 3, 3, "exists(x, ...)"},
    {"exists_one", 2, 3, 3, "exists_one(x, ...)"},
    {"existsOne", 2, 3, 3, "existsOne(x, ...)"},
    {"map", 2, 3, 9, "map(x, ...)"},
    {"filter", 2, 2, 9, "filter(x, ...)"},
    {"transformList", 3, 4, 3, "transformList(i, x, ...)"},
    {"transformMap", 3, 4, 3, "transformMap(k, v, ...)"},
    {"transformMapEntry", 3, 4, 3, "transformMapEntry(k, v, {k: v})"},
    {"optMap", 2, 2, 9, "optMap(x, ...)"},
    {"optFlatMap", 2, 2, 9, "optFlatMap(x, ...)"},
};

// Operators with two operands, by how tightly they bind.
enum class Level : uint8_t { kOr, kAnd, kRelation, kSum, kProduct };
struct BinaryOperator {
  uint16_t symbol;
  Level level;
  absl::string_view name;
};
inline constexpr BinaryOperator kBinaryOperators[] = {
    {Symbol("&&"), Level::kAnd, "_&&_"},
    {Symbol("=="), Level::kRelation, "_==_"},
    {Symbol("||"), Level::kOr, "_||_"},
    {Symbol("<"), Level::kRelation, "_<_"},
    {Symbol(">"), Level::kRelation, "_>_"},
    {Symbol("<="), Level::kRelation, "_<=_"},
    {Symbol(">="), Level::kRelation, "_>=_"},
    {Symbol("!="), Level::kRelation, "_!=_"},
    {Symbol("+"), Level::kSum, "_+_"},
    {Symbol("-"), Level::kSum, "_-_"},
    {Symbol("*"), Level::kProduct, "_*_"},
    {Symbol("/"), Level::kProduct, "_/_"},
    {Symbol("%"), Level::kProduct, "_%_"},
};

inline const MacroForm* FindMacro(absl::string_view name) {
  for (const MacroForm& form : kMacros) {
    if (form.name == name) return &form;
  }
  return nullptr;
}

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_GRAMMAR_H_
