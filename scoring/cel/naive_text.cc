// Text functions of the second evaluator: a text is taken apart into its
// characters, worked on as a list of them, and put together again.
#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "re2/re2.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/naive_functions.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/utf8.h"

namespace portrisk::scoring::cel {
namespace {

using V = NaiveValue;
using Args = std::vector<NaiveValue>;
using Characters = std::vector<std::string>;

V Fail(const char* text) { return {V::Error{text}}; }

Characters Apart(absl::string_view text) {
  Characters all;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    all.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return all;
}

std::string Together(const Characters& all, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < end; ++i) text += all[i];
  return text;
}

V Limited(const std::string& text) {
  return text.size() > kBuiltTextBytesMax ? Fail(kTextTooLong) : V{text};
}

// Whether `part` stands in `all` from `at` on.
bool StandsAt(const Characters& all, const Characters& part, size_t at) {
  return at + part.size() <= all.size() &&
         std::equal(part.begin(), part.end(), all.begin() + at);
}

V Find(const std::string& name, const Args& args, const Characters& all) {
  const Characters part = Apart(*args[1].As<std::string>());
  const bool last = name == "lastIndexOf";
  const auto size = static_cast<int64_t>(all.size());
  const int64_t from =
      args.size() > 2 ? *args[2].As<int64_t>() : (last ? size : 0);
  if (from < 0 || from > size) return Fail("index out of range");
  for (int64_t at = from; at >= 0 && at <= size; at += last ? -1 : 1) {
    if (StandsAt(all, part, static_cast<size_t>(at))) return {at};
  }
  return {int64_t{-1}};
}

V Replace(const Args& args, const Characters& all) {
  const Characters old = Apart(*args[1].As<std::string>());
  const std::string& with = *args[2].As<std::string>();
  int64_t left = args.size() > 3 ? *args[3].As<int64_t>() : -1;
  std::string out;
  size_t at = 0;
  while (at <= all.size()) {
    if (left != 0 && StandsAt(all, old, at)) {
      out += with;
      --left;
      at += old.size();
      if (!old.empty()) continue;
    }
    if (at < all.size()) out += all[at];
    ++at;
  }
  return Limited(out);
}

V Split(const Args& args, const Characters& all) {
  const Characters separator = Apart(*args[1].As<std::string>());
  const int64_t limit = args.size() > 2 ? *args[2].As<int64_t>() : -1;
  V::List pieces;
  if (limit == 0 || (separator.empty() && all.empty())) return {pieces};
  const auto room = [&] {
    return limit < 0 || static_cast<int64_t>(pieces.size()) + 1 < limit;
  };
  size_t begin = 0;
  for (size_t at = 0; at < all.size() && room();) {
    if (separator.empty()) {
      if (at + 1 == all.size()) break;
      pieces.push_back({all[at++]});
      begin = at;
    } else if (StandsAt(all, separator, at)) {
      pieces.push_back({Together(all, begin, at)});
      begin = at += separator.size();
    } else {
      ++at;
    }
  }
  pieces.push_back({Together(all, begin, all.size())});
  return pieces.size() > kBuiltItemsMax ? Fail(kListTooLong) : V{pieces};
}

V Substring(const Args& args, const Characters& all) {
  const auto size = static_cast<int64_t>(all.size());
  const int64_t begin = *args[1].As<int64_t>();
  const int64_t end = args.size() > 2 ? *args[2].As<int64_t>() : size;
  if (begin < 0 || end > size || begin > end) return Fail("index out of range");
  return {Together(all, static_cast<size_t>(begin), static_cast<size_t>(end))};
}

bool IsSpace(const std::string& c) {
  static const auto* const spaces = new std::vector<std::string>{
      "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085",
      "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
      "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
      "\u2029", "\u202F", "\u205F", "\u3000"};
  return std::find(spaces->begin(), spaces->end(), c) != spaces->end();
}

V Trim(const Characters& all) {
  size_t begin = 0, end = all.size();
  while (begin < end && IsSpace(all[begin])) ++begin;
  while (end > begin && IsSpace(all[end - 1])) --end;
  return {Together(all, begin, end)};
}

V Quote(const std::string& text) {
  return Limited(absl::StrCat("\"",
                              absl::StrReplaceAll(text, {{"\a", "\\a"},
                                                         {"\b", "\\b"},
                                                         {"\f", "\\f"},
                                                         {"\n", "\\n"},
                                                         {"\r", "\\r"},
                                                         {"\t", "\\t"},
                                                         {"\v", "\\v"},
                                                         {"\\", "\\\\"},
                                                         {"\"", "\\\""}}),
                              "\""));
}

V Join(const Args& args) {
  std::string separator, out;
  if (args.size() > 1) separator = *args[1].As<std::string>();
  bool first = true;
  for (const V& item : *args[0].As<V::List>()) {
    const auto* text = item.As<std::string>();
    if (text == nullptr) return Fail(kNoOverload);
    if (!first) out += separator;
    out += *text;
    first = false;
  }
  return Limited(out);
}

V DecodeBase64(std::string text) {
  constexpr const char* kBad = "this is not base64";
  if (text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
                             "wxyz0123456789+/=") != std::string::npos) {
    return Fail(kBad);
  }
  const size_t pad = text.find('=');
  if (pad != std::string::npos) {
    if (text.size() % 4 != 0 || text.size() - pad > 2) return Fail(kBad);
    if (text.find_first_not_of('=', pad) != std::string::npos) {
      return Fail(kBad);
    }
    text.resize(pad);
  }
  if (text.size() % 4 == 1) return Fail(kBad);
  // Bits that stand beyond the last byte are dropped.
  std::string bits, bytes;
  for (const char c : text) {
    const int digit = absl::ascii_isupper(c)   ? c - 'A'
                      : absl::ascii_islower(c) ? c - 'a' + 26
                      : absl::ascii_isdigit(c) ? c - '0' + 52
                      : c == '+'               ? 62
                                               : 63;
    for (int bit = 5; bit >= 0; --bit) bits += (digit >> bit & 1) ? '1' : '0';
  }
  for (size_t i = 0; i + 8 <= bits.size(); i += 8) {
    bytes += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  }
  return {V::Bytes{bytes}};
}

