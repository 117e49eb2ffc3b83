// Recursive descent, one method per level of the grammar, loosest first:
// Expression (?:), Or, And, Relation, Sum, Product, Unary, Member, Primary.
// Chains of one level are loops, so only real nesting costs stack and counts
// against kNestingMax; the height of the tree has its own limit because later
// stages recurse over it.
//
// After the first mistake every method returns null and nothing more is
// reported: follow-up messages about a text that is half understood mislead.
#include "scoring/cel/parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/lexer.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

constexpr absl::string_view kReserved[] = {
    "as",        "break",  "const",  "continue", "else",  "for",
    "function",  "if",     "import", "let",      "loop",  "package",
    "namespace", "return", "var",    "void",     "while", "in"};

constexpr absl::string_view kMacros[] = {"all", "exists", "exists_one", "map",
                                         "filter"};

bool Contains(const absl::string_view* begin, const absl::string_view* end,
              absl::string_view text) {
  return std::find(begin, end, text) != end;
}

int Height(const Expr& expr) {
  int height = 0;
  for (const ExprPtr& arg : expr.args) {
    height = std::max(height, arg == nullptr ? 0 : Height(*arg));
  }
  return height + 1;
}

class Parser {
 public:
  Parser(std::vector<Lexeme> lexemes, Diagnostics* diagnostics)
      : lexemes_(std::move(lexemes)), diagnostics_(diagnostics) {}

  ExprPtr Run() {
    if (Peek().token == Token::kEnd) {
      Fail(Peek(), "the condition is empty");
      return nullptr;
    }
    ExprPtr expr = Expression();
    if (expr != nullptr && Peek().token != Token::kEnd) Unexpected();
    return failed_ ? nullptr : std::move(expr);
  }

 private:
  // Counts one level of nesting while it lives.
  class Nested {
   public:
    explicit Nested(Parser* parser) : parser_(parser) {
      if (++parser_->nesting_ > kNestingMax) {
        parser_->Fail(parser_->Peek(),
                      absl::StrCat("more than ", kNestingMax,
                                   " expressions inside one another"),
                      "", "TOO_COMPLEX");
      }
    }
    ~Nested() { --parser_->nesting_; }

   private:
    Parser* const parser_;
  };

  const Lexeme& Peek() const { return lexemes_[pos_]; }
  bool IsSymbol(absl::string_view text) const {
    return Peek().token == Token::kSymbol && Peek().text == text;
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
    auto expr = std::make_unique<Expr>();
    expr->node = node;
    expr->begin = expr->name_begin = begin;
    expr->end = End();
    return expr;
  }

  ExprPtr Operator(absl::string_view name, const Lexeme& at, ExprPtr left,
                   ExprPtr right) {
    if (failed_) return nullptr;
    ExprPtr expr = Make(Node::kCall, left->begin);
    expr->name = std::string(name);
    expr->name_begin = at.begin;
    expr->args.push_back(std::move(left));
    expr->args.push_back(std::move(right));
    return expr;
  }

  ExprPtr Expression() {
    const Nested nested(this);
    if (failed_) return nullptr;
    ExprPtr condition = Or();
    const Lexeme at = Peek();
    if (failed_ || !Take("?")) return condition;
    ExprPtr then = Or();
    if (failed_ || !Expect(":")) return nullptr;
    ExprPtr otherwise = Expression();
    ExprPtr expr = Operator("_?_:_", at, std::move(condition), std::move(then));
    if (failed_) return nullptr;
    expr->args.push_back(std::move(otherwise));
    expr->end = End();
    return expr;
  }

  ExprPtr Or() { return Chain({"||"}, &Parser::And); }
  ExprPtr And() { return Chain({"&&"}, &Parser::Relation); }
  ExprPtr Relation() {
    return Chain({"<=", "<", ">=", ">", "==", "!=", "in"}, &Parser::Sum);
  }
  ExprPtr Sum() { return Chain({"+", "-"}, &Parser::Product); }
  ExprPtr Product() { return Chain({"*", "/", "%"}, &Parser::Unary); }

  // Left-associative operators of one level.
  ExprPtr Chain(std::initializer_list<absl::string_view> operators,
                ExprPtr (Parser::*operand)()) {
    ExprPtr left = (this->*operand)();
    while (!failed_) {
      const auto found = std::find_if(
          operators.begin(), operators.end(), [&](absl::string_view op) {
            return op == "in" ? IsWord(op) : IsSymbol(op);
          });
      if (found == operators.end()) return left;
      const Lexeme at = Peek();
      ++pos_;
      ExprPtr right = (this->*operand)();
      left = Operator(absl::StrCat("_", *found, "_"), at, std::move(left),
                      std::move(right));
    }
    return nullptr;
  }

