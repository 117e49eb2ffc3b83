// The envelope: interchanges (UNB to UNZ), functional groups (UNG to UNE) and
// messages (UNH to UNT) around the segments. Counts and references in trailers
// are compared and a difference is tolerated; what is not is damage, and then
// the next UNH or UNB is sought.
//
// Whatever stands in a file is a movement, a reject or a counted tolerance:
//   outside an interchange, bytes that are no segment are what gateways and
//   mailers put there, and are passed over;
//   inside one, they are damage; so are segments outside a message.
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/edifact_message.h"
#include "service/formats/edifact_tokenizer.h"
#include "service/formats/output.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

class EdifactReader {
 public:
  EdifactReader(std::istream& in, Output* output)
      : tokenizer_(in), output_(output), message_(envelope_, output) {}

  absl::Status Read();

 private:
  enum class Open { kNothing, kMessage, kUnsupported };

  absl::Status TakeSegment(const Segment& segment);
  void TakeUnb(const Segment& segment);
  void TakeUnh(const Segment& segment);
  absl::Status TakeUnt(const Segment& segment);
  void TakeUnz(const Segment& segment);
  void TakeOutside(const Segment& segment);
  std::string Lost();
  void CutMessage(absl::string_view reason, absl::string_view message);
  void TakeDamage();
  void TakeTruncation();
  void TakeEnd();
  void Refuse(absl::string_view reason, std::string message, uint64_t offset,
              absl::string_view bytes);
  std::string Plain(absl::string_view bytes);

  EdifactTokenizer tokenizer_;
  Output* output_;
  Envelope envelope_;
  EdifactMessage message_;
  Open open_ = Open::kNothing;
  bool interchange_open_ = false;
  bool between_ = true;            // Before the first, or behind a UNZ.
  bool outside_reported_ = false;  // Once for each run of such segments.
  bool nothing_yet_ = true;        // No UNB, no UNH.
  bool junk_ = false;
  uint64_t messages_ = 0;  // In the interchange.
  uint64_t groups_ = 0;
};

absl::Status EdifactReader::Read() {
  using Token = EdifactTokenizer::Token;
  if (tokenizer_.byte_order_mark()) output_->Tolerate("BYTE_ORDER_MARK");
  while (true) {
    switch (tokenizer_.Next()) {
      case Token::kServiceString:
        break;
      case Token::kSegment:
        if (absl::Status taken = TakeSegment(tokenizer_.segment());
            !taken.ok()) {
          return taken;
        }
        break;
      case Token::kDamage:
        TakeDamage();
        tokenizer_.Resynchronise();
        break;
      case Token::kTruncated:
        TakeTruncation();
        return absl::OkStatus();
      case Token::kEnd:
        TakeEnd();
        return absl::OkStatus();
    }
  }
}

absl::Status EdifactReader::TakeSegment(const Segment& segment) {
  ++envelope_.segment;
  if (segment.wrapped()) output_->Tolerate("LINE_WRAPPED");
  const absl::string_view tag = segment.tag();
  if (absl::StartsWith(tag, "UN") && tag != "UNS") {
    if (tag == "UNT") return TakeUnt(segment);
    if (open_ != Open::kNothing) {
      CutMessage("MISSING_UNT",
                 "the message has no UNT before the next service segment; "
                 "its last container is not taken, send the message again");
    }
    if (tag == "UNH") {
      TakeUnh(segment);
    } else if (tag == "UNB") {
      TakeUnb(segment);
    } else if (tag == "UNZ") {
      TakeUnz(segment);
    } else if (tag == "UNG") {
      ++groups_;
    }
    return absl::OkStatus();
  }
  if (open_ == Open::kMessage) return message_.Take(segment);
  if (open_ == Open::kNothing) TakeOutside(segment);
  return absl::OkStatus();
}

std::string EdifactReader::Plain(absl::string_view bytes) {
  bytes = absl::StripAsciiWhitespace(bytes);
  return IsPlainAscii(bytes) ? std::string(bytes)
                             : FoldControls(Latin1ToUtf8(bytes));
}

void EdifactReader::TakeUnb(const Segment& segment) {
  if (interchange_open_) output_->Tolerate("UNZ_MISSING");
  nothing_yet_ = false;
  interchange_open_ = true;
  between_ = false;
  outside_reported_ = false;
  messages_ = 0;
  groups_ = 0;
  envelope_ = Envelope();
  envelope_.interchange = Plain(segment.At(5));
  envelope_.sender = Plain(segment.At(2));
  envelope_.charset = CharsetOf(segment.At(1));
  const std::string date = Plain(segment.At(4, 0));
  envelope_.prepared_text = absl::StrCat(date, Plain(segment.At(4, 1)));
  const DateTime prepared = ParseDateTime(
      envelope_.prepared_text, date.size() == 8 ? "203" : "201",
      absl::FixedTimeZone(output_->options().default_utc_offset_min * 60));
  if (prepared.ok) envelope_.prepared = prepared.time;
}

void EdifactReader::TakeUnh(const Segment& segment) {
  nothing_yet_ = false;
  between_ = false;
  outside_reported_ = false;
  ++messages_;
  output_->CountRecord();
  if (!interchange_open_) output_->Tolerate("UNB_MISSING");
  envelope_.message = Plain(segment.At(1));
  envelope_.segment = 1;
  const MessageType type = ParseMessageType(segment.At(2));
  if (type != MessageType::kOther) {
    open_ = Open::kMessage;
    message_.Begin(type, segment);
    return;
  }
  open_ = Open::kUnsupported;
  const std::string name = Plain(segment.At(2));
  Refuse("UNKNOWN_MESSAGE",
         name.empty() ? "UNH does not say what message follows; send its type "
                        "in the second element"
                      : absl::StrCat(Excerpt(name),
                                     " is not supported yet; send gate moves "
                                     "as CODECO and loads and discharges as "
                                     "COARRI"),
         segment.offset(), segment.raw());
}

