// Whether a table of reference data may be put in force: what is wrong in it
// would silence rules, or let them speak of distances that are not there.
#ifndef PORTRISK_SERVICE_REFERENCE_CHECK_H_
#define PORTRISK_SERVICE_REFERENCE_CHECK_H_

#include <vector>

#include "portrisk/v1/reference.pb.h"
#include "service/admission.h"

namespace portrisk::service {

// What is wrong, by field: "table.places[3].latitude"; at most 20 of them.
std::vector<Violation> CheckReference(const v1::ReferenceTable& table);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_REFERENCE_CHECK_H_
