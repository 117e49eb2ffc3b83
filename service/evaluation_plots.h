// The plots of an evaluation page, as SVG.
#ifndef PORTRISK_SERVICE_EVALUATION_PLOTS_H_
#define PORTRISK_SERVICE_EVALUATION_PLOTS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace portrisk::service {

// Text between tags and in attributes.
std::string HtmlEscape(absl::string_view text);
// "1.25", with the decimal mark of a language.
std::string DecimalText(double value, int decimals, char mark = '.');
// "12.3 %", "0.12 %", "0 %".
std::string PercentText(double share, char mark = '.');

// A colour of variant `i`, told apart without colour vision too.
const char* SeriesColour(size_t i);

// How a value is written.
enum class ValueKind { kShare, kNumber };

struct Series {
  std::string name;
  // Left out where there is no value.
  std::vector<std::optional<double>> values;
  // Of the values that have an interval; empty: none has.
  std::vector<std::optional<std::pair<double, double>>> intervals;
  // To compare the others with: its first value, as a line without marks.
  bool is_reference = false;
};
// False where a plot would be empty.
bool HasValues(const std::vector<Series>& series);

struct PlotOptions {
  std::string x_name;  // Below the axis.
  std::string y_name;  // For those who hear the page.
  // What they hear: $0 the y axis, $1 the x axis, $2 the lines, each with $0
  // its name, $1 and $2 its first value and place, $3 and $4 its last.
  const char* sentence = "$0, $1: $2";
  const char* line = "$0 $1 ($2) – $3 ($4)";
  ValueKind kind = ValueKind::kShare;
  // Of the y axis; what is greater stands at the edge, with its figure.
  std::optional<double> cap;
  char decimal_mark = '.';
};
// Lines over the same places on the x axis, whose names may have two lines; y
// from 0, or a round number below the least value, to one above the greatest.
std::string LinePlot(const std::vector<std::string>& places,
                     const std::vector<Series>& series,
                     const PlotOptions& options);

// A bar with an interval, from 0 to `most`; for a cell of a table.
std::string IntervalBar(double share, double low, double high, double most,
                        char decimal_mark = '.');

// Begins a table that scrolls by itself; `label` is for those who hear the
// page, `attributes` are of the table.
std::string TableBegin(absl::string_view label,
                       absl::string_view attributes = "");
inline constexpr char kTableEnd[] = "</table></div>";

// Values of rows and columns by the darkness of a cell, with the number in it:
// in percent when `as_shares`.
std::string HeatMap(absl::string_view label,
                    const std::vector<std::string>& rows,
                    const std::vector<std::string>& columns,
                    const std::vector<std::vector<double>>& values,
                    bool as_shares);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_PLOTS_H_
