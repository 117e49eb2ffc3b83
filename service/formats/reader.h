// Reads files of movements in any supported format.
//
// One bad record never stops the rest: it is rejected with its position and
// reason. Memory does not grow with the length of the input.
#ifndef PORTRISK_SERVICE_FORMATS_READER_H_
#define PORTRISK_SERVICE_FORMATS_READER_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "portrisk/v1/movement.pb.h"

namespace portrisk::service {

enum class Format { kEdifact, kX12, kDcsa, kEpcis, kCsv, kJsonl };

// "edifact", "x12", "dcsa", "epcis", "csv", "jsonl"; INVALID_ARGUMENT lists
// them otherwise.
absl::StatusOr<Format> ParseFormat(absl::string_view name);

// A record, or a part of one, that gave no movement.
struct Reject {
  std::string file;
  uint64_t line = 0;     // From 1; 0 where lines mean nothing.
  uint64_t offset = 0;   // Byte offset of the record in the file.
  std::string position;  // "interchange 1, message 92218, segment 8, EQD".
  std::string reason;    // In capitals: UNKNOWN_MESSAGE, BAD_TIME ...
  std::string message;   // What is wrong and what to do.
  std::string excerpt;   // At most 200 bytes, printable.
};

struct ReadSummary {
  uint64_t records = 0;    // What the format calls one: message, event, row.
  uint64_t movements = 0;  // Handed to the sink.
  uint64_t rejects = 0;
  std::map<std::string, uint64_t> tolerated;  // Reason and how often.
};

// Minutes of a day, less one.
inline constexpr int kUtcOffsetMinMax = 24 * 60 - 1;

struct ReaderOptions {
  Format format = Format::kJsonl;
  std::string file;    // Name for positions.
  std::string source;  // Overrides Movement.source; empty keeps the format's.
  // CSV only: path of the column mapping (YAML); empty: columns are named by
  // the paths of movement fields ("container.number").
  std::string csv_mapping;
  // Zone offset in minutes for local times without one. EDIFACT, X12, DCSA
  // and CSV.
  int default_utc_offset_min = 0;  // At most kUtcOffsetMinMax either way.
  // What is tolerated otherwise is rejected, and the rest of its record with
  // it. What a message gave before is not taken back.
  bool strict = false;
};

// What is wrong with a movement that was read `at` a place (file, line, offset,
// position, excerpt), or nothing. It may change it.
using MovementCheck =
    std::function<std::optional<Reject>(v1::Movement* movement, Reject at)>;

struct ReaderSink {
  // Asked of each movement before it is handed over, where there is one: what
  // it finds wrong is a reject of the file, and no movement.
  MovementCheck check = nullptr;
  // Returning an error stops reading and is returned by ReadMovements.
  std::function<absl::Status(v1::Movement&&)> movement;
  std::function<void(const Reject&)> reject;
};

// Compressed streams (gzip, zstd) are read as what they hold, and UTF-16 and
// ISO 2022 as UTF-8; offsets are then those of the converted text.
//
// Fails only when the stream or the mapping cannot be read or a sink fails.
absl::StatusOr<ReadSummary> ReadMovements(std::istream& in,
                                          const ReaderOptions& options,
                                          const ReaderSink& sink);

// One line of JSON for a rejects file.
std::string RejectToJson(const Reject& reject);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_READER_H_
