// A store that a command only reads, while a server may have it open.
#ifndef PORTRISK_SERVICE_CLI_STORED_H_
#define PORTRISK_SERVICE_CLI_STORED_H_

#include <CLI/CLI.hpp>
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

// Lets a command take its store as a word of its own or by --store, as all
// others do. Call it when the command line has been read.
inline std::string StoreOf(const std::string& word, const CLI::App& app) {
  if (!word.empty()) return word;
  const auto given = app.get_option("--store")->as<std::string>();
  if (given.empty()) throw CLI::RequiredError("a store: its directory");
  return given;
}

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_STORED_H_
