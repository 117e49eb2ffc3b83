// The part of evaluation that common rules do not need: optionals, maps, calls
// by name, macros with two variables, messages. The promises of eval.cc hold
// here too; only messages, which rules cannot build, take memory.
#include <algorithm>
#include <utility>

#include "scoring/cel/eval.h"
#include "scoring/cel/eval_logic.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {

Value EvalState::Rare(const Instruction& it) {
  switch (it.op) {
    case Op::kBound:
      return bound_[it.a];
    case Op::kOptionalSlot: {
      const Value& value = ReadSlot(it.a);
      return value.is_unknown() ? Value::Optional(nullptr) : OptionalOf(value);
    }
    case Op::kOptionalSelect:
      return OptionalSelect(it);
    case Op::kOptionalOr:
    case Op::kOptionalOrValue:
      return OptionalOr(it);
    case Op::kOptMap:
    case Op::kOptFlatMap:
      return OptionalMacro(it);
    case Op::kBind:
      // Its body may not need it, so it may be unknown or an error.
      variables_[it.depth] = Operand(it.a);
      return Operand(it.b);
    case Op::kOptionalList:
      return OptionalList(it);
    case Op::kMapLiteral:
    case Op::kOptionalMap:
      return MapLiteral(it);
    case Op::kMessageLiteral:
      return MessageLiteral(it);
    case Op::kCall:
      return Call(it);
    default:
      return Macro2(it);
  }
}

Value EvalState::OptionalOf(const Value& value) {
  return Value::Optional(arena_.Keep(value));
}

Value EvalState::OptionalSelect(const Instruction& it) {
  const Selection& selection = program_->selections[it.b];
  Value operand = Operand(it.a);
  if (operand.is_error()) return operand;
  if (operand.kind == Kind::kOptional && operand.aux == 1) {
    operand = *operand.items;
  }
  Value value;
  const bool present = operand.kind == Kind::kMessage &&
                       ReadField(*operand.message, selection.access, &value);
  return present ? OptionalOf(value) : Value::Optional(nullptr);
}

Value EvalState::OptionalOr(const Instruction& it) {
  const Value left = Operand(it.a);
  if (!left.is_decided()) return left;
  if (left.kind != Kind::kOptional) return Value::Error(kNoOverload);
  const bool value = it.op == Op::kOptionalOrValue;
  if (left.aux == 1) return value ? *left.items : left;
  const Value right = Operand(it.b);
  if (!value && right.is_decided() && right.kind != Kind::kOptional) {
    return Value::Error(kNoOverload);
  }
  return right;
}

Value EvalState::OptionalMacro(const Instruction& it) {
  const Value target = Operand(it.a);
  if (!target.is_decided()) return target;
  if (target.kind != Kind::kOptional) return Value::Error(kNoOverload);
  if (target.aux == 0) return target;
  variables_[it.depth] = *target.items;
  const Value result = Operand(it.b);
  if (!result.is_decided()) return result;
  if (it.op == Op::kOptMap) return OptionalOf(result);
  return result.kind == Kind::kOptional ? result : Value::Error(kNoOverload);
}

Value EvalState::Keys(const Value& range) {
  Value* keys = arena_.Values(range.aux);
  for (uint32_t i = 0; i < range.aux; ++i) keys[i] = range.items[2 * i];
  return Value::List(keys, range.aux);
}

Value EvalState::OptionalList(const Instruction& it) {
  const Template& made = program_->templates[it.c];
  Value* items = arena_.Values(it.b);
  uint32_t count = 0;
  for (uint32_t i = 0; i < it.b; ++i) {
    Value item = Operand(program_->operands[it.a + i]);
    if (!item.is_decided()) return item;
    if (made.optionals[i]) {
      if (item.kind != Kind::kOptional) return Value::Error(kNoOverload);
      if (item.aux == 0) continue;
      item = *item.items;
    }
    items[count++] = item;
  }
  return Value::List(items, count);
}

Value EvalState::MapLiteral(const Instruction& it) {
  const std::vector<bool>* optionals =
      it.op == Op::kOptionalMap ? &program_->templates[it.c].optionals
                                : nullptr;
  Value* items = arena_.Values(it.b);
  size_t entries = 0;
  for (uint32_t i = 0; i < it.b; i += 2) {
    const Value key = Operand(program_->operands[it.a + i]);
    if (!key.is_decided()) return key;
    Value value = Operand(program_->operands[it.a + i + 1]);
    if (!value.is_decided()) return value;
    if (optionals != nullptr && (*optionals)[i / 2]) {
      if (value.kind != Kind::kOptional) return Value::Error(kNoOverload);
      if (value.aux == 0) continue;
      value = *value.items;
    }
    const char* error = AddEntry(key, value, items, &entries);
    if (error != nullptr) return Value::Error(error);
  }
  return Value::Map(items, entries);
}

