// One walk over the tree, children first. A node that cannot be typed is
// reported and its Check returns false; a parent of such a node stays silent,
// so each mistake is reported once, but its siblings are still looked at.
//
// A chain of selections from a root becomes one path (`movement.haulier.id`),
// which is what later stages bind to a slot. Everything else that is selected
// from (a macro's variable, an element, a choice) keeps its select node.
#include "scoring/cel/checker.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/parser.h"
#include "scoring/cel/suggest.h"
#include "scoring/cel/time.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// "movement.x" for a select of identifiers, else "".
std::string DottedName(const Expr& expr) {
  if (expr.node == Node::kIdentifier) return expr.name;
  if (expr.node != Node::kSelect) return "";
  const std::string prefix = DottedName(*expr.args[0]);
  return prefix.empty() ? "" : absl::StrCat(prefix, ".", expr.name);
}

const Expr& First(const Expr& expr) {
  return expr.args.empty() ? expr : First(*expr.args[0]);
}

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

bool HasOrder(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kString || kind == Kind::kBytes ||
         kind == Kind::kTimestamp || kind == Kind::kDuration;
}

bool Comparable(const Type& a, const Type& b) {
  if (a.is_number() && b.is_number()) {
    return a.kind != Kind::kEnum || b.kind != Kind::kEnum ||
           a.enumeration == b.enumeration;
  }
  if (a.kind != b.kind) return false;
  if (a.kind == Kind::kList) {
    return a.element->kind == Kind::kDyn || b.element->kind == Kind::kDyn ||
           Comparable(*a.element, *b.element);
  }
  return a.kind == Kind::kNull || HasOrder(a.kind);
}

// The type of a value that is either one; false when there is none.
bool Join(const Type& a, const Type& b, Type* joined) {
  *joined = a;
  if (a == b) return true;
  if (a.kind == Kind::kList && b.kind == Kind::kList) {
    if (a.element->kind == Kind::kDyn) *joined = b;
    if (joined->element->kind != Kind::kDyn &&
        (a.element->kind == Kind::kDyn || b.element->kind == Kind::kDyn)) {
      return true;
    }
  }
  joined->kind = Kind::kInt;
  joined->enumeration = nullptr;
  joined->element = nullptr;
  return ArgumentKind(a) == Kind::kInt && ArgumentKind(b) == Kind::kInt;
}

class Checker {
 public:
  Checker(const Environment& environment, Diagnostics* diagnostics,
          std::vector<Path>* fields)
      : environment_(environment), diagnostics_(diagnostics), fields_(fields) {}

  bool Check(Expr* expr) {
    switch (expr->node) {
      case Node::kLiteral:
        expr->type.kind = expr->literal.kind;
        return true;
      case Node::kIdentifier:
        return Identifier(expr);
      case Node::kSelect:
      case Node::kHas:
        return Selection(expr);
      case Node::kCall:
        return Call(expr);
      case Node::kList:
        return List(expr);
      case Node::kMacro:
        return Macro(expr);
      case Node::kMap:
        return Fail(*expr, "NOT_SUPPORTED",
                    "maps are not supported in this version");
      case Node::kMessage:
        return Fail(*expr, "NOT_SUPPORTED",
                    "messages cannot be built in a condition in this version");
    }
    return false;
  }

 private:
  struct Variable {
    std::string name;
    Type type;
    std::string path;  // What its elements are called in messages.
  };

  void Report(const Expr& at, bool is_error, absl::string_view code,
              std::string message, std::string suggestion) {
    const uint32_t begin = at.name_begin;
    diagnostics_->push_back({std::string(code), is_error, begin,
                             std::max(at.end, begin + 1), std::move(message),
                             std::move(suggestion)});
  }
  bool Fail(const Expr& at, absl::string_view code, std::string message,
            std::string suggestion = "") {
    Report(at, true, code, std::move(message), std::move(suggestion));
    return false;
  }

