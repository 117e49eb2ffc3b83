#include "scoring/explain.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "scoring/cel/declared_values.h"
#include "scoring/cel/eval.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/naive.h"
#include "scoring/cel/program.h"
#include "scoring/rule_set.h"

namespace portrisk::scoring {
namespace {

using cel::Expr;
using cel::Kind;
using cel::Node;
using cel::Value;

std::string DayOf(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

class Explainer {
 public:
  // `condition` is the rule's tree.
  Explainer(const Rule& rule, const Expr& condition, const RuleSet& set,
            const Scope& scope, const std::vector<Programme::List>& lists)
      : source_(rule.source), lists_(lists), declared_(scope.aggregates) {
    cel::Compiler compiler(set.environment);
    Add(condition, &compiler);
    program_ = compiler.Finish();
    for (const auto& set_of_program : program_->sets) {
      sets_.push_back(set_of_program->source().empty() ? set_of_program.get()
                                                       : nullptr);
      for (const Programme::List& list : lists) {
        if (list.name == set_of_program->source() &&
            list.entries->type() == set_of_program->type()) {
          sets_.back() = list.entries.get();
        }
      }
    }
    const google::protobuf::Message* roots[cel::kRuleRoots] = {
        scope.movement, scope.container, scope.right,
        scope.party,    scope.vessel,    scope.route,
        scope.facility, scope.source,    scope.usual};
    cel::ListContext context;
    context.sets = sets_.data();
    context.declared = declared_;
    context.derived = scope.derived;
    if (scope.movement->has_occurrence_time()) {
      context.now_seconds = scope.movement->occurrence_time().seconds();
    }
    state_.Begin(*program_, roots, context);
  }

  Value Explain(const Expr& expr, bool decided, v1::ExplainNode* out) {
    const Value value = state_.Evaluate(instructions_.at(&expr));
    std::string text(source_.substr(expr.begin, size_t{expr.end} - expr.begin));
    absl::RemoveExtraAsciiWhitespace(&text);
    out->set_text(std::move(text));
    out->set_decided(decided);
    Tell(expr, value, out);
    if (expr.node == Node::kMacro) {
      Macro(expr, value, decided, out);
    } else if (IsLogic(expr)) {
      Logic(expr, value, decided, out);
    } else if (expr.node != Node::kSelect && expr.node != Node::kHas) {
      // A field is one part, however long its path.
      Operands(expr, value, decided, out);
    }
    return value;
  }

 private:
  static bool IsLogic(const Expr& expr) {
    return expr.node == Node::kCall &&
           (expr.name == "_&&_" || expr.name == "_||_" || expr.name == "_?_:_");
  }

  // What stands for itself needs no line.
  static bool IsPlain(const Expr& expr) {
    return expr.node == Node::kLiteral ||
           expr.reference == cel::Reference::kConstant ||
           expr.reference == cel::Reference::kSet;
  }

  void Add(const Expr& expr, cel::Compiler* compiler) {
    // A list's name is no value.
    if (expr.reference == cel::Reference::kSet) return;
    instructions_[&expr] = compiler->Add(expr);
    if (expr.reference == cel::Reference::kPath ||
        expr.reference == cel::Reference::kConstant) {
      return;
    }
    for (const cel::ExprPtr& arg : expr.args) Add(*arg, compiler);
  }

  void Tell(const Expr& expr, const Value& value, v1::ExplainNode* out) const {
    if (value.is_unknown()) {
      out->set_truth(v1::UNKNOWN_TRUTH);
      out->set_missing_field(program_->paths[value.aux]);
    } else if (value.is_error()) {
      out->set_truth(v1::FAILED);
      out->set_error(value.s);
    } else {
      out->set_truth(value.kind != Kind::kBool ? v1::NOT_A_TRUTH
                     : value.b                 ? v1::HOLDS
                                               : v1::FAILS);
      out->set_value(ValueText(expr, value));
      const bool aggregate = expr.reference == cel::Reference::kPath &&
                             expr.variable_depth == cel::kAggregatesRoot;
      if (aggregate && declared_->IsApproximate(*expr.field)) {
        out->mutable_value()->append(" (estimated)");
      }
    }
    if (expr.set == nullptr || expr.node != Node::kCall) return;
    for (const Programme::List& list : lists_) {
      if (list.name != expr.set->source()) continue;
      absl::StrAppend(out->mutable_value(),
                      out->value().empty() ? "by list " : ", by list ",
                      list.name, " version ", list.version);
    }
  }

  std::string ValueText(const Expr& expr, const Value& value) const {
    if (value.kind == Kind::kInt && expr.type.enumeration != nullptr) {
      const auto* name =
          expr.type.enumeration->FindValueByNumber(static_cast<int>(value.i));
      if (name != nullptr) return std::string(name->name());
    }
    if (value.kind == Kind::kMessage) return "present";
    if (value.kind == Kind::kList && value.aux > kElementsShown) {
      return absl::StrCat("a list of ", value.aux);
    }
    return cel::DebugText(cel::ToNaive(value, program_->paths));
  }

  // A side that alone settles it; else, of what does not, the one reported.
  void Logic(const Expr& expr, const Value& value, bool decided,
             v1::ExplainNode* out) {
    if (expr.name == "_?_:_") {
      const Value condition = Explain(*expr.args[0], decided, out->add_parts());
      for (const size_t branch : {1, 2}) {
        const bool taken =
            condition.kind == Kind::kBool && condition.b == (branch == 1);
        if (taken) Explain(*expr.args[branch], decided, out->add_parts());
      }
      return;
    }
    // A chain a && b && c is one list of parts.
    std::vector<const Expr*> links;
    Flatten(expr, expr.name, &links);
    const bool decisive = expr.name == "_||_";
    bool found = false;
    for (const Expr* link : links) {
      const Value part = state_.Evaluate(instructions_.at(link));
      bool settles;
      if (value.kind != Kind::kBool) {
        settles = !found && part.kind == value.kind &&
                  (!part.is_unknown() || part.aux == value.aux);
      } else {
        settles = part.kind == Kind::kBool && part.b == value.b &&
                  (value.b != decisive || !found);
      }
      found |= settles;
      Explain(*link, decided && settles, out->add_parts());
    }
  }

  void Flatten(const Expr& expr, absl::string_view name,
               std::vector<const Expr*>* links) const {
    if (expr.node == Node::kCall && expr.name == name) {
      for (const auto& arg : expr.args) Flatten(*arg, name, links);
    } else {
      links->push_back(&expr);
    }
  }

  void Operands(const Expr& expr, const Value& value, bool decided,
                v1::ExplainNode* out) {
    bool blamed = false;
    for (const cel::ExprPtr& arg : expr.args) {
      if (IsPlain(*arg) || arg->reference == cel::Reference::kSet) continue;
      const Value part = state_.Evaluate(instructions_.at(arg));
      // Of an undecided value the first undecided operand is the cause.
      const bool cause = value.is_decided() || (!blamed && !part.is_decided());
      blamed |= !part.is_decided();
      Explain(*arg, decided && cause, out->add_parts());
    }
  }

  void Macro(const Expr& expr, const Value& value, bool decided,
             v1::ExplainNode* out) {
    const Value range = Explain(*expr.args[0], decided, out->add_parts());
    if (!range.is_decided()) return;
    bool found = false;
    const bool folds = expr.name == "all" || expr.name == "exists";
    for (uint32_t i = 0; i < range.aux; ++i) {
      if (i == kElementsShown) {
        out->set_more_elements(range.aux - i);
        return;
      }
      const Value element = cel::ListElement(range, i);
      for (size_t body = 1; body < expr.args.size(); ++body) {
        state_.Bind(expr.variable_depth, element);
        const Value part = state_.Evaluate(instructions_.at(expr.args[body]));
        const bool same = part.kind == value.kind &&
                          (part.kind != Kind::kBool || part.b == value.b);
        const bool settles =
            folds ? same && (!found || value.is_true() == (expr.name == "all"))
                  : true;
        found |= folds && same;
        v1::ExplainNode* node = out->add_parts();
        Explain(*expr.args[body], decided && settles, node);
        node->set_element(absl::StrCat(
            expr.variable, " = ",
            cel::DebugText(cel::ToNaive(element, program_->paths))));
      }
    }
  }

  const absl::string_view source_;
  const std::vector<Programme::List>& lists_;
  cel::DeclaredValues* const declared_;
  absl::flat_hash_map<const Expr*, uint32_t> instructions_;
  std::shared_ptr<const cel::Program> program_;
  std::vector<const cel::EntrySet*> sets_;
  cel::EvalState state_;
};

void AddReason(absl::string_view code, std::string text,
               v1::ExplainResponse* out) {
  v1::ExplainReason* reason = out->add_reasons();
  reason->set_code(std::string(code));
  reason->set_text(std::move(text));
}

void AddOwnReasons(const Rule& rule, const v1::Movement& movement,
                   v1::ExplainResponse* out) {
  if (rule.status == RuleStatus::kDraft) {
    AddReason("DRAFT", "the rule has `status: draft`: it is not evaluated",
              out);
  }
  if (rule.status == RuleStatus::kShadow) {
    AddReason("SHADOW", "the rule has `status: shadow`: a hit adds nothing",
              out);
  }
  if (!rule.AppliesTo(movement.event())) {
    std::string events;
    for (const v1::Event event : rule.applies_to) {
      absl::StrAppend(&events, events.empty() ? "" : ", ",
                      v1::Event_Name(event));
    }
    AddReason("NOT_FOR_THIS_EVENT",
              absl::StrCat("the rule applies to ", events, "; this is ",
                           v1::Event_Name(movement.event())),
              out);
  }
  if (!rule.valid.is_limited()) return;
  if (!movement.has_occurrence_time()) {
    AddReason("NO_TIME",
              "the rule is valid for a time, and the movement has none", out);
  } else if (!rule.valid.Covers(movement.occurrence_time().seconds())) {
    std::string when;
    if (rule.valid.from != INT64_MIN) {
      absl::StrAppend(&when, " from ", DayOf(rule.valid.from));
    }
    if (rule.valid.until != INT64_MAX) {
      absl::StrAppend(&when, " until ", DayOf(rule.valid.until - 1));
    }
    AddReason("NOT_VALID_THEN",
              absl::StrCat("the rule is valid", when, "; the movement is of ",
                           DayOf(movement.occurrence_time().seconds())),
              out);
  }
}

}  // namespace

RootsRead RootsOf(const RuleSet& rule_set, absl::string_view rule) {
  const auto found = rule_set.rule_index.find(rule);
  if (found == rule_set.rule_index.end()) return RootsRead();
  return RootsOf(rule_set.rules[found->second].evidence);
}

bool HasRule(const RuleSet& rule_set, absl::string_view rule) {
  return rule_set.rule_index.contains(rule);
}

bool ExplainRule(const RuleSet& rule_set, absl::string_view rule_id,
                 absl::string_view language, const Scope& scope,
                 const std::vector<Programme::List>& lists,
                 v1::ExplainResponse* out) {
  const auto found = rule_set.rule_index.find(rule_id);
  if (found == rule_set.rule_index.end()) return false;
  const Rule& rule = rule_set.rules[found->second];
  out->set_rule_set(rule_set.name);
  out->set_rule(rule.id);
  out->set_title(Render(rule.title, language, v1::Hit()));
  AddOwnReasons(rule, *scope.movement, out);
  cel::Diagnostics ignored;
  const cel::Checked checked =
      cel::CheckCondition(rule.source, rule_set.environment, &ignored);
  Explainer(rule, *checked.expr, rule_set, scope, lists)
      .Explain(*checked.expr, true, out->mutable_condition());
  return true;
}

}  // namespace portrisk::scoring
