// Identity. A message sent again must give the movements the ids they had, and
// a replacement or cancellation must name what it replaces, though its own
// interchange and message references differ. So an id is made of
//
//   the document number (BGM 1004; for a change, the number in RFF+ACW),
//   the event, and the container,
//
// with "#2" behind the second mention of a container in one message. Many
// terminals send no document number, or the same words in every message; a
// number counts when it has six characters or more, four of them digits.
// Otherwise the interchange (reference and time of preparation) and the
// message reference stand in its place: stable when the same interchange is
// sent again, which is all that can be had.
//
// An original carries no update time, so that any change is newer.
#include "service/formats/edifact_message.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

constexpr size_t kSourceBytesMax = 64;
// Beyond this many containers in a message, which no message has, mentions
// are told apart by their ordinal, and memory stays bounded.
constexpr size_t kSeenMax = 100'000;

bool IdentifiesDocument(absl::string_view number) {
  return number.size() >= 6 &&
         std::count_if(number.begin(), number.end(), absl::ascii_isdigit) >= 4;
}

std::string NumberInNormalForm(absl::string_view number) {
  std::string normal;
  for (const char c : number) {
    if (absl::ascii_isalnum(c)) normal.push_back(absl::ascii_toupper(c));
  }
  return normal;
}

}  // namespace

std::string PositionOf(const Envelope& envelope, uint32_t segment) {
  std::string position;
  if (!envelope.interchange.empty()) {
    absl::StrAppend(&position, "interchange ", envelope.interchange, ", ");
  }
  if (!envelope.message.empty()) {
    absl::StrAppend(&position, "message ", envelope.message, ", ");
  }
  absl::StrAppend(&position, "segment ", segment);
  return position;
}

EdifactMessage::EdifactMessage(const Envelope& envelope, Output* output)
    : envelope_(envelope),
      output_(output),
      zone_(
          absl::FixedTimeZone(output->options().default_utc_offset_min * 60)) {}

void EdifactMessage::Begin(MessageType type, const Segment& header) {
  type_ = type;
  state_ = State::kHeader;
  event_ = v1::EVENT_UNSPECIFIED;
  function_ = Function::kOriginal;
  document_.clear();
  previous_document_.clear();
  sender_.clear();
  prepared_ = absl::InfinitePast();
  shared_.Clear();
  shared_occurrence_ = Occurrence();
  ordinal_ = 0;
  seen_.clear();
  Anchor(header);
}

void EdifactMessage::Anchor(const Segment& segment) {
  anchor_segment_ = envelope_.segment;
  anchor_offset_ = segment.offset();
  anchor_raw_.assign(segment.raw().data(), segment.raw().size());
}

absl::Status EdifactMessage::Take(const Segment& segment) {
  if (state_ == State::kRefused) return absl::OkStatus();
  const absl::string_view tag = segment.tag();
  if (tag == "BGM") {
    TakeBgm(segment);
  } else if (tag == "EQD") {
    return TakeEqd(segment);
  } else if (tag == "CNT") {
    if (absl::Status closed = CloseContainer(); !closed.ok()) return closed;
    state_ = State::kTrailer;
    TakeCnt(segment);
  } else if (state_ == State::kHeader || state_ == State::kContainer) {
    TakeShared(segment);
  }
  return absl::OkStatus();
}

absl::Status EdifactMessage::End() {
  if (state_ == State::kRefused) return absl::OkStatus();
  if (absl::Status closed = CloseContainer(); !closed.ok()) return closed;
  if (event_ == v1::EVENT_UNSPECIFIED) {
    Refuse("NO_DOCUMENT",
           "the message has no BGM, which says what happened; send it");
  } else if (state_ == State::kHeader) {
    Refuse("NO_CONTAINER",
           "the message names no container; send an EQD+CN segment for each");
  }
  return absl::OkStatus();
}

