// One pass, no look-ahead beyond three characters. The only hard part is the
// string literal: six prefixes and quotes, and escapes that mean a code point
// in text but a byte in bytes. Read the helpers bottom-up: Escape decodes one
// escape, Quoted one literal, Run the whole condition.
#include "scoring/cel/lexer.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/utf8.h"

namespace portrisk::scoring::cel {
namespace {

bool IsIdentifierStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsIdentifierPart(char c) { return absl::ascii_isalnum(c) || c == '_'; }
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The characters an escape of one letter stands for, pairwise.
constexpr absl::string_view kSimpleEscapes =
    "a\ab\bf\fn\nr\rt\tv\v\\\\??\"\"''``";

class Lexer {
 public:
  Lexer(Tree* tree, Diagnostics* diagnostics)
      : source_(tree->source()), tree_(*tree), diagnostics_(diagnostics) {}

  void Run(std::vector<Lexeme>* lexemes) {
    lexemes->clear();
    while (!failed_) {
      SkipBlanks();
      Lexeme& lexeme = lexemes->emplace_back();
      lexeme.begin = lexeme.end = static_cast<uint32_t>(pos_);
      if (pos_ == source_.size()) return;
      Next(&lexeme);
      lexeme.end = static_cast<uint32_t>(pos_);
    }
    lexemes->clear();
  }

 private:
  char At(size_t offset) const {
    return pos_ + offset < source_.size() ? source_[pos_ + offset] : '\0';
  }

  void Fail(size_t begin, size_t end, absl::string_view message,
            absl::string_view suggestion = "") {
    if (failed_) return;
    failed_ = true;
    diagnostics_->push_back({"SYNTAX", true, static_cast<uint32_t>(begin),
                             static_cast<uint32_t>(end), std::string(message),
                             std::string(suggestion)});
  }

  void SkipBlanks() {
    while (pos_ < source_.size()) {
      const char c = source_[pos_];
      if (IsBlank(c)) {
        ++pos_;
      } else if (c == '/' && At(1) == '/') {
        while (pos_ < source_.size() && source_[pos_] != '\n') ++pos_;
      } else {
        return;
      }
    }
  }

  void Next(Lexeme* out) {
    const char c = At(0);
    if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(At(1)))) {
      return Number(out);
    }
    if (std::optional<size_t> prefix = StringPrefix()) {
      return Quoted(*prefix, out);
    }
    if (IsIdentifierStart(c)) {
      const size_t begin = pos_++;
      while (pos_ < source_.size() && IsIdentifierPart(source_[pos_])) ++pos_;
      out->token = Token::kIdentifier;
      out->text = source_.substr(begin, pos_ - begin);
      return;
    }
    if (c == '`') return QuotedName(out);
    Symbol(out);
  }

  void QuotedName(Lexeme* out) {
    const size_t begin = pos_++;
    out->token = Token::kQuotedName;
    while (IsIdentifierPart(At(0)) || At(0) == '.' || At(0) == '-' ||
           At(0) == '/' || At(0) == ' ') {
      ++pos_;
    }
    out->text = source_.substr(begin + 1, pos_ - begin - 1);
    if (At(0) != '`' || out->text.empty()) {
      return Fail(begin, pos_,
                  "a name in backticks has letters, digits, _ . - / and blanks",
                  "`");
    }
    ++pos_;
  }

  void TakeSymbol(size_t length, Lexeme* out) {
    out->text = source_.substr(pos_, length);
    out->symbol = cel::Symbol(out->text);
    pos_ += length;
  }

  void Symbol(Lexeme* out) {
    out->token = Token::kSymbol;
    const char c = At(0), next = At(1);
    if ((next == '=' && (c == '=' || c == '!' || c == '<' || c == '>')) ||
        (next == c && (c == '&' || c == '|'))) {
      return TakeSymbol(2, out);
    }
    if (absl::string_view("<>!+-*/%?:.,()[]{}").find(c) !=
        absl::string_view::npos) {
      return TakeSymbol(1, out);
    }
    if (c == '=' && next == '>') {
      return Fail(pos_, pos_ + 2, "=> is not an operator", ">=");
    }
    if (c == '=') return Fail(pos_, pos_ + 1, "= is not an operator", "==");
    if (c == '&') return Fail(pos_, pos_ + 1, "& is not an operator", "&&");
    if (c == '|') return Fail(pos_, pos_ + 1, "| is not an operator", "||");
    const size_t length = Utf8Length(source_.substr(pos_));
    Fail(pos_, pos_ + std::max<size_t>(1, length),
         "this character has no meaning outside of text in quotes");
  }

  void Number(Lexeme* out) {
    const size_t begin = pos_;
    out->token = Token::kInt;
    if (At(0) == '0' && (At(1) == 'x' || At(1) == 'X')) {
      pos_ += 2;
      while (HexValue(At(0)) >= 0) ++pos_;
      if (pos_ == begin + 2) Fail(begin, pos_, "0x needs digits after it");
    } else {
      DecimalOrDouble(out);
    }
    out->text = source_.substr(begin, pos_ - begin);
    if (out->token == Token::kInt && (At(0) == 'u' || At(0) == 'U')) {
      out->token = Token::kUint;
      ++pos_;
    }
    if (IsIdentifierPart(At(0))) {
      Fail(begin, pos_ + 1, "a number runs into a name",
           "durations are written duration('2h')");
    }
  }