  void Use(const Path& path) {
    if (std::find(fields_->begin(), fields_->end(), path) == fields_->end()) {
      fields_->push_back(path);
    }
  }

  // Children, all of them, so that every mistake shows at once.
  bool CheckArgs(Expr* expr) {
    bool good = true;
    for (ExprPtr& arg : expr->args) {
      good &= Check(arg.get());
      if (arg->reference == Reference::kPath) Use(arg->path);
    }
    if (!good) return false;
    for (const ExprPtr& arg : expr->args) {
      if (arg->type.kind == Kind::kSet && expr->name != "_in_") {
        return Fail(*arg, "TYPE_MISMATCH",
                    "a declared list is only used on the right of `in`");
      }
    }
    return true;
  }

  bool Constant(const EnumValueDescriptor* value, Expr* expr) {
    expr->reference = Reference::kConstant;
    expr->literal = Value::Int(value->number());
    expr->type.kind = Kind::kEnum;
    expr->type.enumeration = value->type();
    return true;
  }

  bool Identifier(Expr* expr) {
    for (size_t i = variables_.size(); i-- > 0 && !expr->rooted;) {
      if (variables_[i].name != expr->name) continue;
      expr->reference = Reference::kVariable;
      expr->variable_depth = static_cast<uint32_t>(i);
      expr->type = variables_[i].type;
      return true;
    }
    const auto& roots = environment_.roots();
    for (size_t i = 0; i < roots.size(); ++i) {
      if (roots[i].name != expr->name) continue;
      expr->reference = Reference::kPath;
      expr->path.root = static_cast<uint32_t>(i);
      expr->type.kind = Kind::kMessage;
      expr->type.message = roots[i].type;
      return true;
    }
    if (const auto* value = environment_.FindConstant(expr->name)) {
      return Constant(value, expr);
    }
    if (auto set = environment_.FindSet(expr->name)) {
      expr->reference = Reference::kSet;
      expr->set = std::move(set);
      expr->type.kind = Kind::kSet;
      return true;
    }
    return UnknownName(*expr);
  }

  bool UnknownName(const Expr& expr) {
    const std::string message = absl::StrCat("nothing is called ", expr.name);
    if (expr.name == "now") {
      return Fail(expr, "UNKNOWN_NAME",
                  "there is no now: time is the movement's",
                  "movement.occurrence_time");
    }
    for (const Environment::Root& root : environment_.roots()) {
      if (root.type->FindFieldByName(expr.name) != nullptr) {
        return Fail(expr, "UNKNOWN_NAME", message,
                    absl::StrCat(root.name, ".", expr.name));
      }
    }
    std::vector<std::string> names = environment_.Names();
    for (const Variable& variable : variables_) names.push_back(variable.name);
    return Fail(expr, "UNKNOWN_NAME", message, NearestName(expr.name, names));
  }

  bool IsKnown(const Expr& identifier) const {
    for (const Variable& variable : variables_) {
      if (variable.name == identifier.name) return true;
    }
    for (const Environment::Root& root : environment_.roots()) {
      if (root.name == identifier.name) return true;
    }
    return false;
  }

  bool Selection(Expr* expr) {
    Expr* operand = expr->args[0].get();
    const std::string dotted =
        expr->node == Node::kSelect ? DottedName(*expr) : "";
    if (!dotted.empty() && !IsKnown(First(*expr))) {
      if (const auto* value = environment_.FindConstant(dotted)) {
        return Constant(value, expr);
      }
    }
    if (!Check(operand)) return false;
    if (operand->type.kind != Kind::kMessage) return NoFields(*expr);
    expr->field = operand->type.message->FindFieldByName(expr->name);
    if (expr->field == nullptr) return UnknownField(*expr);
    expr->type = expr->node == Node::kHas ? Type{Kind::kBool}
                                          : TypeOfField(*expr->field);
    if (operand->reference == Reference::kPath) {
      expr->path = operand->path;
      expr->path.fields.push_back(expr->field);
      expr->reference = Reference::kPath;
      if (expr->node == Node::kHas) Use(expr->path);
      return true;
    }
    if (operand->reference == Reference::kVariable) {
      expr->field_path = absl::StrCat(variables_[operand->variable_depth].path,
                                      ".", expr->name);
    } else {
      expr->field_path =
          operand->field_path.empty()
              ? expr->name
              : absl::StrCat(operand->field_path, ".", expr->name);
    }
    return true;
  }

