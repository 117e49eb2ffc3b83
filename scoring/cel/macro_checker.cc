// A macro runs its body once for every element of a list or key of a map,
// with the element, or with index and element, or key and value, as variables.
#include "scoring/cel/macro_checker.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

// What a variable over nothing is, or over what is only known at evaluation.
Type Known(const Type& type) {
  return type.kind == Kind::kNothing ? Type{Kind::kDyn} : type;
}

bool IsDyn(const Type& type) {
  return type.kind == Kind::kDyn || type.kind == Kind::kNothing;
}

class MacroChecker {
 public:
  explicit MacroChecker(Scope* scope) : scope_(*scope) {}

  bool Macro(Expr* expr) {
    Expr* range = expr->args[0];
    if (!scope_.Check(range)) return false;
    scope_.Use(*range);
    if (expr->name == "optMap" || expr->name == "optFlatMap") {
      return OptionalMacro(expr);
    }
    const Kind kind = range->type.kind;
    if (kind != Kind::kList && kind != Kind::kMap && !IsDyn(range->type)) {
      return scope_.Fail(expr, "TYPE_MISMATCH",
                         absl::StrCat(expr->name,
                                      " needs a list or a map, "
                                      "this is ",
                                      TypeName(range->type)));
    }
    if (scope_.rules() && scope_.macros() == kMacroDepthMax) {
      return scope_.Fail(expr, "TOO_COMPLEX",
                         absl::StrCat("more than ", kMacroDepthMax,
                                      " macros inside one another"));
    }
    const absl::string_view path =
        range->reference == Reference::kPath
            ? scope_.Keep(scope_.environment().PathName(PathOf(*range)))
        : expr->variable2.empty() ? expr->variable
                                  : expr->variable2;
    const bool list = kind == Kind::kList;
    const Type element = list || kind == Kind::kMap
                             ? Known(*range->type.element)
                             : Type{Kind::kDyn};
    const Type key = list                 ? Type{Kind::kInt}
                     : kind == Kind::kMap ? Known(*range->type.key)
                                          : Type{Kind::kDyn};
    expr->variable_depth = static_cast<uint32_t>(scope_.variables().size());
    bool room = true;
    if (expr->variable2.empty()) {
      room = Enter(expr, expr->variable, list ? element : key, path);
    } else {
      room = Enter(expr, expr->variable, key, expr->variable) &&
             Enter(expr, expr->variable2, element, path);
    }
    scope_.EnterMacro();
    const bool good = room && Body(expr);
    scope_.LeaveMacro();
    scope_.variables().resize(expr->variable_depth);
    return good &&
           (expr->variable2.empty() ? Result(expr, key) : Result2(expr, key));
  }

  bool Bind(Expr* expr) {
    Expr* value = expr->args[0];
    if (!scope_.Check(value)) return false;
    scope_.Use(*value);
    if (value->type.kind == Kind::kSet) {
      return scope_.Fail(value, "TYPE_MISMATCH", kSetMisused);
    }
    expr->op = Op::kBind;
    expr->variable_depth = static_cast<uint32_t>(scope_.variables().size());
    bool good = Enter(expr, expr->variable, Known(value->type), expr->variable);
    good = good && Body(expr);
    scope_.variables().resize(expr->variable_depth);
    if (good) expr->type = expr->args[1]->type;
    return good && NoSet(expr->args[1]);
  }

  bool List(Expr* expr) {
    Type element{Kind::kNothing};
    for (size_t i = 0; i < expr->args.size(); ++i) {
      Type type;
      if (!Element(expr, i, expr->has_optional(i), &type)) return false;
      Type joined;
      const bool messages =
          type.kind == Kind::kMessage || element.kind == Kind::kMessage;
      if (expr->mixed && !messages) {
        joined = Type{Kind::kDyn};
      } else if (!JoinTypes(element, type, &joined)) {
        return scope_.Fail(
            expr->args[i], "TYPE_MISMATCH",
            absl::StrCat("this is ", TypeName(type),
                         " in a list that begins with ", TypeName(element)),
            "dyn(...) around one of them");
      }
      element = joined;
    }
    expr->type = ListOf(element);
    return true;
  }

  bool Map(Expr* expr) {
    Type key{Kind::kNothing}, value{Kind::kNothing};
    for (size_t i = 0; i < expr->args.size(); i += 2) {
      const Type& key_type = expr->args[i]->type;
      Type value_type, joined;
      if (!IsKeyType(key_type)) {
        return scope_.Fail(
            expr->args[i], "TYPE_MISMATCH",
            absl::StrCat("a key is a bool, int, uint or string, this is ",
                         TypeName(key_type)));
      }
      if (!Element(expr, i + 1, expr->has_optional(i / 2), &value_type)) {
        return false;
      }
      // Keys of several kinds are common in CEL, so they become dyn.
      key = JoinTypes(key, key_type, &joined) ? joined : Type{Kind::kDyn};
      if (!JoinTypes(value, value_type, &joined)) {
        return scope_.Fail(
            expr->args[i + 1], "TYPE_MISMATCH",
            absl::StrCat("this is ", TypeName(value_type),
                         " in a map that begins with ", TypeName(value)),
            "dyn(...) around one of them");
      }
      value = joined;
    }
    expr->type = MapOf(key, value);
    return true;
  }

 private:
  static bool IsKeyType(const Type& type) {
    return type.kind == Kind::kBool || type.kind == Kind::kInt ||
           type.kind == Kind::kEnum || type.kind == Kind::kUint ||
           type.kind == Kind::kString || IsDyn(type);
  }

