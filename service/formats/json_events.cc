#include "service/formats/json_events.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/formats/lines.h"

namespace portrisk::service {

absl::Status JsonEvents::Read() {
  using Piece = JsonSplitter::Piece;
  output_->SetWhere([this] { return splitter_.Refused("", "", ""); });
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

void JsonEvents::ReadStray() {
  if (splitter_.offset() == 0 && splitter_.text() == kByteOrderMark) {
    output_->Tolerate("BYTE_ORDER_MARK");
    return;
  }
  Refuse("", "NOT_AN_EVENT",
         "this stands between events and is none; send a JSON document or "
         "array of events, or one event a line");
}

absl::Status JsonEvents::ReadRecord() {
  simdjson::dom::element event;
  const auto error = parser_.parse(text().data(), text().size()).get(event);
  if (error == simdjson::SUCCESS) return Take(event);
  Refuse("", "BAD_JSON",
         absl::StrCat(simdjson::error_message(error),
                      "; check the event with a JSON validator"));
  return absl::OkStatus();
}

void JsonEvents::Refuse(absl::string_view pointer, std::string reason,
                        std::string message) {
  output_->Rejected(
      splitter_.Refused(pointer, std::move(reason), std::move(message)));
}

absl::Status JsonEvents::Emit(v1::Movement movement) {
  movement.set_origin(splitter_.Origin());
  return output_->Emit(std::move(movement));
}

}  // namespace portrisk::service
