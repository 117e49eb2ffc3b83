// Between the values of the two evaluators.
#include "scoring/cel/fields.h"
#include "scoring/cel/naive.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
namespace {

using V = NaiveValue;

constexpr absl::int128 kSecond = 1'000'000'000;

Value* Items(const V::List& items, size_t stride, Value* out, Arena* arena) {
  for (size_t i = 0; i < items.size(); ++i) {
    out[i * stride] = FromNaive(items[i], arena);
  }
  return out;
}

}  // namespace

V ToNaive(const Value& v, const std::vector<std::string>& paths,
          const std::shared_ptr<Arena>& owner) {
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
      return {V::Bytes{std::string(v.text())}};
    case Kind::kTimestamp:
      return {V::Timestamp{v.i * kSecond + v.aux}};
    case Kind::kDuration:
      return {V::Duration{v.i * kSecond + v.aux}};
    case Kind::kList: {
      V::List items;
      for (uint32_t i = 0; i < v.aux; ++i) {
        items.push_back(ToNaive(ListElement(v, i), paths, owner));
      }
      return {items};
    }
    case Kind::kMap: {
      V::Map map;
      for (uint32_t i = 0; i < v.aux; ++i) {
        map.keys.push_back(ToNaive(v.items[2 * i], paths, owner));
        map.values.push_back(ToNaive(v.items[2 * i + 1], paths, owner));
      }
      return {map};
    }
    case Kind::kType:
      return {V::TypeName{std::string(v.text())}};
    case Kind::kOptional:
      return v.aux == 0 ? V{V::Optional{}}
                        : V{V::Optional{std::make_shared<const V>(
                              ToNaive(*v.items, paths, owner))}};
    case Kind::kMessage:
      return {V::Message(owner, v.message)};
    case Kind::kUnknown:
      return {V::Unknown{paths[v.aux]}};
    default:
      return {V::Error{v.s}};
  }
}

Value FromNaive(const V& v, Arena* arena) {
  if (const auto* b = v.As<bool>()) return Value::Bool(*b);
  if (const auto* i = v.As<int64_t>()) return Value::Int(*i);
  if (const auto* u = v.As<uint64_t>()) return Value::Uint(*u);
  if (const auto* d = v.As<double>()) return Value::Double(*d);
  if (const auto* s = v.As<std::string>()) {
    return ArenaString(Kind::kString, *s, "", arena);
  }
  if (const auto* y = v.As<V::Bytes>()) {
    return ArenaString(Kind::kBytes, y->bytes, "", arena);
  }
  if (const auto* t = v.As<V::TypeName>()) {
    return ArenaString(Kind::kType, t->name, "", arena);
  }
  const auto time = [](Kind kind, absl::int128 nanos) {
    absl::int128 seconds = nanos / kSecond;
    if (nanos % kSecond < 0) --seconds;
    return Value::Time(kind, static_cast<int64_t>(seconds),
                       static_cast<int32_t>(nanos - seconds * kSecond));
  };
  if (const auto* t = v.As<V::Timestamp>()) {
    return time(Kind::kTimestamp, t->nanos);
  }
  if (const auto* d = v.As<V::Duration>()) {
    return time(Kind::kDuration, d->nanos);
  }
  if (const auto* list = v.As<V::List>()) {
    Value* items = arena->Values(list->size());
    return Value::List(Items(*list, 1, items, arena), list->size());
  }
  if (const auto* map = v.As<V::Map>()) {
    Value* items = arena->Values(2 * map->keys.size());
    Items(map->keys, 2, items, arena);
    Items(map->values, 2, items + 1, arena);
    return Value::Map(items, map->keys.size());
  }
  if (const auto* optional = v.As<V::Optional>()) {
    return Value::Optional(
        optional->held == nullptr
            ? nullptr
            : arena->Keep(FromNaive(*optional->held, arena)));
  }
  if (const auto* message = v.As<V::Message>()) {
    return Value::Message(message->get());
  }
  if (const auto* error = v.As<V::Error>()) {
    // With its end: the text of an error is a C string.
    const std::string ended = error->text + '\0';
    return Value::Error(ArenaString(Kind::kString, ended, "", arena).s);
  }
  return Value();
}

}  // namespace portrisk::scoring::cel
