// Memory for what one evaluation builds: concatenated text, list elements.
// Reset keeps the blocks, so a warm arena does not allocate.
#ifndef PORTRISK_SCORING_CEL_ARENA_H_
#define PORTRISK_SCORING_CEL_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "scoring/cel/value.h"

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

  // Room for `count` values, uninitialised.
  Value* Values(size_t count) {
    return reinterpret_cast<Value*>(Allocate(count * sizeof(Value)));
  }

  // A copy of `value`, for an optional to point at.
  const Value* Keep(const Value& value) {
    Value* kept = Values(1);
    *kept = value;
    return kept;
  }

  // Keeps a message until Reset; rules build none.
  const google::protobuf::Message* Own(
      std::unique_ptr<google::protobuf::Message> message) {
    messages_.push_back(std::move(message));
    return messages_.back().get();
  }

  void Reset() {
    block_ = used_ = 0;
    if (!messages_.empty()) messages_.clear();
  }

 private:
  static constexpr size_t kAlign = 16;
  static constexpr size_t kBlockBytes = 4096;

  struct Block {
    std::unique_ptr<char[]> memory;
    size_t size;
  };
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<google::protobuf::Message>> messages_;
  size_t block_ = 0;
  size_t used_ = 0;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_ARENA_H_
