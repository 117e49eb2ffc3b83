// Operators whose operands may be of many types are decided here; everything
// else is looked up in the table of functions.cc.
#include "scoring/cel/call_checker.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/suggest.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {
namespace {

// How an operator is written: "+" for "_+_".
std::string Written(absl::string_view name) {
  std::string text(name);
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  return text.empty() || absl::ascii_isalpha(name[0]) ? std::string(name)
                                                      : text;
}

// Enums are ints to functions and arithmetic.
Kind ArgumentKind(const Type& type) {
  return type.kind == Kind::kEnum ? Kind::kInt : type.kind;
}

class CallChecker {
 public:
  CallChecker(const Environment& environment, Diagnostics* diagnostics)
      : environment_(environment), diagnostics_(diagnostics) {}

  bool Check(Expr* expr) {
    const std::string& name = expr->name;
    if (const auto reason = LeftOutReason(name); !reason.empty()) {
      return Fail(*expr, "NOT_SUPPORTED", std::string(reason));
    }
    if (name == "_&&_" || name == "_||_" || name == "_?_:_") {
      return Logic(expr);
    }
    if (name == "_==_" || name == "_!=_") return Equality(expr);
    if (name == "_in_") return Membership(expr);
    if (name == "_[_]") return Index(expr);
    if (name[0] == '_' && (name[1] == '<' || name[1] == '>')) {
      return Ordering(expr);
    }
    return Function(expr);
  }

 private:
  bool Fail(const Expr& at, absl::string_view code, std::string message,
            std::string suggestion = "") {
    ReportAt(at, true, code, std::move(message), std::move(suggestion),
             diagnostics_);
    return false;
  }

  bool Logic(Expr* expr) {
    const bool choice = expr->name == "_?_:_";
    for (size_t i = 0; i < (choice ? 1 : 2); ++i) {
      const Expr& arg = *expr->args[i];
      if (arg.type.kind != Kind::kBool) {
        return Fail(arg, "TYPE_MISMATCH",
                    absl::StrCat(Written(expr->name), " needs bool, this is ",
                                 TypeName(arg.type)));
      }
    }
    expr->type.kind = Kind::kBool;
    expr->op = choice                 ? Op::kConditional
               : expr->name == "_&&_" ? Op::kAnd
                                      : Op::kOr;
    if (!choice) return true;
    if (!JoinTypes(expr->args[1]->type, expr->args[2]->type, &expr->type)) {
      return Mismatch(*expr, 1);
    }
    return true;
  }

  bool Equality(Expr* expr) {
    const Type& left = expr->args[0]->type;
    const Type& right = expr->args[1]->type;
    if (left.kind == Kind::kMessage || right.kind == Kind::kMessage ||
        (left.kind == Kind::kNull) != (right.kind == Kind::kNull)) {
      const bool null = left.kind == Kind::kNull || right.kind == Kind::kNull;
      return Fail(*expr, "TYPE_MISMATCH",
                  null ? "an absent field is unknown, not null"
                       : "messages are compared field by field",
                  null ? "!has(...)" : "");
    }
    if (!Comparable(left, right)) return Mismatch(*expr, 0);
    expr->op = expr->name == "_==_" ? Op::kEqual : Op::kNotEqual;
    expr->type.kind = Kind::kBool;
    for (const ExprPtr& arg : expr->args) WarnOfUnspecified(*arg);
    return true;
  }

  // A field is never UNSPECIFIED: then it is absent, and unknown.
  void WarnOfUnspecified(const Expr& arg) {
    if (arg.reference == Reference::kConstant && arg.literal.i == 0) {
      ReportAt(arg, false, "NEVER_EQUAL",
               "an unspecified value counts as absent, so nothing equals it",
               "!has(...)", diagnostics_);
    }
  }

  bool Ordering(Expr* expr) {
    const Type& left = expr->args[0]->type;
    const Type& right = expr->args[1]->type;
    const bool ordered = left.is_number() || HasOrder(left.kind);
    if (!ordered || !Comparable(left, right)) return Mismatch(*expr, 0);
    expr->op = expr->name == "_<_"    ? Op::kLess
               : expr->name == "_<=_" ? Op::kLessEqual
               : expr->name == "_>_"  ? Op::kGreater
                                      : Op::kGreaterEqual;
    expr->type.kind = Kind::kBool;
    return true;
  }

  bool Membership(Expr* expr) {
    const Type& left = expr->args[0]->type;
    const Expr& right = *expr->args[1];
    expr->type.kind = Kind::kBool;
    expr->op = Op::kIn;
    if (right.type.kind == Kind::kSet) {
      expr->op = Op::kInSet;
      expr->set = right.set;
      if (left.kind != Kind::kString) return Mismatch(*expr, 0);
      return true;
    }
    if (right.type.kind != Kind::kList) return Mismatch(*expr, 0);
    const Type& element = *right.type.element;
    if (element.kind != Kind::kDyn && !Comparable(left, element)) {
      return Mismatch(*expr, 0);
    }
    return true;
  }

