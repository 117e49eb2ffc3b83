// The envelopes of EDIFACT and X12: interchanges (UNB to UNZ, ISA to IEA),
// functional groups (UNG to UNE, GS to GE) and messages (UNH to UNT, ST to SE)
// around the segments. Counts and references in trailers
// are compared and a difference is tolerated; what is not is damage, and then
// the next message or
// interchange is sought.
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
#include "service/formats/definitions.h"
#include "service/formats/edifact_codes.h"
#include "service/formats/message_reader.h"
#include "service/formats/output.h"
#include "service/formats/segment_tokenizer.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

// What the segments of an envelope are called, and where they say what.
struct Wording {
  Syntax syntax;
  absl::string_view standard;
  absl::string_view begin_interchange, end_interchange;
  absl::string_view begin_group, end_group;
  absl::string_view begin_message, end_message;
  size_t reference;  // Element of the message's reference in its header.
  size_t type;       // Element of its type.
};
constexpr Wording kEdifact = {Syntax::kEdifact,
                              "EDIFACT",
                              "UNB",
                              "UNZ",
                              "UNG",
                              "UNE",
                              "UNH",
                              "UNT",
                              1,
                              2};
constexpr Wording kX12 = {Syntax::kX12, "X12", "ISA", "IEA", "GS",
                          "GE",         "ST",  "SE",  2,     1};

class InterchangeReader {
 public:
  InterchangeReader(const Wording& wording, std::istream& in, Output* output)
      : w_(wording),
        tokenizer_(in, wording.syntax),
        output_(output),
        message_(envelope_, output) {}

  absl::Status Read();

 private:
  enum class Open { kNothing, kMessage, kUnsupported };

  absl::Status TakeSegment(const Segment& segment);
  bool IsService(absl::string_view tag) const;
  void BeginInterchange(const Segment& segment);
  void NoteSender(const Segment& segment);
  void BeginGroup(const Segment& segment);
  void BeginMessage(const Segment& segment);
  absl::Status EndMessage(const Segment& segment);
  void EndInterchange(const Segment& segment);
  void LeaveInterchange();
  void Tolerate(absl::string_view tag, absl::string_view what) {
    output_->Tolerate(absl::StrCat(tag, what));
  }
  void TakeOutside(const Segment& segment);
  std::string Lost();
  void CutMessage(absl::string_view reason, absl::string_view message);
  void TakeDamage();
  void TakeTruncation();
  void TakeEnd();
  void Refuse(absl::string_view reason, std::string message, uint64_t offset,
              absl::string_view bytes);
  std::string Plain(absl::string_view bytes);

  const Wording& w_;
  SegmentTokenizer tokenizer_;
  Output* output_;
  Envelope envelope_;
  MessageReader message_;
  Open open_ = Open::kNothing;
  bool interchange_open_ = false;
  bool between_ = true;            // Before the first, or behind a UNZ.
  bool outside_reported_ = false;  // Once for each run of such segments.
  bool nothing_yet_ = true;        // No UNB, no UNH.
  bool junk_ = false;
  bool damaged_ = false;   // What was sought behind damage may be its UNZ.
  uint64_t messages_ = 0;  // In the interchange.
  uint64_t groups_ = 0;
};

