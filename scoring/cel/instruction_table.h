// Finds instructions of a program under construction again.
#ifndef PORTRISK_SCORING_CEL_INSTRUCTION_TABLE_H_
#define PORTRISK_SCORING_CEL_INSTRUCTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scoring/cel/program.h"

namespace portrisk::scoring::cel {

// The numbers of instructions by what they are: operation, depth and operands.
// A look-up reads one place in memory where a hash map of the library reads
// two, and growing reads no instruction: of a set of 100,000 rules that is a
// tenth of the time.
class InstructionTable {
 public:
  static uint32_t HashOf(const Instruction& it);

  // kNoOperand when there is none.
  uint32_t Find(const std::vector<Instruction>& all, const Instruction& made,
                uint32_t hash) const;
  void Insert(uint32_t hash, uint32_t index);
  void Reserve(size_t count);

 private:
  struct Entry {
    uint32_t hash = 0;
    uint32_t index = kNoOperand;  // Free.
  };

  void Grow(size_t size);
  void Place(Entry entry);

  std::vector<Entry> entries_;  // Their number is a power of two.
  size_t used_ = 0;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_INSTRUCTION_TABLE_H_
