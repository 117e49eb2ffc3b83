// The parts of a DCSA event that stand in one place of their own: location,
// transport call, equipment. Each fills the movement with what the event says
// in any version of the standard, and leaves the rest unset.
#ifndef PORTRISK_SERVICE_FORMATS_DCSA_PARTS_H_
#define PORTRISK_SERVICE_FORMATS_DCSA_PARTS_H_

#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"
#include "simdjson.h"

namespace portrisk::service {

// JSON pointers, the first that holds something wins.
using JsonPlaces = std::initializer_list<const char*>;

// The text or number at the first such place; empty when there is none.
std::string TextAt(simdjson::dom::element object, JsonPlaces places);

void ReadDcsaLocation(simdjson::dom::element event, absl::string_view type,
                      v1::Movement* movement);
// Needs the movement's event, which decides between the voyages.
void ReadDcsaTransport(simdjson::dom::element event, v1::Movement* movement);
void ReadDcsaEquipment(simdjson::dom::element event, v1::Movement* movement);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_DCSA_PARTS_H_
