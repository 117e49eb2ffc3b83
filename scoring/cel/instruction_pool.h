// The instructions of a program under construction: every new one is looked up
// among those that exist, so that equal ones are one. The compiler
// (compiler.cc) decides what to emit; this keeps it.
#ifndef PORTRISK_SCORING_CEL_INSTRUCTION_POOL_H_
#define PORTRISK_SCORING_CEL_INSTRUCTION_POOL_H_

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "scoring/cel/instruction_table.h"
#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {

struct InstructionPool {
  explicit InstructionPool(const Environment& environment);

  uint32_t InternPath(absl::string_view name);
  uint32_t SlotOf(const Path& path);
  // Of an expression that is a path.
  uint32_t SlotOf(const Expr& expr);
  // The slot of a field of the message in slot `parent`.
  uint32_t SlotIn(uint32_t parent,
                  const google::protobuf::FieldDescriptor* field,
                  const std::string& name);
  uint32_t SelectionOf(absl::string_view path,
                       const google::protobuf::FieldDescriptor* field);
  uint32_t SetOf(const std::shared_ptr<const EntrySet>& set);
  // The index of an instruction equal to `made`.
  uint32_t Intern(const Instruction& made);
  // The same, after finding out whether an operand uses a variable.
  uint32_t Emit(Instruction made);
  // An instruction over a run of operands; equal runs are one.
  uint32_t EmitRun(Op op, const std::vector<uint32_t>& operands, uint32_t c);
  // A call; carried out here when all operands are known. `certain` is null
  // when the overload is chosen at evaluation.
  uint32_t EmitCall(absl::string_view name, bool member,
                    const Overload* certain,
                    const std::vector<uint32_t>& operands);
  // Becomes a copy of another program; only while nothing has been added. What
  // its instructions are is looked at when one more comes, if any does.
  void TakeOver(const Program& other);
  // An instruction of another program, its operands found again here. `at`
  // says where those before it are.
  uint32_t Import(const Program& other, const Instruction& it,
                  const std::vector<uint32_t>& slots,
                  const std::vector<uint32_t>& at);
  // `value` may point into anything that lives until this returns.
  uint32_t Constant(Value value);
  // The same of a value whose text lives as long as the program.
  uint32_t Adopt(Value value);
  // Room for so many more instructions.
  void Reserve(size_t more);
  bool is_empty() const { return program->instructions.empty(); }

  // Null when it is none.
  const Value* ConstantOf(uint32_t index) const;
  // The constants among the operands, in order.
  std::vector<Value> ConstantsOf(const std::vector<uint32_t>& operands) const;
  bool UsesVariable(uint32_t index) const;

  const Environment& environment;
  std::shared_ptr<Program> program;

 private:
  uint32_t CallOf(absl::string_view name, bool member, const Overload* certain,
                  const Value* pattern);
  static std::string ImportKey(const cel::Call& call);
  uint32_t ImportCall(const cel::Call& call);
  // Notes what was taken over, unless that is done.
  void Recall() {
    if (is_taken_) RecallAll();
  }
  void RecallAll();

  InstructionTable known_;
  // Instructions of constants, by kind and text or bits. Texts are the
  // program's.
  absl::flat_hash_map<std::pair<Kind, absl::string_view>, uint32_t> texts_;
  absl::flat_hash_map<std::tuple<Kind, int64_t, uint32_t>, uint32_t> numbers_;
  absl::flat_hash_map<std::string, uint32_t> paths_;
  absl::flat_hash_map<std::string, uint32_t> calls_;
  absl::flat_hash_map<std::vector<uint32_t>, uint32_t> runs_;
  absl::flat_hash_map<const EntrySet*, uint32_t> sets_;
  absl::flat_hash_map<
      std::pair<uint32_t, const google::protobuf::FieldDescriptor*>, uint32_t>
      slots_;
  bool is_taken_ = false;  // Over, and not noted yet.
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_INSTRUCTION_POOL_H_
