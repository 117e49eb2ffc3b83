// That what a simulation has seen must not be.
#ifndef PORTRISK_TESTS_SIMULATION_WRONG_H_
#define PORTRISK_TESTS_SIMULATION_WRONG_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portrisk::simulation {

inline absl::Status Wrong(absl::string_view what) {
  return absl::DataLossError(what);
}

}  // namespace portrisk::simulation

#endif  // PORTRISK_TESTS_SIMULATION_WRONG_H_
