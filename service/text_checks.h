// Small judgements on text, for admission. All are pure and take any bytes.
#ifndef PORTRISK_SERVICE_TEXT_CHECKS_H_
#define PORTRISK_SERVICE_TEXT_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// Which kinds of character a text holds: one pass answers most questions.
enum CharClass : uint8_t {
  kUpperChar = 1,
  kLowerChar = 2,
  kDigitChar = 4,
  kBlankChar = 8,  // Space, tab, line ends.
  kDotChar = 16,
  kControlChar = 32,  // Tab and line ends are both blank and control.
  kBeyondAscii = 64,
  kOtherChar = 128,  // Printable ASCII of no class above.
};
uint8_t CharClasses(absl::string_view text);

bool IsUtf8(absl::string_view text);
// Of valid UTF-8: more code points than `limit`.
bool IsLongerThan(absl::string_view text, size_t limit);
// Two letters, three of A-Z and 2-9.
bool IsLocode(absl::string_view text);
// Years 1 to 9999, nanos below a second: what a Timestamp may hold.
bool IsValidTimestamp(int64_t seconds, int32_t nanos);

// Upper case, without the characters of the classes in `drop`.
std::string UpperWithout(absl::string_view text, uint8_t drop);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_TEXT_CHECKS_H_
