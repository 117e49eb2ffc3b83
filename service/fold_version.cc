#include "service/fold_version.h"

#include "service/restore_base.h"
#include "service/rule_sets.h"

namespace portrisk::service {

absl::StatusOr<bool> ForgetForeignStates(store::Store* store) {
  const auto checkpoint = store->ReadCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  if (IsOfThisFold(*checkpoint)) return false;
  const auto catalogue = ReadCatalogue(*store);
  if (!catalogue.ok()) return catalogue.status();
  // Without a checkpoint, too: tables of aggregates are filled aside.
  bool any = checkpoint->sequence() > 0;
  absl::Status status = store->ScanPrefix(
      store::Table::kStates, "", "", [&](absl::string_view, absl::string_view) {
        any = true;
        return false;
      });
  if (status.ok() && any) status = store->ForgetStates();
  if (!status.ok()) return status;
  if (catalogue->has_base()) {
    status = TakeUpBase(*store, catalogue->base(), store);
  } else {
    v1::Checkpoint start;
    start.set_fold_version(kFoldVersion);
    status = store->Ingest({}, start);
  }
  if (!status.ok()) return status;
  return any || catalogue->has_base();
}

}  // namespace portrisk::service
