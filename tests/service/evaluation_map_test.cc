#include "service/evaluation_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "scoring/measures.h"

namespace portrisk::service {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Place {
  const char* name;
  scoring::Coordinates at;
};
constexpr Place kShanghai = {"CNSHA", {31.2, 121.5}};
constexpr Place kLosAngeles = {"USLAX", {34.1, -118.2}};
constexpr Place kNewYork = {"USNYC", {40.7, -74}};
constexpr Place kRotterdam = {"NLRTM", {51.9, 4.5}};
constexpr Place kSantos = {"BRSSZ", {-23.9, -46.3}};
constexpr Place kSydney = {"AUSYD", {-33.9, 151.2}};

MapRoute Way(const Place& from, const Place& to) {
  MapRoute route;
  route.from = from.name, route.to = to.name;
  route.from_place = from.at, route.to_place = to.at;
  route.units = 3;
  return route;
}

size_t Count(const std::string& text, absl::string_view part) {
  return std::vector<std::string>(absl::StrSplit(text, part)).size() - 1;
}

// The lines of every route, and how often they are taken up anew.
std::vector<std::vector<double>> Lines(const std::string& map) {
  std::vector<std::vector<double>> lines;
  const std::vector<std::string> paths = absl::StrSplit(map, "<path d=\"");
  for (size_t i = 1; i < paths.size(); ++i) {
    const std::string path = paths[i].substr(0, paths[i].find('"'));
    for (absl::string_view part : absl::StrSplit(path, 'M')) {
      if (part.empty()) continue;
      auto& line = lines.emplace_back();
      for (absl::string_view point : absl::StrSplit(part, 'L')) {
        double x = NAN;
        const std::pair<std::string, std::string> xy =
            absl::StrSplit(point, absl::MaxSplits(' ', 1));
        EXPECT_TRUE(absl::SimpleAtod(xy.first, &x)) << point;
        line.push_back(x);
      }
    }
  }
  return lines;
}

// Routes all round the world: no place is drawn twice, and no line runs over
// the edge or across the whole map.
TEST(EvaluationMap, ShowsTheWorldOnce) {
  const std::string map =
      RouteMap({Way(kShanghai, kLosAngeles), Way(kShanghai, kRotterdam),
                Way(kRotterdam, kNewYork), Way(kLosAngeles, kRotterdam),
                Way(kSantos, kRotterdam), Way(kSydney, kLosAngeles),
                Way(kSydney, kSantos)});
  for (const char* degree : {">90°E<", ">30°W<", ">90°W<"}) {
    EXPECT_LE(Count(map, degree), 1u) << degree;
  }
  EXPECT_EQ(Count(map, "<circle"), 6u);
  const auto lines = Lines(map);
  EXPECT_GT(lines.size(), 7u);  // One is cut.
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      EXPECT_GE(line[i], 0);
      EXPECT_LE(line[i], 640);
      if (i > 0) EXPECT_LT(std::abs(line[i] - line[i - 1]), 100);
    }
  }
}

TEST(EvaluationMap, IsCutWhereNoRouteGoes) {
  const std::string pacific =
      RouteMap({Way(kShanghai, kLosAngeles), Way(kSydney, kLosAngeles)});
  EXPECT_EQ(Lines(pacific).size(), 2u);
  EXPECT_THAT(pacific, HasSubstr(">180°<"));
  EXPECT_THAT(pacific, Not(HasSubstr(">30°E<")));
  const std::string atlantic = RouteMap({Way(kSantos, kRotterdam)});
  EXPECT_EQ(Lines(atlantic).size(), 1u);
  EXPECT_THAT(atlantic, Not(HasSubstr("180°")));
}

TEST(EvaluationMap, ColoursByFindsAndLetsWhatNobodyControlledRecede) {
  MapRoute none = Way(kSantos, kRotterdam), much = Way(kNewYork, kRotterdam);
  none.finds = 0;
  much.finds = 0.6;
  const std::string map = RouteMap({much, none, Way(kShanghai, kRotterdam)});
  const size_t grey = map.find(kMapNotControlled), blue = map.find(kMapNoFinds),
               red = map.find(std::end(kMapSteps)[-1].colour);
  ASSERT_NE(red, std::string::npos);
  EXPECT_LT(grey, blue);
  EXPECT_LT(blue, red);
  EXPECT_EQ(Count(map, "stroke-opacity=\".4\""), 1u);
  EXPECT_EQ(RouteMap({}), "");
}

// As the note on the page says, whatever else there is.
TEST(EvaluationMap, OneFindOfOneControlDoesNotShine) {
  MapRoute one = Way(kSantos, kRotterdam);
  one.finds = scoring::Estimate(1, 1).low();
  const std::string map = RouteMap({one, one});
  EXPECT_EQ(Count(map, kMapSteps[0].colour), 2u);
}

}  // namespace
}  // namespace portrisk::service
