#include "scoring/displacement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/civil_time.h"

namespace portrisk::scoring {
namespace {

constexpr int64_t kDay = 86400;

int64_t At(int year, int month, int day) {
  return (absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1)) * kDay;
}

TEST(WilsonTest, IsTheIntervalOfTheTextbooks) {
  EXPECT_DOUBLE_EQ(WilsonInterval(0, 10).low, 0);
  EXPECT_NEAR(WilsonInterval(0, 10).high, 0.27753, 1e-5);
  EXPECT_NEAR(WilsonInterval(5, 10).low, 0.23659, 1e-5);
  EXPECT_NEAR(WilsonInterval(5, 10).high, 0.76341, 1e-5);
  EXPECT_NEAR(WilsonInterval(10, 10).low, 0.72247, 1e-5);
  EXPECT_DOUBLE_EQ(WilsonInterval(10, 10).high, 1);
}

TEST(TwoProportionsTest, IsTheTestOfTheTextbooks) {
  // Pooled 0.15: 0.1 / sqrt(0.15 * 0.85 * 0.02).
  EXPECT_NEAR(TwoProportionsZ(10, 100, 20, 100), 1.98030, 1e-5);
  EXPECT_NEAR(TwoProportionsZ(20, 100, 10, 100), -1.98030, 1e-5);
  EXPECT_EQ(TwoProportionsZ(5, 50, 10, 100), 0);
  EXPECT_EQ(TwoProportionsZ(0, 50, 0, 100), 0);
  EXPECT_EQ(TwoProportionsZ(50, 50, 100, 100), 0);
}

// With few finds the normal distribution calls a single one clear.
TEST(ExactTest, IsFishersWhereCountsAreSmall) {
  EXPECT_EQ(ExactZ(10, 100, 20, 100), TwoProportionsZ(10, 100, 20, 100));
  EXPECT_EQ(ExactZ(0, 5, 0, 9), 0);
  // One of eleven controls found something, the single one of before: half of
  // 1 in 11, which is 2.0 deviates where the pooled test says 3.3.
  EXPECT_NEAR(TwoProportionsZ(1, 1, 0, 10), -3.32, 0.01);
  EXPECT_NEAR(ExactZ(1, 1, 0, 10), -2.0, 0.01);
  EXPECT_NEAR(ExactZ(0, 10, 1, 1), 2.0, 0.01);
  // 3 of 3 against 0 of 6: 1 of 84 ways, and no other as rare; half of it.
  EXPECT_NEAR(std::erfc(-ExactZ(3, 3, 0, 6) / std::sqrt(2.0)), 0.5 / 84, 1e-9);
}

// Nothing has changed: how often is "once in a thousand" said?
TEST(ExactTest, IsSeldomClearByChance) {
  constexpr double kRate = 0.05;
  const auto chance = [](int n, int k) {
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                    std::lgamma(n - k + 1) + k * std::log(kRate) +
                    (n - k) * std::log(1 - kRate));
  };
  for (const auto& [then, now] :
       {std::pair(1, 10), std::pair(1, 20), std::pair(2, 40), std::pair(3, 60),
        std::pair(100, 100)}) {
    double exact = 0;
    for (int a = 0; a <= then; ++a) {
      for (int b = 0; b <= now; ++b) {
        const bool clear = std::abs(ExactZ(a, then, b, now)) >= 3.29;
        exact += clear ? chance(then, a) * chance(now, b) : 0;
      }
    }
    EXPECT_LT(exact, 0.002) << then << " and " << now;
  }
}

TEST(PeriodTest, PeriodsFollowEachOtherWithoutAGap) {
  for (const ReportPeriod period :
       {ReportPeriod::kWeek, ReportPeriod::kMonth, ReportPeriod::kQuarter}) {
    for (int64_t day = At(1968, 1, 1) / kDay; day < At(2032, 1, 1) / kDay;
         ++day) {
      const int64_t number = PeriodOf(period, day * kDay);
      ASSERT_LE(PeriodStart(period, number), day * kDay);
      ASSERT_GT(PeriodStart(period, number + 1), day * kDay);
      ASSERT_EQ(PeriodOf(period, day * kDay + kDay - 1), number);
      const absl::CivilDay start =
          absl::CivilDay(1970, 1, 1) + PeriodStart(period, number) / kDay;
      if (period == ReportPeriod::kWeek) {
        ASSERT_EQ(absl::GetWeekday(start), absl::Weekday::monday);
      } else {
        ASSERT_EQ(start.day(), 1);
        if (period == ReportPeriod::kQuarter) {
          ASSERT_EQ(start.month() % 3, 1);
        }
      }
    }
  }
}

