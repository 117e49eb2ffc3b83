// Selection profiles: thresholds of scores, the random stream and capacities,
// for a jurisdiction and, where they differ, for its places.
//
// An assessment is made with the terms of the place of its unit: those of the
// facility, else of its UN/LOCODE, else of everywhere else. It names them:
// "nl.3", "nl.3@NLRTM", "nl.3@NLRTM/ECTDELTA".
#ifndef PORTRISK_SCORING_SELECTION_PROFILE_H_
#define PORTRISK_SCORING_SELECTION_PROFILE_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/assessment.pb.h"
#include "portrisk/v1/selection.pb.h"

namespace portrisk::scoring {

inline constexpr int32_t kScoreMax = 1000;
// A threshold that no score reaches.
inline constexpr int32_t kScoreNever = kScoreMax + 1;

// The terms of one place. What stands here is in force until a profile is
// activated.
struct SelectionProfile {
  std::string name = "default.1";
  int32_t yellow_score_min = 100;
  int32_t orange_score_min = 300;
  int32_t red_score_min = 600;
  // A unit whose draw is below goes to `random_lane`, whatever its score.
  uint32_t random_rate_ppm = 10'000;  // 1 %.
  v1::Lane random_lane = v1::ORANGE;
  // Units a day, Monday to Sunday; where has_capacity is false, not said.
  bool has_capacity = false;
  std::array<uint32_t, 7> capacity{};
  // Units that nothing selected fill a worklist up from this score on.
  int32_t top_up_score_min = 1;
  v1::Lane top_up_lane = v1::ORANGE;
  // Whoever sends a movement learns the control to carry out.
  bool control_to_sender = false;
};

// Of the day, counted from Monday 0, that holds a time in Unix seconds, UTC.
uint32_t WeekdayOf(int64_t seconds);

// All terms of a profile. Immutable, so readers share one.
class SelectionProfiles {
 public:
  // The same terms everywhere.
  explicit SelectionProfiles(SelectionProfile everywhere = SelectionProfile())
      : everywhere_(std::move(everywhere)) {}
  // Precondition: made by ParseSelectionProfile.
  explicit SelectionProfiles(const v1::SelectionProfile& profile);

  // HOT PATH. The terms that hold at a place, which may be unknown (empty).
  const SelectionProfile& At(absl::string_view locode,
                             absl::string_view facility) const;
  const SelectionProfile& everywhere() const { return everywhere_; }

 private:
  struct Place {
    std::string locode;
    std::string facility;
    SelectionProfile terms;
  };
  const Place* Find(absl::string_view locode, absl::string_view facility) const;

  SelectionProfile everywhere_;
  std::vector<Place> places_;  // By locode, then facility.
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_SELECTION_PROFILE_H_
