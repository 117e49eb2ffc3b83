#include "service/formats/edifact_codes.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace portrisk::service {
namespace {

struct Named {
  absl::string_view code;
  absl::string_view name;
};

constexpr Named kSealSources[] = {
    {"CA", "CAR"}, {"SH", "SHI"}, {"CU", "CUS"}, {"AC", "PHY"}, {"TO", "TER"},
};
constexpr Named kPartySchemes[] = {
    {"16", "DUNS"}, {"20", "BIC"}, {"166", "SCAC"}, {"306", "SMDG"}};
constexpr Named kCharsets[] = {
    {"UNOA", kPlainCharset}, {"UNOB", kPlainCharset}, {"UNOC", "ISO-8859-1"},
    {"UNOD", "ISO-8859-2"},  {"UNOE", "ISO-8859-5"},  {"UNOF", "ISO-8859-7"},
    {"UNOG", "ISO-8859-3"},  {"UNOH", "ISO-8859-4"},  {"UNOI", "ISO-8859-6"},
    {"UNOJ", "ISO-8859-8"},  {"UNOK", "ISO-8859-9"},  {"UNOL", "ISO-8859-15"},
    {"UNOW", "UTF-8"},       {"UNOX", "UTF-8"},       {"UNOY", "UTF-8"},
    {"KECA", "CP949"},
};

template <size_t N>
absl::string_view Find(const Named (&table)[N], absl::string_view code) {
  for (const Named& entry : table) {
    if (entry.code == code) return entry.name;
  }
  return "";
}

// Digits of a date and time, as the formats lay them out.
struct Layout {
  absl::string_view format;
  size_t year_digits;
  size_t digits;  // Without a zone.
  enum Zone { kNone, kLetters, kOffset } zone;
};
constexpr Layout kLayouts[] = {
    {"102", 4, 8, Layout::kNone},     {"203", 4, 12, Layout::kNone},
    {"204", 4, 14, Layout::kNone},    {"101", 2, 6, Layout::kNone},
    {"201", 2, 10, Layout::kNone},    {"202", 2, 12, Layout::kNone},
    {"205", 4, 12, Layout::kOffset},  {"303", 4, 12, Layout::kLetters},
    {"304", 4, 14, Layout::kLetters},
};

// Formats in which the day comes first, or the month.
struct OtherOrder {
  absl::string_view format;
  size_t digits;
  size_t day, month, year, year_digits;  // Where each begins.
};
constexpr OtherOrder kOtherOrders[] = {
    {"2", 6, 0, 2, 4, 2},
    {"3", 6, 2, 0, 4, 2},
    {"4", 8, 0, 2, 4, 4},
    {"5", 12, 0, 2, 4, 4},
};
// What is as long as a date and is none: times of day, months, weeks.
constexpr absl::string_view kNoDates[] = {"402", "610", "616", "715"};

// The year first, then as before; the format that this is.
absl::string_view InOrder(const OtherOrder& other, absl::string_view digits,
                          std::string* ordered) {
  const size_t date = other.year + other.year_digits;
  *ordered = absl::StrCat(digits.substr(other.year, other.year_digits),
                          digits.substr(other.month, 2),
                          digits.substr(other.day, 2), digits.substr(date));
  return other.year_digits == 2 ? "101" : digits.size() > date ? "203" : "102";
}

int Number(absl::string_view digits) {
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

bool ParseDigits(absl::string_view digits, size_t year_digits,
                 absl::TimeZone zone, absl::Time* time) {
  int year = Number(digits.substr(0, year_digits));
  // Two-digit years: no container report is older than 1970.
  if (year_digits == 2) year += year < 70 ? 2000 : 1900;
  const absl::string_view rest = digits.substr(year_digits);
  const auto field = [&rest](size_t at) {
    return at < rest.size() ? Number(rest.substr(at, 2)) : 0;
  };
  const int month = field(0), day = field(2), hour = field(4);
  const int minute = field(6), second = field(8);
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 24 ||
      minute > 59 || second > 60 || (hour == 24 && minute + second > 0)) {
    return false;
  }
  const absl::CivilDay date(year, month, day);
  if (date.month() != month || date.day() != day) return false;
  *time = absl::FromCivil(
      absl::CivilSecond(year, month, day, hour, minute, second), zone);
  return true;
}

// The zone behind the digits, letters or +hh or +hhmm; `zone` and a tolerance
// when it says nothing.
bool ParseZone(absl::string_view text, Layout::Zone kind, absl::TimeZone* zone,
               absl::string_view* tolerated) {
  if (kind == Layout::kLetters) {
    const bool offset = !text.empty() && (text[0] == '+' || text[0] == '-');
    if (text == "UTC" || text == "GMT" || text == "Z") {
      *zone = absl::UTCTimeZone();
    } else if (!offset) {
      *tolerated = "ZONE_UNKNOWN";
    }
    if (!offset) return text.size() <= 3;
  }
  if ((text.size() != 3 && text.size() != 5) ||
      (text[0] != '+' && text[0] != '-') ||
      !std::all_of(text.begin() + 1, text.end(), absl::ascii_isdigit)) {
    return false;
  }
  const int seconds =
      Number(text.substr(1, 2)) * 3600 + Number(text.substr(3)) * 60;
  if (seconds > 14 * 3600) return false;
  *zone = absl::FixedTimeZone(text[0] == '-' ? -seconds : seconds);
  return true;
}

// The format of 2379 that a date and a time of so many digits are together; ""
// for none.
absl::string_view X12Format(size_t date, size_t time) {
  if (date == 8) {
    return time == 0 ? "102" : time == 4 ? "203" : time == 6 ? "204" : "";
  }
  if (date == 6) {
    return time == 0 ? "101" : time == 4 ? "201" : time == 6 ? "202" : "";
  }
  return "";
}

const Layout* LayoutByLength(size_t digits) {
  switch (digits) {
    case 14:
      return &kLayouts[2];
    case 12:
      return &kLayouts[1];
    case 10:
      return &kLayouts[4];
    case 8:
      return &kLayouts[0];
    case 6:
      return &kLayouts[3];
    default:
      return nullptr;
  }
}

}  // namespace

