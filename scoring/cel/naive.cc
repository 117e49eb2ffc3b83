// Every rule of the language once more, written for reading: values are owned
// copies, times are single numbers of nanoseconds, numbers of different kinds
// meet in long double, operators are looked at by name.
#include "scoring/cel/naive.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/naive_functions.h"

namespace portrisk::scoring::cel {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

static_assert(__LDBL_MANT_DIG__ >= 64, "long double holds every integer");

constexpr absl::int128 kSecond = 1'000'000'000;

NaiveValue ErrorOf(std::string text) { return {NaiveValue::Error{text}}; }

class Naive {
 public:
  Naive(const Environment& environment, const Message* const* roots,
        const NaiveLists& lists)
      : environment_(environment), roots_(roots), lists_(lists) {}

  NaiveValue Evaluate(const Expr& e) {
    switch (e.node) {
      case Node::kLiteral:
        return Literal(e);
      case Node::kIdentifier:
      case Node::kSelect:
        return Name(e);
      case Node::kHas:
        return Has(e);
      case Node::kList:
        return List(e);
      case Node::kMacro:
        return Macro(e);
      default:
        return Call(e);
    }
  }

 private:
  static NaiveValue Literal(const Expr& e) {
    if (e.literal.kind == Kind::kString) return {e.text};
    if (e.literal.kind == Kind::kBytes) return {NaiveValue::Bytes{e.text}};
    return ToNaive(e.literal, {});
  }

  static NaiveValue Field(const Message& message, const FieldDescriptor& field,
                          const std::string& path) {
    Value value;
    if (!ReadField(message, FieldAccess(&field), &value))
      return {NaiveValue::Unknown{path}};
    return ToNaive(value, {});
  }

  NaiveValue Name(const Expr& e) {
    switch (e.reference) {
      case Reference::kConstant:
        return {e.literal.i};
      case Reference::kVariable:
        return variables_[e.variable_depth];
      case Reference::kPath: {
        NaiveValue at{roots_[e.path.root]};
        for (const FieldDescriptor* field : e.path.fields) {
          at = Field(**at.As<const Message*>(), *field,
                     environment_.PathName(e.path));
          if (!at.decided()) return at;
        }
        return at;
      }
      default:
        return Selected(e);
    }
  }

  NaiveValue Selected(const Expr& e) {
    NaiveValue operand = Evaluate(*e.args[0]);
    if (operand.As<NaiveValue::Error>() != nullptr) return operand;
    const auto* message = operand.As<const Message*>();
    if (message == nullptr) return {NaiveValue::Unknown{e.field_path}};
    return Field(**message, *e.field, e.field_path);
  }

  NaiveValue Has(const Expr& e) {
    NaiveValue value = Name(e);
    if (value.As<NaiveValue::Error>() != nullptr) return value;
    return {value.decided()};
  }

  NaiveValue List(const Expr& e) {
    NaiveValue::List items;
    for (const ExprPtr& arg : e.args) {
      items.push_back(Evaluate(*arg));
      if (!items.back().decided()) return items.back();
    }
    return {items};
  }

  // Of several values none of which decides: the first unknown, else the
  // first error.
  static NaiveValue Undecided(const std::vector<NaiveValue>& values) {
    for (const NaiveValue& value : values) {
      if (value.As<NaiveValue::Unknown>() != nullptr) return value;
    }
    for (const NaiveValue& value : values) {
      if (value.As<NaiveValue::Error>() != nullptr) return value;
    }
    return {};
  }

  // `decisive` when any value is, else its opposite when all are, else what
  // is undecided.
  static NaiveValue Combine(const std::vector<NaiveValue>& values,
                            bool decisive) {
    bool all_decided = true;
    for (const NaiveValue& value : values) {
      const bool* known = value.As<bool>();
      if (known != nullptr && *known == decisive) return {decisive};
      all_decided &= known != nullptr;
    }
    return all_decided ? NaiveValue{!decisive} : Undecided(values);
  }

