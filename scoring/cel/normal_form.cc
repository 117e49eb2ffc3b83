// Negation is pushed down to the atoms: being true of a && b is being true of
// both, being false of it is being false of either. With unknown that is still
// exact, since && and || are decided by one side alone.
//
// An atom that compares an expression with constants becomes a set of values
// of it. Anything else (two fields compared, a macro) is a term of its own
// that is true or false.
// What terms are: terms.h.
#include "scoring/cel/normal_form.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using Domain = ValueSet::Domain;

// Whole numbers as ints, reals as doubles where that is exact. False when a
// comparison with it is not understood.
bool Fit(Domain domain, Value* value) {
  if (value->kind == Kind::kDouble && std::isnan(value->d)) return false;
  switch (domain) {
    case Domain::kBool:
      *value = Value::Int(value->b);
      return true;
    case Domain::kWhole:
      if (value->kind == Kind::kUint && value->u <= INT64_MAX) {
        *value = Value::Int(static_cast<int64_t>(value->u));
      }
      return value->kind == Kind::kInt;
    case Domain::kReal: {
      constexpr int64_t kExactMax = int64_t{1} << 53;
      if (value->kind == Kind::kInt && std::llabs(value->i) <= kExactMax) {
        *value = Value::Double(static_cast<double>(value->i));
      }
      return true;
    }
    default:
      return true;
  }
}

// A whole number against a number with a fraction: rounded so that the answer
// stays the same.
bool FitFraction(Op op, Value* value) {
  constexpr double kSafe = 9e18;
  if (value->kind != Kind::kDouble) return true;
  const double d = value->d;
  if (!(std::fabs(d) < kSafe)) return false;
  if (op == Op::kEqual || op == Op::kNotEqual) {
    if (d != std::floor(d)) return false;
    *value = Value::Int(static_cast<int64_t>(d));
    return true;
  }
  const bool down = op == Op::kGreater || op == Op::kLessEqual;
  *value =
      Value::Int(static_cast<int64_t>(down ? std::floor(d) : std::ceil(d)));
  return true;
}

ValueSet Compared(Domain domain, Op op, const Value& value) {
  using Bound = ValueSet::Bound;
  const Bound closed{value, false, false}, open{value, false, true};
  switch (op) {
    case Op::kLess:
      return ValueSet::Of(domain, Bound(), open);
    case Op::kLessEqual:
      return ValueSet::Of(domain, Bound(), closed);
    case Op::kGreater:
      return ValueSet::Of(domain, open, Bound());
    case Op::kGreaterEqual:
      return ValueSet::Of(domain, closed, Bound());
    default:
      return ValueSet::Point(domain, value);
  }
}

Op Mirrored(Op op) {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessEqual:
      return Op::kGreaterEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterEqual:
      return Op::kLessEqual;
    default:
      return op;
  }
}

// Also of what is only known at evaluation.
bool IsNegation(const Expr& expr) {
  return expr.node == Node::kCall &&
         (expr.op == Op::kNot || (expr.op == Op::kCall && expr.name == "!_"));
}

bool IsDecision(const Expr& expr) {
  return expr.node == Node::kCall &&
         (expr.op == Op::kAnd || expr.op == Op::kOr ||
          expr.op == Op::kConditional);
}

// The source with every run of blanks as one. Left alone where finding the
// quotes takes more than looking for their ends.
std::string Squeezed(absl::string_view text) {
  for (absl::string_view hard : {"//", "\\", "\'\'\'", "\"\"\""}) {
    if (absl::StrContains(text, hard)) return std::string(text);
  }
  std::string result;
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && absl::ascii_isspace(c)) {
      if (result.empty() || result.back() != ' ') result.push_back(' ');
      continue;
    }
    result.push_back(c);
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    }
  }
  return result;
}

// Parts that a chain of && consists of.
size_t Links(const Expr& expr) {
  size_t links = 2;  // One more for the events of the rule.
  const Expr* at = &expr;
  for (; at->node == Node::kCall && at->op == Op::kAnd; at = at->args[0]) {
    ++links;
  }
  return links;
}
constexpr size_t kLinksMax = 16;

class Builder {
 public:
  // `statements_max` says how many one alternative is likely to have.
  Builder(SourceText source, size_t statements_max, Terms* terms)
      : source_(source), statements_max_(statements_max), terms_(*terms) {}

  bool Build(const Expr& expr, bool wanted, std::vector<Alternative>* out) {
    if (IsNegation(expr)) return Build(*expr.args[0], !wanted, out);
    if (IsDecision(expr)) {
      if (expr.op == Op::kConditional) return Choice(expr, wanted, out);
      if (!Build(*expr.args[0], wanted, out)) return false;
      const bool both = (expr.op == Op::kAnd) == wanted;
      if (both && IsAtom(*expr.args[1])) {
        // The most common case, without a list of one on the way.
        AddToEach(Atom(*expr.args[1], wanted), out);
        return true;
      }
      std::vector<Alternative> right;
      if (!Build(*expr.args[1], wanted, &right)) return false;
      return both ? Both(std::move(right), out) : Either(std::move(right), out);
    }
    if (expr.node == Node::kLiteral && expr.literal.kind == Kind::kBool) {
      if (expr.literal.b == wanted) out->emplace_back();
      return true;
    }
    std::vector<Statement>& statements = out->emplace_back().statements;
    statements.reserve(statements_max_);
    statements.push_back(Atom(expr, wanted));
    return true;
  }

