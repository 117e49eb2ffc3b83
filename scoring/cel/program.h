// Compiled conditions: one flat array of instructions for any number of them,
// in which equal sub-expressions and equal fields are one.
//
// Lifecycle: a Compiler takes checked expressions and gives each a root; its
// Finish makes the immutable Program, which any number of threads evaluate,
// each with an EvalState of its own (eval.h).
#ifndef PORTRISK_SCORING_CEL_PROGRAM_H_
#define PORTRISK_SCORING_CEL_PROGRAM_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/ast.h"
#include "scoring/cel/environment.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/op.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

inline constexpr uint32_t kNoMemo = UINT32_MAX;

// Operands are indices, by operation:
//   kConstant            a: constant
//   kSlot, kHasSlot, kOptionalSlot  a: slot
//   kBound               a: variable of the environment
//   kVariable            depth
//   kSelect, kHasSelect, kOptionalSelect  a: instruction, b: selection
//   kInSet               a: instruction, b: set
//   kList, kMapLiteral   a: first of `b` consecutive entries of `operands`
//   kCall                the same, c: call
//   kOptionalList, kOptionalMap, kMessageLiteral  the same, c: template
//   kBind, kOptMap, kOptFlatMap  a: value, b: body
//   kTransform...        a: range, b: condition or kNoOperand, c: result
//   kMap                 a: range, b: condition or kNoOperand, c: result
//   other macros         a: range, b: condition
//   all others           a, b, c: instructions; kNoOperand where none
inline constexpr uint32_t kNoOperand = UINT32_MAX;
struct Instruction {
  Op op = Op::kConstant;
  uint8_t depth = 0;           // Of a variable or of the variable of a macro.
  bool uses_variable = false;  // Its value differs from element to element.
  uint32_t a = kNoOperand;
  uint32_t b = kNoOperand;
  uint32_t c = kNoOperand;
  uint32_t memo = kNoMemo;  // Where its value is kept, when it is shared.
};

// A field of the message in the slot `parent`. The first slots are the roots,
// which have no field.
struct Slot {
  uint32_t parent = 0;
  uint32_t path = 0;
  FieldAccess access;
};

struct Selection {
  uint32_t path = 0;
  FieldAccess access;
};

// What a kCall calls.
struct Call {
  std::string name;
  bool member = false;
  // The only one when it was certain, else all of the name.
  std::vector<const Overload*> overloads;
  std::shared_ptr<const re2::RE2> pattern;  // Of matches with a constant one.
};

// What a literal with optional parts, or of a message, is made of.
struct Template {
  std::vector<bool> optionals;  // By element, entry or field.
  const google::protobuf::Message* prototype = nullptr;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
};

struct Program {
  uint64_t id = 0;  // Unique in the process; what an EvalState was sized for.
  size_t root_count = 0;
  std::vector<Instruction> instructions;
  std::vector<uint32_t> operands;
  std::vector<Value> constants;
  std::vector<Slot> slots;
  std::vector<Selection> selections;
  std::vector<Call> calls;
  std::vector<Template> templates;
  std::vector<std::string> paths;  // What unknown values name.
  std::vector<std::shared_ptr<const EntrySet>> sets;
  std::vector<uint32_t> set_paths;  // Of `sets`: what a stand-in is called.
  uint32_t time_path = 0;  // Missing where an entry that expires is met.
  uint32_t memo_count = 0;
  std::vector<uint32_t> roots_taken_whole;    // Not by their fields alone.
  std::shared_ptr<const MessageTypes> types;  // Null in rules.
  // What constants point into.
  std::deque<std::string> texts;
  std::deque<std::vector<Value>> lists;
  Arena folded;

  size_t SpaceUsed() const;  // Bytes, without declared lists.
};

// Calls `visit` with every instruction that `it` reads.
template <typename Visitor>
void ForEachOperand(const Program& program, const Instruction& it,
                    Visitor visit) {
  switch (it.op) {
    case Op::kConstant:
    case Op::kSlot:
    case Op::kHasSlot:
    case Op::kOptionalSlot:
    case Op::kBound:
    case Op::kVariable:
      return;
    case Op::kSelect:
    case Op::kHasSelect:
    case Op::kOptionalSelect:
    case Op::kInSet:
      return visit(it.a);
    case Op::kList:
    case Op::kMapLiteral:
    case Op::kOptionalList:
    case Op::kOptionalMap:
    case Op::kMessageLiteral:
    case Op::kCall:
      for (uint32_t i = 0; i < it.b; ++i) visit(program.operands[it.a + i]);
      return;
    default:
      for (const uint32_t operand : {it.a, it.b, it.c}) {
        if (operand != kNoOperand) visit(operand);
      }
  }
}

class Compiler {
 public:
  explicit Compiler(const Environment& environment);
  ~Compiler();

  // Adds an expression and returns its root instruction. The expression is
  // not needed afterwards.
  uint32_t Add(const Expr& expr);
  // Takes over another program of the same environment's roots, made without
  // message literals; returns where each of its instructions is now. `other`
  // must outlive the program made.
  std::vector<uint32_t> AddAll(const Program& other);
  // Says that an instruction is evaluated by itself.
  void AddRoot(uint32_t instruction);
  // The value an instruction always has; null when there is none.
  const Value* ConstantAt(uint32_t instruction) const;
  // The slot of a field; created when no expression reads it.
  uint32_t AddSlot(const Path& path);

  // Nothing may be added afterwards.
  std::shared_ptr<const Program> Finish();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_PROGRAM_H_
