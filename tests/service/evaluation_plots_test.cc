#include "service/evaluation_plots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace portrisk::service {
namespace {

using testing::HasSubstr;
using testing::Not;

size_t Count(const std::string& text, absl::string_view part) {
  return std::vector<std::string>(absl::StrSplit(text, part)).size() - 1;
}

TEST(EvaluationPlots, PercentagesHaveDecimalsWhereTheySayMore) {
  EXPECT_EQ(PercentText(0), "0\u00a0%");
  EXPECT_EQ(PercentText(1), "100\u00a0%");
  EXPECT_EQ(PercentText(0.00004), "0.00\u00a0%");  // Not nothing.
  EXPECT_EQ(PercentText(0.0012), "0.12\u00a0%");
  EXPECT_EQ(PercentText(0.1234), "12.3\u00a0%");
  EXPECT_EQ(PercentText(0.1234, ','), "12,3\u00a0%");
  EXPECT_EQ(PercentText(1, ','), "100\u00a0%");
}

// A quarter of 5 % is not 1.2 %.
TEST(EvaluationPlots, TicksAreWhatTheySay) {
  const std::string low = LinePlot({"a", "b"}, {{"x", {0.02, 0.0385}, {}}}, {});
  for (const char* tick : {">0\u00a0%<", ">1\u00a0%<", ">4\u00a0%<"}) {
    EXPECT_THAT(low, HasSubstr(tick));
  }
  EXPECT_THAT(low, Not(HasSubstr(">5\u00a0%<")));
  const std::string both =
      LinePlot({"a", "b"}, {{"x", {-0.0005, 0.0006}, {}}}, {});
  EXPECT_THAT(both, HasSubstr(">\u22120.05\u00a0%<"));
  EXPECT_THAT(both, HasSubstr(">0.00\u00a0%<"));
  EXPECT_EQ(Count(both, "class=\"zero\""), 1u);
}

TEST(EvaluationPlots, WhatIsBeyondTheCapStandsThereWithItsFigure) {
  PlotOptions options{.kind = ValueKind::kNumber, .cap = 1};
  const std::vector<Series> series = {{"x", {0.2, 5.2}, {}}};
  const std::string plot = LinePlot({"a", "b"}, series, options);
  EXPECT_THAT(plot, HasSubstr(">5.20</text>"));
  EXPECT_THAT(plot, HasSubstr(">1.0</text>"));
  EXPECT_THAT(plot, HasSubstr("cy=\"20.0\""));  // The edge.
  options.cap.reset();
  EXPECT_THAT(LinePlot({"a", "b"}, series, options), HasSubstr(">6</text>"));
}

TEST(EvaluationPlots, NamesOfPlacesDoNotLieOverEachOther) {
  std::vector<std::string> months;
  for (int i = 0; i < 24; ++i) months.push_back("2025-01\n12345");
  Series series{"x", {}, {}};
  series.values.resize(24, 0.5);
  const std::string plot = LinePlot(months, {series}, {});
  EXPECT_EQ(Count(plot, ">2025-01</text>"), 8u);
  EXPECT_EQ(Count(plot, ">12345</text>"), 8u);
  EXPECT_EQ(Count(plot, "<circle"), 24u);
}

TEST(EvaluationPlots, SaysWhatItShows) {
  PlotOptions options{
      .x_name = "month", .y_name = "share", .decimal_mark = ','};
  EXPECT_THAT(
      LinePlot({"a\n5", "b", "c"},
               {{"x", {0.125, 0.5, std::nullopt}, {}},
                {"y", {}, {}},
                {"z", {1}, {}}},
               options),
      HasSubstr("aria-label=\"share, month: x 12,5\u00a0% (a) – 50,0\u00a0% "
                "(b); z 100\u00a0%\""));
}

TEST(EvaluationPlots, AReferenceIsALineWithoutMarks) {
  Series all{"all", {0.5}, {}};
  all.is_reference = true;
  const std::string plot =
      LinePlot({"a", "b"}, {{"x", {0.1, std::nullopt}, {}}, all}, {});
  EXPECT_EQ(Count(plot, "<circle"), 1u);
  EXPECT_THAT(plot, HasSubstr(">all</span>"));
  EXPECT_FALSE(HasValues({{"x", {std::nullopt}, {}}, {"y", {}, {}}}));
  EXPECT_TRUE(HasValues({all}));
}

}  // namespace
}  // namespace portrisk::service
