#include "service/evaluation_plots.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"

namespace portrisk::service {
namespace {

constexpr double kWidth = 640, kHeight = 260;
constexpr double kLeft = 76, kRight = 16, kTop = 20, kBottom = 44;
constexpr double kLetter = 9.5, kLine = 18;  // On small screens.
constexpr int kSteps = 5;                    // Between the lines of the grid.

// Okabe and Ito: distinct with any kind of colour vision.
constexpr std::array<const char*, 6> kColours = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array<const char*, 3> kDashes = {"", "6 3", "2 3"};

// 1, 2 or 5 times a power of ten, so that no more than `kSteps` of them are
// needed for `span`.
double StepOf(double span) {
  const double least = span / kSteps;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (least <= step * power * (1 + 1e-9)) return step * power;
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

std::string DecimalText(double value, int decimals, char mark) {
  std::string text = absl::StrFormat("%.*f", decimals, value);
  std::replace(text.begin(), text.end(), '.', mark);
  return text;
}

std::string PercentText(double share, char mark) {
  const double percent = 100 * share;
  // Without decimals: what an interval reaches but for its last bits.
  if (std::abs(percent) < 1e-9 || std::abs(percent - 100) < 1e-9) {
    return percent < 50 ? "0\u00a0%" : "100\u00a0%";
  }
  return absl::StrCat(DecimalText(percent, percent < 1 ? 2 : 1, mark),
                      "\u00a0%");
}

const char* SeriesColour(size_t i) { return kColours[i % kColours.size()]; }

namespace {

// The field of a line plot: what stands where.
struct Field {
  size_t places;
  size_t series;
  double least = 0;
  double most = 0;
  double step = 1;

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
    return kTop + (kHeight - kTop - kBottom) *
                      (1 - (std::min(value, most) - least) / (most - least));
  }
};

Field FieldOf(size_t places, const std::vector<Series>& series,
              std::optional<double> cap) {
  const auto references =
      std::count_if(series.begin(), series.end(),
                    [](const Series& one) { return one.is_reference; });
  Field field{places, series.size() - static_cast<size_t>(references)};
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
  if (cap) field.most = std::min(field.most, *cap);
  if (field.most == field.least) field.most = field.least + 1;
  field.step = StepOf(field.most - field.least);
  const auto steps = [&](double value) { return value / field.step; };
  field.least = field.step * std::floor(steps(field.least) + 1e-9);
  field.most = field.step * std::ceil(steps(field.most) - 1e-9);
  return field;
}

std::string ValueText(double value, const PlotOptions& options) {
  const char mark = options.decimal_mark;
  if (options.kind == ValueKind::kNumber) return DecimalText(value, 2, mark);
  if (value < 0) return absl::StrCat("\u2212", PercentText(-value, mark));
  return PercentText(value, mark);
}

// With as many decimals as tell it from the next one.
std::string TickText(double value, double step, const PlotOptions& options) {
  const bool is_share = options.kind == ValueKind::kShare;
  const double unit = is_share ? 100 : 1;
  const int decimals = std::max(
      0, -static_cast<int>(std::floor(std::log10(unit * step) + 1e-9)));
  return absl::StrCat(
      value < 0 ? "\u2212" : "",
      DecimalText(std::abs(unit * value), decimals, options.decimal_mark),
      is_share ? "\u00a0%" : "");
}

std::vector<std::string> LinesOf(const std::string& name) {
  return absl::StrSplit(name, '\n');
}

std::string Axes(const Field& field, const std::vector<std::string>& places,
                 const PlotOptions& options, double height) {
  std::string svg;
  const int count =
      static_cast<int>(std::lround((field.most - field.least) / field.step));
  for (int i = 0; i <= count; ++i) {
    const double value = field.least + field.step * i;
    const double shown = std::abs(value) < field.step / 2 ? 0 : value;
    svg += Line(kLeft, field.y(value), kWidth - kRight, field.y(value),
                shown == 0 ? "zero" : "grid");
    svg += Text(kLeft - 6, field.y(value) + 4, "end",
                TickText(shown, field.step, options));
  }
  // No more names than there is room for.
  size_t longest = 1;
  for (const std::string& place : places) {
    for (const std::string& line : LinesOf(place)) {
      longest = std::max(longest, line.size());
    }
  }
  const double room = Field::kInner / (kLetter * static_cast<double>(longest));
  const auto most = std::max<size_t>(static_cast<size_t>(room), 1);
  const size_t step = (places.size() + most - 1) / most;
  for (size_t i = 0; i < places.size(); i += step) {
    double y = kHeight - kBottom;
    for (const std::string& line : LinesOf(places[i])) {
      svg += Text(field.x(i), y += kLine, "middle", line);
    }
  }
  return svg +
         Text(kLeft + Field::kInner / 2, height - 6, "middle", options.x_name);
}

std::string StyledPath(absl::string_view path, size_t s) {
  return absl::StrFormat(
      "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" "
      "stroke-dasharray=\"%s\"/>",
      path, SeriesColour(s), kDashes[s % kDashes.size()]);
}

// A mark, its interval, and its figure where a pointer rests or it is cut off.
std::string Mark(const Field& field, const std::string& place,
                 const Series& one, size_t i, size_t s,
                 const PlotOptions& options) {
  const double value = *one.values[i];
  const double x = field.x(i, s);
  std::string text = ValueText(value, options), svg;
  if (value > field.most) {
    svg += Text(x + (s % 2 == 0 ? -6 : 6), field.y(value) - 6,
                s % 2 == 0 ? "end" : "start", text);
  }
  if (i < one.intervals.size() && one.intervals[i]) {
    const auto& [low, high] = *one.intervals[i];
    absl::StrAppendFormat(&svg,
                          "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" "
                          "stroke-opacity=\".5\" stroke-width=\"2\"/>",
                          x, field.y(low), x, field.y(high), SeriesColour(s));
    absl::StrAppend(&text, " (", ValueText(low, options), "–",
                    ValueText(high, options), ")");
  }
  return svg + absl::StrFormat(
                   "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\">"
                   "<title>%s, %s: %s</title></circle>",
                   x, field.y(value), SeriesColour(s), HtmlEscape(one.name),
                   HtmlEscape(LinesOf(place)[0]), text);
}

// What the plot shows: where each line begins, and where it ends.
std::string SentenceOf(const std::vector<std::string>& places,
                       const std::vector<Series>& series,
                       const PlotOptions& options) {
  std::vector<std::string> lines;
  for (const Series& one : series) {
    std::vector<size_t> known;
    for (size_t i = 0; i < one.values.size(); ++i) {
      if (one.values[i]) known.push_back(i);
    }
    if (known.empty()) continue;
    const auto value = [&](size_t i) {
      return ValueText(*one.values[i], options);
    };
    const auto place = [&](size_t i) { return LinesOf(places[i])[0]; };
    const size_t first = known.front(), last = known.back();
    lines.push_back(first == last ? absl::StrCat(one.name, " ", value(first))
                                  : absl::Substitute(options.line, one.name,
                                                     value(first), place(first),
                                                     value(last), place(last)));
  }
  return absl::Substitute(options.sentence, options.y_name, options.x_name,
                          absl::StrJoin(lines, "; "));
}

std::string SeriesLine(const Field& field,
                       const std::vector<std::string>& places,
                       const Series& one, size_t s,
                       const PlotOptions& options) {
  if (one.is_reference) {
    if (one.values.empty() || !one.values[0]) return "";
    const double y = field.y(*one.values[0]);
    return StyledPath(
        absl::StrFormat("M%.1f %.1fL%.1f %.1f", kLeft, y, kWidth - kRight, y),
        s);
  }
  std::string path, marks;
  bool draws = false;
  for (size_t i = 0; i < one.values.size(); ++i) {
    if (!one.values[i]) {
      draws = false;
      continue;
    }
    absl::StrAppendFormat(&path, "%s%.1f %.1f", draws ? "L" : "M",
                          field.x(i, s), field.y(*one.values[i]));
    draws = true;
    marks += Mark(field, places[i], one, i, s, options);
  }
  return StyledPath(path, s) + marks;
}

}  // namespace

bool HasValues(const std::vector<Series>& series) {
  return std::any_of(series.begin(), series.end(), [](const Series& one) {
    return std::any_of(one.values.begin(), one.values.end(),
                       [](const auto& value) { return value.has_value(); });
  });
}

std::string LinePlot(const std::vector<std::string>& places,
                     const std::vector<Series>& series,
                     const PlotOptions& options) {
  const Field field = FieldOf(places.size(), series, options.cap);
  size_t lines = 1;
  for (const std::string& place : places) {
    lines = std::max(lines, LinesOf(place).size());
  }
  const double height = kHeight + kLine * static_cast<double>(lines - 1);
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", kWidth,
      height, HtmlEscape(SentenceOf(places, series, options)));
  svg += Axes(field, places, options, height);
  for (size_t s = 0; s < series.size(); ++s) {
    svg += SeriesLine(field, places, series[s], s, options);
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

std::string IntervalBar(double share, double low, double high, double most,
                        char decimal_mark) {
  constexpr double kBarWidth = 120, kBarHeight = 14;
  const auto x = [&](double value) {
    return kBarWidth * std::min(value / most, 1.0);
  };
  return absl::StrFormat(
      "<svg viewBox=\"0 0 %.0f %.0f\" class=\"bar\" role=\"img\" "
      "aria-label=\"%s (%s–%s)\"><rect x=\"0\" y=\"3\" width=\"%.1f\" "
      "height=\"8\" "
      "class=\"fill\"/>%s%s%s</svg>",
      kBarWidth, kBarHeight, PercentText(share, decimal_mark),
      PercentText(low, decimal_mark), PercentText(high, decimal_mark), x(share),
      Line(x(low), 7, x(high), 7, "whisker"),
      Line(x(low), 3, x(low), 11, "whisker"),
      Line(x(high), 3, x(high), 11, "whisker"));
}

std::string TableBegin(absl::string_view label, absl::string_view attributes) {
  const std::string name = HtmlEscape(label);
  return absl::StrCat(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"",
      name, "\"><table", attributes, " aria-label=\"", name, "\">");
}

std::string HeatMap(absl::string_view label,
                    const std::vector<std::string>& rows,
                    const std::vector<std::string>& columns,
                    const std::vector<std::vector<double>>& values,
                    bool as_shares) {
  double most = 0;
  for (const auto& row : values) {
    for (const double value : row) most = std::max(most, value);
  }
  std::string html = absl::StrCat(TableBegin(label, " class=\"heat\""),
                                  "<thead><tr><td></td>");
  for (const std::string& column : columns) {
    absl::StrAppend(&html, "<th scope=\"col\">", HtmlEscape(column), "</th>");
  }
  html += "</tr></thead>";
  for (size_t i = 0; i < rows.size(); ++i) {
    absl::StrAppend(&html, "<tr><th scope=\"row\">", HtmlEscape(rows[i]),
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
  return html + kTableEnd;
}

}  // namespace portrisk::service
