#include "scoring/aggregate_types.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/cel/lexer.h"

namespace portrisk::scoring {
namespace {

using cel::Expr;
using cel::Kind;
using cel::Reference;
using Function = AggregateFunction;
using Events = std::bitset<AggregateDeclaration::kEventsMax>;

// kNothing for kinds that are no number.
AggregateUnit NumberUnit(Kind kind) {
  switch (kind) {
    case Kind::kInt:
      return AggregateUnit::kWhole;
    case Kind::kUint:
      return AggregateUnit::kUnsigned;
    case Kind::kDouble:
      return AggregateUnit::kMillionths;
    case Kind::kDuration:
      return AggregateUnit::kDuration;
    default:
      return AggregateUnit::kNothing;
  }
}

std::string TypeSum(const cel::Type& value, AggregateDeclaration* out) {
  AggregateShape& shape = out->shape;
  shape.unit = NumberUnit(value.kind);
  if (shape.unit == AggregateUnit::kNothing) return "a number or a duration";
  const bool duration = shape.unit == AggregateUnit::kDuration;
  if (out->half_life_s > 0 && duration) return "a number, to decay";
  const bool real =
      out->half_life_s > 0 || (shape.function == Function::kMean && !duration);
  out->type = real ? cel::Type{Kind::kDouble} : value;
  return "";
}

std::string TypeOrdered(const cel::Type& value, AggregateDeclaration* out) {
  out->shape.unit = value.kind == Kind::kTimestamp ? AggregateUnit::kTimestamp
                                                   : NumberUnit(value.kind);
  if (out->shape.unit == AggregateUnit::kNothing) {
    return "a number, a time or a duration";
  }
  out->type = value;
  return "";
}

std::string TypeFirstOrLast(const cel::Type& value, AggregateDeclaration* out) {
  out->type = value;
  switch (value.kind) {
    case Kind::kString:
      out->shape.unit = AggregateUnit::kText;
      return "";
    case Kind::kBool:
      out->shape.unit = AggregateUnit::kTruth;
      return "";
    case Kind::kEnum:
      out->shape.unit = AggregateUnit::kWhole;
      return "";
    default:
      return TypeOrdered(value, out).empty()
                 ? ""
                 : "a text, a number, a truth, an enum, a time or a duration";
  }
}

bool IsMovement(const Expr& expr, absl::string_view field) {
  if (expr.reference != Reference::kPath || expr.node != cel::Node::kSelect) {
    return false;
  }
  const cel::Path path = cel::PathOf(expr);
  return path.root == 0 && path.fields.size() == 1 &&
         path.fields[0]->name() == field;
}

bool EventConstant(const Expr& expr, Events* events) {
  if (expr.reference != Reference::kConstant ||
      expr.type.enumeration != v1::Event_descriptor()) {
    return false;
  }
  events->set(static_cast<size_t>(expr.literal.i));
  return true;
}

// `movement.event == X`, either way round, or `in [X, Y]`. False when it is
// neither.
bool EventComparison(const Expr& expr, Events* events) {
  if (expr.args.size() != 2) return false;
  const Expr& left = *expr.args[0];
  const Expr& right = *expr.args[1];
  if (expr.name == "_==_" || expr.name == "_!=_") {
    const bool either =
        (IsMovement(left, "event") && EventConstant(right, events)) ||
        (IsMovement(right, "event") && EventConstant(left, events));
    // An absent event is never admitted, so what is left are the others.
    if (either && expr.name == "_!=_") events->flip();
    return either;
  }
  if (expr.name != "@in" || !IsMovement(left, "event") ||
      right.node != cel::Node::kList) {
    return false;
  }
  return std::all_of(
      right.args.begin(), right.args.end(),
      [&](const cel::ExprPtr& arg) { return EventConstant(*arg, events); });
}

void CollectSets(const Expr& expr, std::vector<const cel::EntrySet*>* sets) {
  if (expr.set != nullptr &&
      std::find(sets->begin(), sets->end(), expr.set.get()) == sets->end()) {
    sets->push_back(expr.set.get());
  }
  for (const cel::ExprPtr& arg : expr.args) CollectSets(*arg, sets);
}

}  // namespace

std::string TypeAggregate(const cel::Type& value, AggregateDeclaration* out) {
  AggregateShape& shape = out->shape;
  switch (shape.function) {
    case Function::kCount:
      out->type.kind = out->half_life_s > 0 ? Kind::kDouble : Kind::kInt;
      return "";
    case Function::kTimeSince:
      out->type.kind = Kind::kDuration;
      return "";
    case Function::kSum:
    case Function::kMean:
      return TypeSum(value, out);
    case Function::kDistinct:
      shape.unit = AggregateUnit::kHash;
      out->type.kind = Kind::kInt;
      return CanBeKey(value) || value.kind == Kind::kDouble
                 ? ""
                 : "a single value, such as a text or a number";
    case Function::kFirst:
    case Function::kLast:
      return TypeFirstOrLast(value, out);
    default:
      return TypeOrdered(value, out);
  }
}

bool CanBeKey(const cel::Type& type) {
  switch (type.kind) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kEnum:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kTimestamp:
    case Kind::kDuration:
      return true;
    default:
      return false;
  }
}

