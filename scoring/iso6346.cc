#include "scoring/iso6346.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "absl/strings/ascii.h"

namespace portrisk::scoring {
namespace {

constexpr size_t kPrefixLength = 4;
constexpr size_t kCheckedLength = 10;
constexpr size_t kFullLength = 11;

// Letters count from 10 upwards, leaving out the multiples of 11: a letter of
// value 11, 22 or 33 would weigh nothing in a sum modulo 11.
constexpr std::array<uint8_t, 26> MakeLetterValues() {
  std::array<uint8_t, 26> values{};
  uint8_t next = 10;
  for (uint8_t& value : values) {
    if (next % 11 == 0) ++next;
    value = next++;
  }
  return values;
}
constexpr std::array<uint8_t, 26> kLetterValues = MakeLetterValues();
static_assert(kLetterValues['A' - 'A'] == 10 && kLetterValues['B' - 'A'] == 12);
static_assert(kLetterValues['U' - 'A'] == 32 && kLetterValues['Z' - 'A'] == 38);

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsSeparator(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c)) || c == '-' ||
         c == '.' || c == '/';
}

bool IsReservedPrefix(absl::string_view prefix) {
  static constexpr char kReserved[][kPrefixLength + 1] = {
      "BICU", "IIIU", "IRUU", "ISOU", "OOOU", "XXXU", "YYYU", "ZZZU"};
  for (const char* reserved : kReserved) {
    if (std::memcmp(prefix.data(), reserved, kPrefixLength) == 0) return true;
  }
  return false;
}

bool IsCategory(char c) { return c == 'U' || c == 'J' || c == 'Z'; }

}  // namespace

std::string NormaliseContainerNumber(absl::string_view raw,
                                     v1::NumberStatus* status) {
  std::string normal;
  normal.reserve(raw.size() + 1);
  for (char c : raw) {
    if (IsSeparator(c)) continue;
    normal.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  if (status != nullptr) *status = CheckContainerNumber(normal);
  const int digit = CheckDigit(normal, nullptr);
  if (digit >= 0) normal.push_back(static_cast<char>('0' + digit));
  return normal;
}

bool IsNormalContainerNumber(absl::string_view number) {
  for (char c : number) {
    if (IsSeparator(c) || absl::ascii_islower(static_cast<unsigned char>(c))) {
      return false;
    }
  }
  return CheckDigit(number, nullptr) < 0;
}

v1::NumberStatus CheckContainerNumber(absl::string_view number) {
  if (number.empty()) return v1::NUMBER_STATUS_UNSPECIFIED;
  if (number.size() != kFullLength && number.size() != kCheckedLength) {
    return v1::NUMBER_NOT_ISO;
  }
  bool remainder_ten = false;
  const int digit =
      CheckDigit(number.substr(0, kCheckedLength), &remainder_ten);
  if (digit < 0 || !IsCategory(number[kPrefixLength - 1])) {
    return v1::NUMBER_NOT_ISO;
  }
  const bool full = number.size() == kFullLength;
  if (full && !IsDigit(number.back())) return v1::NUMBER_NOT_ISO;
  if (IsReservedPrefix(number)) return v1::NUMBER_RESERVED_PREFIX;
  if (!full) return v1::NUMBER_NO_CHECK_DIGIT;
  if (number.back() - '0' != digit) return v1::NUMBER_BAD_CHECK_DIGIT;
  return remainder_ten ? v1::NUMBER_REMAINDER_TEN : v1::NUMBER_VALID;
}

int CheckDigit(absl::string_view ten_characters, bool* remainder_ten) {
  if (ten_characters.size() != kCheckedLength) return -1;
  uint32_t sum = 0;
  for (size_t i = 0; i < kCheckedLength; ++i) {
    const char c = ten_characters[i];
    if (i < kPrefixLength ? !IsUpper(c) : !IsDigit(c)) return -1;
    const uint32_t value =
        i < kPrefixLength ? kLetterValues[c - 'A'] : uint32_t(c - '0');
    sum += value << i;
  }
  const uint32_t remainder = sum % 11;
  if (remainder_ten != nullptr) *remainder_ten = remainder == 10;
  return static_cast<int>(remainder % 10);
}

}  // namespace portrisk::scoring
