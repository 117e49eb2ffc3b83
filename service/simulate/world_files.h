// A simulated world as files: what portrisk reads, and apart from it what
// really happened. README.md says what each file holds.
#ifndef PORTRISK_SERVICE_SIMULATE_WORLD_FILES_H_
#define PORTRISK_SERVICE_SIMULATE_WORLD_FILES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scoring/simulate/truth.h"
#include "scoring/simulate/world.h"

namespace portrisk::service {

struct WorldFilesOptions {
  std::string directory;  // Made when it is not there.
  // Also recorded.txt: when each line of movements.jsonl was recorded.
  bool recorded_times = false;
};

// What is told about the progress: the moment of the world that the
// simulation has reached, and how many movements it has made.
using Progress = std::function<void(int64_t now, uint64_t movements)>;

// FAILED_PRECONDITION where the directory holds something, and no earlier
// world: files of these names there would be lost.
absl::Status CheckWorldDirectory(const std::string& directory);

// Simulates the world and writes it. Files of an earlier world in the same
// directory are replaced. `progress` may be null; it is called a few times a
// second, in the world's own thread.
absl::StatusOr<scoring::simulate::Counts> WriteWorld(
    const scoring::simulate::World& world, const WorldFilesOptions& options,
    const Progress& progress);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SIMULATE_WORLD_FILES_H_
