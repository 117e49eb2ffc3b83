// RocksDB's errors in the words of absl::Status. The code says what the caller
// can do: DATA_LOSS restore, UNAVAILABLE open again or retry,
// RESOURCE_EXHAUSTED make room, FAILED_PRECONDITION change the setting named.
#include "absl/status/status.h"

#include <rocksdb/status.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "store/rep.h"
#include "store/store.h"

namespace portrisk::store {
namespace {

// RocksDB has no code for a lock that is taken, only these two texts: the
// first from this process, the second from another.
bool IsLockTaken(absl::string_view text) {
  return absl::StrContains(text, "lock hold by current process") ||
         absl::StrContains(text, "While lock file");
}

absl::Status FromIoError(const rocksdb::Status& status, absl::string_view doing,
                         absl::string_view text) {
  if (IsLockTaken(text)) {
    return absl::FailedPreconditionError(absl::StrCat(
        doing, ": ", kInUse, "; stop that process or name another directory"));
  }
  if (absl::StrContains(text, std::strerror(EROFS))) {
    return absl::UnavailableError(absl::StrCat(
        doing, ": ", text,
        "; mount that disk for writing, or copy the store to one that can be "
        "written"));
  }
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(doing, ": the disk is full: ", text));
  }
  return absl::UnavailableError(absl::StrCat(doing, ": ", text));
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  switch (status.code()) {
    case rocksdb::Status::kNotFound:
      return absl::NotFoundError(absl::StrCat(doing, ": ", text));
    case rocksdb::Status::kCorruption:
      return absl::DataLossError(absl::StrCat(
          doing, ": data on disk is damaged: ", text, "; ", kRemedy));
    case rocksdb::Status::kIOError:
      return FromIoError(status, doing, text);
    case rocksdb::Status::kInvalidArgument:
      return absl::InvalidArgumentError(absl::StrCat(doing, ": ", text));
    case rocksdb::Status::kNotSupported:
      return absl::FailedPreconditionError(absl::StrCat(doing, ": ", text));
    case rocksdb::Status::kAborted:
      if (status.subcode() == rocksdb::Status::kMemoryLimit) {
        return absl::ResourceExhaustedError(absl::StrCat(doing, ": ", text));
      }
      return absl::UnavailableError(absl::StrCat(doing, ": ", text));
    case rocksdb::Status::kBusy:
    case rocksdb::Status::kTryAgain:
    case rocksdb::Status::kTimedOut:
    case rocksdb::Status::kIncomplete:
    case rocksdb::Status::kShutdownInProgress:
      return absl::UnavailableError(absl::StrCat(doing, ": ", text));
    default:
      return absl::InternalError(absl::StrCat(doing, ": ", text));
  }
}

}  // namespace portrisk::store
