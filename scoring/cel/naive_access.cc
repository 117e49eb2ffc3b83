// Equality, keys, fields and optionals of the second evaluator.
#include <cmath>

#include "scoring/cel/functions.h"
#include "scoring/cel/naive_functions.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using V = NaiveValue;
using Args = std::vector<NaiveValue>;

V Fail(const char* text) { return {V::Error{text}}; }

V Some(const V& value) {
  return {V::Optional{std::make_shared<const V>(value)}};
}

long double Number(const V& v) {
  if (const auto* i = v.As<int64_t>()) return *i;
  if (const auto* u = v.As<uint64_t>()) return *u;
  return *v.As<double>();
}

template <typename T>
int Sign(const T& a, const T& b) {
  return a < b ? -1 : a == b ? 0 : 1;
}

// Whether both are of type T and equal; `decided` when either is of it.
template <typename T, typename Equal>
bool Both(const V& a, const V& b, bool* decided, const Equal& equal) {
  const T* x = a.As<T>();
  const T* y = b.As<T>();
  *decided = x != nullptr || y != nullptr;
  return x != nullptr && y != nullptr && equal(*x, *y);
}

bool SameLists(const V::List& x, const V::List& y) {
  if (x.size() != y.size()) return false;
  for (size_t i = 0; i < x.size(); ++i) {
    if (!NaiveEquals(x[i], y[i])) return false;
  }
  return true;
}

bool SameMaps(const V::Map& x, const V::Map& y) {
  if (x.keys.size() != y.keys.size()) return false;
  for (size_t i = 0; i < x.keys.size(); ++i) {
    const V* other = NaiveFind(y, x.keys[i]);
    if (other == nullptr || !NaiveEquals(x.values[i], *other)) return false;
  }
  return true;
}

bool SameOptionals(const V::Optional& x, const V::Optional& y) {
  if (x.held == nullptr || y.held == nullptr) return x.held == y.held;
  return NaiveEquals(*x.held, *y.held);
}

const google::protobuf::FieldDescriptor* FieldOf(
    const google::protobuf::Message& message, const std::string& name) {
  const auto* type = message.GetDescriptor();
  if (const auto* field = type->FindFieldByName(name)) return field;
  const auto* extension = type->file()->pool()->FindExtensionByName(name);
  return extension != nullptr && extension->containing_type() == type
             ? extension
             : nullptr;
}

V Select(const V& a, const std::string& name, const NaiveContext& context) {
  if (const auto* map = a.As<V::Map>()) {
    const V* found = NaiveFind(*map, {name});
    return found == nullptr ? Fail("no such key") : *found;
  }
  const auto* message = a.As<V::Message>();
  if (message == nullptr || context.types == nullptr) return Fail(kNoOverload);
  const auto* field = FieldOf(**message, name);
  if (field == nullptr) return Fail("no such field");
  return ToNaive(ReadFieldOrDefault(**message, *field, *context.types,
                                    context.arena.get()),
                 {}, context.arena);
}

V Has(const V& a, const std::string& name, const NaiveContext& context) {
  if (const auto* optional = a.As<V::Optional>()) {
    if (optional->held == nullptr) return {false};
    return Has(*optional->held, name, context);
  }
  if (const auto* map = a.As<V::Map>()) {
    return {NaiveFind(*map, {name}) != nullptr};
  }
  const auto* message = a.As<V::Message>();
  if (message == nullptr || context.types == nullptr) return Fail(kNoOverload);
  const auto* field = FieldOf(**message, name);
  if (field == nullptr) return Fail("no such field");
  return {HasField(**message, *field)};
}

V OptionalSelect(const V& a, const std::string& name,
                 const NaiveContext& context) {
  if (const auto* optional = a.As<V::Optional>()) {
    if (optional->held == nullptr) return a;
    return OptionalSelect(*optional->held, name, context);
  }
  const V has = Has(a, name, context);
  if (!has.decided()) return has;
  if (!*has.As<bool>()) return {V::Optional{}};
  const V value = Select(a, name, context);
  return value.decided() ? Some(value) : value;
}

