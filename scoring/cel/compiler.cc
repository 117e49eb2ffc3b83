// Instructions are made children first, and every new one is looked up among
// those that exist (by operation and operands), so that equal expressions get
// the same index, whichever rule they stand in. One more walk counts parents:
// an instruction with several gets a place to keep its value for the time of
// one movement, unless it depends on a macro's variable.
//
// Folding: a strict operation on constants is carried out here. So are && and
// || and ?: where a constant decides them. That is more than speed: timestamp
// literals and zones become numbers, and evaluation never parses them again.
#include <atomic>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/program.h"
#include "scoring/cel/time.h"

namespace portrisk::scoring::cel {
namespace {

// Operation, depth, operands.
using Key = std::tuple<uint8_t, uint8_t, uint32_t, uint32_t, uint32_t>;

std::atomic<uint64_t> next_program_id{1};

}  // namespace

struct Compiler::Rep {
  explicit Rep(const Environment& environment)
      : environment(environment), program(std::make_shared<Program>()) {
    program->id = next_program_id.fetch_add(1, std::memory_order_relaxed);
    program->root_count = environment.roots().size();
    for (uint32_t i = 0; i < program->root_count; ++i) {
      program->slots.push_back({i, InternPath(PathOfRoot(i)), {}});
    }
  }

  std::string PathOfRoot(uint32_t i) { return environment.roots()[i].name; }

  uint32_t InternPath(const std::string& name) {
    const auto [it, added] =
        paths.emplace(name, static_cast<uint32_t>(program->paths.size()));
    if (added) program->paths.push_back(name);
    return it->second;
  }

  uint32_t SlotOf(const Path& path) {
    uint32_t slot = path.root;
    Path prefix{path.root, {}};
    for (const auto* field : path.fields) {
      prefix.fields.push_back(field);
      const auto [it, added] =
          slots.emplace(std::make_pair(slot, field),
                        static_cast<uint32_t>(program->slots.size()));
      if (added) {
        const uint32_t name = InternPath(environment.PathName(prefix));
        program->slots.push_back({slot, name, FieldAccess(field)});
      }
      slot = it->second;
    }
    return slot;
  }

  // The index of an instruction equal to `made`.
  uint32_t Intern(const Instruction& made) {
    const Key key(static_cast<uint8_t>(made.op), made.depth, made.a, made.b,
                  made.c);
    const auto [it, added] =
        known.emplace(key, static_cast<uint32_t>(program->instructions.size()));
    if (added) program->instructions.push_back(made);
    return it->second;
  }

  const Value* ConstantOf(uint32_t index) const {
    if (index == kNoOperand) return nullptr;
    const Instruction& instruction = program->instructions[index];
    if (instruction.op != Op::kConstant) return nullptr;
    return &program->constants[instruction.a];
  }

  // `value` may point into anything that lives until this returns.
  uint32_t Constant(Value value) {
    std::string key = absl::StrCat("c", static_cast<int>(value.kind), ":");
    if (value.kind == Kind::kString || value.kind == Kind::kBytes) {
      absl::StrAppend(&key, value.text());
      program->texts.emplace_back(value.text());
      value.s = program->texts.back().data();
    } else if (value.kind == Kind::kList) {
      // Lists are kept apart; sharing them is not worth comparing them.
      absl::StrAppend(&key, program->constants.size());
    } else {
      absl::StrAppend(&key, value.kind == Kind::kBool ? value.b : value.i, ":",
                      value.aux);
    }
    const auto [it, added] = constants.emplace(
        key, static_cast<uint32_t>(program->constants.size()));
    if (added) program->constants.push_back(value);
    Instruction made;
    made.a = it->second;
    return Intern(made);
  }

  bool UsesVariable(uint32_t index) const {
    return index != kNoOperand && program->instructions[index].uses_variable;
  }

  uint32_t Emit(Instruction made) {
    made.uses_variable =
        UsesVariable(made.a) || UsesVariable(made.b) || UsesVariable(made.c);
    return Intern(made);
  }

