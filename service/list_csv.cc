#include "service/list_csv.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "scoring/iso6346.h"
#include "scoring/limits.h"
#include "scoring/list_policy.h"
#include "service/formats/csv_rows.h"
#include "service/formats/text.h"
#include "service/times.h"

namespace portrisk::service {
namespace {

using scoring::cel::EntrySet;

enum Column : size_t { kValue, kReason, kOwner, kExpires, kColumns };
constexpr std::array<absl::string_view, kColumns> kNames = {"value", "reason",
                                                            "owner", "expires"};
constexpr size_t kAbsent = SIZE_MAX;
constexpr size_t kWarningsMax = 20;

// A date, its last day included, or a time; false when it is neither.
bool ParseExpiry(const std::string& text, int64_t* until) {
  absl::Time time;
  std::string ignored;
  if (absl::ParseTime("%Y-%m-%d", text, absl::UTCTimeZone(), &time, &ignored)) {
    time += absl::Hours(24);
  } else if (!absl::ParseTime(absl::RFC3339_full, text, &time, &ignored)) {
    return false;
  }
  *until = absl::ToUnixSeconds(time);
  return FitsTimestamp(*until);  // "infinite-past" is a time to the library.
}

// Numbers that break ISO 6346 are seen and looked for, words are a column
// mistaken for another.
bool CanBe(scoring::cel::EntryType type, absl::string_view value) {
  return type != scoring::cel::EntryType::kContainerNumber ||
         std::any_of(value.begin(), value.end(), absl::ascii_isdigit);
}

class Reader {
 public:
  Reader(absl::string_view csv, v1::ListType type, absl::string_view file)
      : csv_(csv),
        type_(EntryTypeOf(type)),
        file_(file),
        delimiter_(DetectDelimiter(csv)) {
    columns_.fill(kAbsent);
  }

  ParsedList Read() {
    CsvRows rows(delimiter_,
                 {[&](const CsvRow& row) {
                    if (!has_header_) {
                      Header(row);
                    } else {
                      Row(row);
                    }
                    return usable_ ? absl::OkStatus() : absl::CancelledError();
                  },
                  [&](const CsvRow& row, absl::string_view reason,
                      absl::string_view message) {
                    Add(reason, row, row.cells.size(), std::string(message));
                  }});
    std::istringstream in{std::string(csv_)};
    // Cancelled when the header cannot be used: the issues say why.
    (void)rows.Read(in);
    if (!has_header_ && result_.issues.empty()) {
      Add("NO_HEADER", CsvRow{1, 0, {}}, 0,
          "the file is empty; its first line names the columns",
          "value,reason,owner,expires");
    }
    if (usable_ && has_header_) Sort();
    std::stable_sort(result_.issues.begin(), result_.issues.end(),
                     [](const v1::Issue& a, const v1::Issue& b) {
                       return a.line() < b.line();
                     });
    if (issue_count_ > scoring::kIssuesMax) {
      v1::Issue& more = result_.issues.emplace_back();
      more.set_code("MORE_ISSUES");
      more.set_severity(v1::ERROR);
      more.set_file(file_);
      more.set_message(absl::StrCat(issue_count_ - scoring::kIssuesMax,
                                    " more issues are not shown"));
    }
    return std::move(result_);
  }

 private:
  struct Place {
    uint64_t line;
    uint64_t offset;
  };

  void Header(const CsvRow& row) {
    has_header_ = true;
    cells_ = row.cells.size();
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const std::string name =
          absl::AsciiStrToLower(absl::StripAsciiWhitespace(row.cells[i]));
      const auto known = std::find(kNames.begin(), kNames.end(), name);
      if (scoring::NamesNationality(name)) {
        Add("NATIONALITY", row, i, scoring::NationalityRefusal(Excerpt(name)));
      } else if (known == kNames.end()) {
        Add("UNKNOWN_COLUMN", row, i,
            absl::StrCat("no column is called \"", Excerpt(name), "\""),
            "value,reason,owner,expires");
      } else if (columns_[known - kNames.begin()] != kAbsent) {
        Add("UNKNOWN_COLUMN", row, i, absl::StrCat(name, " stands here twice"));
      } else {
        columns_[known - kNames.begin()] = i;
      }
    }
    for (const Column needed : {kValue, kReason}) {
      if (columns_[needed] != kAbsent) continue;
      Add("MISSING_COLUMN", row, 0,
          absl::StrCat("the column ", kNames[needed], " is missing"),
          "value,reason,owner,expires");
    }
    usable_ = result_.issues.empty();
  }

  std::string Cell(const CsvRow& row, Column column) const {
    const size_t at = columns_[column];
    if (at == kAbsent || at >= row.cells.size()) return "";
    return std::string(absl::StripAsciiWhitespace(row.cells[at]));
  }

