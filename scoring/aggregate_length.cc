#include "scoring/aggregate_length.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace portrisk::scoring {
namespace {

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr Unit kUnits[] = {{'y', int64_t{365} * 86400},
                           {'d', 86400},
                           {'h', 3600},
                           {'m', 60},
                           {'s', 1}};
constexpr int64_t kNumberMax = 1'000'000'000;

}  // namespace

bool ParseLength(absl::string_view text, int64_t* seconds) {
  int64_t number = 0;
  if (text.size() < 2 ||
      !absl::SimpleAtoi(text.substr(0, text.size() - 1), &number) ||
      number < 1 || number > kNumberMax || text[0] == '+' || text[0] == ' ') {
    return false;
  }
  for (const Unit& unit : kUnits) {
    if (text.back() != unit.letter) continue;
    *seconds = number * unit.seconds;
    return true;
  }
  return false;
}

std::string FormatLength(int64_t seconds) {
  for (const Unit& unit : kUnits) {
    if (unit.letter == 'y' || seconds % unit.seconds != 0) continue;
    return absl::StrCat(seconds / unit.seconds, std::string(1, unit.letter));
  }
  return "";
}

}  // namespace portrisk::scoring
