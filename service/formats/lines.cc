#include "service/formats/lines.h"

namespace portrisk::service {

bool LineReader::Next() {
  line_.clear();
  too_long_ = false;
  unterminated_ = false;
  offset_ = next_offset_;
  std::streambuf* bytes = in_.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = bytes->sbumpc();
  if (c == kEnd) {
    in_.setstate(std::ios::eofbit);
    return false;
  }
  for (; c != kEnd && c != '\n'; c = bytes->sbumpc()) {
    ++next_offset_;
    if (line_.size() < line_bytes_max_) {
      line_.push_back(static_cast<char>(c));
    } else {
      too_long_ = true;
    }
  }
  unterminated_ = c == kEnd;
  if (!unterminated_) ++next_offset_;
  ++number_;
  if (!too_long_ && !line_.empty() && line_.back() == '\r') line_.pop_back();
  return true;
}

}  // namespace portrisk::service