v1::Movement Move(const std::string& box, int64_t time,
                  const std::string& port) {
  v1::Movement m;
  m.set_event(v1::GATE_IN);
  m.mutable_container()->set_number(box);
  m.mutable_occurrence_time()->set_seconds(time);
  m.mutable_location()->set_locode(port);
  return m;
}

v1::OutcomeRecord Control(int64_t time, const std::string& port, bool found) {
  v1::OutcomeRecord record;
  record.mutable_outcome()->mutable_time()->set_seconds(time);
  record.mutable_outcome()->set_result(found ? v1::FOUND : v1::NOT_FOUND);
  record.mutable_tie()->set_locode(port);
  return record;
}

Displacement::Options TwoMonths() {
  Displacement::Options options;
  options.from = At(2026, 1, 1);
  options.to = At(2026, 3, 1);
  return options;
}

// The one row of a value; an empty one where there is none.
v1::DisplacementRow RowOf(const v1::DisplacementReport& report,
                          v1::DisplacementDimension dimension,
                          const std::string& value) {
  v1::DisplacementRow found;
  for (const v1::DisplacementRow& row : report.rows()) {
    if (row.dimension() != dimension || row.value() != value) continue;
    EXPECT_EQ(found.value(), "") << value << " stands there twice";
    found = row;
  }
  return found;
}

TEST(DisplacementTest, ShowsWhereVolumeAndFindsWent) {
  Displacement displacement(TwoMonths());
  for (int i = 0; i < 100; ++i) {
    const std::string box = std::to_string(i);
    displacement.Add(Move(box, At(2026, 1, 2), i < 80 ? "NLRTM" : "ESVGO"));
    displacement.Add(Move(box, At(2026, 2, 2), i < 50 ? "NLRTM" : "ESVGO"));
    displacement.Add(Control(At(2026, 1, 3), "NLRTM", i < 20), 1);
    displacement.Add(Control(At(2026, 2, 3), "NLRTM", i < 5), 1);
    displacement.Add(Control(At(2026, 2, 3), "ESVGO", i < 15), 1);
  }
  const v1::DisplacementReport report = displacement.Report();
  EXPECT_EQ(report.movements(), 200u);
  EXPECT_EQ(report.outcomes(), 300u);
  EXPECT_EQ(report.period(), "month");
  EXPECT_FALSE(report.approximate());
  const v1::DisplacementRow small = RowOf(report, v1::BY_PORT, "ESVGO");
  EXPECT_EQ(small.then_start().seconds(), At(2026, 1, 1));
  EXPECT_EQ(small.now_start().seconds(), At(2026, 2, 1));
  EXPECT_EQ(small.then().volume(), 20u);
  EXPECT_EQ(small.now().volume(), 50u);
  EXPECT_DOUBLE_EQ(small.then().volume_share(), 0.2);
  EXPECT_DOUBLE_EQ(small.volume_change(), 0.3);
  EXPECT_DOUBLE_EQ(small.volume_z(), TwoProportionsZ(20, 100, 50, 100));
  EXPECT_FALSE(small.then().has_find_rate()) << "nothing was controlled";
  EXPECT_FALSE(small.has_rate_z());
  EXPECT_DOUBLE_EQ(small.now().find_rate(), 0.15);
  EXPECT_DOUBLE_EQ(small.now().find_rate_low(), WilsonInterval(15, 100).low);
  EXPECT_DOUBLE_EQ(small.now().find_share(), 0.75);
  EXPECT_DOUBLE_EQ(small.find_change(), 0.75);
  EXPECT_DOUBLE_EQ(small.find_z(), ExactZ(0, 20, 15, 20));
  const v1::DisplacementRow big = RowOf(report, v1::BY_PORT, "NLRTM");
  EXPECT_DOUBLE_EQ(big.rate_z(), ExactZ(20, 100, 5, 100));
}

