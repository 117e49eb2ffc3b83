#include "service/text_checks.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "simdjson.h"

namespace portrisk::service {
namespace {

constexpr uint8_t ClassOf(int c) {
  if (c >= 'A' && c <= 'Z') return kUpperChar;
  if (c >= 'a' && c <= 'z') return kLowerChar;
  if (c >= '0' && c <= '9') return kDigitChar;
  if (c == ' ') return kBlankChar;
  if (c >= '\t' && c <= '\r') return kBlankChar | kControlChar;
  if (c == '.') return kDotChar;
  if (c < 0x20 || c == 0x7F) return kControlChar;
  return c >= 0x80 ? kBeyondAscii : kOtherChar;
}

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) classes[c] = ClassOf(c);
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

uint8_t ClassOf(char c) { return kClasses[static_cast<unsigned char>(c)]; }

}  // namespace

uint8_t CharClasses(absl::string_view text) {
  uint8_t classes = 0;
  for (char c : text) classes |= ClassOf(c);
  return classes;
}

bool IsUtf8(absl::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool IsLongerThan(absl::string_view text, size_t limit) {
  if (text.size() <= limit) return false;
  const auto starts = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  return static_cast<size_t>(starts) > limit;
}

bool IsLocode(absl::string_view text) {
  if (text.size() != 5) return false;
  if (CharClasses(text.substr(0, 2)) != kUpperChar) return false;
  const absl::string_view place = text.substr(2);
  return std::all_of(place.begin(), place.end(), [](char c) {
    return ClassOf(c) == kUpperChar || (c >= '2' && c <= '9');
  });
}

bool IsValidTimestamp(int64_t seconds, int32_t nanos) {
  constexpr int64_t kYear1 = -62'135'596'800;
  constexpr int64_t kEndOfYear9999 = 253'402'300'799;
  return seconds >= kYear1 && seconds <= kEndOfYear9999 && nanos >= 0 &&
         nanos <= 999'999'999;
}

std::string UpperWithout(absl::string_view text, uint8_t drop) {
  std::string normal;
  normal.reserve(text.size());
  for (char c : text) {
    if ((ClassOf(c) & drop) != 0) continue;
    normal.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  return normal;
}

}  // namespace portrisk::service
