// The pieces of HTML that an evaluation page is put together of.
#ifndef PORTRISK_SERVICE_EVALUATION_HTML_H_
#define PORTRISK_SERVICE_EVALUATION_HTML_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "portrisk/v1/evaluation.pb.h"
#include "service/evaluation_words.h"

namespace portrisk::service {

// A name as HTML, which a narrow column may break after : . - and / alone.
std::string BreakableName(absl::string_view name);
// "3/120, 2.5 % (0.9 %–7.1 %)"; empty where there is no share.
std::string ShareText(const v1::ShareEstimate& share,
                      const EvaluationWords& words);
// The same of a cell, the interval below; empty where there is no share.
std::string ShareCell(const v1::ShareEstimate& share,
                      const EvaluationWords& words);
// "12.5 %", "(8.0 %–19.0 %)" below.
std::string IntervalCell(double share, const v1::Interval& interval,
                         const EvaluationWords& words);
// A bar with its interval and "3/120"; empty where there is no share.
std::string ShareBar(const v1::ShareEstimate& share, double most,
                     const EvaluationWords& words);
// The highest upper end of the shares of finds of `all`, but `least` at least:
// what bars of several tables can be compared by.
template <typename Figures>
double HighestOf(const Figures& all, double least) {
  for (const auto& one : all) {
    if (one.precision().has_share()) {
      least = std::max(least, one.precision().high());
    }
  }
  return least;
}

class Html {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  void Add(absl::string_view html) { html_.append(html.data(), html.size()); }
  void Heading(absl::string_view text) { Element("h2", "", text); }
  void Subheading(absl::string_view text) { Element("h3", "", text); }
  void Note(absl::string_view text) { Element("p", " class=\"note\"", text); }
  // None without rows; `label` is for those who hear the page. Cells of `rows`
  // are HTML; the first of a row names it. Of an empty one a dash is shown; a
  // row whose first is empty goes on with the row above and shares its name.
  void Table(absl::string_view label, const std::vector<std::string>& head,
             const Rows& rows);
  std::string Take() { return std::move(html_); }

 private:
  void Element(absl::string_view tag, absl::string_view attributes,
               absl::string_view text);

  std::string html_;
};

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_HTML_H_
