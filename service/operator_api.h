// OperatorService without its transport: backups of a store that serves,
// erasure and retention.
#ifndef PORTRISK_SERVICE_OPERATOR_API_H_
#define PORTRISK_SERVICE_OPERATOR_API_H_

#include <mutex>

#include "absl/status/statusor.h"
#include "portrisk/v1/operator_service.pb.h"
#include "service/caller.h"
#include "service/engine.h"

namespace portrisk::service {

// Thread-safe.
class OperatorApi {
 public:
  // `engine` outlives this.
  explicit OperatorApi(Engine* engine) : engine_(engine) {}

  // Returns when the backup is verified; minutes, for a big store. When older
  // ones cannot be removed it fails, and the new one is there all the same.
  absl::StatusOr<v1::Backup> CreateBackup(
      const v1::CreateBackupRequest& request);
  absl::StatusOr<v1::ListBackupsResponse> ListBackups(
      const v1::ListBackupsRequest& request) const;

  // In operator_erasure.cc. A dry run reads all of the journal, one at a time
  // (COUNT_RUNNING); its entry is its caller's to make.
  absl::StatusOr<v1::EraseSubjectResponse> Erase(
      const v1::EraseSubjectRequest& request, const Caller& caller);
  absl::StatusOr<v1::ListErasuresResponse> ListErasures(
      const v1::ListErasuresRequest& request) const;
  absl::StatusOr<v1::Retention> SetRetention(
      const v1::SetRetentionRequest& request, const Caller& caller);
  absl::StatusOr<v1::Retention> GetRetention() const;

 private:
  Engine* const engine_;
  std::mutex running_;   // Held while a backup is made,
  std::mutex counting_;  // and while a dry run reads the journal.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_OPERATOR_API_H_