  // The type an element adds: what its optional holds when written with ?.
  bool Element(Expr* expr, size_t i, bool optional, Type* type) {
    *type = expr->args[i]->type;
    if (!optional) return true;
    if (type->kind == Kind::kOptional) {
      *type = Type(*type->element);
      return true;
    }
    if (IsDyn(*type)) return true;
    return scope_.Fail(
        expr->args[i], "TYPE_MISMATCH",
        absl::StrCat("? needs an optional, this is ", TypeName(*type)),
        "optional.of(...)");
  }

  // Adds a variable; false when there are too many.
  bool Enter(Expr* expr, absl::string_view name, Type type,
             absl::string_view path) {
    if (scope_.variables().size() == kVariablesMax) {
      // Also where mistakes become values: there would be no room for it.
      scope_.Report(*expr, true, "TOO_COMPLEX",
                    absl::StrCat("more than ", kVariablesMax,
                                 " variables inside one another"),
                    "");
      return false;
    }
    scope_.variables().push_back({name, std::move(type), path});
    return true;
  }

  bool Body(Expr* expr) {
    bool good = true;
    for (size_t i = 1; i < expr->args.size(); ++i) {
      good &= scope_.Check(expr->args[i]);
      scope_.Use(*expr->args[i]);
    }
    return good;
  }

  bool NoSet(Expr* result) {
    return result->type.kind != Kind::kSet ||
           scope_.Fail(result, "TYPE_MISMATCH", kSetMisused);
  }

  bool Condition(Expr* expr, size_t i) {
    const Type& type = expr->args[i]->type;
    if (type.kind == Kind::kBool || IsDyn(type)) return true;
    return scope_.Fail(
        expr->args[i], "TYPE_MISMATCH",
        absl::StrCat(expr->name, " needs bool here, this is ", TypeName(type)));
  }

  bool Result(Expr* expr, const Type& key) {
    const bool map = expr->name == "map";
    const size_t conditions = expr->args.size() - (map ? 1 : 0);
    for (size_t i = 1; i < conditions; ++i) {
      if (!Condition(expr, i)) return false;
    }
    if (!NoSet(expr->args.back())) return false;
    expr->type.kind = Kind::kBool;
    if (map) {
      expr->op = Op::kMap;
      expr->type = ListOf(expr->args.back()->type);
    } else if (expr->name == "filter") {
      const Type& range = expr->args[0]->type;
      expr->op = Op::kFilter;
      expr->type = range.kind == Kind::kList ? range : ListOf(key);
    } else {
      expr->op = expr->name == "all"      ? Op::kAll
                 : expr->name == "exists" ? Op::kExists
                                          : Op::kExistsOne;
    }
    return true;
  }

  bool Result2(Expr* expr, const Type& key) {
    const bool transform = absl::StartsWith(expr->name, "transform");
    const size_t conditions = expr->args.size() - (transform ? 1 : 0);
    for (size_t i = 1; i < conditions; ++i) {
      if (!Condition(expr, i)) return false;
    }
    Expr* last = expr->args.back();
    if (!NoSet(last)) return false;
    if (!transform) {
      expr->type.kind = Kind::kBool;
      expr->op = expr->name == "all"      ? Op::kAll2
                 : expr->name == "exists" ? Op::kExists2
                                          : Op::kExistsOne2;
    } else if (expr->name == "transformList") {
      expr->op = Op::kTransformList;
      expr->type = ListOf(last->type);
    } else if (expr->name == "transformMap") {
      expr->op = Op::kTransformMap;
      expr->type = MapOf(key, last->type);
    } else {
      expr->op = Op::kTransformMapEntry;
      expr->type = last->type;
      if (last->type.kind != Kind::kMap && !IsDyn(last->type)) {
        return scope_.Fail(last, "TYPE_MISMATCH",
                           absl::StrCat("transformMapEntry needs a map with "
                                        "the new entry, this is ",
                                        TypeName(last->type)),
                           "{k: v}");
      }
    }
    return true;
  }

  bool OptionalMacro(Expr* expr) {
    const Type& target = expr->args[0]->type;
    const bool flat = expr->name == "optFlatMap";
    if (target.kind != Kind::kOptional && !IsDyn(target)) {
      return scope_.Fail(
          expr, "TYPE_MISMATCH",
          absl::StrCat(expr->name, " needs an optional, this is ",
                       TypeName(target)),
          "optional.of(...)");
    }
    expr->op = flat ? Op::kOptFlatMap : Op::kOptMap;
    expr->variable_depth = static_cast<uint32_t>(scope_.variables().size());
    const Type held = target.kind == Kind::kOptional ? Known(*target.element)
                                                     : Type{Kind::kDyn};
    const bool good =
        Enter(expr, expr->variable, held, expr->variable) && Body(expr);
    scope_.variables().resize(expr->variable_depth);
    if (!good || !NoSet(expr->args[1])) return good && !scope_.rules();
    const Type& body = expr->args[1]->type;
    if (flat && body.kind != Kind::kOptional && !IsDyn(body)) {
      return scope_.Fail(expr->args[1], "TYPE_MISMATCH",
                         absl::StrCat("optFlatMap needs an optional here, this "
                                      "is ",
                                      TypeName(body)),
                         "optMap");
    }
    expr->type = flat ? body : OptionalOf(body);
    return true;
  }

  Scope& scope_;
};

}  // namespace

bool CheckMacro(Scope* scope, Expr* expr) {
  return MacroChecker(scope).Macro(expr);
}

bool CheckBind(Scope* scope, Expr* expr) {
  return MacroChecker(scope).Bind(expr);
}

bool CheckList(Scope* scope, Expr* expr) {
  return MacroChecker(scope).List(expr);
}

bool CheckMap(Scope* scope, Expr* expr) {
  return MacroChecker(scope).Map(expr);
}

}  // namespace portrisk::scoring::cel
