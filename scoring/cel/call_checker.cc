// Operators whose operands may be of many types are decided here; everything
// else is looked up in the table of functions.cc. Where an operand is dyn the
// choice among overloads is left to evaluation (Op::kCall), unless none can
// fit.
#include "scoring/cel/call_checker.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/suggest.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {

std::string AsWritten(absl::string_view name) {
  if (name == "@in") return "in";
  std::string text(name);
  if (std::none_of(text.begin(), text.end(), absl::ascii_isalnum)) {
    text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  }
  return text;
}

namespace {

// Enums are ints to functions and arithmetic.
Kind ArgumentKind(const Type& type) {
  return type.kind == Kind::kEnum ? Kind::kInt : type.kind;
}

class CallChecker {
 public:
  explicit CallChecker(Scope* scope) : scope_(*scope) {}

  bool Check(Expr* expr) {
    const absl::string_view name = expr->name;
    if (const auto reason = LeftOutReason(name);
        scope_.rules() && !reason.empty()) {
      return Fail(expr, "NOT_SUPPORTED", std::string(reason));
    }
    if (name[0] == '_' && name.size() > 1) {
      // Nothing that is written as a name has these in it.
      switch (name[1]) {
        case '&':
        case '|':
        case '?':
          return Logic(expr);
        case '=':
        case '!':
          return Equality(expr);
        case '<':
        case '>':
          return Ordering(expr);
        case '[':
          return Index(expr);
      }
    }
    if (name == "@in") return Membership(expr);
    if (expr->member && expr->args.size() == 2 &&
        (name == "or" || name == "orValue")) {
      return OptionalOr(expr);
    }
    return Function(expr);
  }

 private:
  bool Fail(Expr* at, absl::string_view code, std::string message,
            std::string suggestion = "") {
    return scope_.Fail(at, code, std::move(message), std::move(suggestion));
  }

  static bool IsDyn(const Type& type) {
    return type.kind == Kind::kDyn || type.kind == Kind::kNothing;
  }

  static Type Known(const Type& type) {
    return type.kind == Kind::kNothing ? Type{Kind::kDyn} : type;
  }

  // The overload is chosen at evaluation, among those of `name`.
  static bool Late(absl::string_view name, Type type, Expr* expr) {
    expr->op = Op::kCall;
    expr->function = name;
    expr->type = std::move(type);
    return true;
  }

  bool Logic(Expr* expr) {
    const bool choice = expr->name == "_?_:_";
    for (size_t i = 0; i < (choice ? 1 : 2); ++i) {
      Expr* arg = expr->args[i];
      if (arg->type.kind != Kind::kBool && !IsDyn(arg->type)) {
        return Fail(arg, "TYPE_MISMATCH",
                    absl::StrCat(AsWritten(expr->name), " needs bool, this is ",
                                 TypeName(arg->type)));
      }
    }
    expr->type.kind = Kind::kBool;
    expr->op = choice                 ? Op::kConditional
               : expr->name == "_&&_" ? Op::kAnd
                                      : Op::kOr;
    if (!choice) return true;
    if (!JoinTypes(expr->args[1]->type, expr->args[2]->type, &expr->type)) {
      return Mismatch(expr, 1);
    }
    return true;
  }

  bool Equality(Expr* expr) {
    const Type& left = expr->args[0]->type;
    const Type& right = expr->args[1]->type;
    const bool late = IsDyn(left) || IsDyn(right);
    if (left.kind == Kind::kMessage || right.kind == Kind::kMessage ||
        (!late && (left.kind == Kind::kNull) != (right.kind == Kind::kNull))) {
      const bool null = left.kind == Kind::kNull || right.kind == Kind::kNull;
      return Fail(expr, "TYPE_MISMATCH",
                  null ? "an absent field is unknown, not null"
                       : "messages are compared field by field",
                  null ? "!has(...)" : "");
    }
    if (!Comparable(left, right)) return Mismatch(expr, 0);
    expr->op = expr->name == "_==_" ? Op::kEqual : Op::kNotEqual;
    expr->type.kind = Kind::kBool;
    for (const ExprPtr& arg : expr->args) WarnOfUnspecified(*arg);
    return true;
  }

  // A field is never UNSPECIFIED: then it is absent, and unknown.
  void WarnOfUnspecified(const Expr& arg) {
    if (scope_.rules() && arg.reference == Reference::kConstant &&
        arg.type.kind == Kind::kEnum && arg.literal.i == 0) {
      scope_.Report(arg, false, "NEVER_EQUAL",
                    "an unspecified value counts as absent, so nothing equals "
                    "it",
                    "!has(...)");
    }
  }

