#include "scoring/cel/instruction_table.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace portrisk::scoring::cel {
namespace {

constexpr size_t kTableMin = 64;

}  // namespace

uint32_t InstructionTable::HashOf(const Instruction& it) {
  return static_cast<uint32_t>(absl::HashOf(
      uint64_t{it.a} << 32 | it.b, uint64_t{it.c} << 16 |
                                       static_cast<uint64_t>(it.depth) << 8 |
                                       static_cast<uint64_t>(it.op)));
}

uint32_t InstructionTable::Find(const std::vector<Instruction>& all,
                                const Instruction& made, uint32_t hash) const {
  const size_t mask = entries_.size() - 1;
  for (size_t at = hash & mask; !entries_.empty(); at = (at + 1) & mask) {
    const Entry& entry = entries_[at];
    if (entry.index == kNoOperand) break;
    if (entry.hash != hash) continue;
    const Instruction& it = all[entry.index];
    if (it.op == made.op && it.depth == made.depth && it.a == made.a &&
        it.b == made.b && it.c == made.c) {
      return entry.index;
    }
  }
  return kNoOperand;
}

void InstructionTable::Insert(uint32_t hash, uint32_t index) {
  ++used_;
  // At most two in three places are taken, so that runs stay short.
  if (used_ * 3 > entries_.size() * 2) {
    Grow(std::max(entries_.size() * 2, kTableMin));
  }
  Place({hash, index});
}

void InstructionTable::Reserve(size_t count) {
  size_t size = std::max(entries_.size(), kTableMin);
  while (count * 3 > size * 2) size *= 2;
  if (size > entries_.size()) Grow(size);
}

void InstructionTable::Grow(size_t size) {
  std::vector<Entry> before(size);
  before.swap(entries_);
  for (const Entry& entry : before) {
    if (entry.index != kNoOperand) Place(entry);
  }
}

void InstructionTable::Place(Entry entry) {
  const size_t mask = entries_.size() - 1;
  size_t at = entry.hash & mask;
  while (entries_[at].index != kNoOperand) at = (at + 1) & mask;
  entries_[at] = entry;
}

}  // namespace portrisk::scoring::cel
