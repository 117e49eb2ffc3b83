// "Did you mean": the known name nearest to a mistyped one.
#ifndef PORTRISK_SCORING_CEL_SUGGEST_H_
#define PORTRISK_SCORING_CEL_SUGGEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace portrisk::scoring::cel {

// The candidate with the fewest edits (insert, delete, replace, swap of
// neighbours; case is free), when they are few for its length, else "". The
// first of equals.
std::string NearestName(absl::string_view name,
                        const std::vector<std::string>& candidates);

}  // namespace portrisk::scoring::cel

#endif  // PORTRISK_SCORING_CEL_SUGGEST_H_