 private:
  static bool IsAtom(const Expr& expr) {
    return expr.node != Node::kLiteral && !IsNegation(expr) &&
           !IsDecision(expr);
  }

  static void AddToEach(Statement statement, std::vector<Alternative>* out) {
    for (size_t i = 1; i < out->size(); ++i) {
      (*out)[i].statements.push_back(statement);
    }
    if (!out->empty()) out->front().statements.push_back(std::move(statement));
  }

  bool Choice(const Expr& expr, bool wanted, std::vector<Alternative>* out) {
    std::vector<Alternative> then, refused, otherwise;
    return Build(*expr.args[0], true, out) &&
           Build(*expr.args[1], wanted, &then) && Both(std::move(then), out) &&
           Build(*expr.args[0], false, &refused) &&
           Build(*expr.args[2], wanted, &otherwise) &&
           Both(std::move(otherwise), &refused) &&
           Either(std::move(refused), out);
  }

  bool Both(std::vector<Alternative> right, std::vector<Alternative>* out) {
    if (out->size() * right.size() > kAlternativesKept) return false;
    if (out->size() == 1 && right.size() == 1) {
      for (Statement& one : right[0].statements) {
        (*out)[0].statements.push_back(std::move(one));
      }
      return true;
    }
    std::vector<Alternative> product;
    product.reserve(out->size() * right.size());
    for (const Alternative& a : *out) {
      for (const Alternative& b : right) {
        Alternative& made = product.emplace_back(a);
        made.statements.insert(made.statements.end(), b.statements.begin(),
                               b.statements.end());
      }
    }
    *out = std::move(product);
    return true;
  }

  // Alternatives about one term are one: x == 'A' || x == 'B'.
  static bool Merge(const Alternative& from, Alternative* into) {
    if (from.statements.size() != 1 || into->statements.size() != 1 ||
        from.statements[0].term != into->statements[0].term) {
      return false;
    }
    Statement& one = into->statements[0];
    one.values = one.values.Union(from.statements[0].values);
    one.decided_when_absent &= from.statements[0].decided_when_absent;
    return true;
  }

  static bool Either(std::vector<Alternative> right,
                     std::vector<Alternative>* out) {
    for (Alternative& one : right) {
      const bool merged =
          std::any_of(out->begin(), out->end(),
                      [&](Alternative& known) { return Merge(one, &known); });
      if (!merged) out->push_back(std::move(one));
    }
    return out->size() <= kAlternativesKept;
  }

  Statement Atom(const Expr& expr, bool wanted) {
    Statement made;
    made.at = {expr.begin, expr.end};
    if (expr.node == Node::kHas && expr.reference == Reference::kPath) {
      made.term = terms_.OfPath(PathOf(expr));
      const Domain domain = terms_[made.term].domain;
      made.values =
          wanted ? ValueSet::Everything(domain) : ValueSet::Absent(domain);
      made.decided_when_absent = wanted;
      return made;
    }
    if (expr.node == Node::kCall && expr.args.size() == 2 &&
        Comparison(expr, wanted, &made)) {
      return made;
    }
    return Opaque(expr, wanted, std::move(made));
  }

  bool Comparison(const Expr& expr, bool wanted, Statement* made) {
    const Expr& left = *expr.args[0];
    const Expr& right = *expr.args[1];
    if (expr.op == Op::kStartsWith) return Prefix(left, right, wanted, made);
    if (expr.op == Op::kInSet) return Membership(left, right, wanted, made);
    if (expr.op == Op::kIn) return OneOf(left, right, wanted, made);
    if (expr.op < Op::kEqual || expr.op > Op::kGreaterEqual) return false;
    Value value;
    const bool mirrored = ConstantValue(left, &value);
    const Expr& subject = mirrored ? right : left;
    if (!mirrored && !ConstantValue(right, &value)) {
      return TwoSided(expr, wanted, made);
    }
    const Op op = mirrored ? Mirrored(expr.op) : expr.op;
    if (!Subject(subject, &made->term)) return false;
    const Domain domain = terms_[made->term].domain;
    if (domain == Domain::kWhole && !FitFraction(op, &value)) return false;
    if (!Fit(domain, &value)) return false;
    made->values = Compared(domain, op, terms_.Keep(value));
    if (wanted == (op == Op::kNotEqual)) made->values = made->values.Others();
    return true;
  }

  // The term of what is compared with constants.
  bool Subject(const Expr& expr, uint32_t* term) {
    if (!IsPlain(expr.type) || expr.type.kind == Kind::kList) return false;
    if (IsField(expr)) {
      *term = terms_.OfPath(PathOf(expr));
      return true;
    }
    Term made;
    made.domain = DomainOf(expr.type);
    key_.clear();
    if (!terms_.AppendKey(expr, &key_, &made.needs)) return false;
    *term = terms_.Intern(key_, std::move(made));
    return true;
  }

