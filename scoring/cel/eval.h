// Evaluates compiled conditions.
#ifndef PORTRISK_SCORING_CEL_EVAL_H_
#define PORTRISK_SCORING_CEL_EVAL_H_

#include <array>
#include <cstdint>
#include <vector>

#include "google/protobuf/message.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/macro_checker.h"
#include "scoring/cel/program.h"
#include "scoring/cel/value.h"
#include "scoring/limits.h"

namespace portrisk::scoring::cel {

// Memory of evaluation, reused from movement to movement; for one thread at a
// time. Fits itself to whatever program it is begun with.
class EvalState {
 public:
  // Starts a movement. `roots` are the messages of the environment's roots,
  // in order; they, `program` and the sets of `lists` must outlive every Value
  // read.
  void Begin(const Program& program,
             const google::protobuf::Message* const* roots,
             const ListContext& lists = {});

  // The same for the specification's environment: `variables` are the values
  // of its variables, in order. An unbound one is Value::Error.
  void Begin(const Program& program, const Value* variables);

  // The value of a root instruction of the program begun with. Does not
  // allocate once warm.
  Value Evaluate(uint32_t instruction) {
    return Run(program_->instructions[instruction]);
  }

  // Gives a macro's variable a value, to look at the macro's body by itself.
  void Bind(uint32_t depth, const Value& value) { variables_[depth] = value; }

  // The value of a slot; unknown when absent. Read once a movement.
  const Value& ReadSlot(uint32_t slot) {
    Kept& kept = slots_[slot];
    if (kept.generation != generation_) Load(slot, &kept);
    return kept.value;
  }

 private:
  struct Kept {
    Value value;
    uint32_t generation = 0;
  };

  void Load(uint32_t slot, Kept* kept);
  Value Run(const Instruction& it);
  Value Compute(const Instruction& it);
  Value Operand(uint32_t index) { return Run(program_->instructions[index]); }
  Value Strict(const Instruction& it);
  Value Logic(const Instruction& it);
  Value Select(const Instruction& it);
  Value InSet(const Instruction& it);
  Value List(const Instruction& it);
  Value Macro(const Instruction& it);
  Value Fold(const Instruction& it, const Value& range);
  Value ExistsOne(const Instruction& it, const Value& range);
  Value Collect(const Instruction& it, const Value& range);
  // eval_rare.cc
  Value Rare(const Instruction& it);
  Value Keys(const Value& range);
  Value OptionalOf(const Value& value);
  Value OptionalSelect(const Instruction& it);
  Value OptionalOr(const Instruction& it);
  Value OptionalMacro(const Instruction& it);
  Value OptionalList(const Instruction& it);
  Value MapLiteral(const Instruction& it);
  Value MessageLiteral(const Instruction& it);
  Value Macro2(const Instruction& it);
  Value Fold2(const Instruction& it, const Value& range);
  Value Transform(const Instruction& it, const Value& range);
  const char* AddTransformed(const Instruction& it, const Value& key,
                             const Value& result, Value** items,
                             size_t* entries, size_t* room);
  void SetVariables(const Instruction& it, const Value& range, uint32_t i);
  Value Call(const Instruction& it);

  const Program* program_ = nullptr;
  ListContext lists_;
  uint64_t program_id_ = 0;
  uint32_t generation_ = 0;
  std::vector<Kept> slots_;
  std::vector<Kept> memos_;
  std::array<Value, kVariablesMax> variables_;
  const Value* bound_ = nullptr;
  Arena arena_;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_EVAL_H_