  ExprPtr Unary() {
    const Lexeme at = Peek();
    if (at.token != Token::kSymbol || (at.text != "!" && at.text != "-")) {
      return MemberChain();
    }
    const Nested nested(this);
    ++pos_;
    if (failed_) return nullptr;
    // The sign belongs to a literal, so that the smallest int can be written.
    if (at.text == "-" &&
        (Peek().token == Token::kInt || Peek().token == Token::kDouble)) {
      negative_ = true;
      ExprPtr literal = MemberChain();
      if (literal != nullptr && literal->begin > at.begin) {
        literal->begin = at.begin;
      }
      return literal;
    }
    ExprPtr operand = Unary();
    if (failed_) return nullptr;
    ExprPtr expr = Make(Node::kCall, at.begin);
    expr->name = at.text == "!" ? "!_" : "-_";
    expr->args.push_back(std::move(operand));
    return expr;
  }

  ExprPtr MemberChain() {
    ExprPtr expr = Primary();
    while (!failed_) {
      if (Take(".")) {
        expr = Selection(std::move(expr));
      } else if (IsSymbol("[")) {
        const Lexeme at = Peek();
        ++pos_;
        ExprPtr index = Expression();
        if (failed_ || !Expect("]")) return nullptr;
        expr = Operator("_[_]", at, std::move(expr), std::move(index));
      } else if (IsSymbol("{") && IsQualifiedName(*expr)) {
        expr = MessageLiteral(std::move(expr));
      } else {
        return expr;
      }
    }
    return nullptr;
  }

  static bool IsQualifiedName(const Expr& expr) {
    if (expr.node == Node::kIdentifier) return true;
    return expr.node == Node::kSelect && IsQualifiedName(*expr.args[0]);
  }

  ExprPtr Selection(ExprPtr operand) {
    const Lexeme name = Peek();
    if (name.token != Token::kIdentifier || name.text == "in" ||
        name.text == "true" || name.text == "false" || name.text == "null") {
      return Fail(name, "a field or function name is missing after the dot");
    }
    ++pos_;
    const bool call = IsSymbol("(");
    if (call && Contains(std::begin(kMacros), std::end(kMacros), name.text)) {
      return Macro(name, std::move(operand));
    }
    ExprPtr expr = Make(call ? Node::kCall : Node::kSelect, operand->begin);
    expr->name = name.text;
    expr->name_begin = name.begin;
    expr->args.push_back(std::move(operand));
    if (call) {
      expr->member = true;
      ++pos_;
      if (!Arguments(")", &expr->args)) return nullptr;
    }
    expr->end = End();
    return expr;
  }

  // Comma-separated expressions up to `closing`. A trailing comma is allowed
  // in lists only.
  bool Arguments(absl::string_view closing, std::vector<ExprPtr>* args) {
    if (Take(closing)) return true;
    while (!failed_) {
      args->push_back(Expression());
      if (failed_) return false;
      if (Take(",")) {
        if (closing == "]" && Take(closing)) return true;
        continue;
      }
      return Expect(closing);
    }
    return false;
  }

  ExprPtr Macro(const Lexeme& name, ExprPtr range) {
    ++pos_;
    const Lexeme variable = Peek();
    ExprPtr expr = Make(Node::kMacro, range->begin);
    expr->name = name.text;
    expr->name_begin = name.begin;
    expr->args.push_back(std::move(range));
    std::vector<ExprPtr> args;
    if (!Arguments(")", &args)) return nullptr;
    const bool map = name.text == "map";
    if (args.size() != 2 && !(map && args.size() == 3)) {
      return Fail(
          name,
          absl::StrCat(name.text, " takes a variable and ",
                       map ? "one or two expressions" : "one expression"),
          absl::StrCat(name.text, "(x, ...)"));
    }
    if (args[0]->node != Node::kIdentifier || args[0]->rooted) {
      return Fail(variable,
                  absl::StrCat("the first argument of ", name.text,
                               " names its variable, so it must be a name"),
                  "x");
    }
    expr->variable = args[0]->name;
    for (size_t i = 1; i < args.size(); ++i) {
      expr->args.push_back(std::move(args[i]));
    }
    expr->end = End();
    return expr;
  }

  ExprPtr MessageLiteral(ExprPtr name) {
    ExprPtr expr = Make(Node::kMessage, name->begin);
    ++pos_;
    if (!Pairs(&expr->args)) return nullptr;
    expr->end = End();
    return expr;
  }

  bool Pairs(std::vector<ExprPtr>* args) {
    while (!failed_ && !Take("}")) {
      args->push_back(Expression());
      if (failed_ || !Expect(":")) return false;
      args->push_back(Expression());
      if (failed_) return false;
      if (!IsSymbol("}") && !Expect(",")) return false;
    }
    return !failed_;
  }

