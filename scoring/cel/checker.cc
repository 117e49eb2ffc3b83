// One walk over the tree, children first. A node that cannot be typed is
// reported and its Check returns false; a parent of such a node stays silent,
// so each mistake is reported once, but its siblings are still looked at.
//
// What a call means is call_checker.cc. A chain of selections from a root
// becomes one path (`movement.haulier.id`), which is what later stages bind to
// a slot. Everything else that is selected from (a macro's variable, an
// element, a choice) keeps its select node.
#include "scoring/cel/checker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scoring/cel/call_checker.h"
#include "scoring/cel/cost.h"
#include "scoring/cel/parser.h"
#include "scoring/cel/suggest.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;

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

  bool Fail(const Expr& at, absl::string_view code, std::string message,
            std::string suggestion = "") {
    ReportAt(at, true, code, std::move(message), std::move(suggestion),
             diagnostics_);
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
    return CheckArgs(expr) && CheckCall(environment_, diagnostics_, expr);
  }

  bool List(Expr* expr) {
    if (!CheckArgs(expr)) return false;
    Type element;
    for (size_t i = 0; i < expr->args.size(); ++i) {
      const Type& type = expr->args[i]->type;
      if (i == 0) {
        element = type;
      } else if (Type joined; JoinTypes(element, type, &joined)) {
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
  if (!CheckCost(*expr, diagnostics, &checked.cost)) return checked;
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
