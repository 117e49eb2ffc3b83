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
#include "scoring/cel/grammar.h"
#include "scoring/cel/lexer.h"
#include "scoring/cel/token_cursor.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

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

class Parser : private TokenCursor {
 public:
  using TokenCursor::TokenCursor;

  ExprPtr Run() {
    if (Peek().token == Token::kEnd) {
      Fail(Peek(), "the condition is empty");
      return nullptr;
    }
    ExprPtr expr = Expression();
    if (expr != nullptr && Peek().token != Token::kEnd) Unexpected();
    return failed_ ? nullptr : expr;
  }

 private:
  ExprPtr Operator(absl::string_view name, const Lexeme& at, ExprPtr left,
                   ExprPtr right) {
    if (failed_) return nullptr;
    ExprPtr expr = Make(Node::kCall, left->begin);
    expr->name = name;
    expr->name_begin = at.begin;
    expr->args.push_back(left);
    expr->args.push_back(right);
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
    ExprPtr expr = Operator("_?_:_", at, condition, then);
    if (failed_) return nullptr;
    expr->args.push_back(otherwise);
    expr->end = End();
    return expr;
  }

  ExprPtr Or() { return Chain(Level::kOr, &Parser::And); }
  ExprPtr And() { return Chain(Level::kAnd, &Parser::Relation); }
  ExprPtr Relation() { return Chain(Level::kRelation, &Parser::Sum); }
  ExprPtr Sum() { return Chain(Level::kSum, &Parser::Product); }
  ExprPtr Product() { return Chain(Level::kProduct, &Parser::Unary); }

  // Left-associative operators of one level.
  ExprPtr Chain(Level level, ExprPtr (Parser::*operand)()) {
    ExprPtr left = (this->*operand)();
    while (!failed_) {
      const absl::string_view name = OperatorOf(level);
      if (name.empty()) return left;
      const Lexeme at = Peek();
      ++pos_;
      ExprPtr right = (this->*operand)();
      left = Operator(name, at, left, right);
    }
    return nullptr;
  }

  // The operator of this level that stands here; empty when there is none.
  absl::string_view OperatorOf(Level level) const {
    const Lexeme& at = Peek();
    if (at.token == Token::kIdentifier) {
      return level == Level::kRelation && at.text == "in" ? "@in" : "";
    }
    if (at.token != Token::kSymbol) return "";
    for (const BinaryOperator& one : kBinaryOperators) {
      if (one.symbol == at.symbol) return one.level == level ? one.name : "";
    }
    return "";
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
    expr->args.push_back(operand);
    return expr;
  }

