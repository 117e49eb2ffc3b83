// Collects the mistakes of one document.
#ifndef PORTRISK_SCORING_RULE_SET_ISSUES_H_
#define PORTRISK_SCORING_RULE_SET_ISSUES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/rules.pb.h"

namespace portrisk::scoring {

class Issues {
 public:
  // Offset of an issue about the document as a whole.
  static constexpr size_t kNowhere = static_cast<size_t>(-1);

  // `source` outlives this.
  Issues(absl::string_view source, absl::string_view file);

  void Error(absl::string_view code, size_t offset, std::string message,
             std::string suggestion = "") {
    Add(v1::ERROR, code, offset, std::move(message), std::move(suggestion));
  }
  void Warning(absl::string_view code, size_t offset, std::string message,
               std::string suggestion = "") {
    Add(v1::WARNING, code, offset, std::move(message), std::move(suggestion));
  }
  void Add(v1::Severity severity, absl::string_view code, size_t offset,
           std::string message, std::string suggestion);

  // Counts a warning and says so when there is no room for it: then its text
  // need not be made.
  bool CountOnly();

  // Names the rule of the issues that follow; "" for none.
  void set_rule(absl::string_view rule) { rule_ = std::string(rule); }

  bool has_errors() const { return errors_ > 0; }
  size_t error_count() const { return errors_; }
  absl::string_view source() const { return source_; }
  // Offset of a line and column as the YAML reader counts them, from 0.
  size_t OffsetOf(size_t line, size_t column) const;

  // By position. Nothing may be added afterwards.
  std::vector<v1::Issue> Take();

 private:
  bool is_full() const;

  const absl::string_view source_;
  const std::string file_;
  std::string rule_;
  std::vector<size_t> line_starts_;
  std::vector<v1::Issue> issues_;
  size_t errors_ = 0;
  size_t dropped_ = 0;
};

}  // namespace portrisk::scoring

#endif  // PORTRISK_SCORING_RULE_SET_ISSUES_H_
