// EDIFACT (ISO 9735) and X12 bytes to segments: service strings, release
// characters, any line ending, bytes that belong to no segment.
//
// Holds one buffer, whatever the length of the input; a segment's parts are
// views into it. Reads nothing about messages or envelopes, except that a UNA
// or ISA sets the separators, and the end of an interchange or a UNB without a
// UNA resets them.
#ifndef PORTRISK_SERVICE_FORMATS_SEGMENT_TOKENIZER_H_
#define PORTRISK_SERVICE_FORMATS_SEGMENT_TOKENIZER_H_

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// Longer runs without a terminator are damage, not segments.
inline constexpr size_t kSegmentBytesMax = 64 * 1024;

enum class Syntax { kEdifact, kX12 };

// A segment: tag and elements of components. Views are valid until the next
// call of the tokenizer.
class Segment {
 public:
  absl::string_view tag() const { return At(0, 0); }
  // Component `component` of element `element`; element 0 is the tag. Empty
  // where the segment has none.
  absl::string_view At(size_t element, size_t component = 0) const {
    if (element >= element_count_) return {};
    const size_t at = starts_[element] + component;
    return at < starts_[element + 1] ? components_[at] : absl::string_view();
  }
  size_t elements() const { return element_count_; }
  absl::string_view raw() const { return raw_; }  // Without terminator.
  uint64_t offset() const { return offset_; }     // In the stream.
  bool wrapped() const { return wrapped_; }       // Line breaks were inside.

 private:
  friend class SegmentTokenizer;

  // As long as the longest segment has parts; grown, never shrunk.
  std::vector<absl::string_view> components_;
  // First component of each element, and behind the last the end.
  std::vector<uint32_t> starts_ = {0, 0};
  size_t component_count_ = 0;
  size_t element_count_ = 0;
  absl::string_view raw_;
  std::string unescaped_;  // Holds the components when raw_ cannot.
  uint64_t offset_ = 0;
  bool wrapped_ = false;
};

// Not thread safe. The stream outlives the object.
class SegmentTokenizer {
 public:
  enum class Token {
    kSegment,        // segment() is valid.
    kEmpty,          // A terminator with nothing before it.
    kServiceString,  // A UNA was read and is in force.
    kByteOrderMark,  // Where a file begins, or files were joined.
    kDamage,     // Not a segment: damage(), damage_offset(), damage_reason().
    kTruncated,  // The stream ended inside a segment; damage() is its start.
    kEnd,
  };

  explicit SegmentTokenizer(std::istream& in, Syntax syntax = Syntax::kEdifact);

  Token Next();

  // Reads over everything up to the next UNA, UNB or UNH (ISA, GS or ST), which
  // Next then returns. For use after damage.
  void Resynchronise();

  const Segment& segment() const { return segment_; }
  // The UNA in force says so.
  bool decimal_comma() const { return separators_.decimal == ','; }
  absl::string_view damage() const { return damage_; }
  uint64_t damage_offset() const { return damage_offset_; }
  // BAD_SEGMENT, SEGMENT_TOO_LONG.
  absl::string_view damage_reason() const { return damage_reason_; }
  // The damage, or what was read over behind it, held the header of an
  // interchange.
  bool header_lost() const { return header_lost_; }

 private:
  struct Separators {
    char component = ':';
    char element = '+';
    char release = '?';  // A blank means none.
    char terminator = '\'';
    char decimal = '.';
  };
  // What a byte does inside a segment.
  enum Role : uint8_t { kData, kComponent, kElement, kRelease, kLineBreak };

  bool Refill();
  bool Ensure(size_t bytes);
  absl::string_view Rest() const {
    return absl::string_view(buffer_).substr(at_, end_ - at_);
  }
  void SkipBetween();
  bool TakeByteOrderMark();
  bool TakeServiceString();
  void ReadIsa();
  void SetSeparators(const Separators& separators);
  bool FindTerminator(size_t* size);
  bool LooksLikeSegment(absl::string_view raw) const;
  bool TagIsWrapped(absl::string_view raw) const;
  bool StartsMessage(absl::string_view rest) const;
  bool StartsHeader(absl::string_view rest) const;
  size_t SizeBeforeMessage(absl::string_view raw) const;
  void Split(absl::string_view raw);
  void SplitMarked(absl::string_view copy);
  void StartParts(size_t bytes);
  void EndParts();
  absl::string_view Unescape(absl::string_view raw);
  Token Damage(size_t bytes, absl::string_view reason);

  std::istream& in_;
  const Syntax syntax_;
  std::string buffer_;
  size_t at_ = 0;      // First unread byte.
  size_t end_ = 0;     // Behind the last byte read.
  uint64_t base_ = 0;  // Stream offset of buffer_[0].
  bool exhausted_ = false;
  bool declared_ = false;  // By a UNA just before.
  bool header_lost_ = false;
  Separators separators_;
  Separators defaults_;
  uint8_t roles_[256];
  Segment segment_;
  absl::string_view damage_;
  absl::string_view damage_reason_;
  uint64_t damage_offset_ = 0;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_SEGMENT_TOKENIZER_H_