  uint32_t Compile(const Expr& expr) {
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
      case Node::kMacro:
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

  uint32_t Name(const Expr& expr) {
    Instruction made;
    switch (expr.reference) {
      case Reference::kConstant:
        return Constant(expr.literal);
      case Reference::kVariable:
        made.op = Op::kVariable;
        made.depth = static_cast<uint8_t>(expr.variable_depth);
        made.uses_variable = true;
        return Intern(made);
      default:
        made.op = Op::kSlot;
        made.a = SlotOf(expr.path);
        return Intern(made);
    }
  }

  uint32_t Select(const Expr& expr) {
    if (expr.reference == Reference::kConstant) return Constant(expr.literal);
    const bool has = expr.node == Node::kHas;
    Instruction made;
    if (expr.reference == Reference::kPath) {
      made.op = has ? Op::kHasSlot : Op::kSlot;
      made.a = SlotOf(expr.path);
      return Intern(made);
    }
    made.op = has ? Op::kHasSelect : Op::kSelect;
    made.a = Compile(*expr.args[0]);
    made.b = static_cast<uint32_t>(program->selections.size());
    made.uses_variable = UsesVariable(made.a);
    const uint32_t path = InternPath(expr.field_path);
    // A selection is one by its field and its name in messages.
    for (uint32_t i = 0; i < made.b; ++i) {
      const Selection& known_one = program->selections[i];
      if (known_one.access.field == expr.field && known_one.path == path)
        made.b = i;
    }
    if (made.b == program->selections.size()) {
      program->selections.push_back({path, FieldAccess(expr.field)});
    }
    return Intern(made);
  }

  uint32_t List(const Expr& expr) {
    std::vector<uint32_t> operands;
    std::vector<Value> values;
    bool uses_variable = false;
    for (const ExprPtr& arg : expr.args) {
      operands.push_back(Compile(*arg));
      uses_variable |= UsesVariable(operands.back());
      const Value* constant = ConstantOf(operands.back());
      if (constant != nullptr && constant->is_decided()) {
        values.push_back(*constant);
      }
    }
    if (values.size() == operands.size()) {
      program->lists.push_back(std::move(values));
      const std::vector<Value>& kept = program->lists.back();
      return Constant(Value::List(kept.data(), kept.size()));
    }
    Instruction made;
    made.op = Op::kList;
    made.a = static_cast<uint32_t>(program->operands.size());
    made.b = static_cast<uint32_t>(operands.size());
    made.uses_variable = uses_variable;
    program->operands.insert(program->operands.end(), operands.begin(),
                             operands.end());
    return Intern(made);
  }

  uint32_t Macro(const Expr& expr) {
    Instruction made;
    made.op = expr.op;
    made.depth = static_cast<uint8_t>(expr.variable_depth);
    made.a = Compile(*expr.args[0]);
    if (expr.op == Op::kMap) {
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
    return FoldLogic(made);
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

  uint32_t SetOf(const std::shared_ptr<const EntrySet>& set) {
    const auto [it, added] =
        sets.emplace(set.get(), static_cast<uint32_t>(program->sets.size()));
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

  uint32_t FoldLogic(const Instruction& made) {
    const Value* a = ConstantOf(made.a);
    const Value* b = ConstantOf(made.b);
    if (made.op == Op::kConditional) {
      if (a == nullptr) return Emit(made);
      if (!a->is_decided()) return made.a;
      return a->b ? made.b : made.c;
    }
    // `decisive` settles the operator alone; its opposite changes nothing.
    const bool decisive = made.op == Op::kOr;
    for (const auto& [value, self, other] :
         {std::make_tuple(a, made.a, made.b),
          std::make_tuple(b, made.b, made.a)}) {
      if (value == nullptr || value->kind != Kind::kBool) continue;
      return value->b == decisive ? self : other;
    }
    return made.a == made.b ? made.a : Emit(made);
  }

  void CountUses(std::vector<uint32_t>* uses) const {
    const auto count = [&](uint32_t index) { ++(*uses)[index]; };
    for (const Instruction& it : program->instructions) {
      ForEachOperand(*program, it, count);
    }
    for (const uint32_t root : roots) count(root);
  }

  const Environment& environment;
  std::shared_ptr<Program> program;
  std::vector<uint32_t> roots;
  absl::flat_hash_map<Key, uint32_t> known;
  absl::flat_hash_map<std::string, uint32_t> constants;
  absl::flat_hash_map<std::string, uint32_t> paths;
  absl::flat_hash_map<const EntrySet*, uint32_t> sets;
  absl::flat_hash_map<
      std::pair<uint32_t, const google::protobuf::FieldDescriptor*>, uint32_t>
      slots;
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

uint32_t Compiler::AddSlot(const Path& path) { return rep_->SlotOf(path); }

std::shared_ptr<const Program> Compiler::Finish() {
  Program& program = *rep_->program;
  std::vector<uint32_t> uses(program.instructions.size(), 0);
  rep_->CountUses(&uses);
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    Instruction& it = program.instructions[i];
    const bool cheap = it.op == Op::kConstant || it.op == Op::kSlot ||
                       it.op == Op::kHasSlot || it.op == Op::kVariable;
    if (uses[i] > 1 && !cheap && !it.uses_variable) {
      it.memo = program.memo_count++;
    }
  }
  return std::move(rep_->program);
}

}  // namespace portrisk::scoring::cel
