#include "scoring/rule_set_text.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace portrisk::scoring {
namespace {

constexpr std::array<absl::string_view, kLanguages.size()> kUnknown = {
    "(unknown)", "(desconocido)", "(desconhecido)"};

// Before an estimate; needs no translation.
constexpr absl::string_view kAbout = "\u2248 ";

size_t LanguageIndex(absl::string_view language) {
  const auto found = std::find(kLanguages.begin(), kLanguages.end(), language);
  return found == kLanguages.end() ? 0 : found - kLanguages.begin();
}

// 143.2828 reads as 143, 0.08253 as 0.0825, 12345.6 as 12346.
std::string Readable(const std::string& value) {
  double number;
  if (!absl::SimpleAtod(value, &number)) return value;
  const double size = std::fabs(number);
  if (size >= 100 && size < 1e15) return absl::StrFormat("%.0f", number);
  return absl::StrFormat("%.3g", number);
}

}  // namespace

bool ParseTemplate(absl::string_view source, TextTemplate* out,
                   size_t* error_offset) {
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) out->pieces.push_back({literal, false, false, 0});
    literal.clear();
  };
  for (size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c != '{' && c != '}') {
      literal.push_back(c);
      continue;
    }
    if (i + 1 < source.size() && source[i + 1] == c) {
      literal.push_back(c);
      ++i;
      continue;
    }
    const size_t end = source.find('}', i);
    *error_offset = i;
    if (c == '}' || end == absl::string_view::npos) return false;
    flush();
    out->pieces.push_back({std::string(source.substr(i + 1, end - i - 1)), true,
                           false, static_cast<uint32_t>(i + 1)});
    i = end;
  }
  flush();
  return true;
}

std::string Render(const Translations& texts, absl::string_view language,
                   const v1::Hit& hit) {
  size_t index = LanguageIndex(language);
  if (texts[index].empty()) index = 0;
  std::string result;
  for (const TextTemplate::Piece& piece : texts[index].pieces) {
    if (!piece.is_field) {
      absl::StrAppend(&result, piece.text);
      continue;
    }
    const auto found = std::find_if(
        hit.evidence().begin(), hit.evidence().end(),
        [&](const v1::Evidence& one) { return one.field() == piece.text; });
    if (found == hit.evidence().end()) {
      absl::StrAppend(&result, kUnknown[index]);
    } else {
      absl::StrAppend(
          &result, found->approximate() ? kAbout : "",
          piece.is_decimal ? Readable(found->value()) : found->value());
    }
  }
  return result;
}

}  // namespace portrisk::scoring
