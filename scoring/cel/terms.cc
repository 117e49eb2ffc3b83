#include "scoring/cel/terms.h"

#include <algorithm>

#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {

using Domain = ValueSet::Domain;

uint32_t Terms::Intern(absl::string_view key, Term term) {
  const auto found = numbers_.find(key);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<uint32_t>(terms_.size());
  terms_.push_back(std::move(term));
  numbers_.emplace(key, number);
  return number;
}

uint32_t Terms::OfPath(const Path& path) {
  key_.assign(1, 'P');
  AppendRaw(path.root, &key_);
  for (const auto* field : path.fields) AppendRaw(field, &key_);
  const auto found = numbers_.find(key_);
  if (found != numbers_.end()) return found->second;
  Term term;
  term.is_path = true;
  term.path = path;
  term.domain = DomainOf(TypeOfField(*path.fields.back()));
  term.needs = {static_cast<uint32_t>(terms_.size())};
  return Intern(key_, std::move(term));
}

bool Terms::AppendKey(const Expr& expr, std::string* key,
                      std::vector<uint32_t>* needs) {
  Value value;
  if (ConstantValue(expr, &value)) {
    key->push_back('L');
    key->push_back(static_cast<char>(value.kind));
    if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
      AppendText(value.text(), key);
    } else {
      AppendRaw(value.kind == Kind::kBool ? int64_t{value.b} : value.i, key);
      AppendRaw(value.aux, key);
    }
    return true;
  }
  if (!IsPlain(expr.type)) return false;
  if (IsField(expr)) {
    const uint32_t term = OfPath(PathOf(expr));
    key->push_back('F');
    AppendRaw(term, key);
    needs->push_back(term);
    return true;
  }
  if (expr.node == Node::kList) {
    key->push_back('[');
  } else if (expr.node == Node::kCall && !IsLogic(expr.name) &&
             expr.set == nullptr) {
    key->push_back(expr.member ? '.' : '(');
    AppendText(expr.name, key);
  } else {
    return false;
  }
  AppendRaw(static_cast<uint32_t>(expr.args.size()), key);
  std::vector<std::string> parts;
  for (const ExprPtr& arg : expr.args) {
    if (!AppendKey(*arg, &parts.emplace_back(), needs)) return false;
  }
  const bool number = expr.args.size() == 2 && expr.args[0]->type.is_number() &&
                      expr.args[1]->type.is_number();
  if (expr.name == "_==_" || expr.name == "_!=_" ||
      (number && (expr.name == "_+_" || expr.name == "_*_"))) {
    std::sort(parts.begin(), parts.end());
  }
  for (const std::string& part : parts) *key += part;
  return true;
}

absl::string_view Terms::Keep(absl::string_view text) {
  const auto known = known_texts_.find(text);
  if (known != known_texts_.end()) return *known;
  const absl::string_view kept = texts_.emplace_back(text);
  known_texts_.insert(kept);
  return kept;
}

Value Terms::Keep(Value value) {
  if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
    value.s = Keep(value.text()).data();
  }
  return value;
}

bool IsPlain(const Type& type) {
  switch (type.kind) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kTimestamp:
    case Kind::kDuration:
    case Kind::kEnum:
      return true;
    case Kind::kList:
      return type.element->kind != Kind::kList && IsPlain(*type.element);
    default:
      return false;
  }
}

ValueSet::Domain DomainOf(const Type& type) {
  switch (type.kind) {
    case Kind::kInt:
    case Kind::kEnum:
      return Domain::kWhole;
    case Kind::kBool:
      return Domain::kBool;
    case Kind::kDouble:
      return Domain::kReal;
    default:
      return Domain::kOther;
  }
}

bool IsField(const Expr& expr) {
  return expr.reference == Reference::kPath && HasFields(expr) &&
         (expr.node == Node::kSelect || expr.node == Node::kIdentifier);
}

bool IsLogic(absl::string_view name) {
  return name == "_&&_" || name == "_||_" || name == "_?_:_";
}

bool ConstantValue(const Expr& expr, Value* value) {
  if (expr.reference == Reference::kConstant) {
    *value = Value::Int(expr.literal.i);
    return true;
  }
  if (expr.node == Node::kLiteral) {
    const Kind kind = expr.literal.kind;
    *value = kind == Kind::kString || kind == Kind::kBytes
                 ? Value::Text(kind, expr.text)
                 : expr.literal;
    return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kUint ||
           kind == Kind::kDouble || kind == Kind::kString ||
           kind == Kind::kBytes;
  }
  if (expr.node != Node::kCall || expr.args.size() != 1 ||
      expr.args[0]->node != Node::kLiteral ||
      expr.args[0]->literal.kind != Kind::kString) {
    return false;
  }
  TimePoint time;
  const absl::string_view text = expr.args[0]->text;
  if (expr.name == "timestamp" && ParseTimestamp(text, &time)) {
    *value = Value::Time(Kind::kTimestamp, time.seconds, time.nanos);
    return true;
  }
  if (expr.name == "duration" && ParseDuration(text, &time)) {
    *value = Value::Time(Kind::kDuration, time.seconds, time.nanos);
    return true;
  }
  return false;
}

void AppendText(absl::string_view text, std::string* out) {
  AppendRaw(static_cast<uint32_t>(text.size()), out);
  out->append(text.data(), text.size());
}

}  // namespace portrisk::scoring::cel
