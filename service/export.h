// Movements and outcomes of a journal under other names (export_pseudonyms.h),
// for replay elsewhere.
#ifndef PORTRISK_SERVICE_EXPORT_H_
#define PORTRISK_SERVICE_EXPORT_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "portrisk/v1/history_service.pb.h"
#include "service/audit_log.h"
#include "service/engine.h"
#include "service/export_pseudonyms.h"
#include "service/journal_walk.h"

namespace portrisk::service {

struct ExportOptions {
  ExportKey key;
  // Recorded in [from, until), seconds since 1970.
  int64_t from_s = std::numeric_limits<int64_t>::min();
  int64_t until_s = std::numeric_limits<int64_t>::max();
  bool containers = false;
  bool outcomes = false;
};

// INVALID_REQUEST where it is none.
absl::StatusOr<ExportOptions> ExportOptionsOf(const v1::ExportRequest& request);

// Takes the records of a journal from the first on. One thread.
class Exporter {
 public:
  explicit Exporter(const ExportOptions& options);

  // Adds what is wanted of this record to the chunk.
  absl::Status Take(const StoredRecord& record, v1::ExportChunk* chunk);

 private:
  absl::Status TakeMovement(const StoredRecord& record, bool wanted,
                            v1::ExportChunk* chunk);
  absl::Status TakeOther(const StoredRecord& record, v1::ExportChunk* chunk);

  const ExportOptions options_;
  ExportPseudonyms names_;
  v1::Movement movement_;  // Reused.
};

// Reads on behind `after`, at most up to `last`, until the chunk is full.
absl::Status ReadChunk(const store::Store& store, uint64_t after, uint64_t last,
                       Exporter* exporter, v1::ExportChunk* chunk);

// HistoryService.Export. Thread-safe.
class ExportApi {
 public:
  // `engine` outlives this.
  explicit ExportApi(Engine* engine) : engine_(engine) {}

  // INVALID_REQUEST where the request is none, EXPORT_RUNNING, and what the
  // audit log says where it does not take the entry; then `sink` is not called.
  absl::Status Export(
      const v1::ExportRequest& request, const Caller& caller, AuditLog* audit,
      absl::FunctionRef<absl::Status(const v1::ExportChunk&)> sink);

 private:
  absl::Status Send(
      const ExportOptions& options,
      absl::FunctionRef<absl::Status(const v1::ExportChunk&)> sink) const;

  Engine* const engine_;
  std::atomic<bool> is_running_{false};
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EXPORT_H_
