#include "service/caller.h"

#include "absl/strings/str_cat.h"
#include "scoring/container_history.h"
#include "service/errors.h"

namespace portrisk::service {
namespace {

bool AreHeld(const std::vector<PlaceFilter>& places,
             const v1::Movement& movement) {
  const v1::Location& at = movement.location();
  // What happens to a box happens somewhere; who leaves the place out would
  // speak of any.
  if (at.locode().empty()) return !scoring::IsPhysical(movement.event());
  return std::any_of(places.begin(), places.end(),
                     [&at](const PlaceFilter& place) {
                       return place.Holds(at.locode(), at.facility());
                     });
}

}  // namespace

absl::Status Caller::CheckReport(const v1::Movement& movement) const {
  const v1::Location& at = movement.location();
  std::string reason, what;
  if (!events.empty() && std::find(events.begin(), events.end(),
                                   movement.event()) == events.end()) {
    reason = "EVENT_NOT_YOURS";
    what = v1::Event_Name(movement.event());
  } else if (!places.empty() && !AreHeld(places, movement)) {
    reason = "PLACE_NOT_YOURS";
    what = at.locode().empty()
               ? "what happens to a box at no place"
               : absl::StrCat("what happens at ",
                              PlaceName(at.locode(), at.facility()));
  } else {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kPermissionDenied, reason,
               absl::StrCat(name, " may not report ", what,
                            "; an operator says in the roles file what and "
                            "where it may"));
}

}  // namespace portrisk::service
