// Instructions are made children first, and every new one is looked up among
// those that exist (by operation and operands), so that equal expressions get
// the same index, whichever rule they stand in. One more walk counts parents:
// an instruction with several gets a place to keep its value for the time of
// one movement, unless it depends on a macro's variable.
//
// Folding: a strict operation on constants is carried out here. So are && and
// || and ?: where a constant decides them. That is more than speed: timestamp
// literals and zones become numbers, and evaluation never parses them again.
#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "scoring/cel/instruction_pool.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/program.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {
struct Compiler::Rep : InstructionPool {
  explicit Rep(const Environment& environment) : InstructionPool(environment) {}

  uint32_t Compile(const Expr& expr) {
    if (!expr.failure.empty()) {
      return Constant(Value::Error(expr.failure.data()));
    }
    switch (expr.node) {
      case Node::kLiteral:
        return Literal(expr);
      case Node::kIdentifier:
        return Name(expr);
      case Node::kSelect:
      case Node::kHas:
        return Select(expr);
      case Node::kList:
        return List(expr);
      case Node::kMap:
        return MapLiteral(expr);
      case Node::kMessage:
        return MessageLiteral(expr);
      case Node::kMacro:
      case Node::kBind:
        return Macro(expr);
      default:
        return Call(expr);
    }
  }

  uint32_t Literal(const Expr& expr) {
    if (expr.literal.kind == Kind::kString ||
        expr.literal.kind == Kind::kBytes) {
      return Constant(Value::Text(expr.literal.kind, expr.text));
    }
    return Constant(expr.literal);
  }

  uint32_t NamedConstant(const Expr& expr) {
    return Constant(expr.literal.kind == Kind::kType
                        ? Value::Text(Kind::kType, expr.text)
                        : expr.literal);
  }

  uint32_t Name(const Expr& expr) {
    Instruction made;
    switch (expr.reference) {
      case Reference::kConstant:
        return NamedConstant(expr);
      case Reference::kBound:
        made.op = Op::kBound;
        made.a = expr.variable_depth;
        return Intern(made);
      case Reference::kVariable:
        made.op = Op::kVariable;
        made.depth = static_cast<uint8_t>(expr.variable_depth);
        made.uses_variable = true;
        return Intern(made);
      default:
        made.op = Op::kSlot;
        made.a = SlotOf(expr);
        return Intern(made);
    }
  }

  uint32_t Select(const Expr& expr) {
    if (expr.reference == Reference::kConstant ||
        expr.reference == Reference::kBound) {
      return Name(expr);
    }
    const bool has = expr.node == Node::kHas;
    if (expr.op == Op::kCall) {
      const uint32_t operand = Compile(*expr.args[0]);
      return EmitCall(expr.function, false, nullptr,
                      {operand, Constant(Value::String(expr.name))});
    }
    Instruction made;
    if (expr.reference == Reference::kPath ||
        expr.reference == Reference::kOptionalPath) {
      made.op = has             ? Op::kHasSlot
                : expr.optional ? Op::kOptionalSlot
                                : Op::kSlot;
      made.a = SlotOf(expr);
      return Intern(made);
    }
    made.op = has             ? Op::kHasSelect
              : expr.optional ? Op::kOptionalSelect
                              : Op::kSelect;
    made.a = Compile(*expr.args[0]);
    made.b = SelectionOf(expr.field_path, expr.field);
    made.uses_variable = UsesVariable(made.a);
    return Intern(made);
  }

  static bool HasOptionals(const Expr& expr) {
    return std::find(expr.optionals.begin(), expr.optionals.end(), true) !=
           expr.optionals.end();
  }

  std::vector<uint32_t> CompileAll(const Expr& expr) {
    std::vector<uint32_t> operands;
    operands.reserve(expr.args.size());
    for (const ExprPtr& arg : expr.args) operands.push_back(Compile(*arg));
    return operands;
  }

  uint32_t TemplateOf(const Expr& expr) {
    Template made;
    made.optionals = expr.optionals;
    made.optionals.resize(expr.node == Node::kMap ? expr.args.size() / 2
                                                  : expr.args.size());
    if (expr.message != nullptr) {
      made.prototype = environment.types()->factory->GetPrototype(expr.message);
      const auto* pool = expr.message->file()->pool();
      for (const absl::string_view written : expr.field_names) {
        const std::string name(written);
        const auto* field = expr.message->FindFieldByName(name);
        made.fields.push_back(
            field != nullptr ? field : pool->FindExtensionByName(name));
      }
    }
    program->templates.push_back(std::move(made));
    return static_cast<uint32_t>(program->templates.size() - 1);
  }