  NaiveValue Macro(const Expr& e) {
    NaiveValue range = Evaluate(*e.args[0]);
    if (!range.decided()) return range;
    NaiveValue::List conditions, results;
    int64_t found = 0;
    for (const NaiveValue& element : *range.As<NaiveValue::List>()) {
      variables_.push_back(element);
      const bool mapped = e.name == "map" && e.args.size() == 2;
      NaiveValue condition = mapped ? NaiveValue{true} : Evaluate(*e.args[1]);
      conditions.push_back(condition);
      const bool* wanted = condition.As<bool>();
      if (wanted != nullptr && *wanted) {
        ++found;
        results.push_back(e.name == "map" ? Evaluate(*e.args.back()) : element);
      }
      variables_.pop_back();
      if (e.name == "all" || e.name == "exists") continue;
      if (!condition.decided()) return condition;
      if (!results.empty() && !results.back().decided()) return results.back();
    }
    if (e.name == "all") return Combine(conditions, false);
    if (e.name == "exists") return Combine(conditions, true);
    if (e.name == "exists_one") return {found == 1};
    return {results};
  }

  NaiveValue Call(const Expr& e) {
    if (e.name == "_&&_" || e.name == "_||_") {
      return Combine({Evaluate(*e.args[0]), Evaluate(*e.args[1])},
                     e.name == "_||_");
    }
    if (e.name == "_?_:_") {
      NaiveValue condition = Evaluate(*e.args[0]);
      if (!condition.decided()) return condition;
      return Evaluate(*e.args[*condition.As<bool>() ? 1 : 2]);
    }
    std::vector<NaiveValue> args;
    for (const ExprPtr& arg : e.args) {
      if (arg->reference == Reference::kSet) continue;
      args.push_back(Evaluate(*arg));
      if (!args.back().decided()) return args.back();
    }
    return e.set != nullptr ? InSet(*args[0].As<std::string>(), *e.set)
                            : NaiveCall(e.name, args);
  }

  NaiveValue InSet(const std::string& text, const EntrySet& named) const {
    const EntrySet* set = &named;
    if (!named.source().empty()) {
      set = lists_.find ? lists_.find(named) : nullptr;
    }
    if (set == nullptr) return {NaiveValue::Unknown{named.source()}};
    bool forever = false, expires = false;
    int64_t latest = EntrySet::kNotMember;
    set->ForEach([&](absl::string_view entry, int64_t until) {
      const bool prefix = set->type() == EntryType::kHsPrefix;
      if (text != entry && !(prefix && absl::StartsWith(text, entry))) return;
      forever |= until == EntrySet::kForever;
      expires |= until != EntrySet::kForever;
      latest = std::max(latest, until);
    });
    if (forever || !expires) return {forever};
    if (lists_.now_seconds == ListContext::kNoTime) {
      return {NaiveValue::Unknown{"movement.occurrence_time"}};
    }
    return {lists_.now_seconds < latest};
  }

  const Environment& environment_;
  const Message* const* const roots_;
  const NaiveLists& lists_;
  std::vector<NaiveValue> variables_;
};

}  // namespace

NaiveValue EvaluateNaively(const Expr& expr, const Environment& environment,
                           const Message* const* roots,
                           const NaiveLists& lists) {
  return Naive(environment, roots, lists).Evaluate(expr);
}

NaiveValue ToNaive(const Value& v, const std::vector<std::string>& paths) {
  switch (v.kind) {
    case Kind::kNull:
      return {};
    case Kind::kBool:
      return {v.b};
    case Kind::kInt:
      return {v.i};
    case Kind::kUint:
      return {v.u};
    case Kind::kDouble:
      return {v.d};
    case Kind::kString:
      return {std::string(v.text())};
    case Kind::kBytes:
      return {NaiveValue::Bytes{std::string(v.text())}};
    case Kind::kTimestamp:
      return {NaiveValue::Timestamp{v.i * kSecond + v.aux}};
    case Kind::kDuration:
      return {NaiveValue::Duration{v.i * kSecond + v.aux}};
    case Kind::kList: {
      NaiveValue::List items;
      for (uint32_t i = 0; i < v.aux; ++i) {
        items.push_back(ToNaive(ListElement(v, i), paths));
      }
      return {items};
    }
    case Kind::kMessage:
      return {v.message};
    case Kind::kUnknown:
      return {NaiveValue::Unknown{paths[v.aux]}};
    default:
      return ErrorOf(v.s);
  }
}

}  // namespace portrisk::scoring::cel
