#include "scoring/list_policy.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

// Parts of words, without what separates them: "Crew-Nationality" holds the
// first. "national" alone is a layer and no person's.
constexpr std::array<absl::string_view, 10> kParts = {
    "nationalit",       "citizen",
    "countryofbirth",   "birthcountry",
    "nacionalidad",     "ciudadan",
    "paisdenacimiento", "cidadan",
    "paisdenascimento", "countryoforiginofperson"};

}  // namespace

bool NamesNationality(absl::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (absl::ascii_isalpha(c)) letters.push_back(absl::ascii_tolower(c));
  }
  return std::any_of(kParts.begin(), kParts.end(), [&](absl::string_view part) {
    return absl::StrContains(letters, part);
  });
}

std::string NationalityRefusal(absl::string_view name) {
  return absl::StrCat(name,
                      " speaks of a person's nationality; no list may bring "
                      "that in. List what was done or carried, not where a "
                      "person comes from");
}

}  // namespace portrisk::scoring
