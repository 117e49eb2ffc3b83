// Reads lines of bounded length.
#ifndef PORTRISK_SERVICE_FORMATS_LINES_H_
#define PORTRISK_SERVICE_FORMATS_LINES_H_

#include <cstdint>
#include <istream>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// A byte order mark, which some programs put before UTF-8.
inline constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Not thread safe. The stream outlives the object.
class LineReader {
 public:
  LineReader(std::istream& in, size_t line_bytes_max)
      : in_(in), line_bytes_max_(line_bytes_max) {}

  // Moves to the next line; false at the end. A line beyond the bound is read
  // over, never held.
  bool Next();

  // Without its line end, "\n" or "\r\n"; the beginning of a line that is too
  // long. Valid until Next.
  absl::string_view line() const { return line_; }
  bool too_long() const { return too_long_; }
  uint64_t number() const { return number_; }  // From 1.
  uint64_t offset() const { return offset_; }  // Of its first byte.
  // The file ended without a line end behind this line.
  bool unterminated() const { return unterminated_; }

 private:
  std::istream& in_;
  const size_t line_bytes_max_;
  std::string line_;
  bool too_long_ = false;
  bool unterminated_ = false;
  uint64_t number_ = 0;
  uint64_t offset_ = 0;
  uint64_t next_offset_ = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_LINES_H_
