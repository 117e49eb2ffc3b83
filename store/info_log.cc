// RocksDB's own log, LOG in the store's directory: for who looks into a
// failure.
//
// RocksDB's logger must not be used: it writes to the store's disk, and with
// assertions a RocksDB whose log could not be written ends the process at the
// next line of it. So with a full disk the server would go, for want of room
// for a message. Here what cannot be written is left out.
#include <rocksdb/env.h>

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "store/rep.h"

namespace portrisk::store {
namespace {

constexpr size_t kLogBytesMax = size_t{4} << 20;
constexpr size_t kLineBytesMax = 4096;  // Longer ones are cut.

// For readers, which change nothing: RocksDB starts a log file otherwise.
class NoLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// Keeps the log before it as LOG.old.
class FileLog : public rocksdb::Logger {
 public:
  explicit FileLog(std::string path) : path_(std::move(path)) { Begin(); }
  ~FileLog() override {
    if (file_ != nullptr) fclose(file_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list values) override {
    char line[kLineBytesMax];
    const std::time_t now = std::time(nullptr);
    std::tm parts = {};
    gmtime_r(&now, &parts);
    const size_t begin =
        std::strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &parts);
    vsnprintf(line + begin, sizeof(line) - begin, format, values);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (file_ == nullptr) return;
    const int written = fprintf(file_, "%s\n", line);
    if (fflush(file_) != 0 || written < 0) clearerr(file_);
    written_ += written > 0 ? static_cast<size_t>(written) : 0;
    if (written_ > kLogBytesMax) Begin();
  }

 private:
  void Begin() {
    if (file_ != nullptr) fclose(file_);
    rename(path_.c_str(), (path_ + ".old").c_str());
    file_ = fopen(path_.c_str(), "we");
    written_ = 0;
  }

  const std::string path_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::FILE* file_ = nullptr;  // Null when it cannot be opened.
  size_t written_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> NewInfoLog(const Options& options) {
  if (options.read_only) return std::make_shared<NoLog>();
  return std::make_shared<FileLog>(options.directory + "/LOG");
}

}  // namespace portrisk::store