  bool OneOf(const Expr& left, const Expr& list, bool wanted, Statement* made) {
    if (list.node != Node::kList || !Subject(left, &made->term)) return false;
    const Domain domain = terms_[made->term].domain;
    std::vector<Value> values;
    for (const ExprPtr& entry : list.args) {
      Value value;
      if (!ConstantValue(*entry, &value) || !Fit(domain, &value)) return false;
      values.push_back(terms_.Keep(value));
    }
    made->values = ValueSet::Points(domain, std::move(values));
    if (!wanted) made->values = made->values.Others();
    return true;
  }

  bool Prefix(const Expr& left, const Expr& right, bool wanted,
              Statement* made) {
    Value prefix;
    if (left.type.kind != Kind::kString || !ConstantValue(right, &prefix) ||
        prefix.kind != Kind::kString || !Subject(left, &made->term)) {
      return false;
    }
    // The first text that is greater than all with this prefix.
    std::string beyond(prefix.text());
    while (!beyond.empty() && static_cast<uint8_t>(beyond.back()) == 0xFF) {
      beyond.pop_back();
    }
    ValueSet::Bound low{terms_.Keep(prefix), prefix.aux == 0, false}, high;
    if (!beyond.empty()) {
      beyond.back() =
          static_cast<char>(static_cast<uint8_t>(beyond.back()) + 1);
      high = {Value::String(terms_.Keep(beyond)), false, true};
    }
    made->values = ValueSet::Of(Domain::kOther, low, high);
    if (!wanted) made->values = made->values.Others();
    return true;
  }

  bool Membership(const Expr& left, const Expr& right, bool wanted,
                  Statement* made) {
    Term term;
    if (!Subject(left, &term.subject)) return false;
    term.domain = Domain::kBool;
    term.set = right.set.get();
    term.needs = terms_[term.subject].needs;
    key_.assign(1, 'M');
    AppendRaw(term.subject, &key_);
    AppendRaw(term.set, &key_);
    made->term = terms_.Intern(key_, std::move(term));
    made->values = ValueSet::Point(Domain::kBool, Value::Int(wanted));
    return true;
  }

  // Two expressions compared: one of a few relations, true or false.
  bool TwoSided(const Expr& expr, bool wanted, Statement* made) {
    Term term;
    std::string left, right;
    if (!IsPlain(expr.args[0]->type) || !IsPlain(expr.args[1]->type) ||
        !terms_.AppendKey(*expr.args[0], &left, &term.needs) ||
        !terms_.AppendKey(*expr.args[1], &right, &term.needs)) {
      return false;
    }
    Op op = expr.op;
    if (op == Op::kNotEqual) {
      op = Op::kEqual;
      wanted = !wanted;
    }
    if (op == Op::kEqual ? right < left
                         : op == Op::kGreater || op == Op::kGreaterEqual) {
      left.swap(right);
      op = Mirrored(op);
    }
    // Not-a-number makes both a < b and b <= a false.
    const bool reals = expr.args[0]->type.kind == Kind::kDouble ||
                       expr.args[1]->type.kind == Kind::kDouble;
    if (op == Op::kLessEqual && !reals) {
      left.swap(right);
      op = Op::kLess;
      wanted = !wanted;
    }
    key_.assign(1, 'R');
    AppendRaw(op, &key_);
    key_ += left;
    key_ += right;
    term.domain = Domain::kBool;
    made->term = terms_.Intern(key_, std::move(term));
    made->values = ValueSet::Point(Domain::kBool, Value::Int(wanted));
    return true;
  }

  Statement Opaque(const Expr& expr, bool wanted, Statement made) {
    if (IsField(expr)) {
      made.term = terms_.OfPath(PathOf(expr));
    } else {
      Term term;
      term.domain = Domain::kBool;
      key_.clear();
      if (!IsPlain(expr.type) || !terms_.AppendKey(expr, &key_, &term.needs)) {
        term.needs.clear();
        key_.assign(1, 'T');
        const absl::string_view source = source_();
        if (source.empty()) {
          AppendRaw(&expr, &key_);
        } else {
          key_ += Squeezed(source.substr(expr.begin, expr.end - expr.begin));
        }
      }
      made.term = terms_.Intern(key_, std::move(term));
    }
    made.values = ValueSet::Point(Domain::kBool, Value::Int(wanted));
    return made;
  }

  const SourceText source_;
  const size_t statements_max_;
  Terms& terms_;
  std::string key_;
};

}  // namespace

bool Alternatives(const Expr& expr, SourceText source, bool wanted,
                  Terms* terms, std::vector<Alternative>* out) {
  out->clear();
  return Builder(source, std::min(Links(expr), kLinksMax), terms)
      .Build(expr, wanted, out);
}

}  // namespace portrisk::scoring::cel
