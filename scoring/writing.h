// When two marks are one, however each sender writes them.
#ifndef PORTRISK_SCORING_WRITING_H_
#define PORTRISK_SCORING_WRITING_H_

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace portrisk::scoring {

// In any case, with or without blanks and punctuation.
inline bool SameMark(absl::string_view a, absl::string_view b) {
  if (a == b) return true;
  const auto skip = [](absl::string_view text, size_t* at) {
    while (*at < text.size() &&
           (text[*at] == ' ' ||
            absl::ascii_ispunct(static_cast<unsigned char>(text[*at])))) {
      ++*at;
    }
  };
  size_t i = 0, j = 0;
  while (true) {
    skip(a, &i);
    skip(b, &j);
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (absl::ascii_toupper(a[i++]) != absl::ascii_toupper(b[j++])) {
      return false;
    }
  }
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_WRITING_H_