V Index(const V& a, const V& b) {
  if (const auto* map = a.As<V::Map>()) {
    const V* found = NaiveFind(*map, b);
    return found == nullptr ? Fail("no such key") : *found;
  }
  const auto* list = a.As<V::List>();
  if (list == nullptr || !NaiveIsNumber(b)) return Fail(kNoOverload);
  const long double at = Number(b);
  const bool whole = at == std::floor(at);
  // What no int can hold is no index at all.
  if (!whole || !(at < 0x1p63L && at > -0x1p63L - 1)) return Fail(kNoOverload);
  if (b.As<double>() != nullptr && at <= -0x1p63L) return Fail(kNoOverload);
  if (at < 0 || at >= static_cast<long double>(list->size())) {
    return Fail("index out of range");
  }
  return (*list)[static_cast<size_t>(at)];
}

V OptionalIndex(const V& a, const V& b) {
  if (const auto* optional = a.As<V::Optional>()) {
    return optional->held == nullptr ? a : OptionalIndex(*optional->held, b);
  }
  const V value = Index(a, b);
  const auto* error = value.As<V::Error>();
  if (error == nullptr) return Some(value);
  return error->text == kNoOverload ? value : V{V::Optional{}};
}

bool IsZero(const V& a) {
  if (const auto* x = a.As<bool>()) return !*x;
  if (NaiveIsNumber(a)) return Number(a) == 0;
  if (const auto* x = a.As<std::string>()) return x->empty();
  if (const auto* x = a.As<V::Bytes>()) return x->bytes.empty();
  if (const auto* x = a.As<V::Timestamp>()) return x->nanos == 0;
  if (const auto* x = a.As<V::Duration>()) return x->nanos == 0;
  if (const auto* x = a.As<V::List>()) return x->empty();
  if (const auto* x = a.As<V::Map>()) return x->keys.empty();
  if (const auto* x = a.As<V::Optional>()) return x->held == nullptr;
  if (const auto* x = a.As<V::Message>()) return IsEmptyMessage(**x);
  return a.As<std::monostate>() != nullptr;
}

std::string TypeOf(const V& a) {
  if (const auto* message = a.As<V::Message>()) {
    return (*message)->GetDescriptor()->full_name();
  }
  switch (NaiveKind(a)) {
    case Kind::kNull:
      return "null_type";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kMap:
      return "map";
    case Kind::kList:
      return "list";
    default:
      return TypeName(Type{NaiveKind(a)});
  }
}

V Ordered(const std::string& name, const V& a, const V& b) {
  const bool numbers = NaiveIsNumber(a) && NaiveIsNumber(b);
  if (!numbers && (NaiveKind(a) != NaiveKind(b) || !HasOrder(NaiveKind(a)))) {
    return Fail(kNoOverload);
  }
  const int order = NaiveCompare(a, b);
  if (name == "_<_") return {order == -1};
  if (name == "_<=_") return {order == -1 || order == 0};
  if (name == "_>_") return {order == 1};
  return {order == 1 || order == 0};
}

V In(const V& a, const V& b) {
  if (const auto* map = b.As<V::Map>()) return {NaiveFind(*map, a) != nullptr};
  const auto* list = b.As<V::List>();
  if (list == nullptr) return Fail(kNoOverload);
  for (const V& item : *list) {
    if (NaiveEquals(a, item)) return {true};
  }
  return {false};
}

}  // namespace

bool NaiveAccess(const std::string& name, const Args& args,
                 const NaiveContext& context, V* result) {
  const auto text = [&] { return *args[1].As<std::string>(); };
  if (name == "_==_") {
    *result = {NaiveEquals(args[0], args[1])};
  } else if (name == "_!=_") {
    *result = {!NaiveEquals(args[0], args[1])};
  } else if (name == "@in") {
    *result = In(args[0], args[1]);
  } else if (name[0] == '_' && (name[1] == '<' || name[1] == '>')) {
    *result = Ordered(name, args[0], args[1]);
  } else if (name == "_._" && args[0].As<V::Optional>() == nullptr) {
    *result = Select(args[0], text(), context);
  } else if (name == "_._" || name == "_?._") {
    *result = OptionalSelect(args[0], text(), context);
  } else if (name == "has") {
    *result = Has(args[0], text(), context);
  } else if (name == "_[_]" && args[0].As<V::Optional>() == nullptr) {
    *result = Index(args[0], args[1]);
  } else if (name == "_[_]" || name == "_[?_]") {
    *result = OptionalIndex(args[0], args[1]);
  } else if (name == "optional.none") {
    *result = {V::Optional{}};
  } else if (name == "optional.of") {
    *result = Some(args[0]);
  } else if (name == "optional.ofNonZeroValue") {
    *result = IsZero(args[0]) ? V{V::Optional{}} : Some(args[0]);
  } else if (name == "hasValue") {
    *result = {args[0].As<V::Optional>()->held != nullptr};
  } else if (name == "value") {
    const auto& held = args[0].As<V::Optional>()->held;
    *result = held == nullptr ? Fail("optional.none() has no value") : V(*held);
  } else if (name == "type") {
    *result = {V::TypeName{TypeOf(args[0])}};
  } else if (name == "dyn") {
    *result = args[0];
  } else {
    return false;
  }
  return true;
}

