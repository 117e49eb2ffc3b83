// Selection profiles as their authors write them, in YAML:
//
//   profile: nl
//   owner: NL Customs
//   scores: {yellow: 100, orange: 300, red: 600}
//   random: {rate: 1%, lane: ORANGE}
//   capacity: 40                # a day
//   top_up: {score_min: 50, lane: ORANGE}
//   places:
//     - place: NLRTM/ECTDELTA   # or NLRTM: all of it
//       random: {rate: 2%}
//       capacity: {saturday: 20, sunday: 0, other: 60}
//
// All but profile and owner may be left out: what a place leaves out is that of
// its UN/LOCODE, then that of everywhere else, then what is built in.
#ifndef PORTRISK_SCORING_SELECTION_PROFILE_PARSER_H_
#define PORTRISK_SCORING_SELECTION_PROFILE_PARSER_H_

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/rules.pb.h"
#include "portrisk/v1/selection.pb.h"

namespace portrisk::scoring {

struct ParsedProfile {
  std::optional<v1::SelectionProfile> profile;  // Absent when there are errors.
  std::vector<v1::Issue> issues;                // By position.
};

// `file` names the document in issues. The version is left at 0.
ParsedProfile ParseSelectionProfile(absl::string_view yaml,
                                    absl::string_view file);

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_SELECTION_PROFILE_PARSER_H_