  ExprPtr Primary() {
    const Lexeme at = Peek();
    switch (at.token) {
      case Token::kInt:
      case Token::kUint:
      case Token::kDouble:
        return Number();
      case Token::kString:
      case Token::kBytes: {
        ++pos_;
        ExprPtr expr = Make(Node::kLiteral, at.begin);
        expr->literal.kind =
            at.token == Token::kString ? Kind::kString : Kind::kBytes;
        expr->text = at.text;
        return expr;
      }
      case Token::kIdentifier:
        return Name();
      case Token::kSymbol:
        return Bracketed();
      case Token::kEnd:
        break;
    }
    return Unexpected();
  }

  ExprPtr Bracketed() {
    const Lexeme at = Peek();
    if (Take("(")) {
      ExprPtr expr = Expression();
      if (failed_ || !Expect(")")) return nullptr;
      return expr;
    }
    if (Take("[")) {
      ExprPtr expr = Make(Node::kList, at.begin);
      if (!Arguments("]", &expr->args)) return nullptr;
      expr->end = End();
      return expr;
    }
    if (Take("{")) {
      ExprPtr expr = Make(Node::kMap, at.begin);
      if (!Pairs(&expr->args)) return nullptr;
      expr->end = End();
      return expr;
    }
    if (IsSymbol(".") && lexemes_[pos_ + 1].token == Token::kIdentifier) {
      ++pos_;
      ExprPtr expr = Name();
      if (expr == nullptr) return nullptr;
      expr->rooted = true;
      expr->begin = at.begin;
      return expr;
    }
    return Unexpected();
  }

  ExprPtr Name() {
    const Lexeme at = Peek();
    if (at.text == "true" || at.text == "false" || at.text == "null") {
      ++pos_;
      ExprPtr expr = Make(Node::kLiteral, at.begin);
      if (at.text != "null") expr->literal = Value::Bool(at.text == "true");
      return expr;
    }
    if (Contains(std::begin(kReserved), std::end(kReserved), at.text)) {
      return Fail(at, absl::StrCat(at.text, " is a reserved word"));
    }
    if (at.text == "not" && lexemes_[pos_ + 1].token == Token::kIdentifier) {
      return Unexpected();
    }
    ++pos_;
    if (!IsSymbol("(")) {
      ExprPtr expr = Make(Node::kIdentifier, at.begin);
      expr->name = at.text;
      return expr;
    }
    ++pos_;
    ExprPtr expr = Make(Node::kCall, at.begin);
    expr->name = at.text;
    if (!Arguments(")", &expr->args)) return nullptr;
    expr->end = End();
    return at.text == "has" ? Has(at, std::move(expr)) : std::move(expr);
  }

  ExprPtr Has(const Lexeme& at, ExprPtr call) {
    if (call->args.size() != 1 || call->args[0]->node != Node::kSelect) {
      return Fail(at, "has takes one field, written with its dot",
                  "has(movement.haulier.id)");
    }
    ExprPtr expr = std::move(call->args[0]);
    expr->node = Node::kHas;
    expr->begin = call->begin;
    expr->end = call->end;
    return expr;
  }

  ExprPtr Number() {
    const Lexeme at = Peek();
    const bool negative = std::exchange(negative_, false);
    ++pos_;
    ExprPtr expr = Make(Node::kLiteral, at.begin);
    const absl::string_view error = ReadNumber(at, negative, &expr->literal);
    if (!error.empty()) return Fail(at, error, "", "OUT_OF_RANGE");
    return expr;
  }

  const std::vector<Lexeme> lexemes_;
  Diagnostics* const diagnostics_;
  size_t pos_ = 0;
  int nesting_ = 0;
  bool negative_ = false;
  bool failed_ = false;
};

}  // namespace

ExprPtr Parse(absl::string_view source, Diagnostics* diagnostics) {
  if (source.size() > kExpressionBytesMax) {
    diagnostics->push_back({"TOO_LONG", true, 0, 1,
                            absl::StrCat("the condition is longer than ",
                                         kExpressionBytesMax, " bytes"),
                            "use a declared list or split the rule"});
    return nullptr;
  }
  std::vector<Lexeme> lexemes = Tokenise(source, diagnostics);
  if (lexemes.empty()) return nullptr;
  ExprPtr expr = Parser(std::move(lexemes), diagnostics).Run();
  if (expr != nullptr && Height(*expr) > kTreeHeightMax) {
    diagnostics->push_back(
        {"TOO_COMPLEX", true, expr->begin, expr->end,
         absl::StrCat("more than ", kTreeHeightMax, " operators in one chain"),
         "use `in` with a list"});
    return nullptr;
  }
  return expr;
}

}  // namespace portrisk::scoring::cel
