// The strings and encoders extensions. Positions count characters (code
// points). Results lie in the arena or point into the operand.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "scoring/cel/fields.h"
#include "scoring/cel/functions.h"
#include "scoring/cel/ops.h"
#include "scoring/cel/text_builder.h"
#include "scoring/cel/utf8.h"

namespace portrisk::scoring::cel {
namespace {

using absl::string_view;
using Args = absl::Span<const Value>;

constexpr const char* kIndexRange = "index out of range";

// Where character `index` begins; the end is one, too. False beyond it.
bool Offset(string_view text, int64_t index, size_t* offset) {
  *offset = 0;
  if (index < 0) return false;
  for (; index > 0; --index) {
    const size_t length = Utf8Length(text.substr(*offset));
    if (length == 0) return false;
    *offset += length;
  }
  return true;
}

Value Position(string_view text, size_t found) {
  return Value::Int(
      found == string_view::npos ? -1 : CountCharacters(text.substr(0, found)));
}

Value CharAt(Args args, const CallContext&) {
  const string_view text = args[0].text();
  size_t at;
  if (!Offset(text, args[1].i, &at)) return Value::Error(kIndexRange);
  return Value::String(text.substr(at, Utf8Length(text.substr(at))));
}

Value IndexOf(Args args, const CallContext&) {
  const string_view text = args[0].text();
  size_t from = 0;
  if (args.size() > 2 && !Offset(text, args[2].i, &from)) {
    return Value::Error(kIndexRange);
  }
  return Position(text, text.find(args[1].text(), from));
}

Value LastIndexOf(Args args, const CallContext&) {
  const string_view text = args[0].text();
  size_t from = text.size();
  if (args.size() > 2 && !Offset(text, args[2].i, &from)) {
    return Value::Error(kIndexRange);
  }
  return Position(text, text.rfind(args[1].text(), from));
}

Value Join(Args args, const CallContext& context) {
  TextBuilder out(context.arena);
  for (uint32_t i = 0; i < args[0].aux; ++i) {
    const Value item = ListElement(args[0], i);
    if (item.kind != Kind::kString) return Value::Error(kNoOverload);
    if (i > 0 && args.size() > 1) out.Append(args[1].text());
    out.Append(item.text());
  }
  return out.Finish();
}

template <char (*convert)(unsigned char)>
Value Cased(Args args, const CallContext& context) {
  const string_view text = args[0].text();
  char* memory = context.arena->Allocate(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    memory[i] = convert(static_cast<unsigned char>(text[i]));
  }
  return Value::String(string_view(memory, text.size()));
}

Value Reverse(Args args, const CallContext& context) {
  string_view text = args[0].text();
  char* memory = context.arena->Allocate(text.size());
  char* end = memory + text.size();
  const size_t size = text.size();
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    end -= length;
    std::memcpy(end, text.data(), length);
    text.remove_prefix(length);
  }
  return Value::String(string_view(memory, size));
}

// With an empty `old`, `with` goes before every character and to the end.
Value Replace(Args args, const CallContext& context) {
  string_view text = args[0].text();
  const string_view old = args[1].text(), with = args[2].text();
  int64_t left = args.size() > 3 ? args[3].i : -1;
  TextBuilder out(context.arena);
  while (left != 0) {
    const size_t found = text.find(old);
    if (found == string_view::npos) break;
    out.Append(text.substr(0, found));
    out.Append(with);
    text.remove_prefix(found + old.size());
    --left;
    if (!old.empty()) continue;
    if (text.empty()) break;
    const size_t length = Utf8Length(text);
    out.Append(text.substr(0, length));
    text.remove_prefix(length);
  }
  out.Append(text);
  return out.Finish();
}

// How many pieces a split gives: at most `limit`, unless that is negative.
uint32_t CountPieces(string_view text, string_view separator, int64_t limit) {
  uint32_t pieces = 1;
  if (separator.empty()) {
    pieces = static_cast<uint32_t>(CountCharacters(text));
  } else {
    for (size_t at = text.find(separator); at != string_view::npos;
         at = text.find(separator, at + separator.size())) {
      ++pieces;
    }
  }
  return limit >= 0 && limit < pieces ? static_cast<uint32_t>(limit) : pieces;
}

Value Split(Args args, const CallContext& context) {
  string_view text = args[0].text();
  const string_view separator = args[1].text();
  const uint32_t pieces =
      CountPieces(text, separator, args.size() > 2 ? args[2].i : -1);
  if (pieces > kBuiltItemsMax) return Value::Error(kListTooLong);
  Value* items = context.arena->Values(pieces);
  for (uint32_t i = 0; i < pieces; ++i) {
    size_t length = text.size();
    if (i + 1 < pieces) {
      length = separator.empty() ? Utf8Length(text) : text.find(separator);
    }
    items[i] = Value::String(text.substr(0, length));
    text.remove_prefix(std::min(text.size(), length + separator.size()));
  }
  return Value::List(items, pieces);
}

Value Substring(Args args, const CallContext&) {
  const string_view text = args[0].text();
  size_t begin, end = text.size();
  if (!Offset(text, args[1].i, &begin) ||
      (args.size() > 2 && !Offset(text, args[2].i, &end)) || begin > end) {
    return Value::Error(kIndexRange);
  }
  return Value::String(text.substr(begin, end - begin));
}

// Unicode's White_Space.
bool IsSpace(string_view character) {
  static constexpr string_view kSpaces[] = {
      "\t",           "\n",           "\v",
      "\f",           "\r",           " ",
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80",
      "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
      "\xE2\x81\x9F", "\xE3\x80\x80"};
  for (const string_view space : kSpaces) {
    if (character == space) return true;
  }
  // U+2000 to U+200A.
  return character.size() == 3 && absl::StartsWith(character, "\xE2\x80") &&
         static_cast<unsigned char>(character[2]) <= 0x8A;
}

Value Trim(Args args, const CallContext&) {
  string_view text = args[0].text();
  while (!text.empty() && IsSpace(text.substr(0, Utf8Length(text)))) {
    text.remove_prefix(Utf8Length(text));
  }
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xC0) == 0x80) --last;
    if (!IsSpace(text.substr(last))) break;
    text = text.substr(0, last);
  }
  return Value::String(text);
}

