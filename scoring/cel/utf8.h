// UTF-8, as far as conditions need it: text is counted in code points.
#ifndef PORTRISK_SCORING_CEL_UTF8_H_
#define PORTRISK_SCORING_CEL_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::scoring::cel {

// Bytes of the first character; 0 when empty or malformed (overlong,
// surrogate, beyond U+10FFFF, cut off).
size_t Utf8Length(absl::string_view text);

bool IsUtf8(absl::string_view text);

// Characters of well-formed text.
int64_t CountCharacters(absl::string_view text);

// False, and nothing appended, when it is a surrogate or beyond U+10FFFF.
bool AppendUtf8(uint32_t code_point, std::string* out);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_UTF8_H_