Function FunctionOf(absl::string_view code) {
  struct Codes {
    absl::string_view codes;  // Each between blanks.
    Function function;
  };
  // Nothing, additions, duplicates, reissues and copies are originals: their
  // ids say what is the same. 4: change; 3: deletion, 17: cancelled to be
  // reissued.
  static constexpr Codes kCodes[] = {
      {"  2 7 9 18 22 31 35 43 ", Function::kOriginal},
      {" 4 5 ", Function::kReplace},
      {" 1 3 17 ", Function::kCancel},
      {" 10 12 13 15 16 20 21 23 27 33 34 36 37 38 39 40 48 ",
       Function::kNoReport},
  };
  code = absl::StripAsciiWhitespace(code);
  for (const Codes& known : kCodes) {
    if (absl::StrContains(known.codes, absl::StrCat(" ", code, " "))) {
      return known.function;
    }
  }
  return Function::kUnknown;
}

v1::LoadStatus LoadStatusOf(absl::string_view code) {
  if (code == "4") return v1::EMPTY;
  // 7 and 8 are full too, of many consignments and of one.
  if (code == "5" || code == "7" || code == "8") return v1::FULL;
  return v1::LOAD_STATUS_UNSPECIFIED;
}

v1::Mode ModeOf(absl::string_view mode, absl::string_view means) {
  if (mode == "1") return v1::SEA;
  if (mode == "2") return v1::RAIL;
  if (mode == "3") return v1::ROAD;
  if (mode == "4") return v1::AIR;
  if (mode == "8") return v1::BARGE;
  if (means == "8") return v1::BARGE;
  if (means == "11" || means == "13") return v1::SEA;
  if (means == "25") return v1::RAIL;
  if (means == "31") return v1::ROAD;
  return v1::MODE_UNSPECIFIED;
}

absl::string_view SealSourceOf(absl::string_view code) {
  if (code == "AB") return "";  // Unknown.
  const absl::string_view known = Find(kSealSources, code);
  return known.empty() ? code : known;
}

absl::string_view X12SealSourceOf(absl::string_view code) {
  return code == "CA" || code == "SH" ? Find(kSealSources, code) : "";
}

absl::string_view PartySchemeOf(absl::string_view agency) {
  return Find(kPartySchemes, agency);
}

v1::LoadStatus X12LoadStatusOf(absl::string_view code) {
  if (code == "E") return v1::EMPTY;
  if (code == "L") return v1::FULL;
  return v1::LOAD_STATUS_UNSPECIFIED;
}

