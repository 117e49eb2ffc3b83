// Puts lines that come in no order into the order of their times, through
// files of one day each: memory holds the present day and a small buffer for
// each day ahead, however long the whole is.
#ifndef PORTRISK_SERVICE_SIMULATE_DAY_BUCKETS_H_
#define PORTRISK_SERVICE_SIMULATE_DAY_BUCKETS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portrisk::service {

class DayBuckets {
 public:
  // Takes a line, without its end, in order; lines of one time in the order
  // they were added.
  using Take = std::function<absl::Status(int64_t time, absl::string_view)>;

  // `directory` must exist; files named spill-* in it are made and removed.
  DayBuckets(std::string directory, Take take);
  ~DayBuckets();
  DayBuckets(const DayBuckets&) = delete;
  DayBuckets& operator=(const DayBuckets&) = delete;

  // `time` must not lie before the last Release.
  absl::Status Add(int64_t time, absl::string_view line);
  // No line of a time before `time` will be added: hands over all whole days
  // before it.
  absl::Status Release(int64_t time);
  // Hands over the rest.
  absl::Status Finish();

 private:
  struct Bucket {
    std::string buffer;  // What is not in the file yet.
    bool spilled = false;
  };
  std::string FileOf(int64_t day) const;
  absl::Status Spill(int64_t day, Bucket* bucket);
  absl::Status HandOver(int64_t day, Bucket* bucket);

  const std::string directory_;
  const Take take_;
  std::map<int64_t, Bucket> buckets_;  // By day since 1970.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_SIMULATE_DAY_BUCKETS_H_