  bool NoFields(const Expr& expr) {
    const Type& type = expr.args[0]->type;
    std::string suggestion;
    if (type.kind == Kind::kList) {
      suggestion = "use exists, all or an index";
    } else if (type.kind == Kind::kTimestamp || type.kind == Kind::kDuration) {
      suggestion = "getHours()";
    }
    return Fail(expr, "UNKNOWN_FIELD",
                absl::StrCat(TypeName(type), " has no fields"), suggestion);
  }

  bool UnknownField(const Expr& expr) {
    const Descriptor& type = *expr.args[0]->type.message;
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) {
      names.push_back(type.field(i)->name());
    }
    return Fail(expr, "UNKNOWN_FIELD",
                absl::StrCat(type.name(), " has no field ", expr.name),
                NearestName(expr.name, names));
  }

  bool Call(Expr* expr) {
    if (expr->name == "_&&_" || expr->name == "_||_" || expr->name == "_?_:_") {
      return CheckArgs(expr) && Logic(expr);
    }
    if (!CheckArgs(expr)) return false;
    if (const auto reason = LeftOutReason(expr->name); !reason.empty()) {
      return Fail(*expr, "NOT_SUPPORTED", std::string(reason));
    }
    if (expr->name == "_==_" || expr->name == "_!=_") return Equality(expr);
    if (expr->name == "_in_") return Membership(expr);
    if (expr->name == "_[_]") return Index(expr);
    if (expr->name[0] == '_' &&
        (expr->name[1] == '<' || expr->name[1] == '>')) {
      return Ordering(expr);
    }
    return Function(expr);
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
    if (!Join(expr->args[1]->type, expr->args[2]->type, &expr->type)) {
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
      Report(arg, false, "NEVER_EQUAL",
             "an unspecified value counts as absent, so nothing equals it",
             "!has(...)");
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
        Join(expr->args[0]->type, expr->args[1]->type, &expr->type)) {
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

  bool List(Expr* expr) {
    if (!CheckArgs(expr)) return false;
    Type element;
    for (size_t i = 0; i < expr->args.size(); ++i) {
      const Type& type = expr->args[i]->type;
      if (i == 0) {
        element = type;
      } else if (Type joined; Join(element, type, &joined)) {
        element = joined;
      } else {
        return Fail(
            *expr->args[i], "TYPE_MISMATCH",
            absl::StrCat("this is ", TypeName(type),
                         " in a list that begins with ", TypeName(element)));
      }
    }
    expr->type = ListOf(element);
    return true;
  }

  bool Macro(Expr* expr) {
    Expr* range = expr->args[0].get();
    if (!Check(range)) return false;
    if (range->reference == Reference::kPath) Use(range->path);
    if (range->type.kind != Kind::kList ||
        range->type.element->kind == Kind::kDyn) {
      return Fail(*expr, "TYPE_MISMATCH",
                  absl::StrCat(expr->name, " needs a list, this is ",
                               TypeName(range->type)));
    }
    if (static_cast<int>(variables_.size()) == kMacroDepthMax) {
      return Fail(*expr, "TOO_COMPLEX",
                  absl::StrCat("more than ", kMacroDepthMax,
                               " macros inside one another"));
    }
    expr->variable_depth = static_cast<uint32_t>(variables_.size());
    variables_.push_back({expr->variable, *range->type.element,
                          range->reference == Reference::kPath
                              ? environment_.PathName(range->path)
                              : expr->variable});
    bool good = true;
    for (size_t i = 1; i < expr->args.size(); ++i) {
      good &= Check(expr->args[i].get());
      if (expr->args[i]->reference == Reference::kPath) {
        Use(expr->args[i]->path);
      }
    }
    variables_.pop_back();
    return good && MacroResult(expr);
  }

  bool MacroResult(Expr* expr) {
    const bool map = expr->name == "map";
    const size_t conditions = expr->args.size() - (map ? 1 : 0);
    for (size_t i = 1; i < conditions; ++i) {
      if (expr->args[i]->type.kind != Kind::kBool) {
        return Fail(*expr->args[i], "TYPE_MISMATCH",
                    absl::StrCat(expr->name, " needs bool here, this is ",
                                 TypeName(expr->args[i]->type)));
      }
    }
    if (expr->args.back()->type.kind == Kind::kSet) {
      return Fail(*expr->args.back(), "TYPE_MISMATCH",
                  "a declared list is only used on the right of `in`");
    }
    expr->type.kind = Kind::kBool;
    if (map) {
      expr->op = Op::kMap;
      expr->type = ListOf(expr->args.back()->type);
    } else if (expr->name == "filter") {
      expr->op = Op::kFilter;
      expr->type = expr->args[0]->type;
    } else {
      expr->op = expr->name == "all"      ? Op::kAll
                 : expr->name == "exists" ? Op::kExists
                                          : Op::kExistsOne;
    }
    return true;
  }

  const Environment& environment_;
  Diagnostics* const diagnostics_;
  std::vector<Path>* const fields_;
  std::vector<Variable> variables_;
};

int64_t Length(const Expr& list) {
  if (list.node == Node::kList) {
    return static_cast<int64_t>(list.args.size());
  }
  if (list.node == Node::kMacro) return Length(*list.args[0]);
  if (list.node == Node::kCall && list.op == Op::kAdd) {
    return Length(*list.args[0]) + Length(*list.args[1]);
  }
  return kAssumedListLength;
}

int64_t Cost(const Expr& expr) {
  int64_t cost = 1;
  for (size_t i = 0; i < expr.args.size(); ++i) {
    const bool body = expr.node == Node::kMacro && i > 0;
    cost += Cost(*expr.args[i]) * (body ? Length(*expr.args[0]) : 1);
    cost = std::min(cost, 2 * kConditionCostMax);
  }
  if (expr.node == Node::kCall && expr.op == Op::kIn) {
    cost += Length(*expr.args[1]);
  }
  return cost;
}

}  // namespace