  bool Ordering(Expr* expr) {
    const Type& left = expr->args[0]->type;
    const Type& right = expr->args[1]->type;
    const auto ordered = [](const Type& type) {
      return type.is_number() || HasOrder(type.kind) || IsDyn(type);
    };
    if (!ordered(left) || !ordered(right) || !Comparable(left, right)) {
      return Mismatch(expr, 0);
    }
    if (IsDyn(left) || IsDyn(right)) {
      return Late(expr->name, Type{Kind::kBool}, expr);
    }
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
      if (left.kind != Kind::kString) return Mismatch(expr, 0);
      return true;
    }
    if (IsDyn(right.type)) return true;
    if (right.type.kind != Kind::kList && right.type.kind != Kind::kMap) {
      return Mismatch(expr, 0);
    }
    const Type& element =
        right.type.kind == Kind::kMap ? *right.type.key : *right.type.element;
    if (left.kind == Kind::kMessage || !Comparable(left, element)) {
      return Mismatch(expr, 0);
    }
    return true;
  }

  bool Index(Expr* expr) {
    const bool optional = expr->name == "_[?_]";
    const Type& container = expr->args[0]->type;
    const Type& index = expr->args[1]->type;
    const bool chain = container.kind == Kind::kOptional;
    const Type& list = chain ? *container.element : container;
    Type element{Kind::kDyn};
    if (list.kind == Kind::kList || list.kind == Kind::kMap) {
      const Type wanted =
          list.kind == Kind::kMap ? *list.key : Type{Kind::kInt};
      const bool fits = list.kind == Kind::kMap
                            ? Comparable(wanted, index)
                            : index.kind == Kind::kInt || IsDyn(index);
      if (!fits) return Mismatch(expr, 0);
      element = Known(*list.element);
    } else if (!IsDyn(list)) {
      return Mismatch(expr, 0);
    }
    if (optional || chain) return Late("_[?_]", OptionalOf(element), expr);
    if (list.kind != Kind::kList || index.kind != Kind::kInt) {
      return Late("_[_]", element, expr);
    }
    expr->op = Op::kIndex;
    expr->type = element;
    return true;
  }

  // The second operand is only evaluated when the first has no value.
  bool OptionalOr(Expr* expr) {
    const Type& left = expr->args[0]->type;
    const Type& right = expr->args[1]->type;
    const bool value = expr->name == "orValue";
    expr->op = value ? Op::kOptionalOrValue : Op::kOptionalOr;
    expr->type = Type{Kind::kDyn};
    if (left.kind != Kind::kOptional) {
      return IsDyn(left) || Mismatch(expr, 0);
    }
    if (value) {
      return JoinTypes(*left.element, right, &expr->type) || Mismatch(expr, 0);
    }
    return JoinTypes(left, right, &expr->type) || Mismatch(expr, 0);
  }

  bool Function(Expr* expr) {
    if (expr->name == "_+_" && expr->args[0]->type.kind == Kind::kList &&
        expr->args[1]->type.kind == Kind::kList) {
      if (!JoinTypes(expr->args[0]->type, expr->args[1]->type, &expr->type)) {
        return Mismatch(expr, 0);
      }
      expr->op = Op::kAdd;
      return true;
    }
    absl::InlinedVector<Kind, 4> kinds;
    kinds.reserve(expr->args.size());
    for (const ExprPtr& arg : expr->args) {
      kinds.push_back(ArgumentKind(arg->type));
    }
    if (expr->name == "dyn" && kinds.size() == 1 &&
        kinds[0] == Kind::kMessage) {
      return Fail(expr, "TYPE_MISMATCH", "a message keeps its type in rules",
                  "without dyn()");
    }
    const auto overloads = Overloads(expr->name, expr->member);
    const Overload* certain = nullptr;
    absl::InlinedVector<const Overload*, 8> possible;
    for (const Overload* one : overloads) {
      const Match match = Matches(*one, kinds);
      if (match == Match::kNo) continue;
      if (match == Match::kYes && certain == nullptr) certain = one;
      possible.push_back(one);
    }
    if (certain != nullptr) return Certain(*certain, expr);
    if (!possible.empty()) {
      Type type = ResultType(*possible[0], *expr);
      for (const Overload* one : possible) {
        if (!(ResultType(*one, *expr) == type)) type = Type{Kind::kDyn};
      }
      return Late(expr->name, type, expr);
    }
    if (!overloads.empty() || !IsFunction(expr->name)) {
      return overloads.empty() ? Unknown(expr) : Mismatch(expr, 0);
    }
    if (FindOverload(expr->name, !expr->member, kinds) == nullptr) {
      return Mismatch(expr, 0);
    }
    return Fail(expr, "UNKNOWN_FUNCTION",
                absl::StrCat(expr->name, " is written the other way"),
                expr->member ? absl::StrCat(expr->name, "(...)")
                             : absl::StrCat("x.", expr->name, "(...)"));
  }

