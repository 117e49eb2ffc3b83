// One walk over the tree, children first. A node that cannot be typed is
// reported and its Check returns false; a parent of such a node stays silent,
// so each mistake is reported once, but its siblings are still looked at.
//
// What a call means is call_checker.cc, what a macro means macro_checker.cc.
// In the specification's environment every type is dyn, and what would be
// refused becomes an error at evaluation instead (Expr::failure). A chain of
// selections from a root becomes one path (`movement.haulier.id`), which is
// what later stages bind to a slot. Everything else that is selected from (a
// macro's variable, an element, a choice) keeps its select node.
#include "scoring/cel/checker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "scoring/cel/call_checker.h"
#include "scoring/cel/cost.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/macro_checker.h"
#include "scoring/cel/parser.h"
#include "scoring/cel/scope.h"
#include "scoring/cel/suggest.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;

// "movement.x", with its leading dot if any, for a select of identifiers, else
// "".
std::string DottedName(const Expr& expr) {
  if (expr.node == Node::kIdentifier) {
    return absl::StrCat(expr.rooted ? "." : "", expr.name);
  }
  if (expr.node != Node::kSelect || expr.optional) return "";
  const std::string prefix = DottedName(*expr.args[0]);
  return prefix.empty() ? "" : absl::StrCat(prefix, ".", expr.name);
}

const Expr& First(const Expr& expr) {
  return expr.args.empty() ? expr : First(*expr.args[0]);
}

// Most conditions read no more.
constexpr size_t kFieldsExpected = 8;

class Checker : public Scope {
 public:
  Checker(const Environment& environment, Tree* tree, Diagnostics* diagnostics,
          std::vector<Path>* fields)
      : Scope(environment, tree, diagnostics), fields_(fields) {}

  // False with a diagnostic, or true.
  bool Check(Expr* expr) override {
    if (rules()) return CheckNode(expr);
    if (!CheckNode(expr)) return false;
    expr->type = Type{Kind::kDyn};
    return true;
  }

  void Use(const Expr& expr) override {
    if (expr.reference != Reference::kPath) return;
    Path path = PathOf(expr);
    if (std::find(fields_->begin(), fields_->end(), path) == fields_->end()) {
      if (fields_->empty()) fields_->reserve(kFieldsExpected);
      fields_->push_back(std::move(path));
    }
  }