V Matches(const std::string& text, const std::string& pattern) {
  const re2::RE2 compiled(pattern, re2::RE2::Quiet);
  if (!compiled.ok()) return Fail("this pattern cannot be read");
  return {re2::RE2::PartialMatch(text, compiled)};
}

// 'text'.format([...]). Returns "" or the error.
class Format {
 public:
  V Run(const std::string& pattern, const V::List& values) {
    size_t next = 0;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] != '%') {
        out_ += pattern[i];
        continue;
      }
      if (++i < pattern.size() && pattern[i] == '%') {
        out_ += '%';
        continue;
      }
      int digits = 6;
      if (i < pattern.size() && pattern[i] == '.') {
        std::string number;
        while (++i < pattern.size() && absl::ascii_isdigit(pattern[i])) {
          number += pattern[i];
        }
        if (number.empty()) return Fail(kBadClause);
        number.erase(0, number.find_first_not_of('0'));
        if (number.size() > 9) return Fail(kBadClause);
        digits = number.empty() ? 0 : std::stoi(number);
        if (digits > 100) return Fail(kBadClause);
      }
      if (i >= pattern.size()) return Fail(kBadClause);
      if (next >= values.size()) return Fail("format: too few values");
      const V piece = Clause(pattern[i], digits, values[next++]);
      if (!piece.decided()) return piece;
      out_ += *piece.As<std::string>();
    }
    return Limited(out_);
  }

 private:
  static constexpr const char* kBadClause = "format: unknown clause";
  static constexpr const char* kBadOperand =
      "format: the clause does not take this";

  static V Clause(char clause, int digits, const V& value) {
    const auto* real = value.As<double>();
    switch (clause) {
      case 's':
        return Text(value);
      case 'd':
        if (real == nullptr) return Integer(value, 10);
        return std::isfinite(*real) ? V{Decimal(*real)} : Text(value);
      case 'f':
      case 'e': {
        if (!NaiveIsNumber(value)) return Fail(kBadOperand);
        double number = 0;
        if (real != nullptr) {
          number = *real;
        } else if (const auto* i = value.As<int64_t>()) {
          number = static_cast<double>(*i);
        } else {
          number = static_cast<double>(*value.As<uint64_t>());
        }
        if (!std::isfinite(number)) return Text({number});
        return {clause == 'f' ? absl::StrFormat("%.*f", digits, number)
                              : absl::StrFormat("%.*e", digits, number)};
      }
      case 'b':
        if (const auto* bit = value.As<bool>()) {
          return {std::string(*bit ? "1" : "0")};
        }
        return Integer(value, 2);
      case 'o':
        return Integer(value, 8);
      case 'x':
      case 'X':
        return Hex(value, clause == 'X');
      default:
        return Fail(kBadClause);
    }
  }

  // The shortest digits that read back as the number, without exponent.
  static std::string Decimal(double number) {
    for (int digits = 0; digits < 400; ++digits) {
      const std::string text = absl::StrFormat("%.*f", digits, number);
      if (std::stod(text) != number) continue;
      // Of a large number only the leading digits matter.
      if (digits > 0) return text;
      for (int kept = 1; kept < 18; ++kept) {
        const std::string rounded = absl::StrFormat("%.*e", kept - 1, number);
        if (std::stod(rounded) != number) continue;
        std::string plain = absl::StrFormat("%.0f", std::fabs(number));
        std::string lead;
        for (const char c : rounded.substr(0, rounded.find('e'))) {
          if (absl::ascii_isdigit(c)) lead += c;
        }
        for (size_t i = 0; i < plain.size(); ++i) {
          plain[i] = i < lead.size() ? lead[i] : '0';
        }
        return (std::signbit(number) ? "-" : "") + plain;
      }
      return text;
    }
    return "";
  }

  static V Integer(const V& value, int base) {
    uint64_t size = 0;
    bool negative = false;
    if (const auto* i = value.As<int64_t>()) {
      negative = *i < 0;
      size =
          negative ? ~static_cast<uint64_t>(*i) + 1 : static_cast<uint64_t>(*i);
    } else if (const auto* u = value.As<uint64_t>()) {
      size = *u;
    } else {
      return Fail(kBadOperand);
    }
    std::string text;
    do {
      text += "0123456789abcdef"[size % base];
      size /= base;
    } while (size > 0);
    if (negative) text += '-';
    std::reverse(text.begin(), text.end());
    return {text};
  }

  static V Hex(const V& value, bool upper) {
    V text = Integer(value, 16);
    if (const auto* s = value.As<std::string>()) {
      text = Limited(absl::BytesToHexString(*s));
    } else if (const auto* y = value.As<V::Bytes>()) {
      text = Limited(absl::BytesToHexString(y->bytes));
    }
    if (!upper || !text.decided()) return text;
    return {absl::AsciiStrToUpper(*text.As<std::string>())};
  }

  static V Text(const V& value) {
    if (value.As<std::monostate>()) return {std::string("null")};
    if (const auto* type = value.As<V::TypeName>()) return {type->name};
    if (value.As<V::Message>() || value.As<V::Optional>()) {
      return Fail(kBadOperand);
    }
    if (const auto* list = value.As<V::List>()) {
      Characters items;
      for (const V& item : *list) {
        const V text = Text(item);
        if (!text.decided()) return text;
        items.push_back(*text.As<std::string>());
      }
      return {absl::StrCat("[", absl::StrJoin(items, ", "), "]")};
    }
    const auto* map = value.As<V::Map>();
    return map == nullptr ? NaiveToText(value) : MapText(*map);
  }

  static V MapText(const V::Map& map) {
    Characters keys;
    for (const V& key : map.keys) {
      const V text = Text(key);
      if (!text.decided()) return text;
      keys.push_back(*text.As<std::string>());
    }
    std::multimap<std::string, const V*> sorted;
    for (size_t i = 0; i < keys.size(); ++i) {
      sorted.emplace(keys[i], &map.values[i]);
    }
    Characters entries;
    for (const auto& [key, value] : sorted) {
      const V text = Text(*value);
      if (!text.decided()) return text;
      entries.push_back(absl::StrCat(key, ": ", *text.As<std::string>()));
    }
    return {absl::StrCat("{", absl::StrJoin(entries, ", "), "}")};
  }

  std::string out_;
};

}  // namespace

