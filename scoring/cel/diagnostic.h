// A mistake in a condition, as the stages report it: positions are byte
// offsets into the condition. The rule-set checker turns it into an Issue
// with line and column of the document.
#ifndef PORTRISK_SCORING_CEL_DIAGNOSTIC_H_
#define PORTRISK_SCORING_CEL_DIAGNOSTIC_H_

#include <cstdint>
#include <string>
#include <vector>

namespace portrisk::scoring::cel {

struct Diagnostic {
  std::string code;  // SYNTAX, UNKNOWN_FIELD, TYPE_MISMATCH ...
  bool is_error = true;
  uint32_t begin = 0;
  uint32_t end = 0;  // One past the last byte.
  std::string message;
  std::string suggestion;  // What to write instead; may be empty.
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_DIAGNOSTIC_H_
