// Every rule of the language once more, written for reading: values are owned
// copies, times are single numbers of nanoseconds, numbers of different kinds
// meet in long double, operators are looked at by name. What it shares with
// the fast one is the tree, the table of overloads, the reading of fields and
// the conversion between values and messages.
#include "scoring/cel/naive.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/naive_functions.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using V = NaiveValue;

static_assert(__LDBL_MANT_DIG__ >= 64, "long double holds every integer");

V ErrorOf(std::string text) { return {V::Error{std::move(text)}}; }

// A message that somebody else owns.
V::Message Borrowed(const Message* message) {
  return V::Message(std::shared_ptr<void>(), message);
}

// A value where a bool must be.
V NotBool(const V& value) {
  return value.decided() ? ErrorOf(kNoOverload) : value;
}

V Some(const V& value) {
  return {V::Optional{std::make_shared<const V>(value)}};
}

class Naive {
 public:
  Naive(const Environment& environment, const Message* const* roots,
        const NaiveLists& lists, const std::vector<V>& bound)
      : environment_(environment),
        roots_(roots),
        lists_(lists),
        bound_(bound),
        context_{environment.types().get(), std::make_shared<Arena>()} {}

  V Evaluate(const Expr& e) {
    if (!e.failure.empty()) return ErrorOf(std::string(e.failure));
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
      case Node::kMap:
        return Map(e);
      case Node::kMessage:
        return MessageLiteral(e);
      case Node::kMacro:
        return e.variable2.empty() ? Macro(e) : Macro2(e);
      case Node::kBind: {
        variables_.push_back(Evaluate(*e.args[0]));
        V result = Evaluate(*e.args[1]);
        variables_.pop_back();
        return result;
      }
      case Node::kCall:
        break;
    }
    return Call(e);
  }

 private:
  static V Literal(const Expr& e) {
    if (e.literal.kind == Kind::kString) return {std::string(e.text)};
    if (e.literal.kind == Kind::kBytes) return {V::Bytes{std::string(e.text)}};
    return ToNaive(e.literal, {});
  }

  static V Field(const Message& message, const FieldDescriptor& field,
                 absl::string_view path) {
    Value value;
    if (!ReadField(message, FieldAccess(&field), &value)) {
      return {V::Unknown{std::string(path)}};
    }
    return ToNaive(value, {});
  }

  V Name(const Expr& e) {
    switch (e.reference) {
      case Reference::kConstant:
        if (e.literal.kind == Kind::kType)
          return {V::TypeName{std::string(e.text)}};
        return ToNaive(e.literal, {});
      case Reference::kVariable:
        return variables_[e.variable_depth];
      case Reference::kBound:
        return bound_[e.variable_depth];
      case Reference::kPath:
        return ReadPath(e);
      case Reference::kOptionalPath: {
        V value = ReadPath(e);
        return value.decided() ? Some(value) : V{V::Optional{}};
      }
      default:
        return Selected(e);
    }
  }

  V ReadPath(const Expr& e) {
    const Path path = PathOf(e);
    V at{Borrowed(roots_[path.root])};
    for (const FieldDescriptor* field : path.fields) {
      at = Field(**at.As<V::Message>(), *field, environment_.PathName(path));
      if (!at.decided()) return at;
    }
    return at;
  }

  V Selected(const Expr& e) {
    V operand = Evaluate(*e.args[0]);
    if (e.op == Op::kCall) {
      if (!operand.decided()) return operand;
      return NaiveCall(std::string(e.function),
                       {operand, V{std::string(e.name)}}, context_);
    }
    if (operand.As<V::Error>() != nullptr) return operand;
    if (const auto* optional = operand.As<V::Optional>();
        optional != nullptr && optional->held != nullptr) {
      operand = V(*optional->held);
    }
    const auto* message = operand.As<V::Message>();
    V value = message == nullptr ? V{V::Unknown{std::string(e.field_path)}}
                                 : Field(**message, *e.field, e.field_path);
    if (!e.optional) return value;
    return value.decided() ? Some(value) : V{V::Optional{}};
  }

  V Has(const Expr& e) {
    V value = Name(e);
    if (value.As<V::Error>() != nullptr) return value;
    // A call has answered already.
    if (e.op == Op::kCall) return value;
    return {value.decided()};
  }

  // An element or a value written with ?: false when there is none, `error`
  // set when it is no optional.
  static bool Present(const Expr& e, size_t i, V* value, V* error) {
    if (!e.has_optional(i)) return true;
    const auto* optional = value->As<V::Optional>();
    if (optional == nullptr) {
      *error = ErrorOf(kNoOverload);
      return false;
    }
    if (optional->held == nullptr) return false;
    *value = V(*optional->held);
    return true;
  }

  V List(const Expr& e) {
    V::List items;
    for (size_t i = 0; i < e.args.size(); ++i) {
      V item = Evaluate(*e.args[i]), error;
      if (!item.decided()) return item;
      const bool present = Present(e, i, &item, &error);
      if (!error.decided()) return error;
      if (present) items.push_back(item);
    }
    return {items};
  }

  // An error, or null when the entry is in.
  static const char* Add(const V& key, const V& value, V::Map* map) {
    const bool good = key.As<bool>() || key.As<int64_t>() ||
                      key.As<uint64_t>() || key.As<std::string>();
    if (!good) return "unsupported key type";
    if (NaiveFind(*map, key) != nullptr) return "repeated key";
    map->keys.push_back(key);
    map->values.push_back(value);
    return nullptr;
  }

  V Map(const Expr& e) {
    V::Map map;
    for (size_t i = 0; i < e.args.size(); i += 2) {
      V key = Evaluate(*e.args[i]);
      if (!key.decided()) return key;
      V value = Evaluate(*e.args[i + 1]), error;
      if (!value.decided()) return value;
      const bool present = Present(e, i / 2, &value, &error);
      if (!error.decided()) return error;
      if (!present) continue;
      const char* fault = Add(key, value, &map);
      if (fault != nullptr) return ErrorOf(fault);
    }
    return {map};
  }

  V MessageLiteral(const Expr& e) {
    std::unique_ptr<Message> made(
        context_.types->factory->GetPrototype(e.message)->New());
    for (size_t i = 0; i < e.args.size(); ++i) {
      V value = Evaluate(*e.args[i]), error;
      if (!value.decided()) return value;
      const bool present = Present(e, i, &value, &error);
      if (!error.decided()) return error;
      if (!present) continue;
      const std::string name(e.field_names[i]);
      const FieldDescriptor* field = e.message->FindFieldByName(name);
      if (field == nullptr) {
        field = e.message->file()->pool()->FindExtensionByName(name);
      }
      Arena* arena = context_.arena.get();
      const char* fault = WriteField(FromNaive(value, arena), *field,
                                     *context_.types, arena, made.get());
      if (*fault != '\0') return ErrorOf(fault);
    }
    Arena* arena = context_.arena.get();
    return ToNaive(
        FromMessage(*arena->Own(std::move(made)), *context_.types, arena), {},
        context_.arena);
  }

  // Of several values none of which decides: the first unknown, else the
  // first error, else what is no bool.
  static V Undecided(const std::vector<V>& values) {
    for (const V& value : values) {
      if (value.As<V::Unknown>() != nullptr) return value;
    }
    for (const V& value : values) {
      if (value.As<V::Error>() != nullptr) return value;
    }
    return ErrorOf(kNoOverload);
  }

  // `decisive` when any value is, else its opposite when all are, else what
  // is undecided.
  static V Combine(const std::vector<V>& values, bool decisive) {
    bool all_decided = true;
    for (const V& value : values) {
      const bool* known = value.As<bool>();
      if (known != nullptr && *known == decisive) return {decisive};
      all_decided &= known != nullptr;
    }
    return all_decided ? V{!decisive} : Undecided(values);
  }

  // The same for the elements of a macro, one after the other: what is no bool
  // counts as an error where it stands.
  static V CombineInOrder(std::vector<V> values, bool decisive) {
    for (V& value : values) {
      if (value.As<bool>() == nullptr) value = NotBool(value);
    }
    return Combine(values, decisive);
  }

  V Macro(const Expr& e) {
    V range = Evaluate(*e.args[0]);
    if (!range.decided()) return range;
    if (e.op == Op::kOptMap || e.op == Op::kOptFlatMap) {
      return OptionalMacro(e, range);
    }
    const auto* map = range.As<V::Map>();
    const auto* list = range.As<V::List>();
    if (map == nullptr && list == nullptr) return ErrorOf(kNoOverload);
    V::List conditions, results;
    int64_t found = 0;
    for (const V& element : map != nullptr ? map->keys : *list) {
      variables_.push_back(element);
      const bool mapped = e.name == "map" && e.args.size() == 2;
      V condition = mapped ? V{true} : Evaluate(*e.args[1]);
      conditions.push_back(condition);
      const bool* wanted = condition.As<bool>();
      if (wanted != nullptr && *wanted) {
        ++found;
        results.push_back(e.name == "map" ? Evaluate(*e.args.back()) : element);
      }
      variables_.pop_back();
      if (e.name == "all" || e.name == "exists") continue;
      if (wanted == nullptr) return NotBool(condition);
      if (!results.empty() && !results.back().decided()) return results.back();
    }
    if (e.name == "all") return CombineInOrder(conditions, false);
    if (e.name == "exists") return CombineInOrder(conditions, true);
    if (e.name == "exists_one") return {found == 1};
    return {results};
  }

  V OptionalMacro(const Expr& e, const V& target) {
    const auto* optional = target.As<V::Optional>();
    if (optional == nullptr) return ErrorOf(kNoOverload);
    if (optional->held == nullptr) return target;
    variables_.push_back(*optional->held);
    V result = Evaluate(*e.args[1]);
    variables_.pop_back();
    if (!result.decided()) return result;
    if (e.name == "optMap") return Some(result);
    return result.As<V::Optional>() ? result : ErrorOf(kNoOverload);
  }

  V Macro2(const Expr& e) {
    V range = Evaluate(*e.args[0]);
    if (!range.decided()) return range;
    const auto* list = range.As<V::List>();
    const auto* map = range.As<V::Map>();
    if (list == nullptr && map == nullptr) return ErrorOf(kNoOverload);
    const size_t size = list != nullptr ? list->size() : map->keys.size();
    const bool transform = absl::StartsWith(e.name, "transform");
    V::List conditions, results;
    V::Map made;
    int64_t found = 0;
    for (size_t i = 0; i < size; ++i) {
      const V key = list != nullptr ? V{static_cast<int64_t>(i)} : map->keys[i];
      variables_.push_back(key);
      variables_.push_back(list != nullptr ? (*list)[i] : map->values[i]);
      V condition =
          transform && e.args.size() == 2 ? V{true} : Evaluate(*e.args[1]);
      const bool* wanted = condition.As<bool>();
      V result;
      const bool keep = transform && wanted != nullptr && *wanted;
      if (keep) result = Evaluate(*e.args.back());
      variables_.resize(variables_.size() - 2);
      conditions.push_back(condition);
      found += wanted != nullptr && *wanted ? 1 : 0;
      if (e.name == "all" || e.name == "exists") continue;
      if (wanted == nullptr) return NotBool(condition);
      if (!keep) continue;
      if (!result.decided()) return result;
      const char* fault =
          AddResult(std::string(e.name), key, result, &results, &made);
      if (fault != nullptr) return ErrorOf(fault);
    }
    if (e.name == "all") return CombineInOrder(conditions, false);
    if (e.name == "exists") return CombineInOrder(conditions, true);
    if (e.name == "exists_one") return {found == 1};
    if (e.name == "transformList") return {results};
    return {made};
  }

  static const char* AddResult(const std::string& name, const V& key,
                               const V& result, V::List* results,
                               V::Map* made) {
    if (name == "transformList") {
      results->push_back(result);
      return nullptr;
    }
    if (name == "transformMap") {
      made->keys.push_back(key);
      made->values.push_back(result);
      return nullptr;
    }
    const auto* entry = result.As<V::Map>();
    if (entry == nullptr) return kNoOverload;
    for (size_t k = 0; k < entry->keys.size(); ++k) {
      const char* fault = Add(entry->keys[k], entry->values[k], made);
      if (fault != nullptr) return fault;
    }
    return nullptr;
  }

  V Call(const Expr& e) {
    if (e.name == "_&&_" || e.name == "_||_") {
      return Combine({Evaluate(*e.args[0]), Evaluate(*e.args[1])},
                     e.name == "_||_");
    }
    if (e.name == "_?_:_") {
      V condition = Evaluate(*e.args[0]);
      if (condition.As<bool>() == nullptr) return NotBool(condition);
      return Evaluate(*e.args[*condition.As<bool>() ? 1 : 2]);
    }
    if (e.op == Op::kOptionalOr || e.op == Op::kOptionalOrValue) {
      return OptionalOr(e);
    }
    std::vector<V> args;
    for (const ExprPtr& arg : e.args) {
      if (arg->reference == Reference::kSet) continue;
      args.push_back(Evaluate(*arg));
      if (!args.back().decided()) return args.back();
    }
    if (e.set != nullptr) return InSet(*args[0].As<std::string>(), *e.set);
    if (e.op != Op::kCall)
      return NaiveCall(std::string(e.name), args, context_);
    const std::string function(e.function);
    if (!NaiveFits(function, e.member, args)) return ErrorOf(kNoOverload);
    return NaiveCall(function, args, context_);
  }

  V OptionalOr(const Expr& e) {
    V left = Evaluate(*e.args[0]);
    if (!left.decided()) return left;
    const auto* optional = left.As<V::Optional>();
    if (optional == nullptr) return ErrorOf(kNoOverload);
    const bool value = e.name == "orValue";
    if (optional->held != nullptr) return value ? V(*optional->held) : left;
    V right = Evaluate(*e.args[1]);
    if (value || !right.decided() || right.As<V::Optional>()) return right;
    return ErrorOf(kNoOverload);
  }

  V InSet(const std::string& text, const EntrySet& named) const {
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
  const std::vector<V>& bound_;
  const NaiveContext context_;
  std::vector<V> variables_;
};

}  // namespace

V EvaluateNaively(const Expr& expr, const Environment& environment,
                  const Message* const* roots, const NaiveLists& lists) {
  const std::vector<V> none;
  return Naive(environment, roots, lists, none).Evaluate(expr);
}

V EvaluateNaively(const Expr& expr, const Environment& environment,
                  const std::vector<V>& variables) {
  const NaiveLists none;
  return Naive(environment, nullptr, none, variables).Evaluate(expr);
}

}  // namespace portrisk::scoring::cel
