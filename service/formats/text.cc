#include "service/formats/text.h"

#include <iconv.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "simdjson.h"

namespace portrisk::service {
namespace {

constexpr size_t kExcerptBytesMax = 200;
constexpr size_t kIdBytesMax = 128;

bool IsPrintableAscii(char c) { return c >= 0x20 && c < 0x7F; }

}  // namespace

bool IsPlainAscii(absl::string_view text) {
  // Without a branch on each byte the compiler takes many at a time.
  bool plain = true;
  for (const char c : text) plain &= IsPrintableAscii(c);
  return plain;
}

bool IsValidUtf8(absl::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string Latin1ToUtf8(absl::string_view text) {
  std::string utf8;
  utf8.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8.push_back(c);
    } else {
      utf8.push_back(static_cast<char>(0xC0 | (byte >> 6)));
      utf8.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return utf8;
}

std::string CharsetToUtf8(absl::string_view text, const char* charset) {
  iconv_t converter = iconv_open("UTF-8", charset);
  if (converter == reinterpret_cast<iconv_t>(-1)) return Latin1ToUtf8(text);
  // No character of an eight-bit set takes more than three bytes.
  std::string utf8(text.size() * 3, '\0');
  char* in = const_cast<char*>(text.data());
  size_t in_left = text.size();
  char* out = utf8.data();
  size_t out_left = utf8.size();
  const size_t failed = iconv(converter, &in, &in_left, &out, &out_left);
  iconv_close(converter);
  if (failed == static_cast<size_t>(-1)) return Latin1ToUtf8(text);
  utf8.resize(utf8.size() - out_left);
  return utf8;
}

std::string FoldControls(absl::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (const char c : absl::StripAsciiWhitespace(text)) {
    if (!absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      folded.push_back(c);
    } else if (!folded.empty() && folded.back() != ' ') {
      folded.push_back(' ');
    }
  }
  while (!folded.empty() && folded.back() == ' ') folded.pop_back();
  return folded;
}

std::string Excerpt(absl::string_view bytes) {
  std::string excerpt(bytes.substr(0, kExcerptBytesMax));
  for (char& c : excerpt) {
    if (!IsPrintableAscii(c)) c = '.';
  }
  return excerpt;
}

bool ParseDecimal(absl::string_view text, double* number) {
  return absl::SimpleAtod(text, number) &&
         text.find_first_of("xX") == absl::string_view::npos;
}

bool MayPartThousands(absl::string_view number) {
  absl::ConsumePrefix(&number, "-");
  const std::vector<absl::string_view> parts = absl::StrSplit(number, ',');
  return parts.size() == 2 && parts[1].size() == 3 && parts[0] != "0" &&
         !parts[0].empty() && parts[0].size() <= 3 &&
         std::all_of(parts[1].begin(), parts[1].end(), absl::ascii_isdigit);
}

std::string BoundedId(absl::string_view text) {
  if (text.size() <= kIdBytesMax && IsPlainAscii(text)) {
    return std::string(text);
  }
  std::array<unsigned char, 16> hash;
  static_assert(hash.size() >= crypto_generichash_BYTES_MIN);
  crypto_generichash(hash.data(), hash.size(),
                     reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return absl::StrCat(
      "h:", absl::BytesToHexString(absl::string_view(
                reinterpret_cast<const char*>(hash.data()), hash.size())));
}

}  // namespace portrisk::service
