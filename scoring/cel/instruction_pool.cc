#include "scoring/cel/instruction_pool.h"

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "re2/re2.h"

namespace portrisk::scoring::cel {
namespace {

std::atomic<uint64_t> next_program_id{1};

bool HasText(Kind kind) {
  return kind == Kind::kString || kind == Kind::kBytes || kind == Kind::kType ||
         kind == Kind::kError;
}

absl::string_view TextOf(const Value& value) {
  return value.is_error() ? absl::string_view(value.s) : value.text();
}

// Lists are kept apart; sharing them is not worth comparing them.
bool IsShared(Kind kind) {
  return kind != Kind::kList && kind != Kind::kMap && kind != Kind::kOptional;
}

// Of a shared value without text.
std::tuple<Kind, int64_t, uint32_t> NumberKey(const Value& value) {
  const int64_t bits = value.kind == Kind::kBool ? value.b : value.i;
  return {value.kind, bits, value.aux};
}

// Whether `a` and `b` are a run of operands.
bool IsRun(Op op) {
  return op == Op::kList || op == Op::kMapLiteral || op == Op::kOptionalList ||
         op == Op::kOptionalMap || op == Op::kMessageLiteral || op == Op::kCall;
}

}  // namespace

InstructionPool::InstructionPool(const Environment& environment)
    : environment(environment), program(std::make_shared<Program>()) {
  program->id = next_program_id.fetch_add(1, std::memory_order_relaxed);
  program->root_count = environment.roots().size();
  program->types = environment.types();
  for (uint32_t i = 0; i < program->root_count; ++i) {
    program->slots.push_back({i, InternPath(environment.roots()[i].name), {}});
  }
}

uint32_t InstructionPool::InternPath(absl::string_view name) {
  const auto [it, added] =
      paths_.emplace(name, static_cast<uint32_t>(program->paths.size()));
  if (added) program->paths.emplace_back(name);
  return it->second;
}

uint32_t InstructionPool::SlotOf(const Path& path) {
  uint32_t slot = path.root;
  Path prefix{path.root, {}};
  for (const auto* field : path.fields) {
    prefix.fields.push_back(field);
    const auto known = slots_.find(std::make_pair(slot, field));
    slot = known != slots_.end()
               ? known->second
               : SlotIn(slot, field, environment.PathName(prefix));
  }
  return slot;
}

uint32_t InstructionPool::SlotOf(const Expr& expr) {
  if (!HasFields(expr)) return expr.variable_depth;
  // A declared value is named without its root.
  const uint32_t parent =
      expr.args.empty() ? expr.variable_depth : SlotOf(*expr.args[0]);
  const auto known = slots_.find(std::make_pair(parent, expr.field));
  return known != slots_.end()
             ? known->second
             : SlotIn(parent, expr.field, environment.PathName(PathOf(expr)));
}

uint32_t InstructionPool::SlotIn(uint32_t parent,
                                 const google::protobuf::FieldDescriptor* field,
                                 const std::string& name) {
  const auto [it, added] =
      slots_.emplace(std::make_pair(parent, field),
                     static_cast<uint32_t>(program->slots.size()));
  if (added) {
    program->slots.push_back({parent, InternPath(name), FieldAccess(field)});
  }
  return it->second;
}

// A selection is one by its field and its name in messages.
uint32_t InstructionPool::SelectionOf(
    absl::string_view path, const google::protobuf::FieldDescriptor* field) {
  const uint32_t name = InternPath(path);
  for (uint32_t i = 0; i < program->selections.size(); ++i) {
    const Selection& known = program->selections[i];
    if (known.access.field == field && known.path == name) return i;
  }
  program->selections.push_back({name, FieldAccess(field)});
  return static_cast<uint32_t>(program->selections.size() - 1);
}

uint32_t InstructionPool::Import(const Program& other, const Instruction& it,
                                 const std::vector<uint32_t>& slots,
                                 const std::vector<uint32_t>& at) {
  Instruction made = it;
  made.memo = kNoMemo;
  switch (it.op) {
    case Op::kConstant:
      return Adopt(other.constants[it.a]);
    case Op::kVariable:
      break;
    case Op::kSlot:
    case Op::kHasSlot:
    case Op::kOptionalSlot:
      made.a = slots[it.a];
      break;
    case Op::kSelect:
    case Op::kHasSelect:
    case Op::kOptionalSelect: {
      const Selection& selection = other.selections[it.b];
      made.a = at[it.a];
      made.b = SelectionOf(other.paths[selection.path], selection.access.field);
      break;
    }
    case Op::kInSet:
      made.a = at[it.a];
      made.b = SetOf(other.sets[it.b]);
      break;
    case Op::kList:
    case Op::kMapLiteral:
    case Op::kOptionalList:
    case Op::kOptionalMap:
    case Op::kCall: {
      std::vector<uint32_t> operands;
      ForEachOperand(other, it, [&](uint32_t operand) {
        operands.push_back(at[operand]);
      });
      if (it.op == Op::kCall) {
        made.c = ImportCall(other.calls[it.c]);
      } else if (it.c != kNoOperand) {
        program->templates.push_back(other.templates[it.c]);
        made.c = static_cast<uint32_t>(program->templates.size() - 1);
      }
      return EmitRun(it.op, operands, made.c);
    }
    default:
      for (uint32_t* operand : {&made.a, &made.b, &made.c}) {
        if (*operand != kNoOperand) *operand = at[*operand];
      }
  }
  return Intern(made);
}

void InstructionPool::TakeOver(const Program& other) {
  program->instructions = other.instructions;
  for (Instruction& it : program->instructions) it.memo = kNoMemo;
  program->operands = other.operands;
  program->constants = other.constants;
  program->slots = other.slots;
  program->selections = other.selections;
  program->calls = other.calls;
  program->templates = other.templates;
  program->paths = other.paths;
  program->sets = other.sets;
  program->set_paths = other.set_paths;
  program->time_path = other.time_path;
  for (uint32_t i = 0; i < program->paths.size(); ++i) {
    paths_.emplace(program->paths[i], i);
  }
  for (uint32_t i = static_cast<uint32_t>(program->root_count);
       i < program->slots.size(); ++i) {
    const Slot& slot = program->slots[i];
    slots_.emplace(std::make_pair(slot.parent, slot.access.field), i);
  }
  for (uint32_t i = 0; i < program->calls.size(); ++i) {
    calls_.emplace(ImportKey(program->calls[i]), i);
  }
  for (uint32_t i = 0; i < program->sets.size(); ++i) {
    sets_.emplace(program->sets[i].get(), i);
  }
  is_taken_ = true;
}

void InstructionPool::RecallAll() {
  is_taken_ = false;
  known_.Reserve(program->instructions.size());
  for (uint32_t i = 0; i < program->instructions.size(); ++i) {
    const Instruction& it = program->instructions[i];
    if (it.op == Op::kConstant) {
      const Value& value = program->constants[it.a];
      if (HasText(value.kind)) {
        texts_.emplace(std::make_pair(value.kind, TextOf(value)), i);
      } else if (IsShared(value.kind)) {
        numbers_.emplace(NumberKey(value), i);
      }
      continue;
    }
    known_.Insert(InstructionTable::HashOf(it), i);
    if (IsRun(it.op)) {
      const auto begin = program->operands.begin() + it.a;
      runs_.emplace(std::vector<uint32_t>(begin, begin + it.b), it.a);
    }
  }
}

std::string InstructionPool::ImportKey(const cel::Call& call) {
  std::string key = absl::StrCat("import ", call.name, call.member ? "." : "");
  for (const Overload* overload : call.overloads) {
    absl::StrAppend(&key, "#", reinterpret_cast<uintptr_t>(overload));
  }
  return key;
}

uint32_t InstructionPool::ImportCall(const cel::Call& call) {
  const auto [it, added] = calls_.emplace(
      ImportKey(call), static_cast<uint32_t>(program->calls.size()));
  if (added) program->calls.push_back(call);
  return it->second;
}

// The index of an instruction equal to `made`.
uint32_t InstructionPool::Intern(const Instruction& made) {
  Recall();
  const uint32_t hash = InstructionTable::HashOf(made);
  const uint32_t known = known_.Find(program->instructions, made, hash);
  if (known != kNoOperand) return known;
  const auto index = static_cast<uint32_t>(program->instructions.size());
  program->instructions.push_back(made);
  known_.Insert(hash, index);
  return index;
}

const Value* InstructionPool::ConstantOf(uint32_t index) const {
  if (index == kNoOperand) return nullptr;
  const Instruction& instruction = program->instructions[index];
  if (instruction.op != Op::kConstant) return nullptr;
  return &program->constants[instruction.a];
}

uint32_t InstructionPool::Constant(Value value) {
  Recall();
  if (HasText(value.kind)) {
    const auto known = texts_.find(std::make_pair(value.kind, TextOf(value)));
    if (known != texts_.end()) return known->second;
    program->texts.emplace_back(TextOf(value));
    value.s = program->texts.back().c_str();
  }
  return Adopt(value);
}

uint32_t InstructionPool::Adopt(Value value) {
  Recall();
  const auto next = static_cast<uint32_t>(program->instructions.size());
  bool added = true;
  uint32_t index = next;
  if (HasText(value.kind)) {
    const auto [it, is_new] =
        texts_.emplace(std::make_pair(value.kind, TextOf(value)), next);
    added = is_new;
    index = it->second;
  } else if (IsShared(value.kind)) {
    const auto [it, is_new] = numbers_.emplace(NumberKey(value), next);
    added = is_new;
    index = it->second;
  }
  if (!added) return index;
  Instruction made;
  made.a = static_cast<uint32_t>(program->constants.size());
  program->constants.push_back(value);
  program->instructions.push_back(made);
  return index;
}

void InstructionPool::Reserve(size_t more) {
  std::vector<Instruction>& all = program->instructions;
  const size_t size = all.size() + more;
  if (size <= all.capacity()) return;
  // Many small programs shall not move everything each time.
  all.reserve(std::max(size, all.capacity() + all.capacity() / 2));
  known_.Reserve(size);
}

bool InstructionPool::UsesVariable(uint32_t index) const {
  return index != kNoOperand && program->instructions[index].uses_variable;
}

uint32_t InstructionPool::Emit(Instruction made) {
  made.uses_variable =
      UsesVariable(made.a) || UsesVariable(made.b) || UsesVariable(made.c);
  return Intern(made);
}

// The constants among the operands, in order.
std::vector<Value> InstructionPool::ConstantsOf(
    const std::vector<uint32_t>& operands) const {
  std::vector<Value> values;
  for (const uint32_t operand : operands) {
    const Value* constant = ConstantOf(operand);
    if (constant != nullptr && constant->is_decided()) {
      values.push_back(*constant);
    }
  }
  return values;
}

// An instruction over a run of operands; equal runs are one.
uint32_t InstructionPool::EmitRun(Op op, const std::vector<uint32_t>& operands,
                                  uint32_t c) {
  Recall();
  Instruction made;
  made.op = op;
  made.b = static_cast<uint32_t>(operands.size());
  made.c = c;
  const auto [it, added] =
      runs_.emplace(operands, static_cast<uint32_t>(program->operands.size()));
  made.a = it->second;
  if (added) {
    program->operands.insert(program->operands.end(), operands.begin(),
                             operands.end());
  }
  for (const uint32_t operand : operands) {
    made.uses_variable |= UsesVariable(operand);
  }
  return Intern(made);
}

uint32_t InstructionPool::CallOf(absl::string_view name, bool member,
                                 const Overload* certain,
                                 const Value* pattern) {
  std::string key = absl::StrCat(name, member ? "." : "");
  if (certain != nullptr) {
    absl::StrAppend(&key, "#", reinterpret_cast<uintptr_t>(certain));
  }
  if (pattern != nullptr) absl::StrAppend(&key, "/", pattern->text());
  const auto [it, added] =
      calls_.emplace(key, static_cast<uint32_t>(program->calls.size()));
  if (!added) return it->second;
  cel::Call made{std::string(name), member, {}, nullptr};
  if (certain != nullptr) {
    made.overloads = {certain};
  } else {
    const auto all = Overloads(name, member);
    made.overloads.assign(all.begin(), all.end());
  }
  if (pattern != nullptr) {
    made.pattern = std::make_shared<const re2::RE2>(
        re2::StringPiece(pattern->s, pattern->aux), re2::RE2::Quiet);
  }
  program->calls.push_back(std::move(made));
  return it->second;
}

// Carried out here when all operands are known.
uint32_t InstructionPool::EmitCall(absl::string_view name, bool member,
                                   const Overload* certain,
                                   const std::vector<uint32_t>& operands) {
  const Value* pattern = name == "matches" && operands.size() == 2
                             ? ConstantOf(operands[1])
                             : nullptr;
  if (pattern != nullptr && pattern->kind != Kind::kString) pattern = nullptr;
  const uint32_t call = CallOf(name, member, certain, pattern);
  const std::vector<Value> values = ConstantsOf(operands);
  if (values.size() == operands.size()) {
    const cel::Call& made = program->calls[call];
    const CallContext context{&program->folded, program->types.get(),
                              made.pattern.get()};
    return Constant(certain != nullptr
                        ? Apply(*certain, values, context)
                        : Dispatch(made.overloads, values, context));
  }
  return EmitRun(Op::kCall, operands, call);
}

uint32_t InstructionPool::SetOf(const std::shared_ptr<const EntrySet>& set) {
  const auto [it, added] =
      sets_.emplace(set.get(), static_cast<uint32_t>(program->sets.size()));
  if (!added) return it->second;
  // Rule sets that name the same list share it.
  for (uint32_t i = 0; !set->source().empty() && i < program->sets.size();
       ++i) {
    if (program->sets[i]->source() == set->source() &&
        program->sets[i]->type() == set->type()) {
      return it->second = i;
    }
  }
  program->sets.push_back(set);
  program->set_paths.push_back(
      InternPath(set->source().empty() ? set->name() : set->source()));
  program->time_path = InternPath("movement.occurrence_time");
  return it->second;
}

}  // namespace portrisk::scoring::cel