Value EvalState::MessageLiteral(const Instruction& it) {
  const Template& made = program_->templates[it.c];
  std::unique_ptr<google::protobuf::Message> message(made.prototype->New());
  for (uint32_t i = 0; i < it.b; ++i) {
    Value value = Operand(program_->operands[it.a + i]);
    if (!value.is_decided()) return value;
    if (made.optionals[i]) {
      if (value.kind != Kind::kOptional) return Value::Error(kNoOverload);
      if (value.aux == 0) continue;
      value = *value.items;
    }
    const char* error = WriteField(value, *made.fields[i], *program_->types,
                                   &arena_, message.get());
    if (*error != '\0') return Value::Error(error);
  }
  return FromMessage(*arena_.Own(std::move(message)), *program_->types,
                     &arena_);
}

Value EvalState::Call(const Instruction& it) {
  constexpr uint32_t kFewOperands = 4;
  Value few[kFewOperands];
  Value* args = it.b <= kFewOperands ? few : arena_.Values(it.b);
  for (uint32_t i = 0; i < it.b; ++i) {
    args[i] = Operand(program_->operands[it.a + i]);
    if (!args[i].is_decided()) return args[i];
  }
  const cel::Call& call = program_->calls[it.c];
  const CallContext context{&arena_, program_->types.get(), call.pattern.get()};
  return Dispatch(call.overloads, absl::MakeConstSpan(args, it.b), context);
}

Value EvalState::Macro2(const Instruction& it) {
  const Value range = Operand(it.a);
  if (!range.is_decided()) return range;
  if (range.kind != Kind::kList && range.kind != Kind::kMap) {
    return Value::Error(kNoOverload);
  }
  return it.op >= Op::kTransformList ? Transform(it, range) : Fold2(it, range);
}

// Index and element of a list, key and value of a map.
void EvalState::SetVariables(const Instruction& it, const Value& range,
                             uint32_t i) {
  const bool list = range.kind == Kind::kList;
  variables_[it.depth] = list ? Value::Int(i) : range.items[2 * i];
  variables_[it.depth + 1] =
      list ? ListElement(range, i) : range.items[2 * i + 1];
}

Value EvalState::Fold2(const Instruction& it, const Value& range) {
  const bool one = it.op == Op::kExistsOne2;
  const bool decisive = it.op == Op::kExists2;
  Value result = Value::Bool(!decisive);
  uint32_t found = 0;
  for (uint32_t i = 0; i < range.aux; ++i) {
    SetVariables(it, range, i);
    const Value value = Operand(it.b);
    if (value.kind != Kind::kBool) {
      if (one) return NotBool(value);
      result =
          result.kind == Kind::kBool ? NotBool(value) : Worse(result, value);
    } else if (one) {
      found += value.b ? 1 : 0;
    } else if (value.b == decisive) {
      return value;
    }
  }
  return one ? Value::Bool(found == 1) : result;
}

Value EvalState::Transform(const Instruction& it, const Value& range) {
  const bool list = it.op == Op::kTransformList;
  size_t room = range.aux, entries = 0;
  Value* items = arena_.Values(room * (list ? 1 : 2));
  for (uint32_t i = 0; i < range.aux; ++i) {
    SetVariables(it, range, i);
    const Value key = variables_[it.depth];
    if (it.b != kNoOperand) {
      const Value wanted = Operand(it.b);
      if (wanted.kind != Kind::kBool) return NotBool(wanted);
      if (!wanted.b) continue;
    }
    const Value result = Operand(it.c);
    if (!result.is_decided()) return result;
    if (list) {
      items[entries++] = result;
      continue;
    }
    const char* error =
        AddTransformed(it, key, result, &items, &entries, &room);
    if (error != nullptr) return Value::Error(error);
  }
  return list ? Value::List(items, entries) : Value::Map(items, entries);
}

// Null or an error. An entry macro's result is a map whose entries are added.
const char* EvalState::AddTransformed(const Instruction& it, const Value& key,
                                      const Value& result, Value** items,
                                      size_t* entries, size_t* room) {
  if (it.op == Op::kTransformMap) {
    (*items)[2 * *entries] = key;
    (*items)[2 * *entries + 1] = result;
    ++*entries;
    return nullptr;
  }
  if (result.kind != Kind::kMap) return kNoOverload;
  if (*entries + result.aux > *room) {
    *room = 2 * (*entries + result.aux);
    if (*room > kBuiltItemsMax) return kListTooLong;
    Value* more = arena_.Values(2 * *room);
    std::copy(*items, *items + 2 * *entries, more);
    *items = more;
  }
  for (uint32_t i = 0; i < result.aux; ++i) {
    const char* error =
        AddEntry(result.items[2 * i], result.items[2 * i + 1], *items, entries);
    if (error != nullptr) return error;
  }
  return nullptr;
}

}  // namespace portrisk::scoring::cel