std::string EdifactMessage::Abandon() {
  std::string lost;
  if (state_ == State::kContainer) {
    lost = absl::StrCat("EQD ", ordinal_, " (", container_.container().number(),
                        ")");
  }
  state_ = State::kRefused;
  return lost;
}

void EdifactMessage::TakeBgm(const Segment& segment) {
  event_ = EventOf(type_, segment.At(1));
  document_ = Text(segment.At(2));
  function_ = FunctionOf(segment.At(3));
  if (event_ != v1::EVENT_UNSPECIFIED) return;
  Anchor(segment);
  Refuse("UNKNOWN_DOCUMENT",
         type_ == MessageType::kCodeco
             ? "BGM does not say whether this is a gate in (34, 109), a gate "
               "out (36, 111) or a shift (117); send one of these codes"
             : "BGM does not say whether this is a discharge (44, 98, 119), a "
               "load (46, 122, 270) or a re-stow (24); send one of these "
               "codes");
  state_ = State::kRefused;
}

absl::Status EdifactMessage::TakeEqd(const Segment& segment) {
  if (absl::Status closed = CloseContainer(); !closed.ok()) return closed;
  if (event_ == v1::EVENT_UNSPECIFIED) {  // No BGM: End says so.
    state_ = State::kOther;
    return absl::OkStatus();
  }
  if (segment.At(1) != "CN") {
    output_->Tolerate("EQUIPMENT_NOT_A_CONTAINER");
    state_ = State::kOther;
    return absl::OkStatus();
  }
  state_ = State::kContainer;
  after_inland_ = false;
  ++ordinal_;
  Anchor(segment);
  container_ = shared_;
  occurrence_ = shared_occurrence_;
  v1::Container* container = container_.mutable_container();
  Set(container->mutable_number(), segment.At(2));
  if (container->number().find(' ') != std::string::npos) {
    output_->Tolerate("BLANK_IN_CONTAINER_NUMBER");
  }
  Set(container->mutable_type_code(), segment.At(3));
  container->set_load_status(LoadStatusOf(segment.At(6)));
  // 8249. Both stand in reports, and neither box was touched.
  not_moved_ = segment.At(5) == "7"   ? "was announced but not landed"
               : segment.At(5) == "4" ? "remained on board"
                                      : "";
  return absl::OkStatus();
}

void EdifactMessage::TakeCnt(const Segment& segment) {
  if (segment.At(1, 0) != "16") return;
  if (segment.At(1, 1) != absl::StrCat(ordinal_)) {
    output_->Tolerate("CNT_COUNT");
  }
}

// Sets id, source and update time; false when the message cannot be tied to
// what it cancels.
bool EdifactMessage::SetIdentity() {
  const std::string document = DocumentKey();
  if (function_ == Function::kCancel && document.empty()) {
    Refuse("NO_PREVIOUS_DOCUMENT",
           "the message cancels, but names no document that identifies what; "
           "send its number in BGM 1004 or RFF+ACW");
    return false;
  }
  std::string key = document;
  if (key.empty() && !envelope_.interchange.empty()) {
    key = absl::StrCat(envelope_.interchange, ".", envelope_.prepared_text, "/",
                       envelope_.message);
  } else if (key.empty()) {
    key = absl::StrCat("-/", envelope_.message, "/",
                       absl::ToUnixSeconds(occurrence_.time));
  }
  const std::string number =
      NumberInNormalForm(container_.container().number());
  const uint32_t mention = seen_.size() < kSeenMax ? ++seen_[number] : ordinal_;
  absl::StrAppend(&key, "/", v1::Event_Name(event_), "/", number);
  if (mention > 1) absl::StrAppend(&key, "#", mention);
  container_.set_id(BoundedId(key));

  std::string source = envelope_.sender.empty() ? sender_ : envelope_.sender;
  if (source.empty()) source = "edifact";
  while (source.size() > kSourceBytesMax || !IsValidUtf8(source)) {
    source.pop_back();
  }
  container_.set_source(std::move(source));
  container_.set_origin(
      absl::StrCat(PositionOf(envelope_, anchor_segment_), ", EQD ", ordinal_));
  return true;
}

