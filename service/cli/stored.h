// A store that a command only reads, while a server may have it open.
#ifndef PORTRISK_SERVICE_CLI_STORED_H_
#define PORTRISK_SERVICE_CLI_STORED_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "store/store.h"

namespace portrisk::service::cli {

inline absl::StatusOr<std::unique_ptr<store::Store>> OpenToRead(
    const std::string& directory) {
  store::Options options;
  options.directory = directory;
  options.create_if_missing = false;
  options.read_only = true;
  return store::Store::Open(options);
}

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_STORED_H_
