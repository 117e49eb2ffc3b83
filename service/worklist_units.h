// The units a facility could control: read from the journal and the states,
// outside of the apply loop.
//
// A unit is there when one of its movements at the place occurred within the
// window, hours before and after a time, and its visit is still open. It is
// expected when a document of it did, the consignment is to be discharged at
// the place, its ship is due within the window, as far as that is said, and its
// container has not arrived there. The window bounds what is read, not what is
// known of a unit: of one that was selected before the window, the assessments
// before it are read, too.
#ifndef PORTRISK_SERVICE_WORKLIST_UNITS_H_
#define PORTRISK_SERVICE_WORKLIST_UNITS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/timestamp.pb.h"
#include "scoring/selection_profile.h"
#include "service/engine.h"
#include "service/place_filter.h"

namespace portrisk::service {

struct WorklistWindow {
  PlaceFilter place;
  Period period;
};

// An assessment of a unit, without its hits.
struct UnitAssessment {
  uint64_t sequence = 0;
  v1::Lane lane = v1::GREEN;
  int32_t score = 0;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  v1::Control control = v1::NO_CONTROL;
};

struct UnitAtPlace {
  std::string unit;
  std::string number;  // Of the container; empty: none is known.
  bool expected = false;
  UnitAssessment strongest;
  // Its standing, top-ups included.
  v1::Lane lane = v1::GREEN;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;  // Most urgent.
  bool topped_up = false;
  bool drawn = false;
  uint32_t draw_ppm = 0;
  uint32_t selection_ppm = 0;
  // Its latest movement in the window.
  uint64_t last_sequence = 0;
  v1::Event last_event = v1::EVENT_UNSPECIFIED;
  google::protobuf::Timestamp last_time;
  // Where it was on a worklist that somebody took.
  uint64_t taken_sequence = 0;
  std::string taken_by;
  // Where it was reported since, though no departure is known; empty: nowhere.
  std::string elsewhere_locode;
  std::string elsewhere_facility;
};

struct UnitsAtPlace {
  scoring::SelectionProfile terms;  // Of the place, as in force now.
  // Those that were selected, or have the least score that fills up; neither
  // controlled nor gone. By name.
  std::vector<UnitAtPlace> units;
  uint32_t seen = 0;  // In the window, whatever they score.
  uint32_t controlled = 0;
  uint32_t gone = 0;
};

// The visit of that unit, as long as no departure from it is known; null: there
// is none.
const v1::Visit* OpenVisit(const v1::ContainerState& container,
                           absl::string_view unit);

absl::StatusOr<UnitsAtPlace> ReadUnitsAtPlace(Engine* engine,
                                              const WorklistWindow& window);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_WORKLIST_UNITS_H_
