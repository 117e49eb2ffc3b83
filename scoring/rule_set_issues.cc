#include "scoring/rule_set_issues.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scoring/cel/utf8.h"
#include "scoring/limits.h"

namespace portrisk::scoring {
namespace {

constexpr size_t kExcerptBefore = 60;
constexpr size_t kExcerptAfter = 40;

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// What is no UTF-8 as question marks: an issue is a message.
std::string Shown(absl::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const size_t length = cel::Utf8Length(text);
    if (length == 0) {
      shown.push_back('?');
    } else {
      shown.append(text.data(), length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return shown;
}

// The part of the line around `column` (a byte offset), and a caret below.
std::string Excerpt(absl::string_view line, size_t column) {
  size_t begin = column > kExcerptBefore ? column - kExcerptBefore : 0;
  while (begin < column && IsContinuation(line[begin])) ++begin;
  size_t end = std::min(line.size(), column + kExcerptAfter);
  while (end < line.size() && IsContinuation(line[end])) ++end;
  std::string caret;
  for (size_t i = begin; i < column && i < line.size(); ++i) {
    if (!IsContinuation(line[i])) caret.push_back(line[i] == '\t' ? '\t' : ' ');
  }
  return absl::StrCat(Shown(line.substr(begin, end - begin)), "\n", caret, "^");
}

}  // namespace

Issues::Issues(absl::string_view source, absl::string_view file)
    : source_(source), file_(file) {
  // A byte-order mark is not part of the first line.
  line_starts_.push_back(absl::StartsWith(source, "\xEF\xBB\xBF") ? 3 : 0);
  for (size_t at = source.find('\n'); at != absl::string_view::npos;
       at = source.find('\n', at + 1)) {
    line_starts_.push_back(at + 1);
  }
}

size_t Issues::OffsetOf(size_t line, size_t column) const {
  if (line >= line_starts_.size()) return source_.size();
  return std::min(source_.size(), line_starts_[line] + column);
}

bool Issues::is_full() const { return issues_.size() >= kIssuesMax; }

bool Issues::CountOnly() {
  if (!is_full()) return false;
  ++dropped_;
  return true;
}

void Issues::Add(v1::Severity severity, absl::string_view code, size_t offset,
                 std::string message, std::string suggestion) {
  if (severity == v1::ERROR) ++errors_;
  // Warnings must never push out the error that refuses the document.
  if (is_full() && !(severity == v1::ERROR && errors_ <= kIssuesMax)) {
    ++dropped_;
    return;
  }
  v1::Issue& issue = issues_.emplace_back();
  issue.set_code(std::string(code));
  issue.set_severity(severity);
  issue.set_file(file_);
  issue.set_message(std::move(message));
  issue.set_suggestion(std::move(suggestion));
  issue.set_rule(rule_);
  if (offset == kNowhere) return;
  offset = std::clamp(offset, line_starts_[0], source_.size());
  const auto next =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const size_t start = *(next - 1);
  absl::string_view line = source_.substr(start);
  line = line.substr(0, line.find_first_of("\r\n"));
  const size_t column = std::min(offset - start, line.size());
  issue.set_line(static_cast<int32_t>(next - line_starts_.begin()));
  issue.set_column(
      1 + static_cast<int32_t>(cel::CountCharacters(line.substr(0, column))));
  issue.set_excerpt(Excerpt(line, column));
}

std::vector<v1::Issue> Issues::Take() {
  std::stable_sort(issues_.begin(), issues_.end(),
                   [](const v1::Issue& a, const v1::Issue& b) {
                     if (a.line() != b.line()) return a.line() < b.line();
                     return a.column() < b.column();
                   });
  if (dropped_ > 0) {
    v1::Issue& last = issues_.emplace_back();
    last.set_code("TOO_MANY_ISSUES");
    last.set_severity(v1::WARNING);
    last.set_file(file_);
    last.set_message(absl::StrCat(dropped_, " more issues are not shown"));
    last.set_suggestion("correct these first");
    // After the others, so where the last of them is.
    const v1::Issue& before = issues_[issues_.size() - 2];
    last.set_line(before.line());
    last.set_column(before.column());
    last.set_excerpt(before.excerpt());
  }
  return std::move(issues_);
}

}  // namespace portrisk::scoring