double KilogramsIn(absl::string_view unit) {
  if (unit == "KGM" || unit == "KG" || unit == "K") return 1.0;
  if (unit == "GRM") return 0.001;
  if (unit == "TNE" || unit == "M" || unit == "MT") return 1000.0;
  if (unit == "LBR" || unit == "LB" || unit == "L") return 0.45359237;
  return 0.0;
}

DateTime ParseDateTime(absl::string_view value, absl::string_view format,
                       absl::TimeZone zone) {
  DateTime result;
  value = absl::StripAsciiWhitespace(value);
  const auto digits = static_cast<size_t>(
      std::find_if_not(value.begin(), value.end(), absl::ascii_isdigit) -
      value.begin());
  if (absl::c_linear_search(kNoDates, format)) return result;
  std::string ordered;
  for (const OtherOrder& other : kOtherOrders) {
    if (other.format != format || other.digits != digits) continue;
    format = InOrder(other, value.substr(0, digits), &ordered);
    if (value.size() > digits) return result;
    value = ordered;
  }
  const Layout* layout = nullptr;
  for (const Layout& candidate : kLayouts) {
    if (candidate.format == format && candidate.digits == digits) {
      layout = &candidate;
    }
  }
  if (layout == nullptr) {
    layout = LayoutByLength(digits);
    if (layout == nullptr) return result;
    result.tolerated = "TIME_FORMAT_WRONG";
  }
  const absl::string_view rest = value.substr(digits);
  if (layout->zone == Layout::kNone) {
    if (!rest.empty()) return result;
  } else if (!ParseZone(rest, layout->zone, &zone, &result.tolerated)) {
    return result;
  }
  if (layout->digits - layout->year_digits == 4 && result.tolerated.empty()) {
    result.tolerated = kDateOnly;
  }
  result.ok = ParseDigits(value.substr(0, digits), layout->year_digits, zone,
                          &result.time);
  return result;
}

absl::optional<absl::Duration> ParseTimeOfDay(absl::string_view value) {
  if (value.size() != 4 ||
      !std::all_of(value.begin(), value.end(), absl::ascii_isdigit)) {
    return absl::nullopt;
  }
  const int hour = Number(value.substr(0, 2)), minute = Number(value.substr(2));
  if (hour > 23 || minute > 59) return absl::nullopt;
  return absl::Hours(hour) + absl::Minutes(minute);
}

DateTime ParseX12Time(absl::string_view date, absl::string_view time,
                      absl::string_view code, absl::TimeZone zone) {
  // Hours from UTC. Where the code leaves open whether daylight saving is in
  // force ("ET"), it says nothing that could be relied on.
  struct Zone {
    absl::string_view code;
    int hours;
  };
  constexpr Zone kZones[] = {{"UT", 0},   {"GM", 0},  {"ES", -5}, {"ED", -4},
                             {"CS", -6},  {"CD", -5}, {"MS", -7}, {"MD", -6},
                             {"PS", -8},  {"PD", -7}, {"AS", -9}, {"AD", -8},
                             {"HS", -10}, {"HD", -9}, {"TS", -4}, {"TD", -3}};
  time = time.substr(0, 6);
  const std::string text = absl::StrCat(date, time);
  const absl::string_view format = X12Format(date.size(), time.size());
  if (format.empty()) return DateTime();
  absl::string_view zone_unknown;
  int numbered = 0;
  if (code.size() == 2 && absl::SimpleAtoi(code, &numbered) && numbered >= 1 &&
      numbered <= 24) {
    // 01 to 12 lie east of UTC; 13 is twelve hours west of it, 24 one hour.
    zone =
        absl::FixedTimeZone((numbered <= 12 ? numbered : numbered - 25) * 3600);
  } else if (!code.empty() && code != "LT") {
    const auto* known =
        std::find_if(std::begin(kZones), std::end(kZones),
                     [code](const Zone& one) { return one.code == code; });
    if (known == std::end(kZones)) {
      zone_unknown = "ZONE_UNKNOWN";
    } else {
      zone = absl::FixedTimeZone(known->hours * 3600);
    }
  }
  DateTime result = ParseDateTime(text, format, zone);
  if (!zone_unknown.empty()) result.tolerated = zone_unknown;
  return result;
}

const char* CharsetOf(absl::string_view syntax) {
  return Find(kCharsets, syntax).data();
}

}  // namespace portrisk::service
