// What is usual at a facility or on a route, for people who ask.
#ifndef PORTRISK_SERVICE_SPREAD_READINGS_H_
#define PORTRISK_SERVICE_SPREAD_READINGS_H_

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "portrisk/v1/history_service.pb.h"
#include "service/entities.h"

namespace portrisk::service {

// Those of the facility or route that `request` names, in normal form, as of
// `now`; of anything else none. Spreads that hold nothing are left out.
absl::Status ReadSpreads(
    const v1::GetEntityRequest& request, const google::protobuf::Timestamp& now,
    Entities* entities,
    google::protobuf::RepeatedPtrField<v1::SpreadReading>* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SPREAD_READINGS_H_
