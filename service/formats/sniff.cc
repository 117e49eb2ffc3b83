#include "service/formats/sniff.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/formats/lines.h"

namespace portrisk::service {
namespace {

struct Foreign {
  absl::string_view extension;
  absl::string_view why;
};

constexpr Foreign kForeign[] = {
    {"sql", "SQL script; export the rows as CSV"},
    {"xls", "spreadsheet; save it as CSV"},
    {"xlsx", "spreadsheet; save it as CSV"},
    {"yaml", "a description, not data"},
    {"yml", "a description, not data"},
    {"md", "a description, not data"},
    {"log", "a log; no reader knows its lines"},
    {"geojson", "geography, not movements"},
    {"jsonld", "linked data; no reader knows it"},
    {"xml", "XML; no reader knows it"},
    {"pdf", "a document for people"},
    {"zip", "an archive; unpack it"},
};

std::string Extension(absl::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == absl::string_view::npos
             ? ""
             : absl::AsciiStrToLower(name.substr(dot + 1));
}

// A service segment at the beginning of a line, near the beginning.
bool IsEdifact(absl::string_view head) {
  head = head.substr(0, 4096);
  for (absl::string_view tag : {"UNA", "UNB+", "UNH+"}) {
    const size_t at = head.find(tag);
    if (at == 0) return true;
    if (at != absl::string_view::npos && tag != "UNA" &&
        (head[at - 1] == '\n' || head[at - 1] == '\'')) {
      return true;
    }
  }
  return false;
}

bool IsBinary(absl::string_view head) {
  return std::any_of(head.begin(), head.end(),
                     [](char c) { return c == '\0'; });
}

Sniffed SniffJson(absl::string_view extension, absl::string_view head) {
  if (absl::StrContains(head, "urn:epc:id:bic:") ||
      absl::StrContains(head, "EPCISDocument")) {
    return {Format::kEpcis, ""};
  }
  // Schedules of DCSA have event types too, but no events with an identity.
  if (absl::StrContains(head, "\"eventID\"") &&
      (absl::StrContains(head, "\"eventType\"") ||
       absl::StrContains(head, "\"eventTypeCode\""))) {
    return {Format::kDcsa, ""};
  }
  if (extension == "jsonl" || extension == "ndjson" ||
      absl::StrContains(head, "\"occurrenceTime\"") ||
      absl::StrContains(head, "\"occurrence_time\"")) {
    return {Format::kJsonl, ""};
  }
  return {absl::nullopt, "JSON, but neither DCSA events nor our movements"};
}

}  // namespace

Sniffed SniffFormat(absl::string_view name, absl::string_view head) {
  // What it is compressed with is no matter: `head` is plain.
  for (const absl::string_view packed : {".gz", ".zst"}) {
    (void)absl::ConsumeSuffix(&name, packed);
  }
  const std::string extension = Extension(name);
  absl::ConsumePrefix(&head, kByteOrderMark);
  head = absl::StripLeadingAsciiWhitespace(head);
  if (head.empty()) return {absl::nullopt, "empty"};
  for (const Foreign& foreign : kForeign) {
    if (foreign.extension == extension) {
      return {absl::nullopt, std::string(foreign.why)};
    }
  }
  if (IsBinary(head)) return {absl::nullopt, "binary"};
  if (IsEdifact(head)) return {Format::kEdifact, ""};
  if (absl::StartsWith(head, "ISA")) {
    return {Format::kX12, ""};
  }
  if (absl::StartsWith(head, "HREC")) {
    return {absl::nullopt,
            "ICES manifest; a mapping of its rows reads it as CSV"};
  }
  if (head[0] == '{' || head[0] == '[') return SniffJson(extension, head);
  if (extension == "csv" || extension == "tsv") return {Format::kCsv, ""};
  return {absl::nullopt, "no format we know"};
}

}  // namespace portrisk::service
