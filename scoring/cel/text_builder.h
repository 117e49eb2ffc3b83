// Text built piece by piece in an arena, up to kBuiltTextBytesMax; what goes
// beyond is dropped and turns the result into an error.
#ifndef PORTRISK_SCORING_CEL_TEXT_BUILDER_H_
#define PORTRISK_SCORING_CEL_TEXT_BUILDER_H_

#include <algorithm>
#include <cstring>

#include "absl/strings/string_view.h"
#include "scoring/cel/arena.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/value.h"

namespace portrisk::scoring::cel {

class TextBuilder {
 public:
  explicit TextBuilder(Arena* arena) : arena_(arena) {}

  void Append(absl::string_view text) {
    too_long_ |= size_ + text.size() > kBuiltTextBytesMax;
    if (text.empty() || too_long_) return;
    if (size_ + text.size() > capacity_) Grow(text.size());
    std::memcpy(begin_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void Append(char c) { Append(absl::string_view(&c, 1)); }

  absl::string_view text() const { return absl::string_view(begin_, size_); }

  Value Finish(Kind kind = Kind::kString) const {
    return too_long_ ? Value::Error(kTextTooLong) : Value::Text(kind, text());
  }

 private:
  void Grow(size_t more) {
    const size_t capacity = std::max<size_t>({64, size_ + more, capacity_ * 2});
    char* memory = arena_->Allocate(capacity);
    if (size_ > 0) std::memcpy(memory, begin_, size_);
    begin_ = memory;
    capacity_ = capacity;
  }

  Arena* const arena_;
  char* begin_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  bool too_long_ = false;
};

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_TEXT_BUILDER_H_