// Empty when the message names no document that identifies it.
std::string EdifactMessage::DocumentKey() const {
  const std::string& number =
      function_ != Function::kOriginal && !previous_document_.empty()
          ? previous_document_
          : document_;
  return IdentifiesDocument(number) ? number : "";
}

// False, having refused the container, when a time is needed and none is good.
bool EdifactMessage::SetTimes() {
  if (function_ != Function::kOriginal) {
    const absl::Time updated =
        prepared_ != absl::InfinitePast() ? prepared_ : envelope_.prepared;
    if (updated != absl::InfinitePast()) {
      *container_.mutable_update_time() = ToProto(updated);
    }
  }
  container_.set_retraction(function_ == Function::kCancel);
  if (occurrence_.rank > 0) {
    *container_.mutable_occurrence_time() = ToProto(occurrence_.time);
    return true;
  }
  if (function_ == Function::kCancel) return true;
  if (!occurrence_.unreadable.empty()) {
    Refuse("BAD_TIME",
           absl::StrCat("DTM says \"", Excerpt(occurrence_.unreadable),
                        "\", which is no time; send "
                        "DTM+7:CCYYMMDDHHMM:203"));
    return false;
  }
  Refuse("NO_TIME", type_ == MessageType::kCodeco
                        ? "no DTM says when the gate was passed; send "
                          "DTM+7:CCYYMMDDHHMM:203 behind the EQD"
                        : "no DTM says when the container was handled; send "
                          "DTM+203:CCYYMMDDHHMM:203 behind the EQD");
  return false;
}

absl::Status EdifactMessage::CloseContainer() {
  if (state_ != State::kContainer) return absl::OkStatus();
  state_ = State::kOther;
  if (container_.container().number().empty()) {
    Refuse("NO_CONTAINER_NUMBER",
           "the EQD names no container; a report of what happened must say to "
           "which: send its number in the second element");
    return absl::OkStatus();
  }
  if (!not_moved_.empty()) {
    Refuse("NOT_MOVED",
           absl::StrCat("the container ", not_moved_,
                        " (EQD element 5), so nothing happened to it here"));
    return absl::OkStatus();
  }
  if (!SetTimes() || !SetIdentity()) return absl::OkStatus();
  container_.set_event(event_);
  container_.set_classifier(v1::ACTUAL);
  return output_->Emit(std::move(container_));
}

std::string EdifactMessage::Text(absl::string_view bytes) {
  bytes = absl::StripAsciiWhitespace(bytes);
  if (IsPlainAscii(bytes)) return std::string(bytes);
  if (IsValidUtf8(bytes)) return FoldControls(bytes);
  if (envelope_.charset != nullptr) {
    return FoldControls(CharsetToUtf8(bytes, envelope_.charset));
  }
  output_->Tolerate("LATIN1");
  return FoldControls(Latin1ToUtf8(bytes));
}

void EdifactMessage::Set(std::string* field, absl::string_view bytes) {
  if (bytes.empty()) return;
  if (IsPlainAscii(bytes) && bytes.front() != ' ' && bytes.back() != ' ') {
    field->assign(bytes.data(), bytes.size());
    return;
  }
  *field = Text(bytes);
}

void EdifactMessage::Refuse(absl::string_view reason,
                            absl::string_view message) {
  Reject reject;
  reject.offset = anchor_offset_;
  reject.excerpt = Excerpt(anchor_raw_);
  reject.position = PositionOf(envelope_, anchor_segment_);
  if (ordinal_ > 0) absl::StrAppend(&reject.position, ", EQD ", ordinal_);
  reject.reason = std::string(reason);
  reject.message = std::string(message);
  output_->Rejected(std::move(reject));
}

}  // namespace portrisk::service