  void Row(const CsvRow& row) {
    if (row.cells.size() == 1 && row.cells[0].empty()) return;
    if (row.cells.size() != cells_) {
      Add("BAD_ROW", row, 0,
          absl::StrCat("the row has ", row.cells.size(), " cells, the header ",
                       cells_, "; quote a cell that holds the separator",
                       LinesTaken(row)));
      return;
    }
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (IsValidUtf8(row.cells[i])) continue;
      Add("BAD_ENCODING", row, i, "this is not UTF-8; save the file as UTF-8");
      return;
    }
    ListRow made;
    made.value = Cell(row, kValue);
    made.reason = Cell(row, kReason);
    made.owner = Cell(row, kOwner);
    const std::string expires = Cell(row, kExpires);
    if (made.value.size() > scoring::kListEntryBytesMax ||
        !scoring::cel::NormaliseEntry(type_, &made.value) ||
        made.value.size() > scoring::kListEntryBytesMax ||
        !CanBe(type_, made.value)) {
      Add("BAD_VALUE", row, columns_[kValue],
          absl::StrCat(
              "this is no ",
              scoring::cel::EntryTypeNames()[static_cast<size_t>(type_)]));
    } else if (type_ == scoring::cel::EntryType::kContainerNumber) {
      WarnOfNumber(row, made.value);
    }
    if (made.reason.empty() || made.reason.size() > scoring::kTextBytesMax) {
      Add("BAD_VALUE", row, columns_[kReason],
          absl::StrCat("say why it is on the list, in 1 to ",
                       scoring::kTextBytesMax, " bytes"));
    }
    if (made.owner.size() > scoring::kNameBytesMax) {
      Add("BAD_VALUE", row, columns_[kOwner],
          absl::StrCat("an owner has at most ", scoring::kNameBytesMax,
                       " bytes"));
    }
    if (!expires.empty() && !ParseExpiry(expires, &made.until)) {
      Add("BAD_VALUE", row, columns_[kExpires],
          "this is neither a date nor a time", "2026-12-31");
    }
    result_.rows.push_back(std::move(made));
    places_.push_back({row.line, row.offset});
  }

  // What never comes is never hit, and nobody would learn of it.
  void WarnOfNumber(const CsvRow& row, absl::string_view number) {
    const v1::NumberStatus status = scoring::CheckContainerNumber(number);
    if (status == v1::NUMBER_VALID || status == v1::NUMBER_REMAINDER_TEN) {
      return;
    }
    Report("ODD_NUMBER", row, columns_[kValue], v1::WARNING,
           status == v1::NUMBER_BAD_CHECK_DIGIT
               ? "the check digit is wrong; only a box that was reported with "
                 "the same mistake is found by it"
               : "this is not of the form of ISO 6346; only a box that was "
                 "reported like this is found by it");
  }

  // By value; doubles are issues.
  void Sort() {
    std::vector<uint32_t> order(result_.rows.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      const int compared = result_.rows[a].value.compare(result_.rows[b].value);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::vector<ListRow> sorted;
    sorted.reserve(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      ListRow& row = result_.rows[order[i]];
      if (!sorted.empty() && sorted.back().value == row.value &&
          !row.value.empty()) {
        const Place& place = places_[order[i]];
        Add("DUPLICATE_ENTRY", CsvRow{place.line, place.offset, {}},
            columns_[kValue],
            absl::StrCat(row.value, " is already on line ",
                         places_[order[i - 1]].line));
      }
      sorted.push_back(std::move(row));
    }
    result_.rows = std::move(sorted);
  }

  void Add(absl::string_view code, const CsvRow& row, size_t cell,
           std::string message, std::string suggestion = "") {
    Report(code, row, cell, v1::ERROR, std::move(message),
           std::move(suggestion));
  }

  void Report(absl::string_view code, const CsvRow& row, size_t cell,
              v1::Severity severity, std::string message,
              std::string suggestion = "") {
    const bool is_error = severity == v1::ERROR;
    if (is_error ? ++issue_count_ > scoring::kIssuesMax
                 : result_.warnings.size() >= kWarningsMax) {
      return;
    }
    v1::Issue& issue = is_error ? result_.issues.emplace_back()
                                : result_.warnings.emplace_back();
    issue.set_code(std::string(code));
    issue.set_severity(severity);
    issue.set_file(file_);
    issue.set_message(std::move(message));
    issue.set_suggestion(std::move(suggestion));
    // Where the cell begins: quotes may hold separators and line ends.
    uint64_t line = row.line;
    size_t start = std::min<size_t>(row.offset, csv_.size());
    size_t at = start;
    bool quoted = false;
    for (size_t seen = 0; seen < cell && at < csv_.size(); ++at) {
      if (csv_[at] == '"') quoted = !quoted;
      const bool line_ends =
          csv_[at] == '\n' ||
          (csv_[at] == '\r' && csv_.substr(at + 1, 1) != "\n");
      if (!quoted && line_ends) break;
      if (line_ends) {
        ++line;
        start = at + 1;
      }
      if (!quoted && csv_[at] == delimiter_) ++seen;
    }
    issue.set_line(static_cast<int32_t>(line));
    issue.set_column(static_cast<int32_t>(at - start + 1));
    const absl::string_view whole = csv_.substr(start);
    const std::string excerpt = Excerpt(absl::StripTrailingAsciiWhitespace(
        whole.substr(0, whole.find_first_of("\r\n"))));
    issue.set_excerpt(absl::StrCat(
        "  ", excerpt, "\n  ",
        std::string(std::min(at - start, excerpt.size()), ' '), "^"));
  }

  const absl::string_view csv_;
  const scoring::cel::EntryType type_;
  const std::string file_;
  const char delimiter_;
  bool has_header_ = false;
  bool usable_ = true;
  size_t cells_ = 0;
  std::array<size_t, kColumns> columns_;
  std::vector<Place> places_;  // Of the rows.
  size_t issue_count_ = 0;
  ParsedList result_;
};

}  // namespace

ParsedList ParseListCsv(absl::string_view csv, v1::ListType type,
                        absl::string_view file) {
  return Reader(csv, type, file).Read();
}

}  // namespace portrisk::service