 private:
  bool CheckNode(Expr* expr) {
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
        return CheckArgs(expr) && CheckList(this, expr);
      case Node::kMap:
        return CheckArgs(expr) && CheckMap(this, expr);
      case Node::kMacro:
        return CheckMacro(this, expr);
      case Node::kBind:
        return CheckBind(this, expr);
      case Node::kMessage:
        return Message(expr);
    }
    return false;
  }

  // Children, all of them, so that every mistake shows at once.
  bool CheckArgs(Expr* expr) {
    bool good = true;
    for (ExprPtr& arg : expr->args) {
      good &= Check(arg);
      Use(*arg);
    }
    if (!good) return false;
    for (const ExprPtr& arg : expr->args) {
      if (arg->type.kind == Kind::kSet && expr->name != "@in") {
        return Fail(arg, "TYPE_MISMATCH", kSetMisused);
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

  bool TypeConstant(absl::string_view name, Expr* expr) {
    expr->reference = Reference::kConstant;
    expr->literal.kind = expr->type.kind = Kind::kType;
    expr->text = name;
    return true;
  }

  bool Identifier(Expr* expr) {
    for (size_t i = variables().size(); i-- > 0 && !expr->rooted;) {
      if (variables()[i].name != expr->name) continue;
      expr->reference = Reference::kVariable;
      expr->variable_depth = static_cast<uint32_t>(i);
      expr->type = variables()[i].type;
      return true;
    }
    if (!rules()) {
      return Resolved(DottedName(*expr), expr) ||
             Fail(expr, "UNKNOWN_NAME",
                  absl::StrCat("undeclared reference to ", expr->name));
    }
    const auto& roots = environment().roots();
    for (size_t i = 0; i < roots.size(); ++i) {
      if (roots[i].name != expr->name) continue;
      expr->reference = Reference::kPath;
      expr->variable_depth = static_cast<uint32_t>(i);
      expr->type.kind = Kind::kMessage;
      expr->type.message = roots[i].type;
      return true;
    }
    if (const auto* field = environment().FindDeclared(expr->name)) {
      expr->reference = Reference::kPath;
      expr->variable_depth = kAggregatesRoot;
      expr->field = field;
      expr->type = TypeOfField(*field);
      return true;
    }
    if (const auto* value = environment().FindConstant(expr->name)) {
      return Constant(value, expr);
    }
    if (auto set = environment().FindSet(expr->name)) {
      expr->reference = Reference::kSet;
      expr->set = std::move(set);
      expr->type.kind = Kind::kSet;
      return true;
    }
    if (IsTypeName(expr->name)) return TypeConstant(expr->name, expr);
    return UnknownName(expr);
  }

  // A name of the specification's environment; false when it is none.
  bool Resolved(absl::string_view name, Expr* expr) {
    Environment::Meaning meaning = environment().Resolve(name);
    if (meaning.reference == Reference::kNone) return false;
    if (meaning.literal.kind == Kind::kType) {
      return TypeConstant(Keep(meaning.type_name), expr);
    }
    expr->reference = meaning.reference;
    expr->variable_depth = meaning.variable;
    expr->literal = meaning.literal;
    return true;
  }

  bool UnknownName(Expr* expr) {
    const std::string message = absl::StrCat("nothing is called ", expr->name);
    if (expr->name == "now") {
      return Fail(expr, "UNKNOWN_NAME",
                  "there is no now: time is the movement's",
                  "movement.occurrence_time");
    }
    for (const Environment::Root& root : environment().roots()) {
      if (environment().FindField(*root.type, expr->name) != nullptr) {
        return Fail(expr, "UNKNOWN_NAME", message,
                    absl::StrCat(root.name, ".", expr->name));
      }
    }
    std::vector<std::string> names = environment().Names();
    names.reserve(names.size() + variables().size());
    for (const Variable& variable : variables()) {
      names.emplace_back(variable.name);
    }
    return Fail(expr, "UNKNOWN_NAME", message, NearestName(expr->name, names));
  }

  bool IsKnown(const Expr& identifier) const {
    for (const Variable& variable : variables()) {
      if (variable.name == identifier.name && !identifier.rooted) return true;
    }
    for (const Environment::Root& root : environment().roots()) {
      if (root.name == identifier.name) return true;
    }
    return false;
  }

  // Of `a.b.c` where `a` is nothing of its own.
  bool QualifiedName(Expr* expr) {
    if (expr->node != Node::kSelect || IsKnown(First(*expr))) return false;
    const std::string dotted = DottedName(*expr);
    if (dotted.empty()) return false;
    if (!rules()) return Resolved(dotted, expr);
    const std::string name = dotted.substr(dotted[0] == '.' ? 1 : 0);
    if (const auto* value = environment().FindConstant(name)) {
      return Constant(value, expr);
    }
    return IsTypeName(name) && TypeConstant(Keep(name), expr);
  }

  bool Selection(Expr* expr) {
    if (QualifiedName(expr)) return true;
    Expr* operand = expr->args[0];
    if (!Check(operand)) return false;
    // Looking into an optional gives an optional.
    const Type* type = &operand->type;
    if (type->kind == Kind::kOptional) {
      expr->optional = expr->node == Node::kSelect;
      type = type->element.get();
    }
    if (type->kind == Kind::kDyn || type->kind == Kind::kNothing ||
        (type->kind == Kind::kMap && IsTextKey(*type->key))) {
      return SelectionByName(*type, expr);
    }
    if (type->kind != Kind::kMessage) return NoFields(*type, expr);
    expr->field = environment().FindField(*type->message, expr->name);
    if (expr->field == nullptr) return UnknownField(*type->message, expr);
    const Type field_type = TypeOfField(*expr->field);
    expr->type = expr->node == Node::kHas ? Type{Kind::kBool}
                 : expr->optional         ? OptionalOf(field_type)
                                          : field_type;
    if (operand->reference == Reference::kPath) {
      expr->reference = Reference::kPath;
      if (expr->node == Node::kHas || expr->optional) Use(*expr);
      // What is selected from an optional is no path of fields.
      if (expr->optional) expr->reference = Reference::kOptionalPath;
      return true;
    }
    NameField(*operand, expr);
    return true;
  }

  void NameField(const Expr& operand, Expr* expr) {
    if (operand.reference == Reference::kVariable) {
      expr->field_path = Keep(absl::StrCat(
          variables()[operand.variable_depth].path, ".", expr->name));
    } else {
      expr->field_path =
          operand.field_path.empty()
              ? expr->name
              : Keep(absl::StrCat(operand.field_path, ".", expr->name));
    }
  }

  static bool IsTextKey(const Type& key) {
    return key.kind == Kind::kString || key.kind == Kind::kDyn ||
           key.kind == Kind::kNothing;
  }

  // Of a map, or of what is only known at evaluation.
  bool SelectionByName(const Type& type, Expr* expr) {
    expr->op = Op::kCall;
    expr->function = expr->node == Node::kHas ? "has"
                     : expr->optional         ? "_?._"
                                              : "_._";
    Type element{Kind::kDyn};
    if (type.kind == Kind::kMap && type.element->kind != Kind::kNothing) {
      element = *type.element;
    }
    expr->type = expr->node == Node::kHas ? Type{Kind::kBool}
                 : expr->optional         ? OptionalOf(element)
                                          : element;
    return true;
  }

  bool NoFields(const Type& type, Expr* expr) {
    std::string suggestion;
    if (type.kind == Kind::kList) {
      suggestion = "use exists, all or an index";
    } else if (type.kind == Kind::kTimestamp || type.kind == Kind::kDuration) {
      suggestion = "getHours()";
    }
    return Fail(expr, "UNKNOWN_FIELD",
                absl::StrCat(TypeName(type), " has no fields"), suggestion);
  }

  bool UnknownField(const Descriptor& type, Expr* expr) {
    std::vector<std::string> names;
    names.reserve(type.field_count());
    for (int i = 0; i < type.field_count(); ++i) {
      names.push_back(type.field(i)->name());
    }
    return Fail(expr, "UNKNOWN_FIELD",
                absl::StrCat(type.name(), " has no field ", expr->name),
                NearestName(expr->name, names));
  }

  // Where functions like math.abs live.
  static bool IsNamespace(absl::string_view name) {
    return name == "math" || name == "strings" || name == "base64" ||
           name == "optional";
  }

  bool Call(Expr* expr) {
    JoinFunctionName(expr);
    // What is formatted is a list of whatever there is.
    if (expr->name == "format" && expr->args.size() == 2) {
      expr->args[1]->mixed = true;
    }
    return CheckArgs(expr) && CheckCall(this, expr);
  }

  // `math.abs(x)` reads like a call of abs on math, and is one of math.abs.
  void JoinFunctionName(Expr* expr) {
    if (!expr->member) return;
    if (IsKnown(First(*expr->args[0]))) return;
    const std::string receiver = DottedName(*expr->args[0]);
    if (receiver.empty()) return;
    const std::string name = absl::StrCat(receiver, ".", expr->name);
    if (Overloads(name, false).empty() && !IsNamespace(receiver)) return;
    expr->name = Keep(name);
    expr->member = false;
    expr->args.erase(expr->args.begin());
  }

  bool Message(Expr* expr) {
    if (rules()) {
      return Fail(expr, "NOT_SUPPORTED",
                  "messages cannot be built in a rule: that takes memory; "
                  "compare the fields that matter, or build a map");
    }
    if (!CheckArgs(expr)) return false;
    const auto* prototype = environment().FindMessage(expr->name);
    if (prototype == nullptr) {
      return Fail(expr, "UNKNOWN_NAME",
                  absl::StrCat("there is no message type ", expr->name));
    }
    expr->message = prototype->GetDescriptor();
    for (const absl::string_view field : expr->field_names) {
      const std::string name(field);
      const auto* pool = expr->message->file()->pool();
      if (expr->message->FindFieldByName(name) == nullptr &&
          pool->FindExtensionByName(name) == nullptr) {
        return Fail(
            expr, "UNKNOWN_FIELD",
            absl::StrCat(expr->message->name(), " has no field ", name));
      }
    }
    return true;
  }

  std::vector<Path>* const fields_;
};

// The first place where the root of declared values is taken for a message:
// there is none, only its fields can be read. Null when all is well.
const Expr* DeclaredRootMisused(const Expr& expr, bool selected = false) {
  if (expr.reference == Reference::kPath && !HasFields(expr) &&
      expr.variable_depth == kAggregatesRoot && !selected) {
    return &expr;
  }
  const bool selects = expr.reference == Reference::kPath ||
                       expr.reference == Reference::kOptionalPath;
  for (const ExprPtr& arg : expr.args) {
    if (const Expr* at = DeclaredRootMisused(*arg, selects)) return at;
  }
  return nullptr;
}

}  // namespace

ConditionChecker::ConditionChecker(const Environment& environment)
    : environment_(environment) {}

Checked ConditionChecker::CheckExpression(absl::string_view source,
                                          Diagnostics* diagnostics) {
  // The memory of the last one, unless somebody still looks at it.
  if (tree_ == nullptr || tree_.use_count() > 1) {
    tree_ = std::make_shared<Tree>();
  }
  Checked checked;
  Expr* const expr = parser_.Parse(source, tree_.get(), diagnostics);
  if (expr == nullptr) return checked;
  Checker checker(environment_, tree_.get(), diagnostics, &checked.fields);
  if (!checker.Check(expr)) return checked;
  if (expr->type.kind == Kind::kSet) {
    checker.Fail(expr, "TYPE_MISMATCH", kSetMisused);
    return checked;
  }
  checker.Use(*expr);
  if (const Expr* misused =
          environment_.is_rules() ? DeclaredRootMisused(*expr) : nullptr) {
    checker.Fail(const_cast<Expr*>(misused), "TYPE_MISMATCH",
                 "aggregates can be read one by one only", "lookups_1h");
    return checked;
  }
  if (environment_.is_rules() &&
      !CheckCost(*expr, diagnostics, &checked.cost)) {
    return checked;
  }
  checked.expr = std::shared_ptr<const Expr>(tree_, expr);
  return checked;
}

Checked ConditionChecker::CheckCondition(absl::string_view source,
                                         Diagnostics* diagnostics) {
  Checked checked = CheckExpression(source, diagnostics);
  if (checked.expr == nullptr || checked.expr->type.kind == Kind::kBool) {
    return checked;
  }
  const bool dyn = checked.expr->type.kind == Kind::kDyn;
  diagnostics->push_back({"TYPE_MISMATCH", true, checked.expr->begin,
                          checked.expr->end,
                          absl::StrCat("a condition is true or false, this is ",
                                       TypeName(checked.expr->type)),
                          dyn ? "(...) == true" : ""});
  checked.expr = nullptr;
  return checked;
}

Checked CheckExpression(absl::string_view source,
                        const Environment& environment,
                        Diagnostics* diagnostics) {
  return ConditionChecker(environment).CheckExpression(source, diagnostics);
}

Checked CheckCondition(absl::string_view source, const Environment& environment,
                       Diagnostics* diagnostics) {
  return ConditionChecker(environment).CheckCondition(source, diagnostics);
}

}  // namespace portrisk::scoring::cel
