// One walk, children first, that gives each expression its operations and the
// size of its value. The size is what makes growth visible: a macro gives its
// variable the size of an element, so that doubling a text again and again
// doubles the estimate again and again. Functions are known by their names;
// one that is not known costs its arguments and gives as much as they hold.
#include "scoring/cel/cost.h"

#include <algorithm>
#include <array>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/call_checker.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {
namespace {

constexpr double kCostMax = 1e15;
// Bytes handled for the price of one operation.
constexpr double kBytesPerOperation = 128;
// A regular expression: steps for each byte of its pattern, per byte of text.
constexpr double kPatternSteps = 0.25;
constexpr double kScalarBytes = 8;
// The part that more than this share of the cost comes from is the one named.
constexpr double kMostOfIt = 0.5;

struct Size {
  double items = 1;             // Of a list; else 1.
  double bytes = kScalarBytes;  // Of one item.

  double total() const { return items * bytes; }
};

struct Estimate {
  double cost = 1;
  Size size;
  const Expr* worst = nullptr;  // Where most of the cost arises.
};

using Estimates = absl::InlinedVector<Estimate, 3>;

Size AssumedSize(const Type& type) {
  switch (type.kind) {
    case Kind::kString:
    case Kind::kBytes:
      return {1, kAssumedTextBytes};
    case Kind::kList:
      return {kAssumedListLength, type.element == nullptr
                                      ? kScalarBytes
                                      : AssumedSize(*type.element).total()};
    default:
      return {};
  }
}

bool IsList(const Type& type) { return type.kind == Kind::kList; }
bool IsText(const Type& type) {
  return type.kind == Kind::kString || type.kind == Kind::kBytes;
}

class Estimator {
 public:
  Estimate Of(const Expr& expr) {
    Estimate result = Compute(expr);
    result.cost = std::min(result.cost, kCostMax);
    if (result.size.total() > largest_.total()) {
      largest_ = result.size;
      largest_at_ = &expr;
    }
    return result;
  }

  Size largest() const { return largest_; }
  const Expr* largest_at() const { return largest_at_; }
  bool has_long_list() const { return has_long_list_; }

 private:
  Estimate Compute(const Expr& expr) {
    if (expr.reference == Reference::kVariable &&
        expr.variable_depth < variables_.size()) {
      return {1, variables_[expr.variable_depth], &expr};
    }
    if (expr.node == Node::kLiteral && IsText(expr.type)) {
      return {1, {1, static_cast<double>(expr.text.size())}, &expr};
    }
    if (!expr.variable.empty()) return Macro(expr);
    if (expr.reference == Reference::kPath) {
      // Every part of it is an operation; none can be what costs most.
      Estimate path{1, AssumedSize(expr.type), &expr};
      for (const Expr* at = &expr; !at->args.empty(); at = at->args[0]) {
        ++path.cost;
      }
      return path;
    }
    Estimate result{1, AssumedSize(expr.type), &expr};
    Estimates args;
    for (const ExprPtr& arg : expr.args) {
      args.push_back(Of(*arg));
      result.cost += args.back().cost;
    }
    if (expr.node == Node::kList) {
      has_long_list_ |= args.size() > kLiteralEntriesMax;
      result.size = {static_cast<double>(args.size()), 0};
      for (const Estimate& arg : args) {
        result.size.bytes = std::max(result.size.bytes, arg.size.total());
      }
    } else if (expr.node == Node::kCall) {
      Call(expr, args, &result);
    }
    for (const Estimate& arg : args) {
      if (arg.cost > kMostOfIt * result.cost) result.worst = arg.worst;
    }
    return result;
  }

  Estimate Macro(const Expr& expr) {
    const Estimate range = Of(*expr.args[0]);
    const double rounds = range.size.items;
    // Both of two variables, where a macro has them.
    const size_t depth = expr.variable_depth;
    if (variables_.size() < depth + 2) variables_.resize(depth + 2);
    variables_[depth] = variables_[depth + 1] = {1, range.size.bytes};
    Estimate result{1 + range.cost, AssumedSize(expr.type), &expr};
    Size body_size;
    for (size_t i = 1; i < expr.args.size(); ++i) {
      const Estimate body = Of(*expr.args[i]);
      result.cost += rounds * body.cost;
      body_size = body.size;
      // The innermost macro is the one to be told about.
      if (!body.worst->variable.empty() &&
          rounds * body.cost > kMostOfIt * result.cost) {
        result.worst = body.worst;
      }
    }
    if (range.cost > kMostOfIt * result.cost) result.worst = range.worst;
    if (expr.name == "filter") {
      result.size = range.size;
    } else if (IsList(expr.type)) {
      result.size = {rounds, body_size.total()};
    }
    return result;
  }

  static void Call(const Expr& expr, const Estimates& args, Estimate* result) {
    double bytes = 0;
    for (const Estimate& arg : args) {
      // An operand that is chosen is not gone over.
      if (expr.op != Op::kConditional) bytes += arg.size.total();
    }
    result->cost += bytes / kBytesPerOperation;
    if ((expr.op == Op::kIn || expr.op == Op::kInSet) && args.size() == 2) {
      result->cost += args[1].size.items;
    }
    // What is only known at evaluation has no operation of its own.
    const absl::string_view name = expr.op == Op::kContains ? "contains"
                                   : expr.op == Op::kCall   ? expr.name
                                                            : "";
    if (name == "contains" && args.size() == 2) {
      result->cost +=
          args[0].size.total() * args[1].size.total() / kBytesPerOperation;
    }
    if (name == "matches" && args.size() == 2) {
      result->cost +=
          args[0].size.total() * args[1].size.total() * kPatternSteps;
    }
    if (!IsText(expr.type) && !IsList(expr.type)) {
      result->size = AssumedSize(expr.type);
      return;
    }
    Grow(expr, args, bytes, &result->size);
    result->cost += result->size.total() / kBytesPerOperation;
  }