  ExprPtr MemberChain() {
    ExprPtr expr = Primary();
    while (!failed_) {
      if (Take(".")) {
        expr = Selection(expr);
      } else if (IsSymbol("[")) {
        const Lexeme at = Peek();
        ++pos_;
        const bool optional = Take("?");
        ExprPtr index = Expression();
        if (failed_ || !Expect("]")) return nullptr;
        expr = Operator(optional ? "_[?_]" : "_[_]", at, expr, index);
      } else if (IsSymbol("{") && IsQualifiedName(*expr)) {
        expr = MessageLiteral(expr);
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

  static bool IsFieldName(const Lexeme& name) {
    return name.token == Token::kQuotedName ||
           (name.token == Token::kIdentifier && name.text != "in" &&
            name.text != "true" && name.text != "false" && name.text != "null");
  }

  ExprPtr Selection(ExprPtr operand) {
    const bool optional = Take("?");
    const Lexeme name = Peek();
    if (!IsFieldName(name)) {
      return Fail(name, "a field or function name is missing after the dot");
    }
    ++pos_;
    const bool call = IsSymbol("(") && name.token == Token::kIdentifier;
    if (call && optional) return Unexpected();
    if (call && name.text == "bind" && operand->node == Node::kIdentifier &&
        operand->name == "cel") {
      return Bind(name, operand);
    }
    const MacroForm* form = call ? FindMacro(name.text) : nullptr;
    if (form != nullptr) return Macro(name, *form, operand);
    ExprPtr expr = Make(call ? Node::kCall : Node::kSelect, operand->begin);
    expr->name = name.text;
    expr->name_begin = name.begin;
    expr->optional = optional;
    expr->args.push_back(operand);
    if (call) {
      expr->member = true;
      ++pos_;
      if (!Arguments(")", &expr->args)) return nullptr;
    }
    expr->end = End();
    return expr;
  }

  // Comma-separated expressions up to `closing`.
  template <typename Args>
  bool Arguments(absl::string_view closing, Args* args) {
    if (Take(closing)) return true;
    while (!failed_) {
      args->push_back(Expression());
      if (failed_) return false;
      if (!Take(",")) return Expect(closing);
    }
    return false;
  }

  // cel.bind(x, value, body).
  ExprPtr Bind(const Lexeme& name, ExprPtr receiver) {
    ++pos_;
    ExprPtr expr = Make(Node::kBind, receiver->begin);
    expr->name = "bind";
    expr->name_begin = name.begin;
    if (!Arguments(")", &expr->args)) return nullptr;
    if (expr->args.size() != 3) {
      return Fail(name, "cel.bind takes a name, its value and an expression",
                  "cel.bind(x, ..., ...)");
    }
    if (!IsVariable(*expr->args[0])) {
      return Fail(name, "the first argument of cel.bind must be a name", "x");
    }
    expr->variable = expr->args[0]->name;
    expr->args.erase(expr->args.begin());
    expr->end = End();
    return expr;
  }

  static bool IsVariable(const Expr& expr) {
    return expr.node == Node::kIdentifier && !expr.rooted;
  }

  ExprPtr Macro(const Lexeme& name, const MacroForm& form, ExprPtr range) {
    ++pos_;
    const Lexeme variable = Peek();
    ExprPtr expr = Make(Node::kMacro, range->begin);
    expr->name = name.text == "existsOne" ? "exists_one" : name.text;
    expr->name_begin = name.begin;
    expr->args.push_back(range);
    absl::InlinedVector<ExprPtr, 4> args;
    if (!Arguments(")", &args)) return nullptr;
    if (args.size() < form.args_min || args.size() > form.args_max) {
      const bool two = form.two_variables == form.args_min;
      const bool one_or_two = form.args_min != form.args_max;
      return Fail(name,
                  absl::StrCat(
                      name.text, " takes ",
                      two ? "two variables" : "a variable", " and ",
                      one_or_two ? "one or two expressions" : "one expression"),
                  form.example);
    }
    const size_t variables = args.size() >= form.two_variables ? 2 : 1;
    for (size_t i = 0; i < variables; ++i) {
      if (IsVariable(*args[i])) continue;
      return Fail(variable,
                  absl::StrCat("the first argument of ", name.text,
                               " names its variable, so it must be a name"),
                  "x");
    }
    expr->variable = args[0]->name;
    if (variables == 2) expr->variable2 = args[1]->name;
    if (expr->variable == expr->variable2) {
      return Fail(variable, "the two variables need different names");
    }
    for (size_t i = variables; i < args.size(); ++i) {
      expr->args.push_back(args[i]);
    }
    expr->end = End();
    return expr;
  }

  ExprPtr MessageLiteral(ExprPtr name) {
    ExprPtr expr = Make(Node::kMessage, name->begin);
    expr->name = tree_.Keep(QualifiedName(*name));
    ++pos_;
    while (!failed_ && !Take("}")) {
      TakeOptional(expr->args.size(), expr);
      const Lexeme field = Peek();
      if (!IsFieldName(field)) return Unexpected();
      ++pos_;
      expr->field_names.push_back(field.text);
      if (!Expect(":")) return nullptr;
      expr->args.push_back(Expression());
      if (failed_) return nullptr;
      if (!IsSymbol("}") && !Expect(",")) return nullptr;
    }
    expr->end = End();
    return expr;
  }

  // Notes a ? before entry `i`.
  void TakeOptional(size_t i, Expr* expr) {
    if (!Take("?")) return;
    expr->optionals.resize(i + 1);
    expr->optionals[i] = true;
  }

  // ".a.b" when written with a leading dot.
  static std::string QualifiedName(const Expr& expr) {
    if (expr.node == Node::kIdentifier) {
      return absl::StrCat(expr.rooted ? "." : "", expr.name);
    }
    return absl::StrCat(QualifiedName(*expr.args[0]), ".", expr.name);
  }

  bool Pairs(Expr* map) {
    while (!failed_ && !Take("}")) {
      TakeOptional(map->args.size() / 2, map);
      map->args.push_back(Expression());
      if (failed_ || !Expect(":")) return false;
      map->args.push_back(Expression());
      if (failed_) return false;
      if (!IsSymbol("}") && !Expect(",")) return false;
    }
    return !failed_;
  }

  bool Elements(Expr* list) {
    while (!failed_ && !Take("]")) {
      TakeOptional(list->args.size(), list);
      list->args.push_back(Expression());
      if (failed_) return false;
      if (!IsSymbol("]") && !Expect(",")) return false;
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
      case Token::kQuotedName:
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
      if (!Elements(expr)) return nullptr;
      expr->end = End();
      return expr;
    }
    if (Take("{")) {
      ExprPtr expr = Make(Node::kMap, at.begin);
      if (!Pairs(expr)) return nullptr;
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
    return at.text == "has" ? Has(at, expr) : expr;
  }

  ExprPtr Has(const Lexeme& at, ExprPtr call) {
    if (call->args.size() != 1 || call->args[0]->node != Node::kSelect ||
        call->args[0]->optional) {
      return Fail(at, "has takes one field, written with its dot",
                  "has(movement.haulier.id)");
    }
    ExprPtr expr = call->args[0];
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

  bool negative_ = false;
};

}  // namespace

ExprPtr TreeParser::Parse(absl::string_view source, Tree* tree,
                          Diagnostics* diagnostics) {
  if (source.size() > kExpressionBytesMax) {
    diagnostics->push_back({"TOO_LONG", true, 0, 1,
                            absl::StrCat("the condition is longer than ",
                                         kExpressionBytesMax, " bytes"),
                            "use a declared list or split the rule"});
    return nullptr;
  }
  tree->Begin(source);
  Tokenise(tree, diagnostics, &lexemes_);
  if (lexemes_.empty()) return nullptr;
  // Every node takes a lexeme of its own.
  tree->Reserve(lexemes_.size());
  ExprPtr expr = Parser(lexemes_, tree, diagnostics).Run();
  if (expr != nullptr && lexemes_.size() > kTreeHeightMax &&
      Height(*expr) > kTreeHeightMax) {
    diagnostics->push_back(
        {"TOO_COMPLEX", true, expr->begin, expr->end,
         absl::StrCat("more than ", kTreeHeightMax, " operators in one chain"),
         "use `in` with a list"});
    return nullptr;
  }
  return expr;
}

}  // namespace portrisk::scoring::cel
