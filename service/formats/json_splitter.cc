// In JSON an object may begin only after ':' (as a member), or after '[' or ','
// inside an array. A brace anywhere else means that what stands before it has
// lost its end, and so does a line break inside a string. These two signs are
// enough to find the next record again after a line was cut, without the
// splitter knowing more than brackets. A third is for events one a line: cut
// behind a colon or inside an array, such a line would take the next one for
// its member; so a brace at the beginning of the second line of an object that
// has begun at the beginning of its first begins a new record.
#include "service/formats/json_splitter.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

constexpr int kEnd = std::char_traits<char>::eof();
constexpr size_t kKeyBytesMax = 16;
constexpr size_t kDepthMax = 256;
constexpr size_t kStrayBytesMax = 200;

}  // namespace

std::string JsonSplitter::pointer() const {
  if (in_events_) {
    return absl::StrCat(
        envelope_ == Envelope::kEvents ? "/events/" : "/epcisBody/eventList/",
        piece_index_);
  }
  if (in_array_) return absl::StrCat("/", piece_index_);
  return "";
}

int JsonSplitter::Get() {
  if (pending_ >= 0) {
    const int c = pending_;
    pending_ = -1;
    return c;
  }
  const int c = in_.rdbuf()->sbumpc();
  if (c == kEnd) {
    in_.setstate(std::ios::eofbit);
    return kEnd;
  }
  at_line_start_ = offset_ == 0 || last_byte_ == '\n';
  last_byte_ = c;
  ++offset_;
  if (c == '\n') ++line_;
  return c & 0xFF;
}

JsonSplitter::Piece JsonSplitter::Next() {
  text_.clear();
  while (true) {
    const int c = Get();
    if (c == kEnd) return Piece::kEnd;
    if (absl::ascii_isspace(static_cast<unsigned char>(c)) || c == ',') {
      continue;
    }
    if (resynchronising_ && c != '{') continue;
    resynchronising_ = false;
    if (c == '[') {
      // A file may hold one array after another, one a line.
      in_array_ = true;
      index_ = 0;
      continue;
    }
    if (c == ']' || c == '}') {
      if (in_events_) {
        SkipEnvelope();
      } else {
        in_array_ = false;
      }
      continue;
    }
    piece_line_ = line_;
    piece_offset_ = offset_ - 1;
    if (c != '{') return ReadStray(c);
    const Piece piece = ReadObject();
    if (piece != Piece::kEnd) return piece;
    // The object was an envelope; its events follow.
  }
}

// What stands behind the events, to the envelope's end.
void JsonSplitter::SkipEnvelope() {
  in_events_ = false;
  size_t depth = EnvelopeDepth();
  bool in_string = false;
  for (int c = Get(); c != kEnd; c = Get()) {
    if (in_string) {
      if (c == '\\') (void)Get();
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return;
    }
  }
}

// Up to the next bracket or line end.
JsonSplitter::Piece JsonSplitter::ReadStray(int c) {
  while (c != kEnd && c != '\n' && c != '{' && c != '[') {
    if (text_.size() < kStrayBytesMax) text_.push_back(static_cast<char>(c));
    c = Get();
  }
  if (c != kEnd && c != '\n') pending_ = c;
  return Piece::kStray;
}

void JsonSplitter::Keep(char c) {
  if (text_.size() < kJsonRecordBytesMax) {
    text_.push_back(c);
  } else {
    too_long_ = true;
  }
}

// Returns kEnd when the object turns out to be an envelope of events.
JsonSplitter::Piece JsonSplitter::ReadObject() {
  text_.assign(1, '{');
  open_.assign(1, '{');
  string_.clear();
  in_string_ = escaped_ = too_long_ = false;
  last_ = '{';
  began_line_ = at_line_start_;
  breaks_ = 0;
  piece_index_ = index_++;
  while (!open_.empty()) {
    const int byte = Get();
    if (byte == kEnd) return Piece::kDamaged;
    const char c = static_cast<char>(byte);
    if (c == '[' && OpensEvents()) {
      in_events_ = true;
      index_ = 0;
      text_.clear();
      return Piece::kEnd;
    }
    if (!Step(c)) {
      // The brace is the first byte of the next record.
      if (c == '{') pending_ = byte;
      resynchronising_ = true;
      return Piece::kDamaged;
    }
    Keep(c);
  }
  return too_long_ ? Piece::kTooLong : Piece::kRecord;
}

// The bracket behind `{ ... "events":`, outside any array of events.
bool JsonSplitter::OpensEvents() {
  return !in_string_ && !in_events_ && open_.size() == EnvelopeDepth() &&
         last_ == ':' &&
         string_ == (envelope_ == Envelope::kEvents ? "events" : "eventList");
}

bool JsonSplitter::StepInString(char c) {
  if (c == '\n') return false;
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
    last_ = '"';
    return true;
  }
  if (open_.size() == EnvelopeDepth() && string_.size() < kKeyBytesMax) {
    string_.push_back(c);
  }
  return true;
}

bool JsonSplitter::Step(char c) {
  if (in_string_) return StepInString(c);
  if (c == '\n') ++breaks_;
  if (absl::ascii_isspace(static_cast<unsigned char>(c))) return true;
  if (c == '"') {
    in_string_ = true;
    if (open_.size() == EnvelopeDepth()) string_.clear();
    return true;
  }
  if (c == '{' || c == '[') {
    const bool member = last_ == ':';
    const bool entry = open_.back() == '[' && (last_ == '[' || last_ == ',');
    if (!member && !entry) return false;
    if (c == '{' && at_line_start_ && began_line_ && breaks_ == 1) return false;
    if (open_.size() >= kDepthMax) return false;
    open_.push_back(c);
  } else if (c == '}' || c == ']') {
    if (open_.back() != (c == '}' ? '{' : '[')) return false;
    open_.pop_back();
  }
  last_ = c;
  return true;
}

Reject JsonSplitter::Refused(absl::string_view pointer, std::string reason,
                             std::string message) const {
  Reject reject;
  reject.line = line();
  reject.offset = offset();
  reject.position = absl::StrCat(this->pointer(), pointer);
  if (reject.position.empty()) reject.position = "/";
  reject.reason = std::move(reason);
  reject.message = std::move(message);
  reject.excerpt = Excerpt(text());
  return reject;
}

std::string JsonSplitter::Origin() const {
  return absl::StrCat("line ", line(), ", ",
                      pointer().empty() ? "/" : pointer());
}

}  // namespace portrisk::service
