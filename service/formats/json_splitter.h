// Cuts a stream of JSON into records: the objects of a top-level array, the
// objects of an object's "events" array, objects one a line or simply one
// after another. Holds one record at a time and knows of JSON only strings and
// brackets; what a record means, and whether it is valid, is the parser's to
// say.
//
// Damage does not spread: a bracket or a string that cannot continue as it
// stands ends the record, and the next object begins a new one.
#ifndef PORTRISK_SERVICE_FORMATS_JSON_SPLITTER_H_
#define PORTRISK_SERVICE_FORMATS_JSON_SPLITTER_H_

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "service/formats/output.h"

namespace portrisk::service {

inline constexpr size_t kJsonRecordBytesMax = size_t{4} << 20;

// Not thread safe. The stream outlives the object.
class JsonSplitter {
 public:
  enum class Piece {
    kRecord,   // A balanced object.
    kDamaged,  // The beginning of one that breaks off.
    kTooLong,  // The beginning of one beyond the bound.
    kStray,    // Bytes between records that are no JSON punctuation.
    kEnd,
  };

  // Where the array of records stands in a document that has one.
  enum class Envelope {
    kEvents,  // {"events": [
    kEpcis,   // {"epcisBody": {"eventList": [
  };

  explicit JsonSplitter(std::istream& in, Envelope envelope = Envelope::kEvents)
      : in_(in), envelope_(envelope) {}

  Piece Next();

  // The bytes of the piece; valid until Next.
  absl::string_view text() const { return text_; }
  uint64_t line() const { return piece_line_; }      // From 1.
  uint64_t offset() const { return piece_offset_; }  // Of its first byte.
  // JSON pointer of the record in its document: "/events/3", "/3" or "".
  std::string pointer() const;

  // The piece, refused; `pointer` goes on from its own.
  Reject Refused(absl::string_view pointer, std::string reason,
                 std::string message) const;
  // Of a movement of the record: "line 3, /events/2".
  std::string Origin() const;

 private:
  int Get();
  Piece ReadObject();
  Piece ReadStray(int c);
  // Takes one byte of an object; false when it cannot stand there.
  bool Step(char c);
  bool StepInString(char c);
  bool OpensEvents();
  void SkipEnvelope();
  void Keep(char c);

  // How deep in its document the array stands.
  size_t EnvelopeDepth() const {
    return envelope_ == Envelope::kEvents ? 1 : 2;
  }

  std::istream& in_;
  const Envelope envelope_;
  std::string text_;
  uint64_t line_ = 1;
  uint64_t offset_ = 0;
  uint64_t piece_line_ = 0;
  uint64_t piece_offset_ = 0;

  int last_byte_ = 0;
  bool at_line_start_ = false;  // The byte that Get returned begins a line.
  int pending_ = -1;  // A byte that ended the last piece and begins the next.
  bool in_array_ = false;  // At the top level.
  bool in_events_ = false;
  bool resynchronising_ = false;  // Behind damage: only a brace counts.
  uint64_t index_ = 0;            // Of the next record in its array.
  uint64_t piece_index_ = 0;

  // Within an object.
  std::string open_;  // Brackets: '{' and '['.
  bool in_string_ = false;
  bool escaped_ = false;
  bool too_long_ = false;
  bool began_line_ = false;  // The object is the first thing on its line.
  uint64_t breaks_ = 0;      // Line breaks in it.
  char last_ = 0;            // The last byte that is no blank, outside strings.
  std::string string_;  // The last string at the depth of the array's key, as
                        // long as a key is.
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_JSON_SPLITTER_H_