bool NaiveIsNumber(const V& v) {
  return v.As<int64_t>() || v.As<uint64_t>() || v.As<double>();
}

int NaiveCompare(const V& a, const V& b) {
  constexpr int kUnordered = 2;
  if (NaiveIsNumber(a) && NaiveIsNumber(b)) {
    const long double x = Number(a), y = Number(b);
    return std::isnan(x) || std::isnan(y) ? kUnordered : Sign(x, y);
  }
  if (const auto* x = a.As<bool>()) return Sign(*x, *b.As<bool>());
  if (const auto* x = a.As<std::string>()) {
    return Sign(*x, *b.As<std::string>());
  }
  if (const auto* x = a.As<V::Bytes>()) {
    return Sign(x->bytes, b.As<V::Bytes>()->bytes);
  }
  if (const auto* x = a.As<V::Timestamp>()) {
    return Sign(x->nanos, b.As<V::Timestamp>()->nanos);
  }
  return Sign(a.As<V::Duration>()->nanos, b.As<V::Duration>()->nanos);
}

bool NaiveEquals(const V& a, const V& b) {
  bool decided = false;
  bool equal = Both<V::List>(a, b, &decided, SameLists);
  if (decided) return equal;
  equal = Both<V::Map>(a, b, &decided, SameMaps);
  if (decided) return equal;
  equal = Both<V::Optional>(a, b, &decided, SameOptionals);
  if (decided) return equal;
  equal = Both<V::TypeName>(a, b, &decided, [](const auto& x, const auto& y) {
    return x.name == y.name;
  });
  if (decided) return equal;
  equal = Both<V::Message>(a, b, &decided, [](const auto& x, const auto& y) {
    return EqualMessages(*x, *y);
  });
  if (decided) return equal;
  equal = Both<std::monostate>(a, b, &decided, [](auto, auto) { return true; });
  if (decided) return equal;
  if (NaiveIsNumber(a) != NaiveIsNumber(b)) return false;
  if (!NaiveIsNumber(a) && a.value.index() != b.value.index()) return false;
  return NaiveCompare(a, b) == 0;
}

const V* NaiveFind(const V::Map& map, const V& key) {
  for (size_t i = 0; i < map.keys.size(); ++i) {
    if (NaiveEquals(map.keys[i], key)) return &map.values[i];
  }
  return nullptr;
}

Kind NaiveKind(const V& v) {
  // In the order of the variant's alternatives.
  static constexpr Kind kKinds[] = {
      Kind::kNull,     Kind::kBool,    Kind::kInt,     Kind::kUint,
      Kind::kDouble,   Kind::kString,  Kind::kBytes,   Kind::kTimestamp,
      Kind::kDuration, Kind::kList,    Kind::kMap,     Kind::kType,
      Kind::kOptional, Kind::kMessage, Kind::kUnknown, Kind::kError};
  static_assert(std::size(kKinds) == std::variant_size_v<decltype(v.value)>);
  return kKinds[v.value.index()];
}

bool NaiveFits(const std::string& name, bool member, const Args& args) {
  std::vector<Kind> kinds;
  kinds.reserve(args.size());
  for (const V& arg : args) kinds.push_back(NaiveKind(arg));
  return FindOverload(name, member, kinds) != nullptr;
}

}  // namespace portrisk::scoring::cel
