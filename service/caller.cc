#include "service/caller.h"

#include "scoring/container_history.h"

namespace portrisk::service {

bool Caller::MayReport(v1::Event event) const {
  return events.empty() ||
         std::find(events.begin(), events.end(), event) != events.end();
}

bool Caller::MayReportOf(const v1::Movement& movement) const {
  if (places.empty()) return true;
  const v1::Location& at = movement.location();
  // What happens to a box happens somewhere; who leaves the place out would
  // speak of any.
  if (at.locode().empty()) return !scoring::IsPhysical(movement.event());
  return std::any_of(places.begin(), places.end(),
                     [&at](const PlaceFilter& place) {
                       return place.Holds(at.locode(), at.facility());
                     });
}

}  // namespace portrisk::service
