#include "service/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

absl::Status CannotRead(const std::string& path, int error) {
  const auto code = error == ENOENT ? absl::StatusCode::kNotFound
                                    : absl::StatusCode::kFailedPrecondition;
  return {code, absl::StrCat("cannot read ", path, ": ", std::strerror(error))};
}

}  // namespace

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotRead(path, errno);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  std::string text;
  char piece[1 << 14];
  while (true) {
    const ssize_t size = read(fd, piece, sizeof(piece));
    if (size == 0) return text;
    if (size > 0) {
      text.append(piece, static_cast<size_t>(size));
    } else if (errno != EINTR) {
      return CannotRead(path, errno);
    }
  }
}

}  // namespace portrisk::service
