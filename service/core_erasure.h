// Steps of erasures, as the core takes them: a part of it, on its thread.
#ifndef PORTRISK_SERVICE_CORE_ERASURE_H_
#define PORTRISK_SERVICE_CORE_ERASURE_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "portrisk/v1/journal.pb.h"
#include "service/core.h"
#include "service/journal_walk.h"

namespace portrisk::service {

class CoreErasure {
 public:
  explicit CoreErasure(Core* core) : core_(*core) {}

  // Journals a step and renames in the states what it names. On an error
  // nothing has happened.
  absl::Status Append(v1::JournalRecord record);
  // The second half of it, of a step that is journaled.
  absl::Status Fold(const v1::JournalRecord& record);
  // Calls `visit` with each record from `from` on: of the journal, then of the
  // batches under way.
  absl::Status VisitRecords(
      uint64_t from,
      absl::FunctionRef<absl::Status(const StoredRecord&)> visit);

 private:
  Core& core_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_CORE_ERASURE_H_