  static void Grow(const Expr& expr, const Estimates& args, double bytes,
                   Size* size) {
    const absl::string_view name = expr.name;
    if (name == "_?_:_" && args.size() == 3) {
      *size = args[1].size.total() > args[2].size.total() ? args[1].size
                                                          : args[2].size;
    } else if (name == "_[_]") {
      *size = IsList(expr.type) ? Size{kAssumedListLength,
                                       args[0].size.bytes / kAssumedListLength}
                                : Size{1, args[0].size.bytes};
    } else if (name == "_+_" && IsList(expr.type) && args.size() == 2) {
      *size = {args[0].size.items + args[1].size.items,
               std::max(args[0].size.bytes, args[1].size.bytes)};
    } else if (name == "replace" && args.size() >= 3) {
      *size = {1, args[0].size.total() * std::max(1.0, args[2].size.total())};
    } else if (name == "join" && args.size() == 2) {
      *size = {
          1, args[0].size.total() + args[0].size.items * args[1].size.total()};
    } else if (IsList(expr.type)) {
      // Cut out of what was there.
      double items = kAssumedListLength;
      for (const Estimate& arg : args) items = std::max(items, arg.size.items);
      *size = {items, bytes / items};
    } else {
      *size = {1, std::max(bytes, kScalarBytes)};
    }
  }

  std::vector<Size> variables_;  // By depth.
  Size largest_;
  const Expr* largest_at_ = nullptr;
  bool has_long_list_ = false;
};

// "1300000" as "1,300,000", to two digits where it is an estimate.
std::string Readable(double number) {
  if (number >= kCostMax) return "more than 1,000,000,000,000,000";
  double unit = 1;
  while (number / unit >= 100) unit *= 10;
  const auto whole =
      static_cast<int64_t>(number / unit) * static_cast<int64_t>(unit);
  std::string text = absl::StrCat(whole);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string Named(const Expr& expr) {
  if (expr.node == Node::kList) return "this list";
  const std::string text = AsWritten(expr.name);
  return text.empty() ? "this" : absl::StrCat("`", text, "`");
}

bool Refuse(const Expr& at, absl::string_view code, std::string message,
            absl::string_view suggestion, Diagnostics* diagnostics) {
  diagnostics->push_back({std::string(code), true, at.name_begin,
                          std::max(at.end, at.name_begin + 1),
                          std::move(message), std::string(suggestion)});
  return false;
}

// The first of them.
const Expr* LongList(const Expr& expr) {
  if (expr.node == Node::kList && expr.args.size() > kLiteralEntriesMax) {
    return &expr;
  }
  for (const ExprPtr& arg : expr.args) {
    if (const Expr* found = LongList(*arg)) return found;
  }
  return nullptr;
}

// Alternatives that a condition stands for when || is multiplied out;
// `widest` is the innermost part with more of them than the limit.
double CountAlternatives(const Expr& expr, bool wanted, const Expr** widest) {
  if (expr.node != Node::kCall) return 1;
  if (expr.op == Op::kNot || (expr.op == Op::kCall && expr.name == "!_")) {
    return CountAlternatives(*expr.args[0], !wanted, widest);
  }
  if (expr.op != Op::kAnd && expr.op != Op::kOr) return 1;
  const bool both = (expr.op == Op::kAnd) == wanted;
  const double a = CountAlternatives(*expr.args[0], wanted, widest);
  const double b = CountAlternatives(*expr.args[1], wanted, widest);
  const double count = std::min(both ? a * b : a + b, kCostMax);
  if (*widest == nullptr && count > kAlternativesMax) *widest = &expr;
  return count;
}

}  // namespace

bool CheckCost(const Expr& expr, Diagnostics* diagnostics, int64_t* cost) {
  Estimator estimator;
  const Estimate estimate = estimator.Of(expr);
  *cost = static_cast<int64_t>(estimate.cost);
  if (estimator.has_long_list()) {
    const Expr* list = LongList(expr);
    return Refuse(*list, "TOO_LONG",
                  absl::StrCat("a list of ", list->args.size(),
                               " entries in a condition, the limit is ",
                               kLiteralEntriesMax),
                  "declare it under lists: and write `in its_name`",
                  diagnostics);
  }
  if (estimator.largest().total() > kValueBytesMax) {
    return Refuse(
        *estimator.largest_at(), "TOO_COSTLY",
        absl::StrCat("the value of ", Named(*estimator.largest_at()),
                     " can grow to about ",
                     Readable(estimator.largest().total()),
                     " bytes, the limit is ", Readable(kValueBytesMax)),
        "compare the parts instead of joining them", diagnostics);
  }
  if (*cost > kConditionCostMax) {
    return Refuse(
        *estimate.worst, "TOO_COSTLY",
        absl::StrCat("the condition costs about ", Readable(estimate.cost),
                     " operations, the limit is ", Readable(kConditionCostMax),
                     "; most of it is ", Named(*estimate.worst), " here"),
        "fewer macros inside one another, or a declared list", diagnostics);
  }
  const Expr* widest = nullptr;
  const double count = CountAlternatives(expr, true, &widest);
  if (count > kAlternativesMax) {
    return Refuse(*widest, "TOO_COSTLY",
                  absl::StrCat("multiplied out, the condition has about ",
                               Readable(count), " alternatives, the limit is ",
                               Readable(kAlternativesMax)),
                  "use `in` for several values, or split the rule",
                  diagnostics);
  }
  return true;
}

}  // namespace portrisk::scoring::cel
