#include "service/outcome_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

struct Word {
  absl::string_view text;
  int value;
};

constexpr Word kResults[] = {
    {"yes", v1::FOUND},
    {"y", v1::FOUND},
    {"true", v1::FOUND},
    {"1", v1::FOUND},
    {"found", v1::FOUND},
    {"no", v1::NOT_FOUND},
    {"n", v1::NOT_FOUND},
    {"false", v1::NOT_FOUND},
    {"0", v1::NOT_FOUND},
    {"not_found", v1::NOT_FOUND},
    {"nothing", v1::NOT_FOUND},
    {"inconclusive", v1::INCONCLUSIVE},
    {"unclear", v1::INCONCLUSIVE},
};
constexpr Word kControls[] = {
    {"scan", v1::SCAN_IMAGE},          {"x_ray", v1::SCAN_IMAGE},
    {"inspection", v1::INSPECT},       {"physical", v1::INSPECT},
    {"documents", v1::DOCUMENT_CHECK}, {"audit", v1::POST_CLEARANCE_AUDIT},
};
constexpr Word kKinds[] = {
    {"narcotics", v1::DRUGS},
    {"cocaine", v1::DRUGS},
    {"counterfeits", v1::COUNTERFEIT},
    {"cigarettes", v1::TOBACCO},
    {"arms", v1::WEAPONS},
    {"money", v1::CASH},
};

template <size_t n>
bool Find(const Word (&words)[n], absl::string_view key, int* value) {
  for (const Word& word : words) {
    if (word.text != key) continue;
    *value = word.value;
    return true;
  }
  return false;
}

}  // namespace

std::string WordKey(absl::string_view text) {
  return absl::StrReplaceAll(
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(text)),
      {{" ", "_"}, {"-", "_"}});
}

bool ParseControlResult(absl::string_view text, v1::ControlResult* result) {
  int value = 0;
  if (!Find(kResults, WordKey(text), &value)) return false;
  *result = static_cast<v1::ControlResult>(value);
  return true;
}

bool ParseControl(absl::string_view text, v1::Control* control) {
  const std::string key = WordKey(text);
  int value = 0;
  if (v1::Control_Parse(absl::AsciiStrToUpper(key), control)) {
    return *control > v1::NO_CONTROL;
  }
  if (!Find(kControls, key, &value)) return false;
  *control = static_cast<v1::Control>(value);
  return true;
}

void SetKind(absl::string_view text, v1::Outcome* outcome) {
  const std::string key = WordKey(text);
  if (key.empty()) return;
  v1::FindKind kind = v1::FIND_KIND_UNSPECIFIED;
  if (v1::FindKind_Parse(absl::AsciiStrToUpper(key), &kind) &&
      kind != v1::FIND_KIND_UNSPECIFIED) {
    outcome->set_kind(kind);
    return;
  }
  int value = v1::KIND_OTHER;
  Find(kKinds, key, &value);
  outcome->set_kind(static_cast<v1::FindKind>(value));
  outcome->set_kind_code(std::string(absl::StripAsciiWhitespace(text)));
}

bool ParseControlTime(const std::string& text,
                      google::protobuf::Timestamp* time) {
  absl::Time parsed;
  std::string ignored;
  const auto read = [&](const char* format) {
    return absl::ParseTime(format, text, absl::UTCTimeZone(), &parsed,
                           &ignored);
  };
  if (read("%Y-%m-%d")) {
    parsed += absl::Hours(24) - absl::Seconds(1);
  } else if (!read(absl::RFC3339_full) && !read("%Y-%m-%d %H:%M:%S") &&
             !read("%Y-%m-%d %H:%M") && !read("%Y-%m-%dT%H:%M:%S")) {
    return false;
  }
  const int64_t seconds = absl::ToUnixSeconds(parsed);
  if (!FitsTimestamp(seconds)) return false;
  time->set_seconds(seconds);
  return true;
}

}  // namespace portrisk::service
