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

namespace {

// The field of a line plot: what stands where.
struct Field {
  size_t places;
  double least = 0;
  double most = 0;
  size_t series;

  static constexpr double kInner = kWidth - kLeft - kRight;
  double x(size_t place) const {
    return kLeft + kInner * (static_cast<double>(place) + 0.5) /
                       static_cast<double>(std::max<size_t>(places, 1));
  }
  // Whiskers of several lines stand beside each other.
  double x(size_t place, size_t line) const {
    return x(place) + 5 * (static_cast<double>(line) -
                           static_cast<double>(series - 1) / 2);
  }
  double y(double value) const {
    return kTop +
           (kHeight - kTop - kBottom) * (1 - (value - least) / (most - least));
  }
};

Field FieldOf(size_t places, const std::vector<Series>& series) {
  Field field{places, 0, 0, series.size()};
  const auto cover = [&](double value) {
    field.least = std::min(field.least, value);
    field.most = std::max(field.most, value);
  };
  for (const Series& one : series) {
    for (const auto& value : one.values) cover(value.value_or(0));
    for (const auto& interval : one.intervals) {
      if (interval) cover(interval->first), cover(interval->second);
    }
  }
  if (field.least < 0) field.least = -RoundUp(-field.least);
  if (field.most > 0 || field.least == 0) field.most = RoundUp(field.most);
  return field;
}

std::string ValueText(double value, ValueKind kind) {
  if (kind == ValueKind::kNumber) return absl::StrFormat("%.2f", value);
  if (value < 0) return absl::StrCat("\u2212", PercentText(-value));
  return PercentText(value);
}

std::string Axes(const Field& field, const std::vector<std::string>& places,
                 absl::string_view x_name, ValueKind kind) {
  std::string svg;
  for (int i = 0; i <= kTicks; ++i) {
    const double value = field.least + (field.most - field.least) * i / kTicks;
    svg += Line(kLeft, field.y(value), kWidth - kRight, field.y(value), "grid");
    svg += Text(kLeft - 6, field.y(value) + 4, "end", ValueText(value, kind));
  }
  if (field.least < 0) {
    svg += Line(kLeft, field.y(0), kWidth - kRight, field.y(0), "zero");
  }
  // No more names than there is room for.
  const size_t step = (places.size() + 11) / 12;
  for (size_t i = 0; i < places.size(); i += std::max<size_t>(step, 1)) {
    svg += Text(field.x(i), kHeight - kBottom + 18, "middle", places[i]);
  }
  return svg + Text(kLeft + Field::kInner / 2, kHeight - 6, "middle", x_name);
}

std::string SeriesLine(const Field& field,
                       const std::vector<std::string>& places,
                       const Series& one, size_t s, ValueKind kind) {
  std::string path, marks;
  bool draws = false;
  for (size_t i = 0; i < one.values.size(); ++i) {
    const auto& value = one.values[i];
    if (!value) {
      draws = false;
      continue;
    }
    const double x = field.x(i, s);
    absl::StrAppendFormat(&path, "%s%.1f %.1f", draws ? "L" : "M", x,
                          field.y(*value));
    draws = true;
    std::string text = ValueText(*value, kind);
    if (i < one.intervals.size() && one.intervals[i]) {
      const auto& [low, high] = *one.intervals[i];
      absl::StrAppendFormat(&marks,
                            "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" "
                            "stroke-opacity=\".5\" stroke-width=\"2\"/>",
                            x, field.y(low), x, field.y(high), SeriesColour(s));
      absl::StrAppend(&text, " (", ValueText(low, kind), "–",
                      ValueText(high, kind), ")");
    }
    absl::StrAppendFormat(
        &marks,
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"><title>%s, "
        "%s: %s</title></circle>",
        x, field.y(*value), SeriesColour(s), HtmlEscape(one.name),
        HtmlEscape(places[i]), text);
  }
  return absl::StrFormat(
      "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" "
      "stroke-dasharray=\"%s\"/>%s",
      path, SeriesColour(s), kDashes[s % kDashes.size()], marks);
}

}  // namespace

std::string LinePlot(const std::vector<std::string>& places,
                     const std::vector<Series>& series,
                     absl::string_view x_name, absl::string_view y_name,
                     ValueKind kind) {
  const Field field = FieldOf(places.size(), series);
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", kWidth,
      kHeight, HtmlEscape(y_name));
  svg += Axes(field, places, x_name, kind);
  for (size_t s = 0; s < series.size(); ++s) {
    svg += SeriesLine(field, places, series[s], s, kind);
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
