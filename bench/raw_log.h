// The limit of a durable commit: bytes appended to a bare file, fdatasync.
//
// Not thread-safe.
#ifndef PORTRISK_BENCH_RAW_LOG_H_
#define PORTRISK_BENCH_RAW_LOG_H_

#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::bench {

class RawLog {
 public:
  // Creates the file, or empties it. The process ends with a message when that
  // or a later write fails: a benchmark has nothing to fall back to.
  explicit RawLog(const std::string& path);
  ~RawLog();
  RawLog(const RawLog&) = delete;
  RawLog& operator=(const RawLog&) = delete;

  // In the kernel on return.
  void Append(absl::string_view bytes);
  // On disk on return: everything appended so far.
  void Sync();

 private:
  const int file_;
};

}  // namespace portrisk::bench

#endif  // PORTRISK_BENCH_RAW_LOG_H_
