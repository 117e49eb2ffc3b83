#include "service/evaluation_plots.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace portrisk::service {
namespace {

constexpr double kWidth = 640, kHeight = 260;
constexpr double kLeft = 88, kRight = 16, kTop = 16, kBottom = 44;
constexpr int kTicks = 4;

// Okabe and Ito: distinct with any kind of colour vision.
constexpr std::array<const char*, 6> kColours = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array<const char*, 3> kDashes = {"", "6 3", "2 3"};

// The least round number that is not below.
double RoundUp(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

std::string Text(double x, double y, absl::string_view anchor,
                 absl::string_view text) {
  return absl::StrFormat(
      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor,
      HtmlEscape(text));
}

std::string Line(double x1, double y1, double x2, double y2,
                 absl::string_view kind) {
  return absl::StrFormat(
      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>",
      x1, y1, x2, y2, kind);
}

}  // namespace

std::string HtmlEscape(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string PercentText(double share) {
  const double percent = 100 * share;
  return absl::StrFormat(percent < 1 ? "%.2f\u00a0%%" : "%.1f\u00a0%%",
                         percent);
}

const char* SeriesColour(size_t i) { return kColours[i % kColours.size()]; }

std::string LinePlot(const std::vector<std::string>& places,
                     const std::vector<Series>& series,
                     absl::string_view x_name, absl::string_view y_name) {
  double most = 0;
  for (const Series& one : series) {
    for (const auto& value : one.values)
      most = std::max(most, value.value_or(0));
  }
  most = RoundUp(most);
  const double inner = kWidth - kLeft - kRight;
  const auto x = [&](size_t i) {
    return kLeft + inner * (static_cast<double>(i) + 0.5) /
                       static_cast<double>(std::max<size_t>(places.size(), 1));
  };
  const auto y = [&](double value) {
    return kTop + (kHeight - kTop - kBottom) * (1 - value / most);
  };
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", kWidth,
      kHeight, HtmlEscape(y_name));
  for (int i = 0; i <= kTicks; ++i) {
    const double value = most * i / kTicks;
    svg += Line(kLeft, y(value), kWidth - kRight, y(value), "grid");
    svg += Text(kLeft - 6, y(value) + 4, "end", PercentText(value));
  }
  // No more names than there is room for.
  const size_t step = (places.size() + 11) / 12;
  for (size_t i = 0; i < places.size(); i += std::max<size_t>(step, 1)) {
    svg += Text(x(i), kHeight - kBottom + 18, "middle", places[i]);
  }
  svg += Text(kLeft + inner / 2, kHeight - 6, "middle", x_name);
  for (size_t s = 0; s < series.size(); ++s) {
    std::string path, dots;
    bool draws = false;
    for (size_t i = 0; i < series[s].values.size(); ++i) {
      const auto& value = series[s].values[i];
      if (!value) {
        draws = false;
        continue;
      }
      absl::StrAppendFormat(&path, "%s%.1f %.1f", draws ? "L" : "M", x(i),
                            y(*value));
      draws = true;
      absl::StrAppendFormat(
          &dots,
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"><title>%s, "
          "%s: %s</title></circle>",
          x(i), y(*value), SeriesColour(s), HtmlEscape(series[s].name),
          HtmlEscape(places[i]), PercentText(*value));
    }
    absl::StrAppendFormat(&svg,
                          "<path d=\"%s\" fill=\"none\" stroke=\"%s\" "
                          "stroke-width=\"2\" stroke-dasharray=\"%s\"/>%s",
                          path, SeriesColour(s), kDashes[s % kDashes.size()],
                          dots);
  }
  svg += "</svg><p class=\"key\">";
  for (size_t s = 0; s < series.size(); ++s) {
    absl::StrAppendFormat(
        &svg,
        "<span><svg viewBox=\"0 0 24 8\" class=\"mark\"><path "
        "d=\"M0 4L24 4\" stroke=\"%s\" stroke-width=\"3\" "
        "stroke-dasharray=\"%s\"/></svg>%s</span> ",
        SeriesColour(s), kDashes[s % kDashes.size()],
        HtmlEscape(series[s].name));
  }
  return svg + "</p>";
}

std::string IntervalBar(double share, double low, double high, double most) {
  constexpr double kBarWidth = 120, kBarHeight = 14;
  const auto x = [&](double value) {
    return kBarWidth * std::min(value / most, 1.0);
  };
  return absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" class=\"bar\" role=\"img\" "
      "aria-label=\"%s\"><rect x=\"0\" y=\"3\" width=\"%.1f\" height=\"8\" "
      "class=\"fill\"/>%s%s%s</svg>",
      kBarWidth, kBarHeight, PercentText(share), x(share),
      Line(x(low), 7, x(high), 7, "whisker"),
      Line(x(low), 3, x(low), 11, "whisker"),
      Line(x(high), 3, x(high), 11, "whisker"));
}

std::string HeatMap(const std::vector<std::string>& rows,
                    const std::vector<std::string>& columns,
                    const std::vector<std::vector<double>>& values,
                    bool as_shares) {
  double most = 0;
  for (const auto& row : values) {
    for (const double value : row) most = std::max(most, value);
  }
  std::string html =
      "<div class=\"scroll\"><table class=\"heat\"><tr><th></th>";
  for (const std::string& column : columns) {
    absl::StrAppend(&html, "<th>", HtmlEscape(column), "</th>");
  }
  html += "</tr>";
  for (size_t i = 0; i < rows.size(); ++i) {
    absl::StrAppend(&html, "<tr><th class=\"row\">", HtmlEscape(rows[i]),
                    "</th>");
    for (const double value : values[i]) {
      const double depth = most > 0 ? value / most : 0;
      absl::StrAppendFormat(
          &html, "<td style=\"background:rgba(0,114,178,%.2f)%s\">%s</td>",
          0.85 * depth, depth > 0.6 ? ";color:#fff" : "",
          value == 0  ? ""
          : as_shares ? absl::StrFormat("%.0f", 100 * value)
                      : absl::StrFormat("%.0f", value));
    }
    html += "</tr>";
  }
  return html + "</table></div>";
}

}  // namespace portrisk::service
