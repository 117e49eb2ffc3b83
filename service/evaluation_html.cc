#include "service/evaluation_html.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "service/evaluation_plots.h"

namespace portrisk::service {

std::string ShareText(const v1::ShareEstimate& share) {
  if (!share.has_share()) return "";
  return absl::StrFormat("%d/%d, %s (%s–%s)", share.count(), share.of(),
                         PercentText(share.share()), PercentText(share.low()),
                         PercentText(share.high()));
}

std::string IntervalText(double share, const v1::Interval& interval) {
  return absl::StrFormat("%s (%s–%s)", PercentText(share),
                         PercentText(interval.low()),
                         PercentText(interval.high()));
}

std::string ShareBar(const v1::ShareEstimate& share, double most) {
  if (!share.has_share()) return "";
  return absl::StrCat(
      IntervalBar(share.share(), share.low(), share.high(), most), " ",
      share.count(), "/", share.of());
}

void Html::Element(absl::string_view tag, absl::string_view attributes,
                   absl::string_view text) {
  absl::StrAppend(&html_, "<", tag, attributes, ">", HtmlEscape(text), "</",
                  tag, ">");
}

void Html::Table(const std::vector<std::string>& head, const Rows& rows) {
  Add("<div class=\"scroll\"><table><thead><tr>");
  for (const std::string& cell : head) {
    absl::StrAppend(&html_, "<th>", HtmlEscape(cell), "</th>");
  }
  Add("</tr></thead>");
  for (const auto& row : rows) {
    Add("<tr>");
    for (const std::string& cell : row) {
      absl::StrAppend(&html_, "<td>", cell, "</td>");
    }
    Add("</tr>");
  }
  Add("</table></div>");
}

}  // namespace portrisk::service