  uint32_t List(const Expr& expr) {
    const std::vector<uint32_t> operands = CompileAll(expr);
    if (HasOptionals(expr)) {
      return EmitRun(Op::kOptionalList, operands, TemplateOf(expr));
    }
    std::vector<Value> values = ConstantsOf(operands);
    if (values.size() == operands.size()) {
      program->lists.push_back(std::move(values));
      const std::vector<Value>& kept = program->lists.back();
      return Constant(Value::List(kept.data(), kept.size()));
    }
    return EmitRun(Op::kList, operands, kNoOperand);
  }

  uint32_t MapLiteral(const Expr& expr) {
    const std::vector<uint32_t> operands = CompileAll(expr);
    if (HasOptionals(expr)) {
      return EmitRun(Op::kOptionalMap, operands, TemplateOf(expr));
    }
    const std::vector<Value> values = ConstantsOf(operands);
    if (values.size() == operands.size()) {
      std::vector<Value> items(values.size());
      size_t entries = 0;
      for (size_t i = 0; i < values.size(); i += 2) {
        const char* error =
            AddEntry(values[i], values[i + 1], items.data(), &entries);
        if (error != nullptr) return Constant(Value::Error(error));
      }
      program->lists.push_back(std::move(items));
      return Constant(Value::Map(program->lists.back().data(), entries));
    }
    return EmitRun(Op::kMapLiteral, operands, kNoOperand);
  }

  uint32_t MessageLiteral(const Expr& expr) {
    return EmitRun(Op::kMessageLiteral, CompileAll(expr), TemplateOf(expr));
  }

  uint32_t Macro(const Expr& expr) {
    Instruction made;
    made.op = expr.op;
    made.depth = static_cast<uint8_t>(expr.variable_depth);
    made.a = Compile(*expr.args[0]);
    if (expr.op == Op::kMap ||
        (expr.op >= Op::kTransformList && expr.op <= Op::kTransformMapEntry)) {
      if (expr.args.size() == 3) made.b = Compile(*expr.args[1]);
      made.c = Compile(*expr.args.back());
    } else {
      made.b = Compile(*expr.args[1]);
    }
    // Inside another macro its value may depend on that one's variable. Of an
    // outermost one only its own body does.
    made.uses_variable = made.depth > 0;
    return Intern(made);
  }

  uint32_t Call(const Expr& expr) {
    if (expr.op == Op::kCall) {
      return EmitCall(expr.function, expr.member, expr.overload,
                      CompileAll(expr));
    }
    Instruction made;
    made.op = expr.op;
    made.a = Compile(*expr.args[0]);
    if (expr.op == Op::kInSet) {
      made.b = SetOf(expr.set);
      made.uses_variable = UsesVariable(made.a);
      return Intern(made);
    }
    if (expr.args.size() > 1) made.b = Operand(expr, 1);
    if (expr.args.size() > 2) made.c = Compile(*expr.args[2]);
    if (IsStrict(expr.op)) return FoldStrict(made);
    if (expr.op == Op::kOptionalOr || expr.op == Op::kOptionalOrValue) {
      return Emit(made);
    }
    return FoldLogic(made, {expr.args[0]->type.kind == Kind::kBool,
                            expr.args[1]->type.kind == Kind::kBool});
  }

  // A time zone becomes its offset in minutes.
  uint32_t Operand(const Expr& expr, size_t i) {
    int minutes = 0;
    if (expr.op >= Op::kGetFullYear &&
        ParseZone(expr.args[i]->text, &minutes)) {
      return Constant(Value::Int(minutes));
    }
    return Compile(*expr.args[i]);
  }

  uint32_t FoldStrict(const Instruction& made) {
    const Value* a = ConstantOf(made.a);
    const Value* b = ConstantOf(made.b);
    if (a == nullptr || (made.b != kNoOperand && b == nullptr)) {
      return Emit(made);
    }
    if (!a->is_decided()) return made.a;
    if (b != nullptr && !b->is_decided()) return made.b;
    const Value result =
        ApplyStrict(made.op, *a, b == nullptr ? Value() : *b, &program->folded);
    return Constant(result);
  }

