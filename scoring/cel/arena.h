// Memory for what one evaluation builds: concatenated text, list elements.
// Reset keeps the blocks, so a warm arena does not allocate.
#ifndef PORTRISK_SCORING_CEL_ARENA_H_
#define PORTRISK_SCORING_CEL_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace portrisk::scoring::cel {

class Arena {
 public:
  // Aligned for Value; uninitialised; lives until Reset.
  char* Allocate(size_t bytes) {
    bytes = (bytes + kAlign - 1) & ~(kAlign - 1);
    while (block_ < blocks_.size()) {
      Block& block = blocks_[block_];
      if (block.size - used_ >= bytes) {
        char* result = block.memory.get() + used_;
        used_ += bytes;
        return result;
      }
      ++block_;
      used_ = 0;
    }
    const size_t size = std::max(bytes, kBlockBytes);
    blocks_.push_back({std::make_unique<char[]>(size), size});
    used_ = bytes;
    return blocks_.back().memory.get();
  }

  void Reset() { block_ = used_ = 0; }

 private:
  static constexpr size_t kAlign = 16;
  static constexpr size_t kBlockBytes = 4096;

  struct Block {
    std::unique_ptr<char[]> memory;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t block_ = 0;
  size_t used_ = 0;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_ARENA_H_
