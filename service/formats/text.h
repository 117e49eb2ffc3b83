// Bytes of unknown origin to text that a proto string may hold.
//
// All functions are pure and take any bytes. Any number of threads.
#ifndef PORTRISK_SERVICE_FORMATS_TEXT_H_
#define PORTRISK_SERVICE_FORMATS_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// The view type of the project from the one of the standard library, which
// other libraries give.
inline absl::string_view ToAbsl(std::string_view text) {
  return {text.data(), text.size()};
}

// Only bytes below 0x80 and none below 0x20: the usual case, worth a fast way.
bool IsPlainAscii(absl::string_view text);
bool IsValidUtf8(absl::string_view text);

// ISO 8859-1 to UTF-8. Every byte string has an answer.
std::string Latin1ToUtf8(absl::string_view text);

// `text` from the character set `charset` ("ISO-8859-2"); reads it as
// ISO 8859-1 when the platform lacks that set or the bytes are not in it.
std::string CharsetToUtf8(absl::string_view text, const char* charset);

// Of valid UTF-8: a run of control characters becomes one blank, blanks at
// both ends go. Line breaks in a quoted cell or a JSON string would otherwise
// make the movement inadmissible.
std::string FoldControls(absl::string_view text);

// At most 200 bytes for people: what is not printable ASCII becomes '.'.
std::string Excerpt(absl::string_view bytes);

// Sets *number; false where `text` is none, or one in hexadecimal, which the
// library reads, too.
bool ParseDecimal(absl::string_view text, double* number);

// Whether the comma may part thousands as well as a fraction: "21,500".
bool MayPartThousands(absl::string_view number);

// A hash that is the same on every machine.
inline uint64_t Fnv1a(absl::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return hash;
}

// An identifier of at most 128 printable ASCII characters: `text` itself where
// it is one, else "h:" and 32 hexadecimal digits of its BLAKE2b hash. Equal
// text gives equal identifiers on every machine.
std::string BoundedId(absl::string_view text);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_FORMATS_TEXT_H_
