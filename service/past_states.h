// The states of the entities a movement names, as they were just before it: a
// fold of the journal's earlier movements that touch them.
#ifndef PORTRISK_SERVICE_PAST_STATES_H_
#define PORTRISK_SERVICE_PAST_STATES_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "portrisk/v1/history.pb.h"
#include "portrisk/v1/movement.pb.h"
#include "service/engine.h"

namespace portrisk::service {

struct JournaledAssessment {
  v1::Movement movement;
  v1::Assessment assessment;
};

// A movement of the journal by its sequence. NOT_FOUND when the journal ends
// before it or holds no movement there.
absl::StatusOr<JournaledAssessment> ReadJournaled(const store::Store& store,
                                                  uint64_t sequence);

struct PastStates {
  v1::ContainerState container;
  v1::RightState right;
};

// Before `sequence`, whose movement is `movement`. With a container number it
// reads that container's movements; without one (a right whose container is
// not known) it has to walk the journal: about 3 s a million records.
absl::StatusOr<PastStates> StatesBefore(Engine* engine,
                                        const v1::Movement& movement,
                                        uint64_t sequence);

// First 8 bytes of the identity, as states carry it.
uint64_t MovementKeyOf(const v1::Movement& movement);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_PAST_STATES_H_
