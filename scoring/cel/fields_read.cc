#include "scoring/cel/fields_read.h"

#include <algorithm>

namespace portrisk::scoring::cel {
namespace {

bool NamesSlot(Op op) {
  return op == Op::kSlot || op == Op::kHasSlot || op == Op::kOptionalSlot;
}

Path PathOfSlot(const Program& program, uint32_t slot) {
  Path path;
  for (; slot >= program.root_count; slot = program.slots[slot].parent) {
    path.fields.push_back(program.slots[slot].access.field);
  }
  path.root = slot;
  std::reverse(path.fields.begin(), path.fields.end());
  return path;
}

}  // namespace

std::vector<Path> FieldsRead(const Program& program, uint32_t root) {
  std::vector<bool> read(program.slots.size());
  for (const Instruction& it : program.instructions) {
    if (NamesSlot(it.op)) read[it.a] = true;
  }
  std::vector<Path> paths;
  for (uint32_t slot = 0; slot < read.size(); ++slot) {
    if (!read[slot]) continue;
    Path path = PathOfSlot(program, slot);
    if (path.root == root) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace portrisk::scoring::cel