  bool Index(Expr* expr) {
    const Type& list = expr->args[0]->type;
    if (list.kind != Kind::kList || list.element->kind == Kind::kDyn ||
        expr->args[1]->type.kind != Kind::kInt) {
      return Mismatch(*expr, 0);
    }
    expr->op = Op::kIndex;
    expr->type = *list.element;
    return true;
  }

  bool Function(Expr* expr) {
    if (expr->name == "_+_" && expr->args[0]->type.kind == Kind::kList &&
        JoinTypes(expr->args[0]->type, expr->args[1]->type, &expr->type)) {
      expr->op = Op::kAdd;
      return true;
    }
    std::vector<Kind> kinds;
    for (const ExprPtr& arg : expr->args) {
      kinds.push_back(ArgumentKind(arg->type));
    }
    const Overload* overload = FindOverload(expr->name, expr->member, kinds);
    if (overload != nullptr) {
      expr->op = overload->op;
      expr->type.kind = overload->result;
      return CheckLiteral(*expr);
    }
    if (IsFunction(expr->name)) {
      if (FindOverload(expr->name, !expr->member, kinds) == nullptr) {
        return Mismatch(*expr, 0);
      }
      return Fail(*expr, "UNKNOWN_FUNCTION",
                  absl::StrCat(expr->name, " is written the other way"),
                  expr->member ? absl::StrCat(expr->name, "(...)")
                               : absl::StrCat("x.", expr->name, "(...)"));
    }
    return Fail(*expr, "UNKNOWN_FUNCTION",
                absl::StrCat("there is no function ", expr->name),
                NearestName(expr->name, FunctionNames()));
  }

  // Times and zones written out are read now, not at the first movement.
  bool CheckLiteral(const Expr& expr) {
    const Expr& last = *expr.args.back();
    const bool text =
        last.node == Node::kLiteral && last.literal.kind == Kind::kString;
    TimePoint ignored;
    int minutes;
    if (expr.op == Op::kToTimestamp && text &&
        !ParseTimestamp(last.text, &ignored)) {
      return Fail(last, "BAD_LITERAL", "this is not a time of RFC 3339",
                  "'2026-01-31T12:00:00Z'");
    }
    if (expr.op == Op::kToDuration && text &&
        !ParseDuration(last.text, &ignored)) {
      return Fail(last, "BAD_LITERAL", "this is not a duration", "'1h30m'");
    }
    if (expr.op >= Op::kGetFullYear && expr.args.size() == 2 &&
        !(text && ParseZone(last.text, &minutes))) {
      return Fail(last, "BAD_LITERAL",
                  "a time zone is written as an offset in quotes", "'+02:00'");
    }
    return true;
  }

  // Operands from `first` on do not fit.
  bool Mismatch(const Expr& expr, size_t first) {
    std::vector<std::string> types;
    bool number = false, mixed = false, quoted_constant = false;
    std::string constant;
    for (size_t i = first; i < expr.args.size(); ++i) {
      const Expr& arg = *expr.args[i];
      types.push_back(TypeName(arg.type));
      if (arg.type.is_number()) {
        mixed |= number && types.front() != types.back();
        number = true;
      }
      if (arg.node == Node::kLiteral &&
          environment_.FindConstant(arg.text) != nullptr) {
        quoted_constant = true;
        constant = arg.text;
      }
    }
    std::string suggestion;
    if (quoted_constant) {
      suggestion = absl::StrCat(constant, " without quotes");
    } else if (mixed && types.size() == 2) {
      suggestion = "convert one of them: double(...) or int(...)";
    }
    return Fail(expr, "TYPE_MISMATCH",
                absl::StrCat(Written(expr.name), " does not take ",
                             absl::StrJoin(types, " and ")),
                suggestion);
  }

  const Environment& environment_;
  Diagnostics* const diagnostics_;
};

}  // namespace

bool CheckCall(const Environment& environment, Diagnostics* diagnostics,
               Expr* expr) {
  return CallChecker(environment, diagnostics).Check(expr);
}

void ReportAt(const Expr& at, bool is_error, absl::string_view code,
              std::string message, std::string suggestion,
              Diagnostics* diagnostics) {
  const uint32_t begin = at.name_begin;
  diagnostics->push_back({std::string(code), is_error, begin,
                          std::max(at.end, begin + 1), std::move(message),
                          std::move(suggestion)});
}

}  // namespace portrisk::scoring::cel
