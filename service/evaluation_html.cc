#include "service/evaluation_html.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/evaluation_plots.h"

namespace portrisk::service {

std::string BreakableName(absl::string_view name) {
  std::string html;
  for (const char c : HtmlEscape(name)) {
    html.push_back(c);
    if (absl::StrContains(":.-/", c)) html += "<wbr>";
  }
  return html;
}

std::string ShareText(const v1::ShareEstimate& share,
                      const EvaluationWords& words) {
  if (!share.has_share()) return "";
  const char mark = words.decimal_mark;
  return absl::StrFormat("%d/%d, %s (%s–%s)", share.count(), share.of(),
                         PercentText(share.share(), mark),
                         PercentText(share.low(), mark),
                         PercentText(share.high(), mark));
}

std::string ShareCell(const v1::ShareEstimate& share,
                      const EvaluationWords& words) {
  if (!share.has_share()) return "";
  v1::Interval interval;
  interval.set_low(share.low());
  interval.set_high(share.high());
  return absl::StrCat(share.count(), "/", share.of(), ", ",
                      IntervalCell(share.share(), interval, words));
}

std::string IntervalCell(double share, const v1::Interval& interval,
                         const EvaluationWords& words) {
  const char mark = words.decimal_mark;
  return absl::StrFormat("%s<small>(%s–%s)</small>", PercentText(share, mark),
                         PercentText(interval.low(), mark),
                         PercentText(interval.high(), mark));
}

std::string ShareBar(const v1::ShareEstimate& share, double most,
                     const EvaluationWords& words) {
  if (!share.has_share()) return "";
  // The bars of a column begin below each other, whatever is beside them.
  return absl::StrCat("<span class=\"share\">",
                      IntervalBar(share.share(), share.low(), share.high(),
                                  most, words.decimal_mark),
                      "<span>", share.count(), "/", share.of(),
                      "</span></span>");
}

void Html::Element(absl::string_view tag, absl::string_view attributes,
                   absl::string_view text) {
  absl::StrAppend(&html_, "<", tag, attributes, ">", HtmlEscape(text), "</",
                  tag, ">");
}

void Html::Table(absl::string_view label, const std::vector<std::string>& head,
                 const Rows& rows) {
  if (rows.empty()) return;
  Add(TableBegin(label));
  Add("<thead><tr>");
  for (const std::string& cell : head) {
    absl::StrAppend(&html_, "<th scope=\"col\">", HtmlEscape(cell), "</th>");
  }
  Add("</tr></thead>");
  for (size_t r = 0; r < rows.size(); ++r) {
    Add("<tr>");
    if (r == 0 || !rows[r][0].empty()) {
      size_t end = r + 1;
      while (end < rows.size() && rows[end][0].empty()) ++end;
      absl::StrAppend(&html_, "<th scope=\"row\" rowspan=\"", end - r, "\">",
                      rows[r][0], "</th>");
    }
    for (size_t i = 1; i < rows[r].size(); ++i) {
      const std::string& cell = rows[r][i];
      absl::StrAppend(&html_, "<td>", cell.empty() ? "–" : cell, "</td>");
    }
    Add("</tr>");
  }
  Add(kTableEnd);
}

}  // namespace portrisk::service
