// HOT PATH. Budget: about 10 ns an instruction. Forbidden: the heap once warm,
// locks, clocks, logs.
//
// Unknown and error are values. A strict operation with such an operand has
// the leftmost of them as its value. && and || look at both sides before they
// give up: a side that decides alone wins over anything on the other side;
// otherwise unknown wins over error, the left one over the right, because an
// error may vanish once the missing field is known. exists and all fold the
// same way over their elements. has() is always decided. What rules rarely use
// is eval_rare.cc.
//
// What is shared between rules is computed once a movement: a memo is valid
// when it carries the current generation, so nothing is cleared in between.
#include "scoring/cel/eval.h"

#include <algorithm>

#include "scoring/cel/declared_values.h"
#include "scoring/cel/derived_roots.h"
#include "scoring/cel/eval_logic.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/ops.h"

namespace portrisk::scoring::cel {
void EvalState::Begin(const Program& program,
                      const google::protobuf::Message* const* roots,
                      const ListContext& lists) {
  if (program_id_ != program.id || generation_ == UINT32_MAX) {
    slots_.assign(program.slots.size(), Kept());
    memos_.assign(program.memo_count, Kept());
    program_id_ = program.id;
    generation_ = 0;
  }
  program_ = &program;
  lists_ = lists;
  ++generation_;
  arena_.Reset();
  for (size_t i = 0; i < program.root_count; ++i) {
    slots_[i] = {Value::Message(roots[i]), generation_};
  }
  if (lists_.derived == nullptr) return;
  for (const uint32_t root : program.roots_taken_whole) {
    lists_.derived->DeriveAll(root);
  }
}

void EvalState::Begin(const Program& program, const Value* variables) {
  Begin(program, static_cast<const google::protobuf::Message* const*>(nullptr));
  bound_ = variables;
}

void EvalState::Load(uint32_t index, Kept* kept) {
  const Slot& slot = program_->slots[index];
  if (slot.access.is_declared()) {
    kept->generation = generation_;
    if (lists_.declared == nullptr ||
        !lists_.declared->Read(*slot.access.field, &kept->value)) {
      kept->value = Value::Unknown(slot.path);
    }
    return;
  }
  if (slot.parent < program_->root_count && lists_.derived != nullptr) {
    lists_.derived->Derive(slot.parent, *slot.access.field);
  }
  const Value& parent = ReadSlot(slot.parent);
  kept->generation = generation_;
  if (parent.kind != Kind::kMessage ||
      !ReadField(*parent.message, slot.access, &kept->value)) {
    kept->value = Value::Unknown(slot.path);
  }
}

Value EvalState::Run(const Instruction& it) {
  if (it.memo == kNoMemo) return Compute(it);
  Kept& kept = memos_[it.memo];
  if (kept.generation != generation_) {
    kept.value = Compute(it);
    kept.generation = generation_;
  }
  return kept.value;
}

Value EvalState::Compute(const Instruction& it) {
  switch (it.op) {
    case Op::kConstant:
      return program_->constants[it.a];
    case Op::kSlot:
      return ReadSlot(it.a);
    case Op::kHasSlot:
      return Value::Bool(!ReadSlot(it.a).is_unknown());
    case Op::kVariable:
      return variables_[it.depth];
    case Op::kSelect:
    case Op::kHasSelect:
      return Select(it);
    case Op::kAnd:
    case Op::kOr:
      return Logic(it);
    case Op::kConditional: {
      const Value condition = Operand(it.a);
      if (condition.kind != Kind::kBool) return NotBool(condition);
      return Operand(condition.b ? it.b : it.c);
    }
    case Op::kInSet:
      return InSet(it);
    case Op::kList:
      return List(it);
    case Op::kAll:
    case Op::kExists:
    case Op::kExistsOne:
    case Op::kMap:
    case Op::kFilter:
      return Macro(it);
    default:
      return IsStrict(it.op) ? Strict(it) : Rare(it);
  }
}

Value EvalState::Macro(const Instruction& it) {
  Value range = Operand(it.a);
  if (range.kind != Kind::kList) {
    if (!range.is_decided()) return range;
    if (range.kind != Kind::kMap) return Value::Error(kNoOverload);
    range = Keys(range);
  }
  if (it.op == Op::kExistsOne) return ExistsOne(it, range);
  const bool fold = it.op == Op::kAll || it.op == Op::kExists;
  return fold ? Fold(it, range) : Collect(it, range);
}

Value EvalState::Strict(const Instruction& it) {
  const Value a = Operand(it.a);
  if (!a.is_decided()) return a;
  if (it.b == kNoOperand) return ApplyStrict(it.op, a, Value(), &arena_);
  const Value b = Operand(it.b);
  if (!b.is_decided()) return b;
  return ApplyStrict(it.op, a, b, &arena_);
}

Value EvalState::Logic(const Instruction& it) {
  const bool decisive = it.op == Op::kOr;
  const Value left = Operand(it.a);
  if (left.kind == Kind::kBool && left.b == decisive) return left;
  const Value right = Operand(it.b);
  if (right.kind == Kind::kBool && right.b == decisive) return right;
  if (left.kind == Kind::kBool && right.kind == Kind::kBool) return left;
  return Worse(left, right);
}

Value EvalState::Select(const Instruction& it) {
  const Selection& selection = program_->selections[it.b];
  Value operand = Operand(it.a);
  const bool has = it.op == Op::kHasSelect;
  if (has && operand.kind == Kind::kOptional && operand.aux == 1) {
    operand = *operand.items;
  }
  if (operand.is_error()) return operand;
  Value value;
  const bool present = operand.kind == Kind::kMessage &&
                       ReadField(*operand.message, selection.access, &value);
  if (has) return Value::Bool(present);
  return present ? value : Value::Unknown(selection.path);
}

Value EvalState::InSet(const Instruction& it) {
  const Value text = Operand(it.a);
  if (!text.is_decided()) return text;
  const EntrySet* set =
      lists_.sets == nullptr ? program_->sets[it.b].get() : lists_.sets[it.b];
  // A list that is yet to be loaded is as unknown as a missing field.
  if (set == nullptr || !set->source().empty()) {
    return Value::Unknown(program_->set_paths[it.b]);
  }
  const int64_t until = set->MemberUntil(text.text());
  if (until == EntrySet::kNotMember) return Value::Bool(false);
  if (until == EntrySet::kForever) return Value::Bool(true);
  if (lists_.now_seconds == ListContext::kNoTime) {
    return Value::Unknown(program_->time_path);
  }
  return Value::Bool(lists_.now_seconds < until);
}

Value EvalState::List(const Instruction& it) {
  auto* items = arena_.Values(it.b);
  for (uint32_t i = 0; i < it.b; ++i) {
    items[i] = Operand(program_->operands[it.a + i]);
    if (!items[i].is_decided()) return items[i];
  }
  return Value::List(items, it.b);
}

// all and exists: && and || over the elements.
Value EvalState::Fold(const Instruction& it, const Value& range) {
  const bool decisive = it.op == Op::kExists;
  Value result = Value::Bool(!decisive);
  for (uint32_t i = 0; i < range.aux; ++i) {
    variables_[it.depth] = ListElement(range, i);
    const Value value = Operand(it.b);
    if (value.kind == Kind::kBool) {
      if (value.b == decisive) return value;
    } else {
      result =
          result.kind == Kind::kBool ? NotBool(value) : Worse(result, value);
    }
  }
  return result;
}

Value EvalState::ExistsOne(const Instruction& it, const Value& range) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < range.aux; ++i) {
    variables_[it.depth] = ListElement(range, i);
    const Value value = Operand(it.b);
    if (value.kind != Kind::kBool) return NotBool(value);
    found += value.b ? 1 : 0;
  }
  return Value::Bool(found == 1);
}

// map and filter.
Value EvalState::Collect(const Instruction& it, const Value& range) {
  auto* items = arena_.Values(range.aux);
  uint32_t count = 0;
  for (uint32_t i = 0; i < range.aux; ++i) {
    const Value element = ListElement(range, i);
    variables_[it.depth] = element;
    if (it.b != kNoOperand) {
      const Value wanted = Operand(it.b);
      if (wanted.kind != Kind::kBool) return NotBool(wanted);
      if (!wanted.b) continue;
    }
    items[count] = it.op == Op::kMap ? Operand(it.c) : element;
    if (!items[count].is_decided()) return items[count];
    ++count;
  }
  return Value::List(items, count);
}

}  // namespace portrisk::scoring::cel