TEST(DisplacementTest, AContainerCountsOnceAPeriodAndValue) {
  Displacement displacement(TwoMonths());
  v1::Movement m = Move("A", At(2026, 1, 2), "NLRTM");
  m.mutable_consignment()->set_loading_locode("ECGYE");
  m.mutable_consignment()->set_discharge_locode("NLRTM");
  m.mutable_consignment()->set_commodity("080390");
  for (int i = 0; i < 3; ++i) displacement.Add(m);
  m.mutable_occurrence_time()->set_seconds(At(2026, 2, 2));
  displacement.Add(m);
  m.mutable_container()->set_number("B");
  displacement.Add(m);
  const v1::DisplacementReport report = displacement.Report();
  ASSERT_EQ(report.rows_size(), 3);
  EXPECT_EQ(report.rows(0).dimension(), v1::BY_PORT);
  EXPECT_EQ(report.rows(1).dimension(), v1::BY_ROUTE);
  EXPECT_EQ(report.rows(1).value(), "ECGYE>NLRTM");
  EXPECT_EQ(report.rows(2).dimension(), v1::BY_COMMODITY);
  EXPECT_EQ(report.rows(2).value(), "08");
  for (const v1::DisplacementRow& row : report.rows()) {
    EXPECT_EQ(row.then().volume(), 1u);
    EXPECT_EQ(row.now().volume(), 2u);
  }
}

TEST(DisplacementTest, OnlyFactsOfNumberedBoxesInTheSpanCount) {
  Displacement displacement(TwoMonths());
  const v1::Movement good = Move("A", At(2026, 1, 2), "NLRTM");
  v1::Movement m = good;
  m.set_retraction(true);
  displacement.Add(m);
  m = good;
  m.set_classifier(v1::PLANNED);
  displacement.Add(m);
  m = good;
  m.clear_container();
  displacement.Add(m);
  m = good;
  m.clear_occurrence_time();
  displacement.Add(m);
  displacement.Add(Move("A", At(2026, 1, 1) - 1, "NLRTM"));
  displacement.Add(Move("A", At(2026, 3, 1), "NLRTM"));
  m = good;
  m.set_event(v1::MANIFEST_LODGED);
  displacement.Add(m);
  v1::OutcomeRecord unclear = Control(At(2026, 1, 2), "NLRTM", true);
  unclear.mutable_outcome()->set_result(v1::INCONCLUSIVE);
  displacement.Add(unclear, 1);
  displacement.Add(Control(At(2026, 3, 1), "NLRTM", true), 1);
  displacement.Add(Control(At(2026, 1, 2), "", true), 1);
  const v1::DisplacementReport report = displacement.Report();
  EXPECT_EQ(report.rows_size(), 0);
  EXPECT_EQ(report.movements(), 7u);
  EXPECT_EQ(report.outcomes(), 3u);
}

TEST(DisplacementTest, ACorrectionTakesOutWhatItReplaces) {
  Displacement displacement(TwoMonths());
  displacement.Add(Control(At(2026, 1, 2), "NLRTM", true), 1);
  displacement.Add(Control(At(2026, 1, 2), "NLRTM", false), 1);
  // The first was in February, at another port.
  displacement.Add(Control(At(2026, 1, 2), "NLRTM", true), -1);
  displacement.Add(Control(At(2026, 2, 2), "BEANR", true), 1);
  const v1::DisplacementReport report = displacement.Report();
  EXPECT_EQ(report.outcomes(), 3u);
  EXPECT_EQ(RowOf(report, v1::BY_PORT, "NLRTM").then().controls(), 1u);
  EXPECT_EQ(RowOf(report, v1::BY_PORT, "NLRTM").then().finds(), 0u);
  EXPECT_EQ(RowOf(report, v1::BY_PORT, "BEANR").now().finds(), 1u);
}

TEST(DisplacementTest, TheClearestChangeStandsFirst) {
  Displacement displacement(TwoMonths());
  for (int i = 0; i < 100; ++i) {
    const std::string box = std::to_string(i);
    displacement.Add(Move(box, At(2026, 1, 2),
                          i < 50   ? "AAAAA"
                          : i < 90 ? "BBBBB"
                                   : "CCCCC"));
    displacement.Add(Move(box, At(2026, 2, 2),
                          i < 50   ? "AAAAA"
                          : i < 60 ? "BBBBB"
                                   : "CCCCC"));
  }
  const v1::DisplacementReport report = displacement.Report();
  ASSERT_EQ(report.rows_size(), 3);
  EXPECT_EQ(report.rows(0).value(), "BBBBB") << "equal by size, then by value";
  EXPECT_EQ(report.rows(1).value(), "CCCCC");
  EXPECT_EQ(report.rows(2).value(), "AAAAA");
  EXPECT_EQ(report.rows(2).volume_z(), 0);
}

