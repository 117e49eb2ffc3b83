// What the aggregates in force say of an entity: for people, by name.
#ifndef PORTRISK_SERVICE_AGGREGATE_READINGS_H_
#define PORTRISK_SERVICE_AGGREGATE_READINGS_H_

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "portrisk/v1/history_service.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "scoring/programme.h"
#include "service/aggregates.h"
#include "service/pseudonyms.h"

namespace portrisk::service {

// A movement that says of itself nothing but the name of the entity: what has a
// key for it is an aggregate of that entity. With pseudonyms.
v1::Movement MovementLike(const v1::GetEntityRequest& name,
                          const Pseudonyms& pseudonyms);

// Appends those of `programme` that have a key for `like`, as a movement at
// `time` would read them. Of a list of expressions every part must be in it.
absl::Status ReadAggregates(
    const scoring::Programme& programme, const v1::Movement& like,
    const google::protobuf::Timestamp& time, Aggregates* aggregates,
    google::protobuf::RepeatedPtrField<v1::AggregateReading>* out);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_AGGREGATE_READINGS_H_
