// Backups by RocksDB's BackupEngine.
//
// The journal's newest part lies in memory and in the log. It is flushed first,
// so that it goes into table files, which later backups share; the log of what
// came meanwhile is copied whole. The manifest is taken before the log, and a
// checkpoint never runs ahead of the journal: hence what is copied has all of
// the journal up to some position, and no state beyond it.
//
// RocksDB does not keep two engines from writing to one directory: a lock file
// does.
#include "store/backup.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/backup_engine.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "store/rep.h"

namespace portrisk::store {
namespace {

namespace fs = std::filesystem;

// Files are copied by one thread: a backup must not take the disk from the
// commits.
constexpr int kCopyThreads = 1;

// Absolute: RocksDB opens no backup in a directory that is named otherwise.
rocksdb::BackupEngineOptions EngineOptionsOf(const std::string& directory) {
  rocksdb::BackupEngineOptions options(
      fs::absolute(directory).lexically_normal().string());
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.sync = true;
  options.max_background_operations = kCopyThreads;
  return options;
}

std::string MarkOf(const std::string& directory, uint32_t id) {
  return absl::StrCat(directory, "/verified/", id);
}

absl::Status WriteMark(const std::string& directory, const Backup& backup) {
  std::error_code error;
  fs::create_directories(directory + "/verified", error);
  const std::string path = MarkOf(directory, backup.id);
  rocksdb::Env* const env = rocksdb::Env::Default();
  rocksdb::Status status = rocksdb::WriteStringToFile(
      env, absl::StrCat(backup.last_sequence, "\n"), path + ".new",
      /*should_sync=*/true);
  if (status.ok()) status = env->RenameFile(path + ".new", path);
  std::unique_ptr<rocksdb::Directory> marks;
  if (status.ok()) status = env->NewDirectory(directory + "/verified", &marks);
  if (status.ok()) status = marks->Fsync();
  return FromRocks(status, absl::StrCat("marking the backup in ", directory));
}

// The journal's last sequence in it; nullopt when it has not been verified.
std::optional<uint64_t> ReadMark(const std::string& directory, uint32_t id) {
  std::string text;
  uint64_t sequence = 0;
  if (!rocksdb::ReadFileToString(rocksdb::Env::Default(), MarkOf(directory, id),
                                 &text)
           .ok() ||
      !absl::SimpleAtoi(text, &sequence)) {
    return std::nullopt;
  }
  return sequence;
}

// Keeps others from writing to the directory, which is made.
class DirectoryLock {
 public:
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(
      const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    const std::string path = directory + "/LOCK";
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          "cannot write to the directory of backups ", directory, ": ",
          error ? error.message() : std::string(strerror(errno))));
    }
    std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    return absl::AbortedError(absl::StrCat("a backup is being written in ",
                                           directory, "; wait for its end"));
  }
  ~DirectoryLock() { close(fd_); }

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  const int fd_;
};

absl::StatusOr<std::unique_ptr<rocksdb::BackupEngine>> OpenToWrite(
    const std::string& directory) {
  rocksdb::BackupEngine* opened = nullptr;
  const rocksdb::Status status = rocksdb::BackupEngine::Open(
      EngineOptionsOf(directory), rocksdb::Env::Default(), &opened);
  if (!status.ok()) {
    return FromRocks(status,
                     absl::StrCat("opening the backups in ", directory));
  }
  return std::unique_ptr<rocksdb::BackupEngine>(opened);
}

absl::StatusOr<std::unique_ptr<rocksdb::BackupEngineReadOnly>> OpenToRead(
    const std::string& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory + "/meta", ignored)) {
    return absl::NotFoundError(
        absl::StrCat("there are no backups in ", directory));
  }
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  const rocksdb::Status status = rocksdb::BackupEngineReadOnly::Open(
      EngineOptionsOf(directory), rocksdb::Env::Default(), &opened);
  if (!status.ok()) {
    return FromRocks(status,
                     absl::StrCat("opening the backups in ", directory));
  }
  return std::unique_ptr<rocksdb::BackupEngineReadOnly>(opened);
}

absl::Status NoSuchBackup(const std::string& directory, uint32_t id) {
  if (ReadMark(directory, id)) {
    return absl::DataLossError(
        absl::StrCat("backup ", id, " in ", directory,
                     " is damaged: files of it are missing or cannot be read; "
                     "restore another one, and have a new one made elsewhere"));
  }
  return absl::NotFoundError(
      absl::StrCat("there is no verified backup ", id, " in ", directory,
                   "; `portrisk backup list ", directory, "` shows which are"));
}