  bool Unknown(Expr* expr) {
    return Fail(expr, "UNKNOWN_FUNCTION",
                absl::StrCat("there is no function ", expr->name),
                NearestName(expr->name, FunctionNames()));
  }

  bool Certain(const Overload& overload, Expr* expr) {
    expr->op = overload.op;
    expr->type = ResultType(overload, *expr);
    // The op of a part of a time wants the zone as an offset; it is a literal.
    if (overload.op == Op::kCall) {
      expr->function = expr->name;
      expr->overload = &overload;
    }
    return CheckLiteral(expr);
  }

  static Type ResultType(const Overload& overload, const Expr& expr) {
    switch (overload.rule) {
      case Result::kStrings:
        return ListOf(Type{Kind::kString});
      case Result::kOptionalOfArg:
        return OptionalOf(expr.args[0]->type);
      case Result::kElementOfArg:
        return expr.args[0]->type.kind == Kind::kOptional
                   ? Known(*expr.args[0]->type.element)
                   : Type{Kind::kDyn};
      case Result::kFixed:
        break;
    }
    if (overload.result == Kind::kOptional) {
      return OptionalOf(Type{Kind::kNothing});
    }
    if (overload.result == Kind::kList) return ListOf(Type{Kind::kDyn});
    return Type{overload.result};
  }

  // Times and zones written out are read now, not at the first movement.
  bool CheckLiteral(Expr* call) {
    const Expr& expr = *call;
    if (!scope_.rules() || expr.args.empty()) return true;
    Expr& last = *expr.args.back();
    const bool text =
        last.node == Node::kLiteral && last.literal.kind == Kind::kString;
    TimePoint ignored;
    int minutes;
    if (expr.op == Op::kToTimestamp && text &&
        !ParseTimestamp(last.text, &ignored)) {
      return Fail(&last, "BAD_LITERAL", "this is not a time of RFC 3339",
                  "'2026-01-31T12:00:00Z'");
    }
    if (expr.op == Op::kToDuration && text &&
        !ParseDuration(last.text, &ignored)) {
      return Fail(&last, "BAD_LITERAL",
                  "this is not a duration: numbers with units, which are h, m, "
                  "s and ms; a day is 24h",
                  "'1h30m'");
    }
    if (expr.op >= Op::kGetFullYear && expr.args.size() == 2 &&
        !(text && ParseZone(last.text, &minutes))) {
      return Fail(&last, "BAD_LITERAL",
                  "a time zone is written as an offset in quotes: the rules of "
                  "named ones differ between machines",
                  "'+02:00'");
    }
    return true;
  }

  // Operands from `first` on do not fit.
  bool Mismatch(Expr* call, size_t first) {
    const Expr& expr = *call;
    std::vector<std::string> types;
    bool number = false, mixed = false, quoted_constant = false;
    absl::string_view constant;
    for (size_t i = first; i < expr.args.size(); ++i) {
      const Expr& arg = *expr.args[i];
      types.push_back(TypeName(arg.type));
      if (arg.type.is_number()) {
        mixed |= number && types.front() != types.back();
        number = true;
      }
      if (arg.node == Node::kLiteral &&
          scope_.environment().FindConstant(arg.text) != nullptr) {
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
    return Fail(
        call, "TYPE_MISMATCH",
        absl::StrCat(AsWritten(expr.name), " does not take ",
                     types.empty() ? "nothing" : absl::StrJoin(types, " and ")),
        suggestion);
  }

  Scope& scope_;
};

}  // namespace

bool CheckCall(Scope* scope, Expr* expr) {
  return CallChecker(scope).Check(expr);
}

}  // namespace portrisk::scoring::cel
