// A store for one command: what another one holds, and files on top of it.
#ifndef PORTRISK_SERVICE_CLI_SCRATCH_STORE_H_
#define PORTRISK_SERVICE_CLI_SCRATCH_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "store/store.h"

namespace portrisk::service::cli {

class ScratchStore {
 public:
  // Copies the journal, the rules, lists and reference data of `from`; null:
  // it is empty. In a directory for temporary files, which is removed in the
  // end, also where a signal is it. One at a time.
  static absl::StatusOr<std::unique_ptr<ScratchStore>> Make(
      const store::Store* from);
  ~ScratchStore();

  const std::string& directory() const { return store_; }

 private:
  class Guard;
  ScratchStore();

  std::string root_;
  std::unique_ptr<Guard> guard_;
  std::string store_;
};

}  // namespace portrisk::service::cli

#endif  // PORTRISK_SERVICE_CLI_SCRATCH_STORE_H_
