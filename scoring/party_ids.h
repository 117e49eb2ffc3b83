// When two ids of parties are one. Pseudonyms are made of just what is compared
// here, so that it never changes.
#ifndef PORTRISK_SCORING_PARTY_IDS_H_
#define PORTRISK_SCORING_PARTY_IDS_H_

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace portrisk::scoring {

// Blanks, dots and hyphens are set one way here, another way there.
inline bool IsComparedInPartyId(char c) {
  return c != ' ' && c != '.' && c != '-';
}

// Appends the id as it is compared; one of nothing else stands for itself.
inline void AppendPartyId(absl::string_view id, std::string* out) {
  const size_t begin = out->size();
  for (const char c : id) {
    if (IsComparedInPartyId(c)) out->push_back(absl::ascii_toupper(c));
  }
  if (out->size() == begin) out->append(id.data(), id.size());
}

// Whether both are the same appended, without doing so.
inline bool SameParty(absl::string_view a, absl::string_view b) {
  if (a == b) return true;
  const auto skip = [](absl::string_view text, size_t* at) {
    while (*at < text.size() && !IsComparedInPartyId(text[*at])) ++*at;
  };
  size_t i = 0, j = 0;
  for (bool compared = false; true; compared = true) {
    skip(a, &i);
    skip(b, &j);
    if (i == a.size() || j == b.size()) {
      return compared && i == a.size() && j == b.size();
    }
    if (absl::ascii_toupper(a[i++]) != absl::ascii_toupper(b[j++])) {
      return false;
    }
  }
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_PARTY_IDS_H_
