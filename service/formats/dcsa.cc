#include <string>

#include "absl/strings/str_cat.h"
#include "service/formats/dcsa_event.h"
#include "service/formats/json_splitter.h"
#include "service/formats/lines.h"
#include "service/formats/output.h"
#include "service/formats/text.h"
#include "simdjson.h"

namespace portrisk::service {
namespace {

constexpr size_t kSourceBytesMax = 64;

class DcsaReader {
 public:
  DcsaReader(std::istream& in, Output* output)
      : splitter_(in), output_(output) {}

  absl::Status Read();

 private:
  absl::Status ReadRecord();
  void ReadStray();
  void Refuse(absl::string_view pointer, std::string reason,
              std::string message) {
    output_->Rejected(
        splitter_.Refused(pointer, std::move(reason), std::move(message)));
  }

  JsonSplitter splitter_;
  Output* output_;
  simdjson::dom::parser parser_;
};

absl::Status DcsaReader::Read() {
  using Piece = JsonSplitter::Piece;
  while (true) {
    const Piece piece = splitter_.Next();
    if (piece == Piece::kEnd) return absl::OkStatus();
    if (piece == Piece::kStray) {
      ReadStray();
      continue;
    }
    output_->CountRecord();
    if (piece == Piece::kRecord) {
      if (absl::Status read = ReadRecord(); !read.ok()) return read;
    } else if (piece == Piece::kTooLong) {
      Refuse("", "RECORD_TOO_LONG",
             "the event is longer than 4 MiB; an event is a few kilobytes");
    } else {
      Refuse("", "TRUNCATED",
             "the event breaks off: a bracket or a quote is missing; send it "
             "again");
    }
  }
}

void DcsaReader::ReadStray() {
  if (splitter_.offset() == 0 && splitter_.text() == kByteOrderMark) {
    output_->Tolerate("BYTE_ORDER_MARK");
    return;
  }
  Refuse("", "NOT_AN_EVENT",
         "this stands between events and is none; send a JSON array of "
         "events, or one event a line");
}

absl::Status DcsaReader::ReadRecord() {
  simdjson::dom::element event;
  const absl::string_view text = splitter_.text();
  const auto error = parser_.parse(text.data(), text.size()).get(event);
  if (error != simdjson::SUCCESS) {
    Refuse("", "BAD_JSON",
           absl::StrCat(simdjson::error_message(error),
                        "; check the event with a JSON validator"));
    return absl::OkStatus();
  }
  DcsaResult result = ReadDcsaEvent(event);
  for (const std::string& reason : result.tolerated) output_->Tolerate(reason);
  if (!result.reason.empty()) {
    Refuse(result.pointer, result.reason, result.message);
    return absl::OkStatus();
  }
  for (v1::Movement& movement : result.movements) {
    if (movement.source().empty()) movement.set_source("dcsa");
    std::string* source = movement.mutable_source();
    while (source->size() > kSourceBytesMax || !IsValidUtf8(*source)) {
      source->pop_back();
    }
    movement.set_origin(splitter_.Origin());
    if (absl::Status sunk = output_->Emit(std::move(movement)); !sunk.ok()) {
      return sunk;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadDcsa(std::istream& in, Output* output) {
  return DcsaReader(in, output).Read();
}

}  // namespace portrisk::service
