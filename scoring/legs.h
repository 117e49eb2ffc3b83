// Where things happened, and the way between two of them.
#ifndef PORTRISK_SCORING_LEGS_H_
#define PORTRISK_SCORING_LEGS_H_

#include <optional>

#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/reference.h"

namespace portrisk::scoring {

// Its own coordinates (a Location or a TimelineEvent), else those of its code.
template <typename Place>
std::optional<Coordinates> Locate(const Place& place,
                                  const Reference& reference) {
  if (place.has_latitude() && place.has_longitude()) {
    return Coordinates{place.latitude(), place.longitude()};
  }
  if (place.locode().empty()) return std::nullopt;
  return reference.Find(place.locode());
}

// `later` and `earlier` are the modes of the events at its ends.
inline void FillLeg(double distance_km, double elapsed_h, v1::Mode later,
                    v1::Mode earlier, v1::Leg* leg) {
  leg->set_distance_km(distance_km);
  leg->set_elapsed_h(elapsed_h);
  leg->set_mode(later != v1::MODE_UNSPECIFIED ? later : earlier);
  if (elapsed_h > 0) {
    leg->set_speed_kmh(distance_km / elapsed_h);
  } else {
    leg->clear_speed_kmh();
  }
}

// Whether two places may be one: a facility that was not named is unknown,
// not another one.
template <typename A, typename B>
bool MaySamePlace(const A& a, const B& b) {
  return a.locode() == b.locode() &&
         (a.facility() == b.facility() || a.facility().empty() ||
          b.facility().empty());
}

// A visit's facility may have another code.
template <typename A>
bool MaySamePlace(const A& a, const v1::Visit& visit) {
  return a.locode() == visit.locode() &&
         (a.facility() == visit.facility() || a.facility().empty() ||
          visit.facility().empty() ||
          (!visit.also_facility().empty() &&
           a.facility() == visit.also_facility()));
}

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_LEGS_H_
