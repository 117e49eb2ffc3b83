#ifndef PORTRISK_TESTS_SERVICE_FOREIGN_FOLD_H_
#define PORTRISK_TESTS_SERVICE_FOREIGN_FOLD_H_

#include "absl/status/status.h"
#include "store/store.h"

namespace portrisk::service {

// As if another fold had made the states of a store that nobody has open.
inline absl::Status ForgetFold(const store::Options& options) {
  auto store = store::Store::Open(options);
  if (!store.ok()) return store.status();
  auto checkpoint = (*store)->ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  checkpoint->clear_fold_version();
  return (*store)->Ingest({}, *checkpoint);
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_FOREIGN_FOLD_H_
