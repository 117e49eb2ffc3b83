// Where in the journal the movements of a container are.
#ifndef PORTRISK_SERVICE_CONTAINER_INDEX_H_
#define PORTRISK_SERVICE_CONTAINER_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/engine.h"
#include "service/occurrence_index.h"
#include "store/store.h"

namespace portrisk::service {

// The positions, ascending, of movements that name the container or correct
// one that did, removed ones left out: of `where` the first `most`.
absl::StatusOr<std::vector<uint64_t>> PositionsOf(Engine* engine,
                                                  absl::string_view number,
                                                  Positions where,
                                                  size_t most = SIZE_MAX);

// The same for who has looked at the engine: `positions` are those that are
// not in the store's index yet (Core::AddPending).
absl::Status CompletePositions(const store::Store& store,
                               absl::string_view number, Positions where,
                               size_t most, std::vector<uint64_t>* positions);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CONTAINER_INDEX_H_