absl::Status InterchangeReader::Read() {
  using Token = SegmentTokenizer::Token;
  output_->SetWhere([this] {
    Reject reject;
    reject.offset = tokenizer_.segment().offset();
    reject.position = PositionOf(envelope_, envelope_.segment);
    reject.excerpt = Excerpt(tokenizer_.segment().raw());
    return reject;
  });
  while (true) {
    switch (tokenizer_.Next()) {
      case Token::kServiceString:
        break;
      case Token::kByteOrderMark:
        output_->Tolerate("BYTE_ORDER_MARK");
        break;
      case Token::kEmpty:
        output_->Tolerate("EMPTY_SEGMENT");
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
        // What follows is of a sender that we cannot know.
        if (tokenizer_.header_lost()) LeaveInterchange();
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

absl::Status InterchangeReader::TakeSegment(const Segment& segment) {
  ++envelope_.segment;
  if (segment.wrapped()) output_->Tolerate("LINE_WRAPPED");
  const absl::string_view tag = segment.tag();
  if (IsService(tag)) {
    if (tag == w_.end_message) return EndMessage(segment);
    if (open_ != Open::kNothing) {
      CutMessage(absl::StrCat("MISSING_", w_.end_message),
                 absl::StrCat("the message has no ", w_.end_message,
                              " before the next service segment; its last "
                              "movement is not taken, send the message again"));
    }
    if (tag == w_.begin_message) {
      BeginMessage(segment);
    } else if (tag == w_.begin_interchange) {
      BeginInterchange(segment);
    } else if (tag == w_.end_interchange) {
      EndInterchange(segment);
    } else if (tag == w_.begin_group) {
      BeginGroup(segment);
    }
    return absl::OkStatus();
  }
  if (open_ == Open::kMessage) return message_.Take(segment);
  if (open_ == Open::kNothing) TakeOutside(segment);
  return absl::OkStatus();
}

std::string InterchangeReader::Plain(absl::string_view bytes) {
  bytes = absl::StripAsciiWhitespace(bytes);
  return IsPlainAscii(bytes) ? std::string(bytes)
                             : FoldControls(Latin1ToUtf8(bytes));
}

bool InterchangeReader::IsService(absl::string_view tag) const {
  if (w_.syntax == Syntax::kEdifact) {
    return absl::StartsWith(tag, "UN") && tag != "UNS";
  }
  return tag == w_.begin_message || tag == w_.end_message ||
         tag == w_.begin_group || tag == w_.end_group ||
         tag == w_.begin_interchange || tag == w_.end_interchange;
}

void InterchangeReader::BeginInterchange(const Segment& segment) {
  if (interchange_open_ && !damaged_) Tolerate(w_.end_interchange, "_MISSING");
  damaged_ = false;
  nothing_yet_ = false;
  interchange_open_ = true;
  between_ = false;
  outside_reported_ = false;
  messages_ = 0;
  groups_ = 0;
  envelope_ = Envelope();
  NoteSender(segment);
}

void InterchangeReader::NoteSender(const Segment& segment) {
  const absl::TimeZone zone =
      absl::FixedTimeZone(output_->options().default_utc_offset_min * 60);
  const bool x12 = w_.syntax == Syntax::kX12;
  envelope_.interchange = Plain(segment.At(x12 ? 13 : 5));
  envelope_.sender = Plain(segment.At(x12 ? 6 : 2));
  envelope_.charset = x12 ? "" : CharsetOf(segment.At(1));
  const std::string date = Plain(segment.At(x12 ? 9 : 4));
  const std::string time = Plain(x12 ? segment.At(10) : segment.At(4, 1));
  envelope_.prepared_text = absl::StrCat(date, time);
  const DateTime prepared = ParseDateTime(
      envelope_.prepared_text, date.size() == 8 ? "203" : "201", zone);
  if (prepared.ok) envelope_.prepared = prepared.time;
}

// A GS knows the century and the second that its ISA lacks.
void InterchangeReader::BeginGroup(const Segment& segment) {
  ++groups_;
  if (w_.syntax != Syntax::kX12) return;
  if (groups_ > 1) envelope_.group = Plain(segment.At(6));
  const DateTime prepared = ParseX12Time(
      Plain(segment.At(4)), Plain(segment.At(5)), "",
      absl::FixedTimeZone(output_->options().default_utc_offset_min * 60));
  if (prepared.ok) envelope_.prepared = prepared.time;
}

void InterchangeReader::BeginMessage(const Segment& segment) {
  nothing_yet_ = false;
  between_ = false;
  outside_reported_ = false;
  damaged_ = false;
  ++messages_;
  output_->CountRecord();
  if (!interchange_open_) Tolerate(w_.begin_interchange, "_MISSING");
  envelope_.message = Plain(segment.At(w_.reference));
  envelope_.segment = 1;
  envelope_.decimal_comma = tokenizer_.decimal_comma();
  const MessageType type = ParseMessageType(w_.standard, segment.At(w_.type));
  if (type != MessageType::kOther) {
    open_ = Open::kMessage;
    message_.Begin(type, segment);
    return;
  }
  open_ = Open::kUnsupported;
  const std::string name = Plain(segment.At(w_.type));
  Refuse("UNKNOWN_MESSAGE",
         name.empty()
             ? absl::StrCat(w_.begin_message,
                            " does not say what message follows; send its type "
                            "in element ",
                            w_.type)
             : absl::StrCat(Excerpt(name),
                            " says nothing about movements that we read; "
                            "`portrisk formats` lists the messages that do"),
         segment.offset(), segment.raw());
}

absl::Status InterchangeReader::EndMessage(const Segment& segment) {
  if (open_ == Open::kNothing) {
    TakeOutside(segment);
    return absl::OkStatus();
  }
  uint64_t count = 0;
  if (!absl::SimpleAtoi(segment.At(1), &count) || count != envelope_.segment) {
    Tolerate(w_.end_message, "_COUNT");
  }
  if (Plain(segment.At(2)) != envelope_.message) {
    Tolerate(w_.end_message, "_REFERENCE");
  }
  const bool supported = open_ == Open::kMessage;
  open_ = Open::kNothing;
  return supported ? message_.End() : absl::OkStatus();
}

void InterchangeReader::EndInterchange(const Segment& segment) {
  uint64_t count = 0;
  if (!absl::SimpleAtoi(segment.At(1), &count) ||
      (count != messages_ && count != groups_)) {
    Tolerate(w_.end_interchange, "_COUNT");
  }
  if (Plain(segment.At(2)) != envelope_.interchange) {
    Tolerate(w_.end_interchange, "_REFERENCE");
  }
  if (!interchange_open_) Tolerate(w_.begin_interchange, "_MISSING");
  LeaveInterchange();
  between_ = true;
}

// What its header said holds for nothing behind it.
void InterchangeReader::LeaveInterchange() {
  interchange_open_ = false;
  envelope_ = Envelope();
}

void InterchangeReader::TakeOutside(const Segment& segment) {
  if (outside_reported_) return;
  outside_reported_ = true;
  Refuse("SEGMENT_OUTSIDE_MESSAGE",
         absl::StrCat("segments stand outside any message; was a ",
                      w_.begin_message,
                      " lost or damaged? send the message again"),
         segment.offset(), segment.raw());
}

// Gives the message in progress up; what to add to a reject's message.
std::string InterchangeReader::Lost() {
  const std::string lost = open_ == Open::kMessage ? message_.Abandon() : "";
  open_ = Open::kNothing;
  return lost.empty() ? "" : absl::StrCat("; not taken: ", lost);
}

// The message in progress will not be finished.
void InterchangeReader::CutMessage(absl::string_view reason,
                                   absl::string_view message) {
  if (open_ == Open::kUnsupported) {  // Refused already.
    open_ = Open::kNothing;
    Tolerate(w_.end_message, "_MISSING");
    return;
  }
  const std::string lost = Lost();
  Refuse(reason, absl::StrCat(message, lost), tokenizer_.segment().offset(),
         tokenizer_.segment().raw());
}

void InterchangeReader::TakeDamage() {
  if (between_) {
    junk_ = true;
    output_->Tolerate("JUNK_SKIPPED");
    return;
  }
  ++envelope_.segment;
  const std::string lost = Lost();
  outside_reported_ = true;  // The rest of the message is this damage's.
  damaged_ = true;
  const absl::string_view what =
      tokenizer_.damage_reason() == "SEGMENT_TOO_LONG"
          ? "no terminator within 64 KiB; is one missing, or another in use "
            "without a UNA? "
          : "this is no segment; is a terminator missing before it, or a "
            "release character? ";
  Refuse(tokenizer_.damage_reason(),
         absl::StrCat(what,
                      "reading goes on with the next message, send this one "
                      "again",
                      lost),
         tokenizer_.damage_offset(), tokenizer_.damage());
}

void InterchangeReader::TakeTruncation() {
  ++envelope_.segment;
  const absl::string_view tail = tokenizer_.damage();
  if (open_ != Open::kNothing) {
    const std::string lost = Lost();
    Refuse("TRUNCATED",
           absl::StrCat("the file ends inside a segment; send the message "
                        "again",
                        lost),
           tokenizer_.damage_offset(), tail);
  } else if (interchange_open_ && absl::StartsWith(tail, w_.end_interchange)) {
    output_->Tolerate("TERMINATOR_MISSING");
  } else if (!between_ || absl::StartsWith(tail, "UN") ||
             (w_.syntax == Syntax::kX12 && absl::StartsWith(tail, "ISA"))) {
    Refuse("TRUNCATED", "the file ends inside a segment; send its rest",
           tokenizer_.damage_offset(), tail);
  } else {
    junk_ = true;
    output_->Tolerate("JUNK_SKIPPED");
    TakeEnd();
  }
}

void InterchangeReader::TakeEnd() {
  if (open_ != Open::kNothing) {
    CutMessage("TRUNCATED",
               absl::StrCat("the file ends before the message's ",
                            w_.end_message, "; send the message again"));
  } else if (interchange_open_) {
    if (!damaged_) Tolerate(w_.end_interchange, "_MISSING");
  } else if (nothing_yet_ && junk_) {
    Refuse(absl::StrCat("NOT_", w_.standard),
           absl::StrCat("the file holds no ", w_.begin_interchange, " and no ",
                        w_.begin_message, "; is it ", w_.standard,
                        "? name its format"),
           0, tokenizer_.damage());
  }
}

void InterchangeReader::Refuse(absl::string_view reason, std::string message,
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

// On the heap: too large for the stack of a small thread.
absl::Status ReadEdifact(std::istream& in, Output* output) {
  return std::make_unique<InterchangeReader>(kEdifact, in, output)->Read();
}
absl::Status ReadX12(std::istream& in, Output* output) {
  return std::make_unique<InterchangeReader>(kX12, in, output)->Read();
}

}  // namespace portrisk::service
