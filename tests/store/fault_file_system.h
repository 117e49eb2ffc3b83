// A file system with faults, under the real store.
//
// It lets everything through to the real one and remembers what of it a disk
// would hold if the power went now: of a file what was synced, of a directory
// what was done before its last sync. PowerLoss then brings the real files to
// such a state: of what was not synced, any beginning may have come through, to
// the byte. (Zeros where a file had grown are not among it: RocksDB refuses to
// open with such a tail, and ext4 and XFS leave none of an appended file.)
//
// Faults are switched on and off while the store runs; each is one member.
// Everything that changes the disk is a step, counted from 1, so that a test
// can let the power go, or kill the process, at every one of them.
#ifndef PORTRISK_TESTS_STORE_FAULT_FILE_SYSTEM_H_
#define PORTRISK_TESTS_STORE_FAULT_FILE_SYSTEM_H_

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/rep.h"

namespace portrisk::store {

class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  using IOStatus = rocksdb::IOStatus;
  using IOOptions = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using FileOptions = rocksdb::FileOptions;
  using Slice = rocksdb::Slice;

  // `graveyard` is a directory of its own on the same disk.
  FaultFileSystem(std::string graveyard, uint32_t seed)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()),
        graveyard_(std::move(graveyard)),
        random_(seed) {
    std::filesystem::create_directories(graveyard_);
  }
  static const char* kClassName() { return "FaultFileSystem"; }
  const char* Name() const override { return kClassName(); }

  // For store::Options. It must not outlive `fs`.
  static std::shared_ptr<const Environment> In(
      const std::shared_ptr<FaultFileSystem>& fs) {
    return std::make_shared<const Environment>(
        Environment{std::shared_ptr<rocksdb::Env>(NewCompositeEnv(fs))});
  }

  // --- Faults.

  static constexpr uint64_t kNever = ~uint64_t{0};
  enum class End { kPowerLoss, kKill };
  std::atomic<uint64_t> end_at_step{kNever};
  End end = End::kPowerLoss;
  std::atomic<int64_t> space_left{int64_t{1} << 60};  // Bytes.
  std::atomic<bool> opens_fail{false};  // No file descriptors are left.
  std::atomic<bool> syncs_fail{false};
  // The same of files alone whose path has this in it, after so many syncs;
  // null: of none.
  std::atomic<const char*> syncs_fail_of{nullptr};
  std::atomic<int> syncs_before{0};
  std::atomic<int> sync_ms{0};            // A slow disk.
  std::atomic<int> flips_per_million{0};  // Of reads: one bit is wrong.
  std::atomic<uint64_t> steps{0};
  std::atomic<uint64_t> bits_flipped{0};
  std::atomic<uint64_t> refused{0};  // For want of space or descriptors.

  bool power_is_off() const { return off_; }

  // After everything that used the files is gone: brings them to what the disk
  // may hold, and the power back on.
  void PowerLoss() {
    const std::lock_guard<std::mutex> lock(mutex_);
    size_t kept = random_() % (operations_.size() + 1);
    for (size_t i = operations_.size(); i-- > kept;) {
      if (!operations_[i].is_durable) Undo(operations_[i]);
    }
    for (const auto& [path, file] : files_) TearTail(path, file);
    operations_.clear();
    files_.clear();
    end_at_step = kNever;
    steps = 0;
    off_ = false;
  }

  // After everything that used the files is gone, as after a crash of the
  // process alone: all that was written is there, and still not synced.
  void ProcessDeath() {
    end_at_step = kNever;
    steps = 0;
    off_ = false;
  }

  // --- rocksdb::FileSystem

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           Debug* debug) override {
    IOStatus status = Opening(path);
    if (status.ok()) status = Step();
    if (!status.ok()) return status;
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    status = target()->NewWritableFile(path, options, &opened, debug);
    if (!status.ok()) return status;
    Note({Kind::kCreate, path, "", false});
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      files_[path] = {};
    }
    file->reset(new Written(this, path, std::move(opened)));
    return status;
  }

  IOStatus ReopenWritableFile(const std::string& path,
                              const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              Debug* debug) override {
    IOStatus status = Opening(path);
    if (!status.ok()) return status;
    std::unique_ptr<rocksdb::FSWritableFile> opened;
    status = target()->ReopenWritableFile(path, options, &opened, debug);
    if (status.ok()) file->reset(new Written(this, path, std::move(opened)));
    return status;
  }

  IOStatus NewSequentialFile(const std::string& path,
                             const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             Debug* debug) override {
    IOStatus status = Opening(path);
    if (!status.ok()) return status;
    return target()->NewSequentialFile(path, options, file, debug);
  }

  IOStatus NewRandomAccessFile(
      const std::string& path, const FileOptions& options,
      std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
      Debug* debug) override {
    IOStatus status = Opening(path);
    std::unique_ptr<rocksdb::FSRandomAccessFile> opened;
    if (status.ok()) {
      status = target()->NewRandomAccessFile(path, options, &opened, debug);
    }
    if (status.ok()) file->reset(new Source(this, std::move(opened)));
    return status;
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        Debug* debug) override {
    IOStatus status = Opening(path);
    std::unique_ptr<rocksdb::FSDirectory> opened;
    if (status.ok()) {
      status = target()->NewDirectory(path, options, &opened, debug);
    }
    if (status.ok()) {
      directory->reset(new Directory(this, path, std::move(opened)));
    }
    return status;
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions&,
                      Debug*) override {
    IOStatus status = Step();
    if (!status.ok()) return status;
    const std::string grave = NewGrave();
    std::error_code error;
    std::filesystem::rename(path, grave, error);
    if (error) return IOStatus::PathNotFound(path);
    Note({Kind::kDelete, path, grave, false});
    const std::lock_guard<std::mutex> lock(mutex_);
    MoveFile(path, grave);
    return IOStatus::OK();
  }

  IOStatus RenameFile(const std::string& from, const std::string& to,
                      const IOOptions& options, Debug* debug) override {
    IOStatus status = Step();
    if (!status.ok()) return status;
    std::string grave;
    if (std::filesystem::exists(to)) {
      grave = NewGrave();
      std::filesystem::rename(to, grave);
      const std::lock_guard<std::mutex> lock(mutex_);
      MoveFile(to, grave);
    }
    status = target()->RenameFile(from, to, options, debug);
    if (!status.ok()) return status;
    Note({Kind::kRename, to, grave, false, from});
    const std::lock_guard<std::mutex> lock(mutex_);
    MoveFile(from, to);
    return status;
  }

  IOStatus LinkFile(const std::string& from, const std::string& to,
                    const IOOptions& options, Debug* debug) override {
    IOStatus status = Step();
    if (!status.ok()) return status;
    status = target()->LinkFile(from, to, options, debug);
    if (!status.ok()) return status;
    Note({Kind::kCreate, to, "", false});
    const std::lock_guard<std::mutex> lock(mutex_);
    files_.erase(to);
    const auto file = files_.find(from);
    if (file != files_.end()) files_[to] = file->second;
    return status;
  }

 private:
  struct File {
    uint64_t size = 0;
    uint64_t synced = 0;
  };
  enum class Kind { kCreate, kDelete, kRename };
  struct Operation {  // On a directory, in order.
    Kind kind;
    std::string path;
    std::string grave;  // What lay there before; "" when nothing did.
    bool is_durable;
    std::string from = {};
  };

  class Written : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Written(FaultFileSystem* fs, std::string path,
            std::unique_ptr<rocksdb::FSWritableFile> file)
        : FSWritableFileOwnerWrapper(std::move(file)),
          fs_(fs),
          path_(std::move(path)) {}

    IOStatus Append(const Slice& data, const IOOptions& options,
                    Debug* debug) override {
      size_t taken = data.size();
      IOStatus status = fs_->Writing(&taken);
      if (taken > 0) {
        const IOStatus written =
            target()->Append(Slice(data.data(), taken), options, debug);
        if (!written.ok()) return written;
        fs_->Grow(path_, taken);
      }
      return status;
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo&,
                    Debug* debug) override {
      return Append(data, options, debug);
    }
    // The real sync would only cost time: what a power loss leaves is decided
    // here.
    IOStatus Sync(const IOOptions&, Debug*) override {
      return fs_->Syncing(path_);
    }
    IOStatus Fsync(const IOOptions&, Debug*) override {
      return fs_->Syncing(path_);
    }
    IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, Debug*) override {
      return IOStatus::OK();
    }

   private:
    FaultFileSystem* const fs_;
    const std::string path_;
  };

  class Source : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    Source(FaultFileSystem* fs,
           std::unique_ptr<rocksdb::FSRandomAccessFile> file)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), fs_(fs) {}
    IOStatus Read(uint64_t offset, size_t size, const IOOptions& options,
                  Slice* result, char* scratch, Debug* debug) const override {
      IOStatus status = FSRandomAccessFileOwnerWrapper::Read(
          offset, size, options, result, scratch, debug);
      if (status.ok() && result->data() == scratch) {
        fs_->MayFlip(scratch, result->size());
      }
      return status;
    }
    IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count,
                       const IOOptions& options, Debug* debug) override {
      for (size_t i = 0; i < count; ++i) {
        requests[i].status =
            Read(requests[i].offset, requests[i].len, options,
                 &requests[i].result, requests[i].scratch, debug);
      }
      return IOStatus::OK();
    }

   private:
    FaultFileSystem* const fs_;
  };

  class Directory : public rocksdb::FSDirectoryWrapper {
   public:
    Directory(FaultFileSystem* fs, std::string path,
              std::unique_ptr<rocksdb::FSDirectory> directory)
        : FSDirectoryWrapper(std::move(directory)),
          fs_(fs),
          path_(std::move(path)) {}
    IOStatus Fsync(const IOOptions&, Debug*) override {
      return fs_->SyncingDirectory(path_);
    }
    IOStatus FsyncWithDirOptions(const IOOptions&, Debug*,
                                 const rocksdb::DirFsyncOptions&) override {
      return fs_->SyncingDirectory(path_);
    }

   private:
    FaultFileSystem* const fs_;
    const std::string path_;
  };

  static IOStatus Off() { return IOStatus::IOError("the power is off"); }

  // The end may come with this step, which is then not done.
  IOStatus Step() {
    if (off_) return Off();
    if (++steps < end_at_step) return IOStatus::OK();
    if (end == End::kKill) kill(getpid(), SIGKILL);
    off_ = true;
    return Off();
  }

  // How much of `*size` bytes is written.
  IOStatus Writing(size_t* size) {
    const size_t all = std::exchange(*size, 0);
    if (off_) return Off();
    if (++steps >= end_at_step) {
      if (end == End::kKill) kill(getpid(), SIGKILL);
      off_ = true;
      const std::lock_guard<std::mutex> lock(mutex_);
      *size = random_() % (all + 1);
      return Off();
    }
    const int64_t left = space_left.fetch_sub(static_cast<int64_t>(all));
    if (left >= static_cast<int64_t>(all)) {
      *size = all;
      return IOStatus::OK();
    }
    space_left += static_cast<int64_t>(all);
    *size = left > 0 ? static_cast<size_t>(left) : 0;
    space_left -= static_cast<int64_t>(*size);
    ++refused;
    return IOStatus::NoSpace("No space left on device");
  }

  IOStatus Opening(const std::string& path) {
    if (off_) return Off();
    if (!opens_fail) return IOStatus::OK();
    ++refused;
    return IOStatus::IOError("While open " + path, "Too many open files");
  }

  IOStatus Syncing(const std::string& path) {
    if (sync_ms > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(sync_ms));
    }
    IOStatus status = Step();
    if (!status.ok()) return status;
    const char* const failing = syncs_fail_of;
    const bool fails = syncs_fail || (failing != nullptr &&
                                      path.find(failing) != std::string::npos &&
                                      syncs_before-- <= 0);
    if (fails) return IOStatus::IOError("fsync: Input/output error");
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto file = files_.find(path);
    if (file != files_.end()) file->second.synced = file->second.size;
    return status;
  }

  IOStatus SyncingDirectory(const std::string& directory) {
    IOStatus status = Step();
    if (!status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::filesystem::path synced =
        std::filesystem::path(directory + "/").lexically_normal();
    for (Operation& one : operations_) {
      const std::filesystem::path parent =
          (std::filesystem::path(one.path).parent_path() / "")
              .lexically_normal();
      if (parent == synced) one.is_durable = true;
    }
    return status;
  }

  void MayFlip(char* bytes, size_t size) {
    if (flips_per_million == 0 || size == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (static_cast<int>(random_() % 1'000'000) >= flips_per_million) return;
    bytes[random_() % size] ^= static_cast<char>(1 << random_() % 8);
    ++bits_flipped;
  }

  void Grow(const std::string& path, size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_[path].size += bytes;
  }

  void Note(Operation operation) {
    const std::lock_guard<std::mutex> lock(mutex_);
    operations_.push_back(std::move(operation));
  }

  std::string NewGrave() {
    return graveyard_ + "/" + std::to_string(++graves_);
  }

  void MoveFile(const std::string& from, const std::string& to) {
    const auto file = files_.find(from);
    if (file == files_.end()) return;
    files_[to] = file->second;
    files_.erase(from);
  }

  void Undo(const Operation& one) {
    std::error_code ignored;
    if (one.kind == Kind::kCreate) {
      std::filesystem::remove(one.path, ignored);
      files_.erase(one.path);  // What lay there before was another file.
    }
    if (one.kind == Kind::kRename) {
      std::filesystem::rename(one.path, one.from, ignored);
      MoveFile(one.path, one.from);
    }
    if (!one.grave.empty()) {
      std::filesystem::rename(one.grave, one.path, ignored);
      MoveFile(one.grave, one.path);
    }
  }

  // Of what was not synced a beginning came through.
  void TearTail(const std::string& path, const File& file) {
    if (file.synced >= file.size || !std::filesystem::exists(path)) return;
    const uint64_t tail = file.size - file.synced;
    std::filesystem::resize_file(path, file.synced + random_() % (tail + 1));
  }

  const std::string graveyard_;
  std::atomic<uint64_t> graves_{0};
  std::atomic<bool> off_{false};

  std::mutex mutex_;
  // Guarded by mutex_.
  std::mt19937 random_;
  std::map<std::string, File> files_;
  std::vector<Operation> operations_;
};

}  // namespace portrisk::store

#endif  // PORTRISK_TESTS_STORE_FAULT_FILE_SYSTEM_H_