  // `is_bool` says of the operands of && and || that they can be nothing else.
  uint32_t FoldLogic(const Instruction& made, std::array<bool, 2> is_bool) {
    const Value* a = ConstantOf(made.a);
    const Value* b = ConstantOf(made.b);
    if (made.op == Op::kConditional) {
      if (a == nullptr) return Emit(made);
      if (!a->is_decided()) return made.a;
      if (a->kind != Kind::kBool) return Constant(Value::Error(kNoOverload));
      return a->b ? made.b : made.c;
    }
    // `decisive` settles the operator alone; its opposite changes nothing.
    const bool decisive = made.op == Op::kOr;
    for (const auto& [value, self, other] :
         {std::make_tuple(a, made.a, made.b),
          std::make_tuple(b, made.b, made.a)}) {
      if (value == nullptr || value->kind != Kind::kBool) continue;
      if (value->b == decisive) return self;
      if (is_bool[other == made.b ? 1 : 0]) return other;
    }
    return made.a == made.b && is_bool[0] ? made.a : Emit(made);
  }

  void CountUses(std::vector<uint32_t>* uses) const {
    const auto count = [&](uint32_t index) { ++(*uses)[index]; };
    for (const Instruction& it : program->instructions) {
      ForEachOperand(*program, it, count);
    }
    for (const uint32_t root : roots) count(root);
  }

  std::vector<uint32_t> roots;
};

size_t Program::SpaceUsed() const {
  size_t bytes = instructions.capacity() * sizeof(Instruction) +
                 operands.capacity() * sizeof(uint32_t) +
                 constants.capacity() * sizeof(Value) +
                 slots.capacity() * sizeof(Slot) +
                 selections.capacity() * sizeof(Selection);
  for (const std::string& path : paths) bytes += sizeof(path) + path.size();
  for (const std::string& text : texts) bytes += sizeof(text) + text.size();
  for (const auto& list : lists) {
    bytes += sizeof(list) + list.capacity() * sizeof(Value);
  }
  return bytes;
}

Compiler::Compiler(const Environment& environment)
    : rep_(std::make_unique<Rep>(environment)) {}

Compiler::~Compiler() = default;

uint32_t Compiler::Add(const Expr& expr) {
  const uint32_t root = rep_->Compile(expr);
  rep_->roots.push_back(root);
  return root;
}

std::vector<uint32_t> Compiler::AddAll(const Program& other) {
  if (rep_->is_empty()) {
    rep_->TakeOver(other);
    std::vector<uint32_t> same(other.instructions.size());
    std::iota(same.begin(), same.end(), 0);
    return same;
  }
  std::vector<uint32_t> slots(other.slots.size());
  for (uint32_t i = 0; i < slots.size(); ++i) {
    const Slot& slot = other.slots[i];
    slots[i] = i < other.root_count
                   ? i
                   : rep_->SlotIn(slots[slot.parent], slot.access.field,
                                  other.paths[slot.path]);
  }
  std::vector<uint32_t> at;
  at.reserve(other.instructions.size());
  rep_->Reserve(other.instructions.size());
  for (const Instruction& it : other.instructions) {
    at.push_back(rep_->Import(other, it, slots, at));
  }
  return at;
}

void Compiler::AddRoot(uint32_t instruction) {
  rep_->roots.push_back(instruction);
}

const Value* Compiler::ConstantAt(uint32_t instruction) const {
  return rep_->ConstantOf(instruction);
}

uint32_t Compiler::AddSlot(const Path& path) { return rep_->SlotOf(path); }

std::shared_ptr<const Program> Compiler::Finish() {
  Program& program = *rep_->program;
  std::vector<uint32_t> uses(program.instructions.size(), 0);
  rep_->CountUses(&uses);
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    Instruction& it = program.instructions[i];
    const bool cheap = it.op == Op::kConstant || it.op == Op::kSlot ||
                       it.op == Op::kHasSlot || it.op == Op::kVariable ||
                       it.op == Op::kBound;
    if (uses[i] > 1 && !cheap && !it.uses_variable) {
      it.memo = program.memo_count++;
    }
    if (it.op == Op::kSlot && it.a < program.root_count) {
      program.roots_taken_whole.push_back(it.a);
    }
  }
  return std::move(rep_->program);
}

}  // namespace portrisk::scoring::cel
