// Reads text with a reader and keeps what came out.
#ifndef PORTRISK_TESTS_FORMATS_READING_H_
#define PORTRISK_TESTS_FORMATS_READING_H_

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "service/formats/reader.h"

namespace portrisk::service {

struct Reading {
  absl::Status status;
  ReadSummary summary;
  std::vector<v1::Movement> movements;
  std::vector<Reject> rejects;

  uint64_t tolerated(const std::string& reason) const {
    const auto found = summary.tolerated.find(reason);
    return found == summary.tolerated.end() ? 0 : found->second;
  }
  std::vector<std::string> reasons() const {
    std::vector<std::string> reasons;
    for (const Reject& reject : rejects) reasons.push_back(reject.reason);
    return reasons;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const v1::Movement& movement : movements) ids.push_back(movement.id());
    return ids;
  }
};

inline Reading ReadWith(ReaderOptions options, const std::string& text) {
  Reading reading;
  ReaderSink sink;
  sink.movement = [&reading](v1::Movement&& movement) {
    reading.movements.push_back(std::move(movement));
    return absl::OkStatus();
  };
  sink.reject = [&reading](const Reject& reject) {
    reading.rejects.push_back(reject);
  };
  std::istringstream in(text);
  absl::StatusOr<ReadSummary> summary = ReadMovements(in, options, sink);
  reading.status = summary.status();
  if (summary.ok()) reading.summary = *summary;
  return reading;
}

inline Reading Read(Format format, const std::string& text) {
  ReaderOptions options;
  options.format = format;
  options.file = "test";
  return ReadWith(options, text);
}

inline std::string Replace(std::string text, const std::string& from,
                           const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "the fixture lacks " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_FORMATS_READING_H_
