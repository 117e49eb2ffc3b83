// One movement a line, in the JSON form of its message. protobuf does the
// parsing; what is left is to bound a line and to say what to do about a bad
// one.
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "service/formats/lines.h"
#include "service/formats/output.h"
#include "service/formats/text.h"

namespace portrisk::service {
namespace {

constexpr size_t kLineBytesMax = size_t{4} << 20;

// A line that may show a PIN, in whatever state it is, is not shown.
std::string ExcerptOf(absl::string_view line) {
  return absl::StrContains(absl::AsciiStrToLower(line), "pin") ? ""
                                                               : Excerpt(line);
}

// protobuf's reason without what it quotes of the line: a value of another type
// than its field's, the text around a mistake.
std::string ReasonOf(absl::string_view why) {
  why = why.substr(0, why.find('\n'));
  const size_t value = why.find("invalid value ");
  if (value == absl::string_view::npos) return std::string(why);
  const size_t type = why.rfind(" for type ");
  return absl::StrCat(
      why.substr(0, value), "a value that is none",
      type == absl::string_view::npos || type < value ? "" : why.substr(type));
}

Reject At(const LineReader& lines, absl::string_view reason,
          std::string message) {
  Reject reject;
  reject.line = lines.number();
  reject.offset = lines.offset();
  reject.position = absl::StrCat("line ", lines.number());
  reject.reason = std::string(reason);
  reject.message = std::move(message);
  reject.excerpt = ExcerptOf(lines.line());
  return reject;
}

absl::Status ReadLine(const LineReader& lines, absl::string_view text,
                      Output* output) {
  google::protobuf::util::JsonParseOptions parse;
  parse.case_insensitive_enum_parsing = true;
  v1::Movement movement;
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &movement,
      parse);
  if (parsed.ok()) return output->Emit(std::move(movement));
  if (absl::StartsWith(text, "[")) {
    output->Rejected(At(lines, "BAD_JSON",
                        "this is a JSON array; send one movement a line, each "
                        "an object, without brackets or commas between them"));
    return absl::OkStatus();
  }
  const auto why = parsed.message();
  output->Rejected(At(
      lines, lines.unterminated() ? "TRUNCATED_LINE" : "BAD_JSON",
      absl::StrCat(ReasonOf(absl::string_view(why.data(), why.size())),
                   lines.unterminated() ? "; the file ends inside this line, "
                                          "send its rest again"
                                        : "; send one movement a line in the "
                                          "JSON form of portrisk.v1.Movement, "
                                          "fields named as there")));
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadJsonl(std::istream& in, Output* output) {
  LineReader lines(in, kLineBytesMax);
  output->SetWhere([&lines] { return At(lines, "", ""); });
  while (lines.Next()) {
    absl::string_view text = lines.line();
    if (lines.number() == 1 && absl::ConsumePrefix(&text, kByteOrderMark)) {
      output->Tolerate("BYTE_ORDER_MARK");
    }
    text = absl::StripAsciiWhitespace(text);
    if (text.empty() && !lines.too_long()) continue;
    output->CountRecord();
    if (lines.too_long()) {
      output->Rejected(At(lines, "LINE_TOO_LONG",
                          "the line is longer than 4 MiB; one movement a "
                          "line is a few hundred bytes"));
      continue;
    }
    if (absl::Status read = ReadLine(lines, text, output); !read.ok()) {
      return read;
    }
  }
  return absl::OkStatus();
}

}  // namespace portrisk::service
