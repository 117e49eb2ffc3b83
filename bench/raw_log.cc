#include "bench/raw_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::bench {
namespace {

void DieUnless(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

}  // namespace

RawLog::RawLog(const std::string& path)
    : file_(open(path.c_str(),
                 O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0644)) {
  DieUnless(file_ >= 0, path.c_str());
}

RawLog::~RawLog() { close(file_); }

void RawLog::Append(absl::string_view bytes) {
  const ssize_t written = write(file_, bytes.data(), bytes.size());
  DieUnless(written == static_cast<ssize_t>(bytes.size()), "write");
}

void RawLog::Sync() { DieUnless(fdatasync(file_) == 0, "fdatasync"); }

}  // namespace portrisk::bench