Value Quote(Args args, const CallContext& context) {
  static constexpr string_view kEscaped = "\a\b\f\n\r\t\v\\\"";
  static constexpr string_view kLetters = "abfnrtv\\\"";
  TextBuilder out(context.arena);
  out.Append('"');
  for (const char c : args[0].text()) {
    const size_t found = kEscaped.find(c);
    if (found == string_view::npos) {
      out.Append(c);
    } else {
      out.Append('\\');
      out.Append(kLetters[found]);
    }
  }
  out.Append('"');
  return out.Finish();
}

constexpr string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Value EncodeBase64(Args args, const CallContext& context) {
  const string_view bytes = args[0].text();
  TextBuilder out(context.arena);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) {
      const char c = k < count ? bytes[i + k] : '\0';
      group = group << 8 | static_cast<unsigned char>(c);
    }
    char text[4] = {'=', '=', '=', '='};
    for (size_t k = 0; k <= count; ++k) {
      text[k] = kBase64[group >> (18 - 6 * k) & 63];
    }
    out.Append(string_view(text, 4));
  }
  return out.Finish();
}

// With or without the = at the end.
Value DecodeBase64(Args args, const CallContext& context) {
  constexpr const char* kBad = "this is not base64";
  string_view text = args[0].text();
  const bool padded = absl::EndsWith(text, "=");
  if (padded && text.size() % 4 != 0) return Value::Error(kBad);
  for (int i = 0; i < 2 && absl::EndsWith(text, "="); ++i) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return Value::Error(kBad);
  char* memory = context.arena->Allocate(text.size());
  size_t size = 0;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kBase64.find(c);
    if (digit == string_view::npos) return Value::Error(kBad);
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    memory[size++] = static_cast<char>(bits >> count);
  }
  return Value::Text(Kind::kBytes, string_view(memory, size));
}

}  // namespace

void AddStringFunctions(std::vector<Overload>* table) {
  constexpr Kind S = Kind::kString, I = Kind::kInt, L = Kind::kList,
                 Y = Kind::kBytes;
  const auto add = [&](string_view name, bool member, Kind result,
                       std::vector<Kind> args, Function function,
                       Result rule = Result::kFixed) {
    table->push_back(
        {name, member, Op::kCall, result, std::move(args), function, rule});
  };
  add("charAt", true, S, {S, I}, CharAt);
  add("indexOf", true, I, {S, S}, IndexOf);
  add("indexOf", true, I, {S, S, I}, IndexOf);
  add("lastIndexOf", true, I, {S, S}, LastIndexOf);
  add("lastIndexOf", true, I, {S, S, I}, LastIndexOf);
  add("join", true, S, {L}, Join);
  add("join", true, S, {L, S}, Join);
  add("lowerAscii", true, S, {S}, Cased<absl::ascii_tolower>);
  add("upperAscii", true, S, {S}, Cased<absl::ascii_toupper>);
  add("replace", true, S, {S, S, S}, Replace);
  add("replace", true, S, {S, S, S, I}, Replace);
  add("reverse", true, S, {S}, Reverse);
  add("split", true, L, {S, S}, Split, Result::kStrings);
  add("split", true, L, {S, S, I}, Split, Result::kStrings);
  add("substring", true, S, {S, I}, Substring);
  add("substring", true, S, {S, I, I}, Substring);
  add("trim", true, S, {S}, Trim);
  add("strings.quote", false, S, {S}, Quote);
  add("base64.encode", false, S, {Y}, EncodeBase64);
  add("base64.decode", false, Y, {S}, DecodeBase64);
}

}  // namespace portrisk::scoring::cel