Checked CheckExpression(absl::string_view source,
                        const Environment& environment,
                        Diagnostics* diagnostics) {
  Checked checked;
  ExprPtr expr = Parse(source, diagnostics);
  if (expr == nullptr) return checked;
  Checker checker(environment, diagnostics, &checked.fields);
  if (!checker.Check(expr.get())) return checked;
  if (expr->reference == Reference::kPath && checked.fields.empty()) {
    checked.fields.push_back(expr->path);
  }
  checked.cost = Cost(*expr);
  if (checked.cost > kConditionCostMax) {
    diagnostics->push_back({"TOO_COMPLEX", true, expr->begin, expr->end,
                            "this could take too many steps",
                            "fewer macros inside one another"});
    return checked;
  }
  checked.expr = std::move(expr);
  return checked;
}

Checked CheckCondition(absl::string_view source, const Environment& environment,
                       Diagnostics* diagnostics) {
  Checked checked = CheckExpression(source, environment, diagnostics);
  if (checked.expr == nullptr || checked.expr->type.kind == Kind::kBool) {
    return checked;
  }
  diagnostics->push_back({"TYPE_MISMATCH", true, checked.expr->begin,
                          checked.expr->end,
                          absl::StrCat("a condition is true or false, this is ",
                                       TypeName(checked.expr->type)),
                          ""});
  checked.expr = nullptr;
  return checked;
}

}  // namespace portrisk::scoring::cel