// Those with a mark, oldest first.
std::vector<Backup> Listed(const rocksdb::BackupEngineReadOnlyBase& engine,
                           const std::string& directory) {
  std::vector<rocksdb::BackupInfo> infos;
  engine.GetBackupInfo(&infos, /*include_file_details=*/true);
  std::vector<Backup> backups;
  std::set<std::string> seen;
  for (const rocksdb::BackupInfo& info : infos) {
    Backup backup;
    backup.id = info.backup_id;
    backup.time = absl::FromUnixSeconds(info.timestamp);
    backup.bytes = info.size;
    backup.files = static_cast<int>(info.number_files);
    for (const auto& file : info.file_details) {
      if (seen.insert(file.relative_filename).second) {
        backup.new_bytes += file.size;
      }
    }
    const auto sequence = ReadMark(directory, backup.id);
    if (!sequence) continue;
    backup.last_sequence = *sequence;
    backups.push_back(backup);
  }
  return backups;
}

// Ascending.
std::vector<uint32_t> MarkedIds(const std::string& directory) {
  std::vector<uint32_t> ids;
  std::error_code error;
  for (fs::directory_iterator it(directory + "/verified", error), end;
       !error && it != end; it.increment(error)) {
    uint32_t id = 0;
    if (absl::SimpleAtoi(it->path().filename().string(), &id)) {
      ids.push_back(id);
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<uint32_t> DamagedIds(const std::vector<Backup>& whole,
                                 const std::string& directory) {
  std::vector<uint32_t> damaged;
  for (const uint32_t id : MarkedIds(directory)) {
    const bool listed =
        std::any_of(whole.begin(), whole.end(),
                    [id](const Backup& backup) { return backup.id == id; });
    if (!listed) damaged.push_back(id);
  }
  return damaged;
}

// The next backup may get the number of one that is gone: its mark would count
// for what is only being made.
void RemoveStaleMarks(const rocksdb::BackupEngine& engine,
                      const std::string& directory) {
  std::vector<rocksdb::BackupInfo> infos;
  engine.GetBackupInfo(&infos);
  std::vector<rocksdb::BackupID> corrupt;
  engine.GetCorruptedBackups(&corrupt);
  uint32_t last = 0;
  for (const auto& info : infos) last = std::max(last, info.backup_id);
  for (const uint32_t id : corrupt) last = std::max(last, id);
  for (const uint32_t id : MarkedIds(directory)) {
    std::error_code ignored;
    if (id > last) fs::remove(MarkOf(directory, id), ignored);
  }
}

// Of an attempt that was cut short: it would stand in the way of its number.
absl::Status RemoveUnverified(rocksdb::BackupEngine* engine,
                              const std::string& directory) {
  std::vector<rocksdb::BackupInfo> infos;
  engine->GetBackupInfo(&infos);
  for (const rocksdb::BackupInfo& info : infos) {
    if (ReadMark(directory, info.backup_id)) continue;
    // A good one, as far as anybody can say, whose mark cannot be read.
    std::error_code error;
    const std::string mark = MarkOf(directory, info.backup_id);
    if (fs::exists(mark, error) || error) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the mark that backup ", info.backup_id, " is whole, ", mark,
          ", cannot be read", error ? ": " : "", error ? error.message() : "",
          "; make it readable to who makes backups, or remove it and the "
          "backup goes with the next one"));
    }
    const rocksdb::Status status = engine->DeleteBackup(info.backup_id);
    if (!status.ok()) {
      return FromRocks(status, absl::StrCat("removing the unfinished backup ",
                                            info.backup_id, " in ", directory));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Store>> OpenIn(
    const rocksdb::BackupEngineReadOnlyBase& engine, uint32_t id,
    const std::string& directory) {
  rocksdb::BackupInfo info;
  const rocksdb::Status found =
      engine.GetBackupInfo(id, &info, /*include_file_details=*/true);
  if (found.IsNotFound()) return NoSuchBackup(directory, id);
  if (!found.ok()) {
    return FromRocks(found, absl::StrCat("backup ", id, " in ", directory));
  }
  Options options;
  options.directory = info.name_for_open;
  options.create_if_missing = false;
  options.read_only = true;
  options.environment =
      std::make_shared<const Environment>(Environment{info.env_for_open});
  auto store = Store::Open(options);
  if (store.ok()) return store;
  return absl::Status(store.status().code(),
                      absl::StrCat("backup ", id, " in ", directory, ": ",
                                   store.status().message()));
}

// What RocksDB says of a backup that it has read.
absl::Status Judge(const rocksdb::Status& status, uint32_t id,
                   const std::string& directory) {
  if (status.ok()) return absl::OkStatus();
  const std::string what = absl::StrCat("backup ", id, " in ", directory);
  if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound()) {
    return absl::DataLossError(absl::StrCat(
        what, " is damaged: ", status.ToString(),
        "; restore another one, and have a new one made elsewhere"));
  }
  return FromRocks(status, what);
}

absl::Status Compare(const rocksdb::BackupEngineReadOnlyBase& engine,
                     uint32_t id, const std::string& directory) {
  return Judge(engine.VerifyBackup(id, /*verify_with_checksum=*/true), id,
               directory);
}

}  // namespace

void Store::AbandonBackup() const {
  const std::lock_guard<std::mutex> lock(rep_->mutex);
  if (rep_->backup != nullptr) rep_->backup->StopBackup();
}

absl::StatusOr<Backup> CreateBackup(const Store& store,
                                    const std::string& directory) {
  Store::Rep& rep = *store.rep_;
  absl::Status status = rep.CheckWritable();
  if (!status.ok()) return status;
  auto lock = DirectoryLock::Take(directory);
  if (!lock.ok()) return lock.status();
  auto opened = OpenToWrite(directory);
  if (!opened.ok()) return opened.status();
  rocksdb::BackupEngine& engine = **opened;
  status = RemoveUnverified(&engine, directory);
  if (!status.ok()) return status;
  RemoveStaleMarks(engine, directory);

  rocksdb::CreateBackupOptions how;
  how.flush_before_backup = true;
  how.decrease_background_thread_cpu_priority = true;
  how.background_thread_cpu_priority = rocksdb::CpuPriority::kLow;
  rocksdb::BackupID id = 0;
  const auto set_running = [&](rocksdb::BackupEngine* running) {
    const std::lock_guard<std::mutex> guard(rep.mutex);
    rep.backup = running;
  };
  set_running(&engine);
  const rocksdb::Status made = engine.CreateNewBackup(how, rep.db.get(), &id);
  set_running(nullptr);
  if (!made.ok()) {
    status = FromRocks(made, absl::StrCat("making a backup in ", directory));
    // A flush that failed has stopped RocksDB: to be known now, and not from
    // the next commit.
    rocksdb::WriteBatch nothing;
    if (!rep.db->Write({}, &nothing).ok()) rep.StopWriting(status);
    return status;
  }
  // As a reader finds it: an engine that has just written compares with what it
  // remembers.
  auto reading = OpenToRead(directory);
  if (!reading.ok()) return reading.status();
  status = Compare(**reading, id, directory);
  if (!status.ok()) return status;
  auto copy = OpenIn(**reading, id, directory);
  if (!copy.ok()) return copy.status();
  Backup backup;
  backup.id = id;
  backup.last_sequence = (*copy)->last_sequence_at_open();
  status = WriteMark(directory, backup);
  if (!status.ok()) return status;
  return Listed(**reading, directory).back();
}

absl::StatusOr<std::vector<Backup>> ListBackups(const std::string& directory) {
  auto engine = OpenToRead(directory);
  if (!engine.ok()) return engine.status();
  return Listed(**engine, directory);
}

absl::StatusOr<std::vector<uint32_t>> DamagedBackups(
    const std::string& directory) {
  std::vector<Backup> whole;
  auto engine = OpenToRead(directory);
  if (engine.ok()) {
    whole = Listed(**engine, directory);
  } else if (!absl::IsNotFound(engine.status())) {
    return engine.status();
  }
  return DamagedIds(whole, directory);
}

absl::Status KeepBackups(const std::string& directory, int keep) {
  if (keep < 1) {
    return absl::InvalidArgumentError("at least one backup must be kept");
  }
  auto lock = DirectoryLock::Take(directory);
  if (!lock.ok()) return lock.status();
  auto engine = OpenToWrite(directory);
  if (!engine.ok()) return engine.status();
  const std::vector<Backup> backups = Listed(**engine, directory);
  const auto kept = std::min(backups.size(), static_cast<size_t>(keep));
  if (kept == 0) return absl::OkStatus();
  const uint32_t oldest = backups[backups.size() - kept].id;
  for (const uint32_t id : MarkedIds(directory)) {
    if (id >= oldest) break;
    // The mark first: a backup that is half removed must not count.
    std::error_code ignored;
    fs::remove(MarkOf(directory, id), ignored);
    const rocksdb::Status status = (*engine)->DeleteBackup(id);
    if (!status.ok() && !status.IsNotFound()) {
      return FromRocks(status,
                       absl::StrCat("removing backup ", id, " in ", directory));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBackup(const std::string& directory, uint32_t id) {
  auto engine = OpenToRead(directory);
  if (!engine.ok()) return engine.status();
  if (!ReadMark(directory, id)) return NoSuchBackup(directory, id);
  return Compare(**engine, id, directory);
}

absl::StatusOr<std::unique_ptr<Store>> OpenBackup(const std::string& directory,
                                                  uint32_t id) {
  auto engine = OpenToRead(directory);
  if (!engine.ok()) return engine.status();
  if (!ReadMark(directory, id)) return NoSuchBackup(directory, id);
  return OpenIn(**engine, id, directory);
}

absl::Status RestoreFiles(const std::string& directory, uint32_t id,
                          const std::string& to) {
  auto engine = OpenToRead(directory);
  if (!engine.ok()) return engine.status();
  if (!ReadMark(directory, id)) return NoSuchBackup(directory, id);
  std::error_code error;
  fs::create_directories(to, error);
  if (error || !fs::is_empty(to, error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot restore into ", to, ": ",
                     error ? error.message()
                           : std::string("it is not empty; name a directory "
                                         "that is empty or not there")));
  }
  return Judge(
      (*engine)->RestoreDBFromBackup(rocksdb::RestoreOptions(), id, to, to), id,
      directory);
}

}  // namespace portrisk::store
