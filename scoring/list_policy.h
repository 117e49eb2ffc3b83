// What no list may hold: where a natural person comes from. Neither the rule
// language nor a list offers it as a criterion.
#ifndef PORTRISK_SCORING_LIST_POLICY_H_
#define PORTRISK_SCORING_LIST_POLICY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::scoring {

// Whether a name (of a list, of a column) speaks of a person's nationality,
// citizenship or country of birth, in English, Spanish or Portuguese.
bool NamesNationality(absl::string_view name);

// The sentence that refuses it.
std::string NationalityRefusal(absl::string_view name);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_LIST_POLICY_H_
