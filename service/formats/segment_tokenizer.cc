// HOT PATH. The budget is 150 MB a second for everything from bytes to
// movements, so here: no allocation per element, each byte looked at twice (the
// library's memchr for the terminator, one table look-up to split).
//
// The segment's views point into the read buffer. Only where a release
// character or a line break stands inside a segment is it copied, into one
// reused string: then a view could not leave those bytes out. While copying, a
// separator that stands for its structural self is replaced by a control
// character that no text holds, so that splitting needs no second set of rules.
#include "service/formats/segment_tokenizer.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "service/formats/lines.h"

namespace portrisk::service {
namespace {

constexpr size_t kBufferBytes = 4 * kSegmentBytesMax;
constexpr size_t kServiceStringBytes = 9;
constexpr char kElementMark = '\x1D';
constexpr char kComponentMark = '\x1F';

bool IsTagByte(char c) {
  return absl::ascii_isupper(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// Line ends and padding between segments.
bool IsBetween(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c)) || c == '\0' ||
         c == '\x1A';
}

}  // namespace

SegmentTokenizer::SegmentTokenizer(std::istream& in, Syntax syntax)
    : in_(in), syntax_(syntax), buffer_(kBufferBytes, '\0') {
  if (syntax == Syntax::kX12) defaults_ = {'>', '*', ' ', '~'};
  SetSeparators(defaults_);
}

void SegmentTokenizer::SetSeparators(const Separators& separators) {
  separators_ = separators;
  std::fill(std::begin(roles_), std::end(roles_), kData);
  roles_[static_cast<unsigned char>('\n')] = kLineBreak;
  roles_[static_cast<unsigned char>('\r')] = kLineBreak;
  if (separators.release != ' ') {
    roles_[static_cast<unsigned char>(separators.release)] = kRelease;
  }
  roles_[static_cast<unsigned char>(separators.component)] = kComponent;
  roles_[static_cast<unsigned char>(separators.element)] = kElement;
}

// Moves what is unread to the front and reads on behind it.
bool SegmentTokenizer::Refill() {
  if (exhausted_) return false;
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  base_ += at_;
  end_ -= at_;
  at_ = 0;
  if (end_ == buffer_.size()) return false;
  in_.read(buffer_.data() + end_,
           static_cast<std::streamsize>(buffer_.size() - end_));
  const auto count = static_cast<size_t>(in_.gcount());
  end_ += count;
  exhausted_ = !in_;
  return count != 0;
}

bool SegmentTokenizer::Ensure(size_t bytes) {
  while (end_ - at_ < bytes) {
    if (!Refill()) return false;
  }
  return true;
}

void SegmentTokenizer::SkipBetween() {
  do {
    while (at_ < end_ && IsBetween(buffer_[at_])) ++at_;
  } while (at_ == end_ && Refill());
}

bool SegmentTokenizer::TakeByteOrderMark() {
  if (!Ensure(kByteOrderMark.size()) ||
      !absl::StartsWith(Rest(), kByteOrderMark)) {
    return false;
  }
  at_ += kByteOrderMark.size();
  return true;
}

// "UNA" and six characters: component, element, decimal mark, release,
// reserved, terminator. Taken only when they can do their work.
bool SegmentTokenizer::TakeServiceString() {
  if (!Ensure(kServiceStringBytes) || !absl::StartsWith(Rest(), "UNA")) {
    return false;
  }
  const absl::string_view marks = Rest().substr(3, 6);
  const Separators separators = {marks[0], marks[1], marks[3], marks[5],
                                 marks[2]};
  const char structural[] = {marks[0], marks[1], marks[5]};
  for (const char c : structural) {
    if (IsTagByte(c) || c == ' ' || c == separators.release) return false;
  }
  if (marks[0] == marks[1] || marks[1] == marks[5] || marks[0] == marks[5]) {
    return false;
  }
  SetSeparators(separators);
  declared_ = true;
  at_ += kServiceStringBytes;
  return true;
}

// The first interchange header tells the separators by where they stand: the
// element separator behind "ISA", the component separator as the 16th element,
// the terminator behind that. Many senders do not pad the elements, so they
// are counted.
void SegmentTokenizer::ReadIsa() {
  constexpr size_t kIsaBytesMax = 256;
  if (!Ensure(4) || !absl::StartsWith(Rest(), "ISA")) return;
  (void)Ensure(kIsaBytesMax);
  const absl::string_view isa = Rest().substr(0, kIsaBytesMax);
  const char element = isa[3];
  if (IsTagByte(element) || element == ' ') return;
  size_t at = 3;
  for (int found = 1; found < 16; ++found) {
    at = isa.find(element, at + 1);
    if (at == absl::string_view::npos) return;
  }
  if (at + 2 >= isa.size()) return;
  const Separators separators = {isa[at + 1], element, ' ', isa[at + 2]};
  const char marks[] = {separators.component, separators.terminator};
  for (const char c : marks) {
    if (IsTagByte(c) || c == ' ' || c == element) return;
  }
  if (marks[0] != marks[1]) SetSeparators(separators);
}

// Finds the terminator that no release character takes its meaning from.
// False when there is none within the bound or before the end.
bool SegmentTokenizer::FindTerminator(size_t* size) {
  size_t from = 0;
  while (true) {
    const absl::string_view rest = Rest();
    const size_t limit = std::min(rest.size(), kSegmentBytesMax + 1);
    const void* found = from < limit
                            ? std::memchr(rest.data() + from,
                                          separators_.terminator, limit - from)
                            : nullptr;
    if (found == nullptr) {
      if (limit > kSegmentBytesMax) return false;
      from = limit;
      if (!Refill()) return false;
      continue;
    }
    const auto at =
        static_cast<size_t>(static_cast<const char*>(found) - rest.data());
    size_t releases = 0;
    if (separators_.release != ' ') {
      while (releases < at && rest[at - 1 - releases] == separators_.release) {
        ++releases;
      }
    }
    if (releases % 2 == 0) {
      *size = at;
      return true;
    }
    from = at + 1;
  }
}

// Three capitals or digits and then structure or nothing; in X12 two are
// enough.
bool SegmentTokenizer::LooksLikeSegment(absl::string_view raw) const {
  if (syntax_ == Syntax::kX12) {
    size_t tag = 0;
    while (tag < raw.size() && tag < 4 && IsTagByte(raw[tag])) ++tag;
    return (tag == 2 || tag == 3) && absl::ascii_isupper(raw[0]) &&
           (tag == raw.size() || raw[tag] == separators_.element);
  }
  if (raw.size() < 3 || !absl::ascii_isupper(raw[0]) || !IsTagByte(raw[1]) ||
      !IsTagByte(raw[2])) {
    return false;
  }
  if (raw.size() == 3) return true;
  const uint8_t role = roles_[static_cast<unsigned char>(raw[3])];
  return role == kElement || role == kComponent || role == kLineBreak;
}

// A line that ends within the tag, as where lines are cut at a fixed length.
bool SegmentTokenizer::TagIsWrapped(absl::string_view raw) const {
  constexpr size_t kTagBytes = 4;  // With what follows it.
  std::string begin;
  for (size_t i = 0; i < raw.size() && begin.size() < kTagBytes; ++i) {
    if (raw[i] != '\r' && raw[i] != '\n') begin.push_back(raw[i]);
  }
  return begin != raw.substr(0, kTagBytes) && LooksLikeSegment(begin);
}

SegmentTokenizer::Token SegmentTokenizer::Damage(size_t bytes,
                                                 absl::string_view reason) {
  damage_ = Rest().substr(0, bytes);
  damage_offset_ = base_ + at_;
  damage_reason_ = reason;
  header_lost_ = false;
  for (size_t i = 0; i < damage_.size(); ++i) {
    if (StartsHeader(damage_.substr(i))) header_lost_ = true;
  }
  at_ += damage_.size();
  return Token::kDamage;
}

// The size of what stands before a message that begins on a line of its own
// inside `raw`: a terminator was lost, and the message must not be lost with
// it. The size of `raw` where none begins.
size_t SegmentTokenizer::SizeBeforeMessage(absl::string_view raw) const {
  for (size_t i = 1; i < raw.size(); ++i) {
    if (IsBetween(raw[i - 1]) && StartsMessage(raw.substr(i))) return i;
  }
  return raw.size();
}

SegmentTokenizer::Token SegmentTokenizer::Next() {
  SkipBetween();
  if (at_ == end_) return Token::kEnd;
  if (TakeByteOrderMark()) return Token::kByteOrderMark;
  if (syntax_ == Syntax::kX12) {
    if (buffer_[at_] == 'I') ReadIsa();
  } else if (TakeServiceString()) {
    return Token::kServiceString;
  } else if (!declared_ && absl::StartsWith(Rest(), "UNB+")) {
    SetSeparators(defaults_);  // The UNZ of the one before may be lost.
  }
  size_t size = 0;
  if (!FindTerminator(&size)) {
    const bool too_long = Rest().size() > kSegmentBytesMax;
    size = SizeBeforeMessage(Rest().substr(0, kSegmentBytesMax));
    if (too_long) return Damage(size, "SEGMENT_TOO_LONG");
    if (size < Rest().size()) return Damage(size, "BAD_SEGMENT");
    (void)Damage(size, "TRUNCATED");
    return Token::kTruncated;
  }
  if (size == 0) {
    ++at_;
    return Token::kEmpty;
  }
  absl::string_view raw = Rest().substr(0, size);
  if (!LooksLikeSegment(raw) && !TagIsWrapped(raw)) {
    const size_t before = SizeBeforeMessage(raw);
    return Damage(before == size ? size + 1 : before, "BAD_SEGMENT");
  }
  while (raw.back() == '\n' || raw.back() == '\r') raw.remove_suffix(1);
  Split(raw);
  if (segment_.wrapped()) {
    const size_t before = SizeBeforeMessage(raw);
    if (before < raw.size()) return Damage(before, "BAD_SEGMENT");
  }
  at_ += size + 1;
  declared_ = false;
  if (segment_.tag() == "UNZ") SetSeparators(defaults_);
  return Token::kSegment;
}

// Room for as many parts as `bytes` bytes can have, so that splitting need not
// ask for each.
void SegmentTokenizer::StartParts(size_t bytes) {
  if (segment_.components_.size() < bytes + 1) {
    segment_.components_.resize(bytes + 1);
    segment_.starts_.resize(bytes + 2);
  }
  segment_.component_count_ = 0;
  segment_.element_count_ = 0;
  segment_.starts_[0] = 0;
}

void SegmentTokenizer::EndParts() {
  segment_.starts_[++segment_.element_count_] =
      static_cast<uint32_t>(segment_.component_count_);
}

void SegmentTokenizer::Split(absl::string_view raw) {
  segment_.raw_ = raw;
  segment_.offset_ = base_ + at_;
  segment_.wrapped_ = false;
  StartParts(raw.size());
  absl::string_view* component = segment_.components_.data();
  const absl::string_view* const first = component;
  uint32_t* next_element = segment_.starts_.data();
  const char* start = raw.data();
  const char* const end = raw.data() + raw.size();
  for (const char* p = start; p != end; ++p) {
    const uint8_t role = roles_[static_cast<unsigned char>(*p)];
    if (role == kData) continue;
    if (role >= kRelease) return SplitMarked(Unescape(raw));
    *component++ = {start, static_cast<size_t>(p - start)};
    if (role == kElement) {
      *++next_element = static_cast<uint32_t>(component - first);
    }
    start = p + 1;
  }
  *component++ = {start, static_cast<size_t>(end - start)};
  segment_.component_count_ = static_cast<size_t>(component - first);
  segment_.element_count_ =
      static_cast<size_t>(next_element - segment_.starts_.data());
  EndParts();
}

void SegmentTokenizer::SplitMarked(absl::string_view copy) {
  StartParts(copy.size());
  constexpr char kMarks[] = {kElementMark, kComponentMark};
  while (true) {
    const size_t mark = copy.find_first_of({kMarks, sizeof(kMarks)});
    const bool last = mark == absl::string_view::npos;
    segment_.components_[segment_.component_count_++] = copy.substr(0, mark);
    if (last) return EndParts();
    if (copy[mark] == kElementMark) EndParts();
    copy.remove_prefix(mark + 1);
  }
}

// A copy without release characters and line breaks, its structure marked.
absl::string_view SegmentTokenizer::Unescape(absl::string_view raw) {
  std::string& copy = segment_.unescaped_;
  copy.clear();
  bool released = false;
  for (const char c : raw) {
    const uint8_t role = roles_[static_cast<unsigned char>(c)];
    if (role == kLineBreak) {
      segment_.wrapped_ = true;
    } else if (released) {
      copy.push_back(c);
      released = false;
    } else if (role == kRelease) {
      released = true;
    } else if (role == kElement) {
      copy.push_back(kElementMark);
    } else if (role == kComponent) {
      copy.push_back(kComponentMark);
    } else {
      // A mark in the data would become structure.
      copy.push_back(c == kElementMark || c == kComponentMark ? ' ' : c);
    }
  }
  return copy;
}

bool SegmentTokenizer::StartsMessage(absl::string_view rest) const {
  absl::ConsumePrefix(&rest, kByteOrderMark);
  if (syntax_ == Syntax::kX12) {
    return (absl::StartsWith(rest, "ISA") && rest.size() > 3) ||
           (rest.size() > 2 && rest[2] == separators_.element &&
            (absl::StartsWith(rest, "GS") || absl::StartsWith(rest, "ST")));
  }
  if (absl::StartsWith(rest, "UNA")) return rest.size() > 8;
  if (absl::StartsWith(rest, "UNB+")) return true;  // As if without a UNA.
  return rest.size() > 3 && rest[3] == separators_.element &&
         (absl::StartsWith(rest, "UNB") || absl::StartsWith(rest, "UNH"));
}

bool SegmentTokenizer::StartsHeader(absl::string_view rest) const {
  const absl::string_view tag = syntax_ == Syntax::kX12 ? "ISA" : "UNB";
  if (rest.size() <= tag.size() || !absl::StartsWith(rest, tag)) return false;
  const uint8_t role = roles_[static_cast<unsigned char>(rest[tag.size()])];
  return role == kElement || role == kComponent;
}

void SegmentTokenizer::Resynchronise() {
  // A tag counts where a segment may begin: behind a terminator or a line end.
  bool may_begin = true;
  while (Ensure(kServiceStringBytes) || at_ < end_) {
    if (may_begin && StartsMessage(Rest())) return;
    if (StartsHeader(Rest())) header_lost_ = true;
    const char c = buffer_[at_++];
    may_begin = c == separators_.terminator || IsBetween(c);
  }
}

}  // namespace portrisk::service
