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
// "12.3 %".
std::string PercentText(double share);

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
};
// Lines over the same places on the x axis; y from 0, or the least value below
// it, to the greatest.
std::string LinePlot(const std::vector<std::string>& places,
                     const std::vector<Series>& series,
                     absl::string_view x_name, absl::string_view y_name,
                     ValueKind kind = ValueKind::kShare);

// A bar with an interval, from 0 to `most`; for a cell of a table.
std::string IntervalBar(double share, double low, double high, double most);

// Values of rows and columns by the darkness of a cell, with the number in it
// when `numbers`.
std::string HeatMap(const std::vector<std::string>& rows,
                    const std::vector<std::string>& columns,
                    const std::vector<std::vector<double>>& values,
                    bool as_shares);

}  // namespace portrisk::service

#endif  // PORTRISK_SERVICE_EVALUATION_PLOTS_H_
