// Where every format's reader puts what it read: movements and rejects to the
// caller's sink, counts to the summary. One per call of ReadMovements.
#ifndef PORTRISK_SERVICE_FORMATS_OUTPUT_H_
#define PORTRISK_SERVICE_FORMATS_OUTPUT_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/formats/parties.h"
#include "service/formats/reader.h"

namespace portrisk::service {

class Output {
 public:
  // Both outlive the object.
  Output(const ReaderOptions& options, const ReaderSink& sink)
      : options_(options), sink_(sink) {}

  const ReaderOptions& options() const { return options_; }
  const ReadSummary& summary() const { return summary_; }

  void CountRecord() {
    ++summary_.records;
    deviations_at_record_ = deviations_;
  }

  // Says where reading stands, for rejects of strict reading and of checks.
  // Optional.
  void SetWhere(std::function<Reject()> where) { where_ = std::move(where); }

  // Something is not as it should be. It is read all the same and counted; or,
  // in strict reading, rejected, and then no more is taken of its record.
  void Tolerate(absl::string_view reason) {
    if (options_.strict) {
      Deviate(reason);
    } else {
      ++summary_.tolerated[std::string(reason)];
    }
  }

  // Hands a movement over. An error is the sink's and ends reading.
  absl::Status Emit(v1::Movement&& movement) {
    if (deviations_ != deviations_at_record_) return absl::OkStatus();
    if (!options_.source.empty()) movement.set_source(options_.source);
    ResolveParties(&movement);
    if (sink_.check) {
      auto refused = sink_.check(&movement, PlaceOf(movement));
      if (refused) {
        Rejected(*std::move(refused));
        return absl::OkStatus();
      }
    }
    ++summary_.movements;
    return sink_.movement ? sink_.movement(std::move(movement))
                          : absl::OkStatus();
  }

  void Rejected(Reject reject) {
    reject.file = options_.file;
    ++summary_.rejects;
    if (sink_.reject) sink_.reject(reject);
  }

 private:
  // Where it was read: by the file's own positions when it says so.
  Reject PlaceOf(const v1::Movement& movement) const {
    Reject at = Standing();
    at.file = options_.file;
    const std::string& origin = movement.origin();
    at.position = absl::StrCat("movement ",
                               movement.id().empty() ? "without an id, " : "",
                               movement.id(), movement.id().empty() ? "" : ", ",
                               origin.empty() ? at.position : origin);
    return at;
  }

  Reject Standing() const {
    Reject reject = where_ ? where_() : Reject();
    if (reject.position.empty()) {
      reject.position = absl::StrCat("record ", summary_.records);
    }
    return reject;
  }

  void Deviate(absl::string_view reason) {
    ++deviations_;
    Reject reject = Standing();
    reject.reason = std::string(reason);
    reject.message =
        "would be tolerated without --strict; no more is taken of this record";
    Rejected(std::move(reject));
  }

  const ReaderOptions& options_;
  const ReaderSink& sink_;
  ReadSummary summary_;
  std::function<Reject()> where_;
  uint64_t deviations_ = 0;  // Of strict reading only.
  uint64_t deviations_at_record_ = 0;
};

// The readers, one a format. Each reads `in` to its end.
absl::Status ReadEdifact(std::istream& in, Output* output);
absl::Status ReadX12(std::istream& in, Output* output);
absl::Status ReadDcsa(std::istream& in, Output* output);
absl::Status ReadEpcis(std::istream& in, Output* output);
absl::Status ReadCsv(std::istream& in, Output* output);
absl::Status ReadJsonl(std::istream& in, Output* output);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_OUTPUT_H_
