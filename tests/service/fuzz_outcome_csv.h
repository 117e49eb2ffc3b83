// What must hold for any bytes taken for a file of outcomes. Used by the fuzzer
// and, with seeded mutations, by an ordinary test.
#ifndef PORTRISK_TESTS_SERVICE_FUZZ_OUTCOME_CSV_H_
#define PORTRISK_TESTS_SERVICE_FUZZ_OUTCOME_CSV_H_

#include <sstream>
#include <string>

#include "service/outcome_csv.h"
#include "service/outcome_form.h"
#include "tests/formats/fuzz_formats.h"

namespace portrisk::service {

// Returns how many outcomes there were.
inline uint64_t FuzzOutcomeCsv(absl::string_view bytes) {
  uint64_t outcomes = 0, rejects = 0, line_before = 0;
  OutcomeCsvSink sink;
  sink.outcome = [&](uint64_t line, v1::Outcome&& outcome) {
    ++outcomes;
    // A carriage return alone ends a row, too.
    Require(line >= line_before && line > 0, "lines go up");
    line_before = line;
    // Parsing proto3 refuses strings that are not UTF-8.
    v1::Outcome copy;
    Require(copy.ParseFromString(outcome.SerializeAsString()),
            "every string is UTF-8");
    Require(!outcome.id().empty() && outcome.source() == "fuzz",
            "every outcome has an identity");
    Require(outcome.retraction() ||
                (outcome.has_time() &&
                 outcome.result() != v1::CONTROL_RESULT_UNSPECIFIED),
            "every outcome says when and what came of it");
    // Admission takes whatever comes, and what it has put into normal form
    // stays as it is.
    const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
    if (!AdmitOutcome(now, &copy).empty()) return absl::OkStatus();
    v1::Outcome again = copy;
    Require(AdmitOutcome(now, &again).empty(), "the normal form is admitted");
    Require(again.SerializeAsString() == copy.SerializeAsString(),
            "the normal form has itself as its normal form");
    return absl::OkStatus();
  };
  sink.reject = [&](const Reject& reject) {
    ++rejects;
    Require(!reject.reason.empty() && !reject.message.empty() &&
                !reject.position.empty() && reject.line > 0,
            "every reject says what, where and why");
    Require(reject.excerpt.size() <= 200, "excerpts are short");
    Require(reject.offset <= bytes.size(), "offsets lie in the file");
    google::protobuf::Struct json;
    Require(
        google::protobuf::util::JsonStringToMessage(RejectToJson(reject), &json)
            .ok(),
        "every reject has a JSON form");
  };
  std::istringstream in{std::string(bytes)};
  const auto summary = ReadOutcomesCsv(in, {"fuzz.csv", "fuzz"}, sink);
  if (!summary.ok()) {
    Require(absl::IsInvalidArgument(summary.status()) && outcomes == 0,
            "only a header that cannot be used ends reading");
    return 0;
  }
  Require(summary->rejects == rejects && summary->rows == outcomes + rejects,
          "no row is lost without a word");
  return outcomes;
}

}  // namespace portrisk::service

#endif  // PORTRISK_TESTS_SERVICE_FUZZ_OUTCOME_CSV_H_