absl::Status EdifactReader::TakeUnt(const Segment& segment) {
  if (open_ == Open::kNothing) {
    TakeOutside(segment);
    return absl::OkStatus();
  }
  uint64_t count = 0;
  if (!absl::SimpleAtoi(segment.At(1), &count) || count != envelope_.segment) {
    output_->Tolerate("UNT_COUNT");
  }
  if (Plain(segment.At(2)) != envelope_.message) {
    output_->Tolerate("UNT_REFERENCE");
  }
  const bool supported = open_ == Open::kMessage;
  open_ = Open::kNothing;
  return supported ? message_.End() : absl::OkStatus();
}

void EdifactReader::TakeUnz(const Segment& segment) {
  uint64_t count = 0;
  if (!absl::SimpleAtoi(segment.At(1), &count) ||
      (count != messages_ && count != groups_)) {
    output_->Tolerate("UNZ_COUNT");
  }
  if (Plain(segment.At(2)) != envelope_.interchange) {
    output_->Tolerate("UNZ_REFERENCE");
  }
  if (!interchange_open_) output_->Tolerate("UNB_MISSING");
  interchange_open_ = false;
  between_ = true;
  outside_reported_ = false;
  envelope_ = Envelope();
}

void EdifactReader::TakeOutside(const Segment& segment) {
  if (outside_reported_) return;
  outside_reported_ = true;
  Refuse("SEGMENT_OUTSIDE_MESSAGE",
         "segments stand outside any message; was a UNH lost or damaged? send "
         "the message again",
         segment.offset(), segment.raw());
}

// Gives the message in progress up; what to add to a reject's message.
std::string EdifactReader::Lost() {
  const std::string lost = open_ == Open::kMessage ? message_.Abandon() : "";
  open_ = Open::kNothing;
  return lost.empty() ? "" : absl::StrCat("; not taken: ", lost);
}

// The message in progress will not be finished.
void EdifactReader::CutMessage(absl::string_view reason,
                               absl::string_view message) {
  if (open_ == Open::kUnsupported) {  // Refused already.
    open_ = Open::kNothing;
    output_->Tolerate("UNT_MISSING");
    return;
  }
  const std::string lost = Lost();
  Refuse(reason, absl::StrCat(message, lost), tokenizer_.segment().offset(),
         tokenizer_.segment().raw());
}

void EdifactReader::TakeDamage() {
  if (between_) {
    junk_ = true;
    output_->Tolerate("JUNK_SKIPPED");
    return;
  }
  ++envelope_.segment;
  const std::string lost = Lost();
  outside_reported_ = true;  // The rest of the message is this damage's.
  const absl::string_view what =
      tokenizer_.damage_reason() == "SEGMENT_TOO_LONG"
          ? "no terminator within 64 KiB; is one missing, or another in use "
            "without a UNA? "
          : "this is no segment; is a terminator missing before it, or a "
            "release character? ";
  Refuse(tokenizer_.damage_reason(),
         absl::StrCat(what,
                      "reading goes on with the next UNH or UNB, send this "
                      "message again",
                      lost),
         tokenizer_.damage_offset(), tokenizer_.damage());
}

void EdifactReader::TakeTruncation() {
  ++envelope_.segment;
  const absl::string_view tail = tokenizer_.damage();
  if (open_ != Open::kNothing) {
    const std::string lost = Lost();
    Refuse("TRUNCATED",
           absl::StrCat("the file ends inside a segment; send the message "
                        "again",
                        lost),
           tokenizer_.damage_offset(), tail);
  } else if (interchange_open_ && absl::StartsWith(tail, "UNZ")) {
    output_->Tolerate("TERMINATOR_MISSING");
  } else if (!between_ || absl::StartsWith(tail, "UN")) {
    Refuse("TRUNCATED", "the file ends inside a segment; send its rest",
           tokenizer_.damage_offset(), tail);
  } else {
    junk_ = true;
    output_->Tolerate("JUNK_SKIPPED");
    TakeEnd();
  }
}

void EdifactReader::TakeEnd() {
  if (open_ != Open::kNothing) {
    CutMessage("TRUNCATED",
               "the file ends before the message's UNT; send the message "
               "again");
  } else if (interchange_open_) {
    output_->Tolerate("UNZ_MISSING");
  } else if (nothing_yet_ && junk_) {
    Refuse("NOT_EDIFACT",
           "the file holds no UNB and no UNH; is it EDIFACT? name its format",
           0, tokenizer_.damage());
  }
}

void EdifactReader::Refuse(absl::string_view reason, std::string message,
                           uint64_t offset, absl::string_view bytes) {
  Reject reject;
  reject.offset = offset;
  reject.position = PositionOf(envelope_, envelope_.segment);
  reject.reason = std::string(reason);
  reject.message = std::move(message);
  reject.excerpt = Excerpt(bytes);
  output_->Rejected(std::move(reject));
}

}  // namespace

absl::Status ReadEdifact(std::istream& in, Output* output) {
  // Too large for the stack of a small thread.
  return std::make_unique<EdifactReader>(in, output)->Read();
}

}  // namespace portrisk::service
