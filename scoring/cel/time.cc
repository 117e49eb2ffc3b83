#include "scoring/cel/time.h"

#include <chrono>

#include "absl/time/time.h"

namespace portrisk::scoring::cel {
namespace {

constexpr int64_t kDaySeconds = 86400;

// Reads fixed-width fields off the front of a text.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  bool Digits(int count, int* out) {
    if (text_.size() < static_cast<size_t>(count)) return false;
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    *out = value;
    return true;
  }
  bool Literal(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // One to nine digits of a second.
  bool Fraction(int32_t* nanos) {
    int32_t scale = 100'000'000;
    int32_t value = 0;
    size_t used = 0;
    while (used < text_.size() && text_[used] >= '0' && text_[used] <= '9') {
      value += (text_[used++] - '0') * scale;
      scale /= 10;
    }
    text_.remove_prefix(used);
    *nanos = value;
    return used >= 1 && used <= 9;
  }
  absl::string_view rest() const { return text_; }

 private:
  absl::string_view text_;
};

bool ReadDate(Reader* in, int64_t* seconds) {
  int year, month, day;
  if (!in->Digits(4, &year) || !in->Literal('-') || !in->Digits(2, &month) ||
      !in->Literal('-') || !in->Digits(2, &day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(month),
                                         std::chrono::day(day)};
  if (year < 1 || !date.ok()) return false;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  *seconds = days.count() * kDaySeconds;
  return true;
}

bool InRange(int64_t seconds) {
  return seconds >= kTimestampSecondsMin && seconds <= kTimestampSecondsMax;
}

char* PutDigits(int64_t value, int width, char* out) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

// ".25" for a quarter of a second, nothing for none.
char* PutFraction(int32_t nanos, char* out) {
  if (nanos == 0) return out;
  *out++ = '.';
  out = PutDigits(nanos, 9, out);
  while (out[-1] == '0') --out;
  return out;
}

}  // namespace

bool ParseZone(absl::string_view text, int* offset_minutes) {
  *offset_minutes = 0;
  if (text == "Z" || text == "z" || text == "UTC") return true;
  if (text.empty()) return false;
  const int sign = text[0] == '-' ? -1 : 1;
  if (text[0] == '+' || text[0] == '-') text.remove_prefix(1);
  Reader in(text);
  int hours, minutes;
  if (!in.Digits(2, &hours) || !in.Literal(':') || !in.Digits(2, &minutes) ||
      !in.rest().empty() || hours > 23 || minutes > 59) {
    return false;
  }
  *offset_minutes = sign * (hours * 60 + minutes);
  return true;
}

bool ParseTimestamp(absl::string_view text, TimePoint* out) {
  Reader in(text);
  int64_t seconds;
  int hour, minute, second, offset;
  if (!ReadDate(&in, &seconds)) return false;
  if (!in.Literal('T') && !in.Literal('t')) return false;
  if (!in.Digits(2, &hour) || !in.Literal(':') || !in.Digits(2, &minute) ||
      !in.Literal(':') || !in.Digits(2, &second)) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  int32_t nanos = 0;
  if (in.Literal('.') && !in.Fraction(&nanos)) return false;
  const absl::string_view zone = in.rest();
  // RFC 3339 wants Z or an offset with its sign.
  if (zone.empty() || (zone[0] >= '0' && zone[0] <= '9') || zone == "UTC" ||
      !ParseZone(zone, &offset)) {
    return false;
  }
  seconds += hour * 3600 + minute * 60 + second - offset * 60;
  *out = {seconds, nanos};
  return InRange(seconds);
}

bool ParseDate(absl::string_view text, TimePoint* out) {
  Reader in(text);
  int64_t seconds;
  if (!ReadDate(&in, &seconds) || !in.rest().empty()) return false;
  *out = {seconds, 0};
  return true;
}

bool ParseDuration(absl::string_view text, TimePoint* out) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) return false;
  if (duration == absl::InfiniteDuration() ||
      duration == -absl::InfiniteDuration()) {
    return false;
  }
  const absl::Duration whole = absl::Floor(duration, absl::Seconds(1));
  out->seconds = absl::ToInt64Seconds(whole);
  out->nanos = static_cast<int32_t>(absl::ToInt64Nanoseconds(duration - whole));
  return out->seconds >= -kDurationSecondsMax &&
         out->seconds <= kDurationSecondsMax;
}

size_t FormatTimestamp(TimePoint time, char* out) {
  const Civil civil = ToCivil(time.seconds, 0);
  char* p = PutDigits(civil.year, 4, out);
  *p++ = '-';
  p = PutDigits(civil.month, 2, p);
  *p++ = '-';
  p = PutDigits(civil.day, 2, p);
  *p++ = 'T';
  p = PutDigits(civil.hour, 2, p);
  *p++ = ':';
  p = PutDigits(civil.minute, 2, p);
  *p++ = ':';
  p = PutDigits(civil.second, 2, p);
  p = PutFraction(time.nanos, p);
  *p++ = 'Z';
  return p - out;
}

size_t FormatDuration(TimePoint duration, char* out) {
  int64_t seconds = duration.seconds;
  int32_t nanos = duration.nanos;
  char* p = out;
  if (seconds < 0) {
    *p++ = '-';
    // Stored rounded down; written as sign and magnitude.
    if (nanos > 0) {
      ++seconds;
      nanos = 1'000'000'000 - nanos;
    }
    seconds = -seconds;
  }
  int width = 1;
  for (int64_t rest = seconds; rest >= 10; rest /= 10) ++width;
  p = PutDigits(seconds, width, p);
  p = PutFraction(nanos, p);
  *p++ = 's';
  return p - out;
}

Civil ToCivil(int64_t unix_seconds, int offset_minutes) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds time{
      chrono::seconds(unix_seconds + int64_t{offset_minutes} * 60)};
  const chrono::sys_days day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(time - day);
  const chrono::sys_days new_year(date.year() / chrono::January / 1);
  Civil civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<int>(static_cast<unsigned>(date.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(date.day()));
  civil.day_of_year = static_cast<int>((day - new_year).count());
  civil.weekday = static_cast<int>(chrono::weekday(day).c_encoding());
  civil.hour = static_cast<int>(clock.hours().count());
  civil.minute = static_cast<int>(clock.minutes().count());
  civil.second = static_cast<int>(clock.seconds().count());
  return civil;
}

}  // namespace portrisk::scoring::cel