bool NaiveText(const std::string& name, const Args& args, V* result) {
  if (name == "join") {
    *result = Join(args);
    return true;
  }
  if (name == "base64.encode") {
    *result = Limited(absl::Base64Escape(args[0].As<V::Bytes>()->bytes));
    return true;
  }
  const auto* text = args.empty() ? nullptr : args[0].As<std::string>();
  if (text == nullptr) return false;
  const Characters all = Apart(*text);
  if (name == "charAt") {
    const int64_t at = *args[1].As<int64_t>();
    const auto size = static_cast<int64_t>(all.size());
    *result = at < 0 || at > size ? Fail("index out of range")
              : at == size        ? V{std::string()}
                                  : V{all[static_cast<size_t>(at)]};
  } else if (name == "indexOf" || name == "lastIndexOf") {
    *result = Find(name, args, all);
  } else if (name == "lowerAscii") {
    *result = {absl::AsciiStrToLower(*text)};
  } else if (name == "upperAscii") {
    *result = {absl::AsciiStrToUpper(*text)};
  } else if (name == "replace") {
    *result = Replace(args, all);
  } else if (name == "reverse") {
    *result = {Together({all.rbegin(), all.rend()}, 0, all.size())};
  } else if (name == "split") {
    *result = Split(args, all);
  } else if (name == "substring") {
    *result = Substring(args, all);
  } else if (name == "trim") {
    *result = Trim(all);
  } else if (name == "strings.quote") {
    *result = Quote(*text);
  } else if (name == "base64.decode") {
    *result = DecodeBase64(*text);
  } else if (name == "matches") {
    *result = Matches(*text, *args[1].As<std::string>());
  } else if (name == "format") {
    *result = Format().Run(*text, *args[1].As<V::List>());
  } else {
    return false;
  }
  return true;
}

}  // namespace portrisk::scoring::cel
