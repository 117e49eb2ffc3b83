// What must hold for any bytes in any format. Used by the fuzzers and, with
// seeded mutations, by the ordinary tests.
#ifndef PORTRISK_TESTS_FORMATS_FUZZ_FORMATS_H_
#define PORTRISK_TESTS_FORMATS_FUZZ_FORMATS_H_

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "service/formats/reader.h"

namespace portrisk::service {

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "broken: " << what << "\n";
  std::abort();
}

inline void FuzzReading(const ReaderOptions& options, const uint8_t* data,
                        size_t size) {
  const Format format = options.format;
  uint64_t movements = 0;
  uint64_t rejects = 0;
  ReaderSink sink;
  sink.movement = [&](v1::Movement&& movement) {
    ++movements;
    // Parsing proto3 refuses strings that are not UTF-8.
    v1::Movement copy;
    Require(copy.ParseFromString(movement.SerializeAsString()),
            "every string is UTF-8");
    Require(format == Format::kJsonl || !movement.id().empty(),
            "every movement has an id");
    return absl::OkStatus();
  };
  sink.reject = [&](const Reject& reject) {
    ++rejects;
    Require(!reject.reason.empty() && !reject.message.empty() &&
                !reject.position.empty(),
            "every reject says what, where and why");
    Require(reject.excerpt.size() <= 200, "excerpts are short");
    // Of what the file holds, where it is packed.
    const bool packed = size > 1 && (data[0] == 0x1F || data[0] == 0x28);
    Require(packed || reject.offset <= 4 * size, "offsets lie in the file");
    google::protobuf::Struct json;
    Require(
        google::protobuf::util::JsonStringToMessage(RejectToJson(reject), &json)
            .ok(),
        "every reject has a JSON form");
  };
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  const auto summary = ReadMovements(in, options, sink);
  if (!summary.ok()) return;
  Require(summary->movements == movements && summary->rejects == rejects,
          "the summary counts what was handed over");
  Require(summary->movements + summary->rejects >= summary->records ||
              format == Format::kEdifact || format == Format::kX12,
          "no record is lost without a word");
  Require(!options.strict || summary->tolerated.empty(),
          "strict reading tolerates nothing");
}

inline void FuzzFormat(Format format, const uint8_t* data, size_t size) {
  ReaderOptions options;
  options.format = format;
  options.file = "fuzz";
  FuzzReading(options, data, size);
  options.strict = true;
  FuzzReading(options, data, size);
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_FORMATS_FUZZ_FORMATS_H_
