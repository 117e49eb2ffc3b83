// A record is its time (8 bytes), the length of its line (4) and the line, in
// the byte order of the machine: the files live no longer than the process.
#include "service/simulate/day_buckets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

constexpr size_t kBufferMax = size_t{256} << 10;
constexpr int64_t kDaySeconds = 86400;

struct Record {
  int64_t time;
  absl::string_view line;
};

void AppendRecord(int64_t time, absl::string_view line, std::string* out) {
  const uint32_t length = static_cast<uint32_t>(line.size());
  out->append(reinterpret_cast<const char*>(&time), sizeof(time));
  out->append(reinterpret_cast<const char*>(&length), sizeof(length));
  out->append(line.data(), line.size());
}

std::vector<Record> ParseRecords(const std::string& bytes) {
  std::vector<Record> records;
  for (size_t at = 0; at < bytes.size();) {
    Record record;
    uint32_t length = 0;
    std::memcpy(&record.time, bytes.data() + at, sizeof(record.time));
    at += sizeof(record.time);
    std::memcpy(&length, bytes.data() + at, sizeof(length));
    at += sizeof(length);
    record.line = absl::string_view(bytes.data() + at, length);
    at += length;
    records.push_back(record);
  }
  return records;
}

}  // namespace

DayBuckets::DayBuckets(std::string directory, Take take)
    : directory_(std::move(directory)), take_(std::move(take)) {}

DayBuckets::~DayBuckets() {
  std::error_code ignored;  // Nothing can be done about a leftover.
  for (const auto& [day, bucket] : buckets_) {
    if (bucket.spilled) std::filesystem::remove(FileOf(day), ignored);
  }
}

std::string DayBuckets::FileOf(int64_t day) const {
  return absl::StrCat(directory_, "/spill-", day);
}

absl::Status DayBuckets::Add(int64_t time, absl::string_view line) {
  const int64_t day = time / kDaySeconds;
  Bucket& bucket = buckets_[day];
  AppendRecord(time, line, &bucket.buffer);
  if (bucket.buffer.size() < kBufferMax) return absl::OkStatus();
  return Spill(day, &bucket);
}

absl::Status DayBuckets::Spill(int64_t day, Bucket* bucket) {
  std::ofstream file(FileOf(day), bucket->spilled
                                      ? std::ios::binary | std::ios::app
                                      : std::ios::binary);
  bucket->spilled = true;
  file.write(bucket->buffer.data(),
             static_cast<std::streamsize>(bucket->buffer.size()));
  file.close();
  if (!file) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot write ", FileOf(day), ": ", std::strerror(errno)));
  }
  bucket->buffer.clear();
  return absl::OkStatus();
}

absl::Status DayBuckets::HandOver(int64_t day, Bucket* bucket) {
  std::string bytes;
  if (bucket->spilled) {
    std::ifstream file(FileOf(day), std::ios::binary | std::ios::ate);
    bytes.resize(
        static_cast<size_t>(std::max<std::streamoff>(0, file.tellg())));
    file.seekg(0);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) {
      return absl::DataLossError(absl::StrCat("cannot read ", FileOf(day)));
    }
  }
  bytes.append(bucket->buffer);
  std::vector<Record> records = ParseRecords(bytes);
  std::stable_sort(
      records.begin(), records.end(),
      [](const Record& a, const Record& b) { return a.time < b.time; });
  for (const Record& record : records) {
    absl::Status taken = take_(record.time, record.line);
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

absl::Status DayBuckets::Release(int64_t time) {
  const int64_t day = time / kDaySeconds;
  while (!buckets_.empty() && buckets_.begin()->first < day) {
    const auto first = buckets_.begin();
    absl::Status handed = HandOver(first->first, &first->second);
    if (!handed.ok()) return handed;
    std::error_code ignored;  // A leftover hurts nobody.
    if (first->second.spilled) {
      std::filesystem::remove(FileOf(first->first), ignored);
    }
    buckets_.erase(first);
  }
  return absl::OkStatus();
}

absl::Status DayBuckets::Finish() {
  return Release(std::numeric_limits<int64_t>::max());
}

}  // namespace portrisk::service