TEST(DisplacementTest, ValuesBeyondTheBoundAreOthers) {
  Displacement::Options options = TwoMonths();
  options.values_max = 2;
  Displacement displacement(options);
  for (int i = 0; i < 10; ++i) {
    displacement.Add(Move("A", At(2026, 1, 2), "PORT" + std::to_string(i)));
  }
  const v1::DisplacementReport report = displacement.Report();
  EXPECT_EQ(report.rows_size(), 3);
  EXPECT_EQ(RowOf(report, v1::BY_PORT, "(others)").then().volume(), 8u);
}

TEST(DisplacementTest, ForgettingIsSaid) {
  Displacement::Options options = TwoMonths();
  options.seen_max = 20;
  Displacement few(options), many(options);
  for (int i = 0; i < 20; ++i) {
    few.Add(Move(std::to_string(i), At(2026, 1, 2), "NLRTM"));
  }
  for (int i = 10; i < 20; ++i) {
    few.Add(Move(std::to_string(i), At(2026, 1, 3), "NLRTM"));
  }
  EXPECT_FALSE(few.Report().approximate());
  EXPECT_EQ(RowOf(few.Report(), v1::BY_PORT, "NLRTM").then().volume(), 20u);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 60; ++i) {
      many.Add(Move(std::to_string(i), At(2026, 1, 2), "NLRTM"));
    }
  }
  EXPECT_TRUE(many.Report().approximate());
  EXPECT_GT(RowOf(many.Report(), v1::BY_PORT, "NLRTM").then().volume(), 60u);
}

TEST(DisplacementTest, AnEmptySpanHasNoRows) {
  Displacement::Options options = TwoMonths();
  options.to = options.from;
  EXPECT_EQ(Displacement(options).Report().rows_size(), 0);
  // One period has none beside it.
  options = TwoMonths();
  options.to = At(2026, 2, 1);
  Displacement one(options);
  one.Add(Move("A", At(2026, 1, 2), "NLRTM"));
  EXPECT_EQ(one.Report().rows_size(), 0);
}

// Everything again from the raw movements, by sets.
TEST(DisplacementTest, AgreesWithSetsOfTheRawMovements) {
  const std::string ports[] = {"NLRTM", "BEANR", "ESVGO", "PTLEI"};
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    Displacement::Options options;
    options.from = At(2025, 11, 5);
    options.to = At(2026, 4, 20);
    options.period = static_cast<ReportPeriod>(random() % 3);
    Displacement displacement(options);
    using Cell = std::pair<std::string, int64_t>;
    std::map<Cell, std::set<std::string>> boxes;
    std::map<Cell, std::pair<uint64_t, uint64_t>> controls;
    std::map<int64_t, std::set<std::pair<std::string, std::string>>> total;
    for (int i = 0; i < 3000; ++i) {
      const int64_t time =
          options.from + static_cast<int64_t>(random() % (180 * kDay));
      const std::string port = ports[random() % 4];
      const bool inside = time < options.to;
      const int64_t period = PeriodOf(options.period, time);
      if (random() % 3 == 0) {
        const bool found = random() % 4 == 0;
        displacement.Add(Control(time, port, found), 1);
        if (!inside) continue;
        ++controls[{port, period}].first;
        controls[{port, period}].second += found;
      } else {
        const std::string box = std::to_string(random() % 200);
        displacement.Add(Move(box, time, port));
        if (!inside) continue;
        boxes[{port, period}].insert(box);
        total[period].insert({port, box});
      }
    }
    const v1::DisplacementReport report = displacement.Report();
    EXPECT_FALSE(report.approximate());
    int rows = 0;
    for (const v1::DisplacementRow& row : report.rows()) {
      ++rows;
      for (const auto& [start, figures] :
           {std::tie(row.then_start(), row.then()),
            std::tie(row.now_start(), row.now())}) {
        const Cell cell{row.value(), PeriodOf(options.period, start.seconds())};
        ASSERT_EQ(figures.volume(), boxes[cell].size());
        ASSERT_EQ(figures.controls(), controls[cell].first);
        ASSERT_EQ(figures.finds(), controls[cell].second);
        const double all = static_cast<double>(total[cell.second].size());
        ASSERT_DOUBLE_EQ(figures.volume_share(),
                         all > 0 ? figures.volume() / all : 0);
      }
    }
    const int64_t pairs = PeriodOf(options.period, options.to - 1) -
                          PeriodOf(options.period, options.from);
    EXPECT_EQ(rows, 4 * pairs);
  }
}

}  // namespace
}  // namespace portrisk::scoring
