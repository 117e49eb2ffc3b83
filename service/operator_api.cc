#include "service/operator_api.h"

#include "absl/strings/str_cat.h"
#include "service/background.h"
#include "service/errors.h"
#include "service/log.h"
#include "service/times.h"
#include "store/backup.h"

namespace portrisk::service {
namespace {

absl::Status NoDirectory() {
  return Error(absl::StatusCode::kFailedPrecondition, "NO_BACKUP_DIRECTORY",
               "the server has no directory for backups; start it with "
               "--backups DIR, on another disk than the store");
}

absl::Status Running() {
  return WithRetry(Error(absl::StatusCode::kAborted, "BACKUP_RUNNING",
                         "a backup is being made; try again after its end"),
                   absl::Seconds(10));
}

// With a reason; the code and the text are the store's.
absl::Status Explained(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
      return Running();
    case absl::StatusCode::kNotFound:
      return Error(status.code(), "NOT_FOUND", status.message());
    case absl::StatusCode::kDataLoss:
      return Error(status.code(), "BACKUP_DAMAGED", status.message());
    case absl::StatusCode::kResourceExhausted:
      return Error(status.code(), "DISK_FULL", status.message());
    default:
      return Error(status.code(), "BACKUP_FAILED", status.message());
  }
}

v1::Backup ToMessage(const store::Backup& backup) {
  v1::Backup message;
  message.set_id(backup.id);
  *message.mutable_time() = ToProto(backup.time);
  message.set_last_sequence(backup.last_sequence);
  message.set_bytes(backup.bytes);
  message.set_new_bytes(backup.new_bytes);
  message.set_files(backup.files);
  return message;
}

}  // namespace

absl::StatusOr<v1::Backup> OperatorApi::CreateBackup(
    const v1::CreateBackupRequest& request) {
  const std::string& directory = engine_->backups();
  if (directory.empty()) return NoDirectory();
  if (request.keep() < 0) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                 "keep is negative; 0 keeps all backups");
  }
  const std::unique_lock<std::mutex> lock(running_, std::try_to_lock);
  if (!lock.owns_lock()) return Running();
  const absl::Time start = absl::Now();
  auto made = RunBehind([&]() -> absl::StatusOr<store::Backup> {
    auto store = engine_->writable_store();
    if (!store.ok()) return store.status();
    return store::CreateBackup(**store, directory);
  });
  if (!made.ok()) {
    LogError("backup", made.status());
    engine_->CheckStore();
    const absl::Status refused = engine_->write_status();
    return refused.ok() ? Explained(made.status()) : refused;
  }
  LogInfo("backup made", {{"id", absl::StrCat(made->id)},
                          {"last_sequence", absl::StrCat(made->last_sequence)},
                          {"new_bytes", absl::StrCat(made->new_bytes)},
                          {"time", absl::FormatDuration(absl::Now() - start)}});
  if (request.keep() > 0) {
    const absl::Status kept = store::KeepBackups(directory, request.keep());
    if (!kept.ok()) return Explained(kept);
  }
  return ToMessage(*made);
}

absl::StatusOr<v1::ListBackupsResponse> OperatorApi::ListBackups(
    const v1::ListBackupsRequest&) const {
  if (engine_->backups().empty()) return NoDirectory();
  v1::ListBackupsResponse response;
  const auto backups = store::ListBackups(engine_->backups());
  const auto damaged = store::DamagedBackups(engine_->backups());
  if (!damaged.ok()) return Explained(damaged.status());
  for (const uint32_t id : *damaged) response.add_damaged_ids(id);
  if (absl::IsNotFound(backups.status())) return response;  // None yet.
  if (!backups.ok()) return Explained(backups.status());
  for (const store::Backup& backup : *backups) {
    *response.add_backups() = ToMessage(backup);
  }
  return response;
}

}  // namespace portrisk::service
