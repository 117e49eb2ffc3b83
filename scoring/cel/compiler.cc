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
#include <atomic>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "re2/re2.h"
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
    program->types = environment.types();
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
    } else if (value.kind == Kind::kType || value.kind == Kind::kError) {
      const absl::string_view text =
          value.is_error() ? absl::string_view(value.s) : value.text();
      absl::StrAppend(&key, text);
      program->texts.emplace_back(text);
      value.s = program->texts.back().c_str();
    } else if (value.kind == Kind::kList || value.kind == Kind::kMap ||
               value.kind == Kind::kOptional) {
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
    if (!expr.failure.empty()) {
      return Constant(Value::Error(expr.failure.c_str()));
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
        made.a = SlotOf(expr.path);
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
      made.a = SlotOf(expr.path);
      return Intern(made);
    }
    made.op = has             ? Op::kHasSelect
              : expr.optional ? Op::kOptionalSelect
                              : Op::kSelect;
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

  static bool HasOptionals(const Expr& expr) {
    return std::find(expr.optionals.begin(), expr.optionals.end(), true) !=
           expr.optionals.end();
  }

  std::vector<uint32_t> CompileAll(const Expr& expr) {
    std::vector<uint32_t> operands;
    for (const ExprPtr& arg : expr.args) operands.push_back(Compile(*arg));
    return operands;
  }

  // The constants among the operands, in order.
  std::vector<Value> ConstantsOf(const std::vector<uint32_t>& operands) const {
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
  uint32_t EmitRun(Op op, const std::vector<uint32_t>& operands, uint32_t c) {
    Instruction made;
    made.op = op;
    made.b = static_cast<uint32_t>(operands.size());
    made.c = c;
    const auto [it, added] =
        runs.emplace(operands, static_cast<uint32_t>(program->operands.size()));
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

  uint32_t TemplateOf(const Expr& expr) {
    Template made;
    made.optionals = expr.optionals;
    if (expr.message != nullptr) {
      made.prototype = environment.types()->factory->GetPrototype(expr.message);
      const auto* pool = expr.message->file()->pool();
      for (const std::string& name : expr.field_names) {
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

  uint32_t CallOf(const std::string& name, bool member, const Overload* certain,
                  const Value* pattern) {
    std::string key = absl::StrCat(name, member ? "." : "");
    if (certain != nullptr) {
      absl::StrAppend(&key, "#", reinterpret_cast<uintptr_t>(certain));
    }
    if (pattern != nullptr) absl::StrAppend(&key, "/", pattern->text());
    const auto [it, added] =
        calls.emplace(key, static_cast<uint32_t>(program->calls.size()));
    if (!added) return it->second;
    cel::Call made{name, member, {}, nullptr};
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
  uint32_t EmitCall(const std::string& name, bool member,
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

  uint32_t SetOf(const std::shared_ptr<const EntrySet>& set) {
    const auto [it, added] =
        sets.emplace(set.get(), static_cast<uint32_t>(program->sets.size()));
    if (added) program->sets.push_back(set);
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
    const auto count = [&](uint32_t index) {
      if (index != kNoOperand) ++(*uses)[index];
    };
    for (const Instruction& it : program->instructions) {
      switch (it.op) {
        case Op::kConstant:
        case Op::kSlot:
        case Op::kHasSlot:
        case Op::kOptionalSlot:
        case Op::kBound:
        case Op::kVariable:
          break;
        case Op::kSelect:
        case Op::kHasSelect:
        case Op::kOptionalSelect:
        case Op::kInSet:
          count(it.a);
          break;
        case Op::kList:
        case Op::kMapLiteral:
        case Op::kOptionalList:
        case Op::kOptionalMap:
        case Op::kMessageLiteral:
        case Op::kCall:
          for (uint32_t i = 0; i < it.b; ++i) {
            count(program->operands[it.a + i]);
          }
          break;
        default:
          count(it.a);
          count(it.b);
          count(it.c);
      }
    }
    for (const uint32_t root : roots) count(root);
  }

  const Environment& environment;
  std::shared_ptr<Program> program;
  std::vector<uint32_t> roots;
  absl::flat_hash_map<Key, uint32_t> known;
  absl::flat_hash_map<std::string, uint32_t> constants;
  absl::flat_hash_map<std::string, uint32_t> paths;
  absl::flat_hash_map<std::string, uint32_t> calls;
  absl::flat_hash_map<std::vector<uint32_t>, uint32_t> runs;
  absl::flat_hash_map<const EntrySet*, uint32_t> sets;
  absl::flat_hash_map<
      std::pair<uint32_t, const google::protobuf::FieldDescriptor*>, uint32_t>
      slots;
};

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
                       it.op == Op::kHasSlot || it.op == Op::kVariable ||
                       it.op == Op::kBound;
    if (uses[i] > 1 && !cheap && !it.uses_variable) {
      it.memo = program.memo_count++;
    }
  }
  return std::move(rep_->program);
}

}  // namespace portrisk::scoring::cel