  void DecimalOrDouble(Lexeme* out) {
    while (absl::ascii_isdigit(At(0))) ++pos_;
    if (At(0) == '.' && absl::ascii_isdigit(At(1))) {
      out->token = Token::kDouble;
      ++pos_;
      while (absl::ascii_isdigit(At(0))) ++pos_;
    }
    if (At(0) != 'e' && At(0) != 'E') return;
    const size_t sign = At(1) == '+' || At(1) == '-' ? 1 : 0;
    if (!absl::ascii_isdigit(At(1 + sign))) return;
    out->token = Token::kDouble;
    pos_ += 2 + sign;
    while (absl::ascii_isdigit(At(0))) ++pos_;
  }

  // Length of the prefix letters when a string literal starts here.
  std::optional<size_t> StringPrefix() const {
    size_t length = 0;
    bool raw = false, bytes = false;
    switch (At(0)) {
      case '"':
      case '\'':
        return 0;
      case 'r':
      case 'R':
      case 'b':
      case 'B':
        break;
      default:
        return std::nullopt;
    }
    for (; length < 2; ++length) {
      const char c = absl::ascii_tolower(At(length));
      if (c == 'r' && !raw) {
        raw = true;
      } else if (c == 'b' && !bytes) {
        bytes = true;
      } else {
        break;
      }
    }
    const char quote = At(length);
    if (quote == '"' || quote == '\'') return length;
    return std::nullopt;
  }

  void Quoted(size_t prefix, Lexeme* out) {
    const size_t begin = pos_;
    bool raw = false;
    out->token = Token::kString;
    for (size_t i = 0; i < prefix; ++i) {
      raw |= absl::ascii_tolower(At(i)) == 'r';
      if (absl::ascii_tolower(At(i)) == 'b') out->token = Token::kBytes;
    }
    pos_ += prefix;
    const char quote = At(0);
    const size_t width = At(1) == quote && At(2) == quote ? 3 : 1;
    const absl::string_view closing = source_.substr(pos_, width);
    pos_ += width;
    const size_t first = pos_;
    bool escaped = false;
    while (!failed_) {
      if (pos_ >= source_.size() || (width == 1 && At(0) == '\n')) {
        return Fail(begin, pos_, "the text in quotes has no end", closing);
      }
      if (absl::StartsWith(source_.substr(pos_), closing)) {
        out->text =
            escaped ? tree_.Keep(text_) : source_.substr(first, pos_ - first);
        pos_ += width;
        return CheckUtf8(begin, *out);
      }
      if (At(0) == '\\' && !raw) {
        // From here on the text differs from its source.
        if (!escaped) text_ = std::string(source_.substr(first, pos_ - first));
        escaped = true;
        Escape(*out);
        continue;
      }
      if (escaped) text_.push_back(source_[pos_]);
      ++pos_;
    }
  }

  void CheckUtf8(size_t begin, const Lexeme& lexeme) {
    if (lexeme.token == Token::kString && !IsUtf8(lexeme.text)) {
      Fail(begin, pos_, "the text in quotes is not UTF-8");
    }
  }

  void Escape(const Lexeme& out) {
    const size_t begin = pos_;
    const char c = At(1);
    pos_ += 2;
    for (size_t i = 0; i < kSimpleEscapes.size(); i += 2) {
      if (c == kSimpleEscapes[i]) {
        text_.push_back(kSimpleEscapes[i + 1]);
        return;
      }
    }
    const bool bytes = out.token == Token::kBytes;
    if (c == 'x' || c == 'X') return NumericEscape(begin, 2, 16, bytes);
    if (c == 'u' && !bytes) return NumericEscape(begin, 4, 16, bytes);
    if (c == 'U' && !bytes) return NumericEscape(begin, 8, 16, bytes);
    if (c >= '0' && c <= '3') {
      --pos_;
      return NumericEscape(begin, 3, 8, bytes);
    }
    Fail(begin, std::min(pos_, source_.size()),
         absl::StrCat("\\", std::string(1, c), " is not an escape"),
         "write \\\\ for a backslash, or prefix the quotes with r");
  }

  void NumericEscape(size_t begin, int digits, int base, bool bytes) {
    uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const int digit = HexValue(At(0));
      if (digit < 0 || digit >= base) {
        return Fail(begin, pos_, "the escape has too few digits");
      }
      value = value * base + digit;
      ++pos_;
    }
    if (bytes) {
      text_.push_back(static_cast<char>(value));
    } else if (!AppendUtf8(value, &text_)) {
      Fail(begin, pos_, "the escape is not a Unicode character");
    }
  }

  const absl::string_view source_;
  Tree& tree_;
  Diagnostics* const diagnostics_;
  std::string text_;  // Of a literal with escapes, as far as it is read.
  size_t pos_ = 0;
  bool failed_ = false;
};

}  // namespace

void Tokenise(Tree* tree, Diagnostics* diagnostics,
              std::vector<Lexeme>* lexemes) {
  Lexer(tree, diagnostics).Run(lexemes);
}

absl::string_view ReadNumber(const Lexeme& lexeme, bool negative,
                             Value* value) {
  const absl::string_view text = lexeme.text;
  if (lexeme.token == Token::kDouble) {
    double number;
    if (!absl::SimpleAtod(text, &number)) return "this number cannot be read";
    *value = Value::Double(negative ? -number : number);
    return "";
  }
  const bool hex = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  uint64_t number;
  const bool fits = hex ? absl::SimpleHexAtoi(text, &number)
                        : absl::SimpleAtoi(text, &number);
  const uint64_t limit = (uint64_t{1} << 63) - (negative ? 0 : 1);
  if (!fits || (lexeme.token == Token::kInt && number > limit)) {
    return "this number does not fit 64 bits";
  }
  *value =
      lexeme.token == Token::kUint
          ? Value::Uint(number)
          : Value::Int(static_cast<int64_t>(negative ? 0 - number : number));
  return "";
}

}  // namespace portrisk::scoring::cel
