// Where a parser stands in the lexemes of a condition, and how it fails: once.
#ifndef PORTRISK_SCORING_CEL_TOKEN_CURSOR_H_
#define PORTRISK_SCORING_CEL_TOKEN_CURSOR_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/diagnostic.h"
#include "scoring/cel/lexer.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {

class TokenCursor {
 public:
  // All outlive this.
  TokenCursor(const std::vector<Lexeme>& lexemes, Tree* tree,
              Diagnostics* diagnostics)
      : lexemes_(lexemes), tree_(*tree), diagnostics_(diagnostics) {}

 protected:
  // Counts one level of nesting while it lives.
  class Nested {
   public:
    explicit Nested(TokenCursor* cursor) : cursor_(cursor) {
      if (++cursor_->nesting_ > kNestingMax) {
        cursor_->Fail(cursor_->Peek(),
                      absl::StrCat("more than ", kNestingMax,
                                   " expressions inside one another"),
                      "", "TOO_COMPLEX");
      }
    }
    ~Nested() { --cursor_->nesting_; }

   private:
    TokenCursor* const cursor_;
  };

  const Lexeme& Peek() const { return lexemes_[pos_]; }
  bool IsSymbol(absl::string_view text) const {
    return Peek().symbol == Symbol(text);
  }
  bool IsWord(absl::string_view text) const {
    return Peek().token == Token::kIdentifier && Peek().text == text;
  }
  bool Take(absl::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    ++pos_;
    return true;
  }
  // The end of what was read so far.
  uint32_t End() const { return pos_ == 0 ? 0 : lexemes_[pos_ - 1].end; }

  std::nullptr_t Fail(const Lexeme& at, absl::string_view message,
                      absl::string_view suggestion = "",
                      absl::string_view code = "SYNTAX") {
    if (!failed_) {
      diagnostics_->push_back({std::string(code), true, at.begin,
                               std::max(at.end, at.begin + 1),
                               std::string(message), std::string(suggestion)});
    }
    failed_ = true;
    return nullptr;
  }

  std::nullptr_t Unexpected() {
    const Lexeme& at = Peek();
    if (at.token == Token::kEnd) return Fail(at, "the condition ends early");
    if (IsWord("and") || IsWord("AND")) return Fail(at, "not CEL", "&&");
    if (IsWord("or") || IsWord("OR")) return Fail(at, "not CEL", "||");
    if (IsWord("not") || IsWord("NOT")) return Fail(at, "not CEL", "!");
    const bool quoted = at.token == Token::kString || at.token == Token::kBytes;
    return Fail(at, quoted ? "text in quotes is not expected here"
                           : absl::StrCat(at.text, " is not expected here"));
  }

  bool Expect(absl::string_view symbol) {
    if (Take(symbol)) return true;
    if (Peek().token == Token::kEnd) {
      Fail(Peek(), absl::StrCat(symbol, " is missing"), symbol);
    } else {
      Unexpected();
    }
    return false;
  }

  ExprPtr Make(Node node, uint32_t begin) {
    Expr* const expr = tree_.Make();
    expr->node = node;
    expr->begin = expr->name_begin = begin;
    expr->end = End();
    return expr;
  }

  const std::vector<Lexeme>& lexemes_;
  Tree& tree_;
  Diagnostics* const diagnostics_;
  size_t pos_ = 0;
  int nesting_ = 0;
  bool failed_ = false;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_TOKEN_CURSOR_H_