Events EventsOf(const Expr& expr) {
  Events events;
  if (expr.node == cel::Node::kCall) {
    if (expr.name == "_&&_") {
      return EventsOf(*expr.args[0]) & EventsOf(*expr.args[1]);
    }
    if (expr.name == "_||_") {
      return EventsOf(*expr.args[0]) | EventsOf(*expr.args[1]);
    }
    if (EventComparison(expr, &events)) return events;
  }
  return events.reset().flip();
}

bool AsksForEventAlone(const Expr& expr) {
  if (expr.node != cel::Node::kCall) return false;
  if (expr.name == "_&&_" || expr.name == "_||_") {
    return AsksForEventAlone(*expr.args[0]) && AsksForEventAlone(*expr.args[1]);
  }
  Events events;
  return EventComparison(expr, &events);
}

const Expr* ReadsMoreThanMovement(const Expr& expr) {
  const bool path = expr.reference == Reference::kPath ||
                    expr.reference == Reference::kOptionalPath;
  if ((path && cel::PathOf(expr).root != 0) ||
      (expr.reference == Reference::kSet && !expr.set->source().empty())) {
    return &expr;
  }
  for (const cel::ExprPtr& arg : expr.args) {
    if (const Expr* found = ReadsMoreThanMovement(*arg)) return found;
  }
  return nullptr;
}

const Expr* ReadsName(const Expr& expr) {
  const auto* field = expr.field;
  if (field != nullptr && field->name() == "name" &&
      field->containing_type() == v1::Party::descriptor()) {
    return &expr;
  }
  for (const cel::ExprPtr& arg : expr.args) {
    if (const Expr* found = ReadsName(*arg)) return found;
  }
  return nullptr;
}

void AppendNormalised(absl::string_view source, const Expr& expr,
                      std::string* out) {
  cel::Diagnostics ignored;
  absl::string_view blank;
  cel::Tree tree;
  std::vector<cel::Lexeme> lexemes;
  tree.Begin(source);
  cel::Tokenise(&tree, &ignored, &lexemes);
  for (const cel::Lexeme& lexeme : lexemes) {
    if (lexeme.token == cel::Token::kEnd) break;
    absl::StrAppend(out, blank,
                    source.substr(lexeme.begin, lexeme.end - lexeme.begin));
    blank = " ";
  }
  std::vector<const cel::EntrySet*> sets;
  CollectSets(expr, &sets);
  for (const cel::EntrySet* set : sets) {
    std::vector<std::string> entries = set->entries();
    std::sort(entries.begin(), entries.end());
    std::string contents;
    for (const std::string& entry : entries) {
      absl::StrAppend(&contents, entry.size(), ":", entry);
    }
    absl::StrAppend(out, "\n  with ", set->name(), " ",
                    cel::EntryTypeNames()[static_cast<size_t>(set->type())],
                    " ", absl::Hex(AggregateIdentity(contents)));
  }
}

}  // namespace portrisk::scoring
